#include "engine/feed/feed_source.hpp"
#include "engine/feed/hand_driven_feed.hpp"
#include "engine/market_state.hpp"
#include "engine/ranking_cycle.hpp"
#include "engine/scan/market_scan.hpp"
#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/core/random.hpp"
#include "scanner/engine/ranking_board.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/signals/numbers.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// One market, cycle after cycle, by polls and by a feed: where both can know a number, they say the same.
namespace scanner::engine {
namespace {

using exchange::BookState;
using std::chrono::seconds;

constexpr std::size_t kCycles = 12;

struct Moment {
    double last = 100.0;
    std::map<std::string, double> sizes;  ///< of each level of the contracts' books
    std::vector<std::string> by_turnover;
    double funding_rate = 0.0;
};

/// What was recorded of a market: a price, five books, and who trades most, every fifteen seconds.
std::vector<Moment> recording(std::uint64_t seed) {
    core::Random random(seed);
    std::vector<Moment> moments;
    std::vector<std::string> codes{"AAA-USDT", "BBB-USDT", "CCC-USDT", "DDD-USDT", "EEE-USDT"};
    double last = 100.0;
    for (std::size_t i = 0; i < kCycles; ++i) {
        last += 0.01 * static_cast<double>(random.below(41)) - 0.2;
        Moment& moment = moments.emplace_back();
        moment.last = last;
        for (const std::string& code : codes) moment.sizes[code] = 100.0 + static_cast<double>(random.below(900));
        if (random.chance(0.4)) std::swap(codes[random.below(codes.size())], codes[random.below(codes.size())]);
        moment.by_turnover = codes;
        moment.funding_rate = 1e-5 * static_cast<double>(random.below(40));
    }
    return moments;
}

RankingCycleOptions options() {
    RankingCycleOptions made;
    made.settings.default_profile = "scalp";
    made.settings.notional_usdt = 5'000.0;
    made.settings.min_qvol_usdt = 20e6;
    made.settings.max_spread_bps = 8.0;
    made.profiles.assign(signals::builtin_profiles().begin(), signals::builtin_profiles().end());
    return made;
}

/// A state that is filled one way, and the rankings that are made of it.
struct Way {
    Way(test::ScriptedExchange& exchange, const core::Clock& clock)
        : source(state, clock, {}),
          feed(source),
          board(clock, {}, [] { return exchange::ExchangeStatus(); }),
          cycle(clock, state, board, observer, options()),
          scan(make_market_scan(exchange, clock, state, {}, {.on_universe = [this] { source.want_universe(); }})) {}

    const ranking::Ranking& rank() {
        EXPECT_TRUE(test::run_coroutine(scan->run({})));
        source.bring();
        EXPECT_TRUE(cycle.make({}, Rhythm::recorded));
        return *board.current();
    }

    MarketState state{1, 200};
    FeedSource source;
    test::HandDrivenFeed feed;
    EngineObserver observer;
    RankingBoard board;
    RankingCycle cycle;
    std::unique_ptr<MarketScan> scan;
};

class BothWays : public testing::Test {
protected:
    BothWays() {
        exchange_.on_book = [this](const std::string& code) { exchange_.level_size = now_.sizes.at(code); };
        exchange_.book_age = std::chrono::milliseconds(0);
        with_feed_.source.follow(with_feed_.feed);
        dead_feed_.source.follow(dead_feed_.feed);
    }

    void move(const Moment& moment) {
        now_ = moment;
        clock_.advance(seconds(15));
        exchange_.exchange_now += seconds(15);
        exchange_.last = moment.last;
        exchange_.codes = moment.by_turnover;
        exchange_.funding_rate = moment.funding_rate;
        const exchange::FeedTime at{
            .exchange = exchange_.exchange_now, .received = clock_.now(), .received_steady = clock_.steady_now()};
        for (const auto& [code, size] : moment.sizes) {
            with_feed_.feed.tell_book(code, moment.last, size, at);
            with_feed_.feed.tell_trade(code, moment.last, ++trades_, at);
        }
    }

    static void expect_same(const ranking::Ranking& polled, const ranking::Ranking& followed) {
        ASSERT_EQ(polled.contracts.size(), 5U);
        ASSERT_EQ(followed.contracts.size(), 5U);
        for (std::size_t i = 0; i < polled.contracts.size(); ++i) {
            for (const signals::NumberField& field : signals::kNumbers) {
                if (field.group == signals::FieldGroup::flow) continue;
                ASSERT_EQ(signals::known(polled.numbers_view(i), field),
                          signals::known(followed.numbers_view(i), field))
                    << field.name;
            }
            ASSERT_EQ(polled.contract(i).numbers.manipulation.manip_flags,
                      followed.contract(i).numbers.manipulation.manip_flags);
            ASSERT_EQ(polled.contract(i).numbers.manipulation.probability,
                      followed.contract(i).numbers.manipulation.probability);
            ASSERT_EQ(polled.contract(i).spread_history, followed.contract(i).spread_history);
        }
        for (const auto& [profile, entries] : polled.ranked) {
            const auto& others = followed.ranked.at(profile);
            ASSERT_EQ(entries.size(), others.size());
            for (std::size_t i = 0; i < entries.size(); ++i) {
                ASSERT_EQ(entries[i].contract, others[i].contract) << profile;
                ASSERT_EQ(entries[i].score, others[i].score) << profile;
                ASSERT_EQ(entries[i].rank_delta, others[i].rank_delta) << profile;
                ASSERT_EQ(entries[i].components, others[i].components) << profile;
            }
        }
    }

    test::ScriptedExchange exchange_;
    core::ManualClock clock_{core::from_unix_ms(1'790'000'000'000)};
    Moment now_;
    std::int64_t trades_ = 0;
    Way polled_{exchange_, clock_};
    Way with_feed_{exchange_, clock_};
    Way dead_feed_{exchange_, clock_};
};

TEST_F(BothWays, the_same_numbers_flags_scores_and_ranks_cycle_after_cycle) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const std::vector<Moment> moments = recording(seed);
        for (std::size_t i = 0; i < moments.size(); ++i) {
            SCOPED_TRACE(fmt::format("seed {}, cycle {}", seed, i));
            move(moments[i]);
            const ranking::Ranking& polled = polled_.rank();
            const ranking::Ranking& followed = with_feed_.rank();
            expect_same(polled, followed);
            if (HasFatalFailure()) return;
            EXPECT_FALSE(polled.has_flow);
        }
    }
    const ranking::Ranking& followed = *with_feed_.board.current();
    EXPECT_TRUE(followed.has_flow);
    for (const ranking::ContractSnapshotPtr& contract : followed.contracts) {
        EXPECT_EQ(contract->data.inputs[market::Input::order_book].source, InputSource::feed) << "not both from polls";
    }
}

TEST_F(BothWays, a_feed_that_says_nothing_changes_no_byte) {
    for (const Moment& moment : recording(4)) {
        move(moment);
        const std::string polled = encode_ranking(polled_.rank(), {});
        ASSERT_EQ(encode_ranking(dead_feed_.rank(), {}), polled);
    }
}

}  // namespace
}  // namespace scanner::engine
