#include "engine/manipulation/manipulation_watch.hpp"

#include "signals/detect/random_tape.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace scanner::engine {
namespace {

using signals::kStart;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using storage::EpisodeRecord;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kOnset = kStart + hours(15);
constexpr std::string_view kCode = "PUMP-USDT";

market::Contract contract() {
    market::Contract made;
    made.contract_code = kCode;
    made.symbol = "PUMP/USDT:USDT";
    made.contract_size = 1.0;
    made.price_tick = 0.0001;
    return made;
}

/// The ledger as it would be: the newest state of each episode.
using Ledger = std::map<std::string, EpisodeRecord>;

class Watching {
public:
    explicit Watching(std::uint32_t seed) : trades_(signals::tape(seed, seconds(60))) {}

    /// Tells trades second by second, as a feed does.
    void follow(ManipulationWatch& watch, core::WallTime from, core::WallTime until, Ledger* ledger) {
        auto next = std::ranges::lower_bound(trades_, from, {}, &market::Trade::time);
        for (auto now = from + seconds(1); now <= until; now += seconds(1)) {
            const auto end = std::ranges::lower_bound(next, trades_.end(), now, {}, &market::Trade::time);
            watch.on_trades(contract(), std::span(next, end), now);
            next = end;
            tell(watch, now, ledger);
        }
    }
    static void tell(ManipulationWatch& watch, core::WallTime now, Ledger* ledger) {
        for (EpisodeRecord& record : watch.take_changes(now, now)) {
            if (ledger == nullptr) continue;
            EpisodeRecord& held = (*ledger)[record.id];
            EXPECT_GT(record.revision, held.revision) << "the ledger would not take it";
            if (record.context_json.empty()) record.context_json = held.context_json;
            held = std::move(record);
        }
    }

private:
    std::vector<market::Trade> trades_;
};

TEST(ManipulationWatch, tells_a_pump_to_ranking_and_ledger_with_what_was_around_it) {
    Watching market(1);
    ManipulationWatch watch;
    watch.set({.threshold = 50.0, .simulated = true});
    Ledger ledger;
    EXPECT_EQ(watch.verdict(std::string(kCode), kStart), nullptr) << "not watched";
    market.follow(watch, kStart, kOnset - seconds(1), &ledger);
    const auto calm = watch.verdict(std::string(kCode), kOnset - seconds(1));
    ASSERT_NE(calm, nullptr);
    EXPECT_FALSE(calm->quarantined);
    EXPECT_THAT(ledger, IsEmpty());

    market.follow(watch, kOnset - seconds(1), kOnset + seconds(50), &ledger);
    const auto hot = watch.verdict(std::string(kCode), kOnset + seconds(50));
    EXPECT_THAT(hot->flags, testing::Contains("pump_ignition"));
    EXPECT_TRUE(hot->quarantined);
    EXPECT_FALSE(hot->quarantined_until) << "not while it is over the threshold";
    ASSERT_EQ(hot->episodes.size(), 1U);
    EXPECT_EQ(watch.verdict(std::string(kCode), kOnset + seconds(50)), hot) << "the very same while nothing changes";
    ASSERT_EQ(ledger.size(), 1U);
    EXPECT_EQ(ledger.begin()->first, hot->episodes[0].id);
    EXPECT_FALSE(ledger.begin()->second.end);
    EXPECT_TRUE(ledger.begin()->second.simulated);
    EXPECT_FALSE(nlohmann::json::parse(ledger.begin()->second.details_json)["evidence"].empty());

    market.follow(watch, kOnset + seconds(50), kStart + hours(20), &ledger);
    ASSERT_EQ(ledger.size(), 1U);
    const EpisodeRecord& ended = ledger.begin()->second;
    ASSERT_TRUE(ended.end);
    const auto context = nlohmann::json::parse(ended.context_json);
    EXPECT_FALSE(context["trades"].empty());
    EXPECT_GE(context["trades"].front()[0], core::to_unix_ms(ended.start - seconds(30)));
    EXPECT_FALSE(watch.verdict(std::string(kCode), kStart + hours(20))->quarantined);
    ManipulationStatus status;
    watch.fill(status);
    EXPECT_EQ(status.episodes["pump_ignition"], 1U);
    EXPECT_EQ(status.open["pump_ignition"], 0U);
}

TEST(ManipulationWatch, goes_on_with_an_episode_after_a_crash_in_its_middle) {
    Watching market(3);
    Ledger ledger;
    std::string saved;
    {
        ManipulationWatch watch;
        market.follow(watch, kStart, kOnset + seconds(30), &ledger);
        saved = watch.encode(kOnset + seconds(30));
    }
    ASSERT_EQ(ledger.size(), 1U);
    const std::string id = ledger.begin()->first;
    ManipulationWatch restarted;
    ASSERT_TRUE(restarted.restore(saved, kOnset + minutes(3)));
    restarted.resume({{.record = ledger.begin()->second, .disposition = {}}}, kOnset + minutes(3));
    EXPECT_EQ(restarted.encode(kOnset + seconds(30)), saved) << "what is not watched yet is kept";
    market.follow(restarted, kOnset + minutes(3), kStart + hours(20), &ledger);
    ASSERT_EQ(ledger.size(), 1U) << "neither lost nor doubled";
    EXPECT_TRUE(ledger.at(id).end);
    EXPECT_NE(ledger.at(id).phase, kInterrupted);
}

TEST(ManipulationWatch, tells_again_what_was_saved_and_not_told) {
    Watching market(3);
    ManipulationWatch watch;
    market.follow(watch, kStart, kOnset + seconds(30), nullptr);  // the ledger has heard of nothing
    const std::string saved = watch.encode(kOnset + seconds(30));
    ManipulationWatch restarted;
    ASSERT_TRUE(restarted.restore(saved, kOnset + minutes(1)));
    Ledger ledger;
    market.follow(restarted, kOnset + minutes(1), kOnset + minutes(1) + seconds(2), &ledger);
    ASSERT_EQ(ledger.size(), 1U);
    EXPECT_FALSE(ledger.begin()->second.end);
    ManipulationStatus status;
    restarted.fill(status);
    EXPECT_EQ(status.episodes["pump_ignition"], 0U) << "it did not begin now";
}

TEST(ManipulationWatch, ends_what_a_lost_state_has_left_open) {
    Watching market(3);
    Ledger ledger;
    ManipulationWatch watch;
    market.follow(watch, kStart, kOnset + seconds(30), &ledger);
    ASSERT_EQ(ledger.size(), 1U);
    ManipulationWatch afresh;
    EXPECT_FALSE(afresh.restore("nonsense", kOnset + minutes(3)));
    afresh.resume({{.record = ledger.begin()->second, .disposition = {}}}, kOnset + minutes(3));
    Watching::tell(afresh, kOnset + minutes(4), &ledger);
    EXPECT_FALSE(ledger.begin()->second.end) << "its contract may still be ranked";
    market.follow(afresh, kOnset + minutes(4), kOnset + minutes(4) + seconds(1), &ledger);
    ASSERT_EQ(ledger.size(), 1U);
    EXPECT_TRUE(ledger.begin()->second.end);
    EXPECT_EQ(ledger.begin()->second.phase, kInterrupted);
}

TEST(ManipulationWatch, starts_a_contract_of_another_size_afresh) {
    Watching market(3);
    ManipulationWatch watch;
    market.follow(watch, kStart, kOnset + seconds(30), nullptr);
    const std::string saved = watch.encode(kOnset + seconds(30));
    ManipulationWatch restarted;
    ASSERT_TRUE(restarted.restore(saved, kOnset + minutes(1)));
    market::Contract other = contract();
    other.contract_size = 10.0;
    restarted.on_trades(other, {}, kOnset + minutes(1));
    EXPECT_THAT(restarted.take_changes(kOnset + minutes(1), kOnset + minutes(1)), IsEmpty());
}

TEST(ManipulationWatch, ends_what_is_open_of_a_contract_that_gets_another_size) {
    Watching market(3);
    Ledger ledger;
    ManipulationWatch watch;
    market.follow(watch, kStart, kOnset + seconds(30), &ledger);
    ASSERT_EQ(ledger.size(), 1U);
    ASSERT_FALSE(ledger.begin()->second.end);
    market::Contract other = contract();
    other.contract_size = 10.0;
    const market::Ticker ticker{.contract_code = other.contract_code, .last = 2.0, .turnover_24h = 1e6};
    Universe universe;
    universe.candidates.push_back({std::make_shared<const market::Contract>(other), ticker});
    MarketState state(1, 2);
    state.set_universe(std::move(universe), {.by_contract = {{other.contract_code, ticker}}}, {});
    watch.observe(state, kOnset + seconds(31));
    Watching::tell(watch, kOnset + seconds(31), &ledger);
    ASSERT_EQ(ledger.size(), 1U);
    EXPECT_TRUE(ledger.begin()->second.end);
    EXPECT_EQ(ledger.begin()->second.phase, kInterrupted);
}

TEST(ManipulationWatch, counts_no_trade_again_that_it_knew_before_a_restart) {
    const auto trades = signals::tape(3, seconds(60));
    const auto until = kOnset + seconds(30);
    Watching market(3);
    ManipulationWatch watch;
    market.follow(watch, kStart, until, nullptr);
    const std::string saved = watch.encode(until);
    const auto end = std::ranges::lower_bound(trades, until, {}, &market::Trade::time);
    const auto encoded_after = [&](std::span<const market::Trade> told) {
        ManipulationWatch restarted;
        EXPECT_TRUE(restarted.restore(saved, until));
        restarted.on_tape_filled(contract(), told, until + seconds(1));
        return restarted.encode(until);
    };
    const std::span<const market::Trade> known(trades.begin(), end);
    EXPECT_EQ(encoded_after(known.last(500)), encoded_after({}));
}

}  // namespace
}  // namespace scanner::engine
