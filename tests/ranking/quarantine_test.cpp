#include "scanner/ranking/ranker.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/detector_verdict.hpp"
#include "scanner/signals/numbers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::ranking {
namespace {

using signals::DetectorVerdict;

constexpr core::WallTime kNow{std::chrono::milliseconds(1'764'000'000'000)};

/// A contract whose score grows with its turnover.
market::MarketData data_of(const std::string& code, double turnover) {
    market::MarketData data;
    auto contract = std::make_shared<market::Contract>();
    contract->contract_code = code;
    contract->symbol = code.substr(0, code.find('-')) + "/USDT:USDT";
    contract->contract_size = 0.001;
    contract->price_tick = 0.1;
    contract->status = market::ContractStatus::listed;
    data.contract = std::move(contract);
    auto book = std::make_shared<market::OrderBook>();
    for (int i = 0; i < 10; ++i) {
        book->bids.push_back({.price = 99.99 - 0.01 * i, .size = 500.0});
        book->asks.push_back({.price = 100.01 + 0.01 * i, .size = 500.0});
    }
    book->exchange_time = kNow;
    data.ticker = {.contract_code = code, .bid = book->bids[0], .ask = book->asks[0], .last = 100.0, .time = kNow};
    data.ticker.turnover_24h = turnover;
    data.order_book = std::move(book);
    auto candles = std::make_shared<std::vector<market::Candle>>();
    for (int i = 0; i < 120; ++i) {
        candles->push_back({.open_time_ms = core::to_unix_ms(kNow) - (120 - i) * 60'000,
                            .open = 100.0,
                            .high = 100.2,
                            .low = 99.8,
                            .close = 100.0 + 0.01 * (i % 3),
                            .base_volume = 1'000.0});
    }
    data.candles = std::move(candles);
    data.closed_candles = 120;
    data.data_time = kNow;
    return data;
}

std::shared_ptr<const DetectorVerdict> verdict_of(std::optional<double> score, bool quarantined = false) {
    auto verdict = std::make_shared<DetectorVerdict>();
    verdict->score = score;
    verdict->quarantined = quarantined;
    if (score) verdict->probability = *score / 100.0;
    return verdict;
}

RankingSettings settings_of(core::ManipModel model) {
    RankingSettings settings;
    settings.default_profile = "scalp";
    settings.notional_usdt = 5'000.0;
    settings.max_spread_bps = 10'000.0;
    settings.manip_model = model;
    return settings;
}

std::vector<MarketDataPtr> three() {
    return shared({data_of("AAA-USDT", 9e9), data_of("BBB-USDT", 3e9), data_of("CCC-USDT", 1e9)});
}

Ranking rank_with(std::vector<std::shared_ptr<const DetectorVerdict>> verdicts,
                  const RankingSettings& settings = settings_of(core::ManipModel::measured)) {
    Ranker ranker;
    const auto builtin = signals::builtin_profiles();
    Ranking ranking = ranker.rank({.data = three(), .verdicts = std::move(verdicts)}, settings,
                                  {builtin.begin(), builtin.end()}, {.sequence = 3, .time = kNow});
    ranking.next_scan_at = kNow + std::chrono::seconds(15);
    return ranking;
}

std::vector<std::string> order_of(const std::vector<ScoredContract>& items) {
    std::vector<std::string> codes;
    for (const ScoredContract& item : items) codes.push_back(item.snapshot->data.contract->contract_code.substr(0, 3));
    return codes;
}

const RankedEntry& entry_of(const Ranking& ranking, std::string_view code) {
    return *find_entry(ranking, "scalp", code);
}

TEST(Quarantine, puts_a_contract_below_every_other_and_keeps_its_raw_rank) {
    const Ranking calm = rank_with({verdict_of(0.0), verdict_of(0.0), verdict_of(0.0)});
    ASSERT_EQ(entry_of(calm, "AAA-USDT").rank, 1);
    const Ranking ranking = rank_with({verdict_of(0.0, true), verdict_of(0.0), verdict_of(0.0)});
    EXPECT_EQ(entry_of(ranking, "AAA-USDT").rank, 3);
    EXPECT_EQ(entry_of(ranking, "AAA-USDT").rank_raw, 1);
    EXPECT_EQ(entry_of(ranking, "BBB-USDT").rank, 1);
    EXPECT_EQ(entry_of(ranking, "BBB-USDT").rank_raw, 2);
    EXPECT_TRUE(ranking.find("AAA-USDT")->is_quarantined());
}

TEST(Quarantine, is_left_out_by_a_request_or_the_settings) {
    const Ranking ranking = rank_with({verdict_of(0.0, true), verdict_of(0.0), verdict_of(0.0)});
    Scoring scoring = cycle_scoring(ranking.settings, "scalp");
    EXPECT_EQ(order_of(score_contracts(ranking, scoring)), (std::vector<std::string>{"BBB", "CCC", "AAA"}));
    scoring.quarantine = false;
    const auto raw = score_contracts(ranking, scoring);
    EXPECT_EQ(order_of(raw), (std::vector<std::string>{"AAA", "BBB", "CCC"}));
    for (const ScoredContract& item : raw) EXPECT_EQ(item.rank_raw, item.rank);

    RankingSettings off = settings_of(core::ManipModel::measured);
    off.quarantine = false;
    const Ranking without = rank_with({verdict_of(0.0, true), verdict_of(0.0), verdict_of(0.0)}, off);
    EXPECT_EQ(entry_of(without, "AAA-USDT").rank, 1);
    scoring = cycle_scoring(without.settings, "scalp");
    scoring.quarantine = true;
    EXPECT_EQ(order_of(score_contracts(without, scoring)), (std::vector<std::string>{"BBB", "CCC", "AAA"}));
}

TEST(Quarantine, holds_among_what_a_request_lets_through) {
    const Ranking ranking = rank_with({verdict_of(0.0, true), verdict_of(0.0), verdict_of(0.0)});
    Scoring scoring = cycle_scoring(ranking.settings, "scalp");
    scoring.min_qvol_usdt = 2e9;  // without CCC, scores as in the cycle
    const auto items = score_contracts(ranking, scoring);
    ASSERT_EQ(order_of(items), (std::vector<std::string>{"BBB", "AAA"}));
    EXPECT_EQ(items[1].rank, 2);
    EXPECT_EQ(items[1].rank_raw, 1);
    EXPECT_EQ(items[0].rank_raw, 2);
    scoring.notional_usdt = 100'000.0;  // scores of its own
    EXPECT_EQ(order_of(score_contracts(ranking, scoring)), (std::vector<std::string>{"BBB", "AAA"}));
}

TEST(MeasuredModel, decides_score_flags_and_penalty) {
    auto verdict = std::make_shared<DetectorVerdict>();
    verdict->score = 80.0;
    verdict->probability = 0.3;
    verdict->flags = {"pump_ignition"};
    verdict->episodes = {{.id = "AAA-USDT.pump_ignition.1",
                          .flag = "pump_ignition",
                          .phase = "ignition",
                          .start = kNow,
                          .probability = 0.3,
                          .severity = 80.0,
                          .evidence = {{.name = "activity", .value = 3.0, .threshold = 2.0, .unit = "ratio"}}}};
    const Ranking ranking = rank_with({verdict, verdict_of(std::nullopt), nullptr});
    const signals::ContractNumbers& hot = ranking.find("AAA-USDT")->numbers;
    EXPECT_EQ(hot.manipulation.manip_score, 80.0);
    EXPECT_EQ(hot.manipulation.manip_flags, (std::vector<std::string_view>{"pump_ignition"}));
    ASSERT_EQ(hot.manipulation.flag_details.size(), 1U);
    EXPECT_EQ(hot.manipulation.flag_details[0].evidence[0].quantity, "activity");
    EXPECT_EQ(hot.detection.manip_probability, 0.3);
    EXPECT_EQ(entry_of(ranking, "AAA-USDT").components.manip_penalty, 32.0);
    for (const char* const unknown : {"BBB-USDT", "CCC-USDT"}) {
        const signals::ContractNumbers& numbers = ranking.find(unknown)->numbers;
        EXPECT_FALSE(signals::known<&signals::Manipulation::manip_score>(numbers))
            << unknown << " is not calm: unknown";
        EXPECT_FALSE(numbers.detection.manip_probability) << unknown;
        EXPECT_EQ(entry_of(ranking, unknown).components.manip_penalty, 0.0);
    }
}

TEST(MeasuredModel, keeps_a_snapshot_while_the_verdict_stays_and_makes_a_new_one_when_it_changes) {
    Ranker ranker;
    const RankingSettings settings = settings_of(core::ManipModel::measured);
    const auto builtin = signals::builtin_profiles();
    const std::vector<signals::Profile> profiles(builtin.begin(), builtin.end());
    const std::vector<MarketDataPtr> data = three();
    const auto rank = [&](std::uint64_t sequence, std::optional<double> score) {
        return ranker.rank({.data = data, .verdicts = {verdict_of(score), nullptr, nullptr}}, settings, profiles,
                           {.sequence = sequence, .time = kNow + std::chrono::seconds(sequence)});
    };
    const Ranking first = rank(1, 20.0);
    const Ranking second = rank(2, 20.0);
    EXPECT_EQ(first.contracts[0], second.contracts[0]);
    const Ranking third = rank(3, std::nullopt);
    EXPECT_NE(second.contracts[0], third.contracts[0]);
    EXPECT_EQ(second.contracts[1], third.contracts[1]);
    EXPECT_FALSE(signals::known<&signals::Manipulation::manip_score>(third.contract(0).numbers));
    const Ranking fourth = rank(4, 35.0);
    EXPECT_EQ(signals::known<&signals::Manipulation::manip_score>(fourth.contract(0).numbers), 35.0)
        << "what was unknown is known again";
}

TEST(SeedModel, does_not_look_at_verdicts) {
    const Ranking with =
        rank_with({verdict_of(90.0, true), verdict_of(90.0, true), nullptr}, settings_of(core::ManipModel::seed));
    const Ranking without = rank_with({}, settings_of(core::ManipModel::seed));
    EXPECT_EQ(encode_ranking(with), encode_ranking(without));
    EXPECT_FALSE(encode_ranking(with).contains("quarantin"));
}

TEST(MeasuredModel, survives_the_cache) {
    const Ranking ranking = rank_with({verdict_of(70.0, true), verdict_of(std::nullopt), verdict_of(1.0)});
    const auto read = decode_ranking(encode_ranking(ranking), {}, {.now = kNow});
    ASSERT_TRUE(read) << read.error().message();
    const Ranking& kept = **read;
    EXPECT_TRUE(kept.is_measured());
    EXPECT_TRUE(kept.find("AAA-USDT")->is_quarantined());
    EXPECT_EQ(kept.find("AAA-USDT")->numbers.detection.manip_probability, 0.7);
    EXPECT_FALSE(signals::known<&signals::Manipulation::manip_score>(kept.find("BBB-USDT")->numbers));
    for (const RankedEntry& entry : ranking.ranked.at("scalp")) {
        const std::string& code = ranking.contract(entry.contract).data.contract->contract_code;
        EXPECT_EQ(entry_of(kept, code).rank, entry.rank);
        EXPECT_EQ(entry_of(kept, code).rank_raw, entry.rank_raw) << code;
    }
}

}  // namespace
}  // namespace scanner::ranking
