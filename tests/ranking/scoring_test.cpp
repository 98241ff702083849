#include "scanner/ranking/scoring.hpp"

#include "api/sample.hpp"

#include "scanner/core/random.hpp"
#include "scanner/signals/score.hpp"
#include "scanner/signals/slippage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace scanner::ranking {

namespace test = api::test;

namespace {

struct Expected {
    std::string symbol;
    double score = 0.0;
    double qvol_usdt = 0.0;
};

/// Every contract by itself, as spec/metrics.md defines the score, then put in order.
std::vector<Expected> from_scratch(const Ranking& ranking, const Scoring& scoring) {
    const signals::Weights& weights = find_profile(ranking, scoring.profile)->weights;
    std::vector<Expected> expected;
    for (std::size_t i = 0; i < ranking.contracts.size(); ++i) {
        const ContractSnapshot& snapshot = ranking.contract(i);
        const double slip = signals::slippage_bps(*snapshot.data.order_book, scoring.notional_usdt);
        const auto score =
            signals::score_contract(ranking.numbers_view(i), slip, weights, score_options(scoring)).score;
        if (score) expected.push_back({snapshot.data.contract->symbol, *score, snapshot.numbers.metrics.qvol_usdt});
    }
    std::ranges::sort(expected, [](const Expected& a, const Expected& b) {
        return signals::ranks_before({a.score, a.qvol_usdt, a.symbol}, {b.score, b.qvol_usdt, b.symbol});
    });
    return expected;
}

/// What score_contracts gives, after it was held against from_scratch().
std::vector<ScoredContract> checked(const Ranking& ranking, const Scoring& scoring) {
    const auto expected = from_scratch(ranking, scoring);
    auto items = score_contracts(ranking, scoring);
    EXPECT_EQ(items.size(), expected.size());
    for (std::size_t i = 0; i < std::min(items.size(), expected.size()); ++i) {
        EXPECT_EQ(items[i].snapshot->data.contract->symbol, expected[i].symbol);
        EXPECT_EQ(items[i].score, expected[i].score);
        EXPECT_EQ(items[i].rank, static_cast<int>(i) + 1);
    }
    return items;
}

/// Many contracts, some of them twins whose score and turnover are equal, about either side of the cycle's limits.
Ranking make_market(std::uint64_t seed) {
    core::Random random(seed);
    std::vector<test::Spec> specs;
    for (int i = 0; i < 24; ++i) {
        test::Spec spec{.code = "C" + std::to_string(100 + i) + "-USDT",
                        .last = random.log_uniform(0.01, 50'000.0),
                        .turnover = random.log_uniform(4e6, 100e6),
                        .spread_bps = random.log_uniform(0.1, 40.0),
                        .level_usdt = random.log_uniform(1'000.0, 100'000.0),
                        .drift_pct = random.uniform(-0.2, 0.2),
                        .funding = std::nullopt,
                        .index_price = std::nullopt};
        if (i % 4 == 3) spec = specs.back();
        spec.code = "C" + std::to_string(100 + i) + "-USDT";
        specs.push_back(spec);
    }
    return test::make_ranking(seed, test::kNow, test::make_settings(), specs);
}

TEST(ScoreContracts, gives_what_scoring_each_contract_would_whatever_the_limits_are) {
    std::size_t ranked = 0;
    std::size_t let_in = 0;  // by the request and not by the cycle
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        const Ranking ranking = make_market(seed);
        for (const char* const profile : {"scalp", "swing", "news"}) {
            for (const double min_qvol : {0.0, 10e6, 20e6, 35e6, 1e12}) {
                for (const double max_spread : {0.5, 8.0, 100.0}) {
                    for (const double notional : {5'000.0, 50'000.0}) {
                        Scoring scoring = cycle_scoring(ranking.settings, profile);
                        scoring.min_qvol_usdt = min_qvol;
                        scoring.max_spread_bps = max_spread;
                        scoring.notional_usdt = notional;
                        const auto items = checked(ranking, scoring);
                        for (const ScoredContract& item : items) {
                            const auto* const entry =
                                find_entry(ranking, profile, item.snapshot->data.contract->contract_code);
                            EXPECT_EQ(item.rank_delta, entry != nullptr ? entry->rank_delta : std::nullopt);
                            let_in += entry == nullptr ? 1U : 0U;
                        }
                        ranked += items.size();
                    }
                }
            }
        }
    }
    EXPECT_GT(ranked, 1'000U);
    EXPECT_GT(let_in, 100U);
}

TEST(ScoreContracts, follows_the_request_in_what_carry_is_made_of) {
    const auto ranking = test::make_ranking(7, test::kNow);
    for (const bool funding : {true, false}) {
        for (const bool basis : {true, false}) {
            for (const bool carry : {true, false}) {
                Scoring scoring = cycle_scoring(ranking.settings, "swing");
                scoring.include_funding = funding;
                scoring.include_basis = basis;
                scoring.include_carry = carry;
                EXPECT_FALSE(checked(ranking, scoring).empty());
            }
        }
    }
}

}  // namespace
}  // namespace scanner::ranking
