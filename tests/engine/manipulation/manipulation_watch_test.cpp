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

using States = std::vector<storage::DetectorState>;

States states_of(ManipulationWatch& watch, core::WallTime own) {
    return watch.take_states(own, ManipulationWatch::Changed::all);
}

std::string bytes_of(const States& states) {
    return states.size() == 1 ? states.front().bytes : std::to_string(states.size()) + " states";
}

/// Looked at, with a contract that is ranked no more and another one that is.
void observe_another(ManipulationWatch& watch, core::WallTime now) {
    market::Contract other = contract();
    other.contract_code = "OTHER-USDT";
    other.symbol = "OTHER/USDT:USDT";
    const market::Ticker ticker{.contract_code = other.contract_code, .last = 2.0, .turnover_24h = 1e6};
    Universe universe;
    universe.candidates.push_back({std::make_shared<const market::Contract>(other), ticker});
    MarketState state(1, 2);
    state.set_universe(std::move(universe), {.by_contract = {{other.contract_code, ticker}}}, {});
    watch.observe(state, now);
}

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
    States saved;
    {
        ManipulationWatch watch;
        market.follow(watch, kStart, kOnset + seconds(30), &ledger);
        saved = states_of(watch, kOnset + seconds(30));
    }
    ASSERT_EQ(ledger.size(), 1U);
    const std::string id = ledger.begin()->first;
    ManipulationWatch restarted;
    ASSERT_EQ(1U, restarted.restore(saved, kOnset + minutes(3)));
    restarted.resume({{.record = ledger.begin()->second, .disposition = {}}}, kOnset + minutes(3));
    EXPECT_THAT(states_of(restarted, kOnset + minutes(3)), IsEmpty())
        << "what is not watched yet stays as old as it is";
    market.follow(restarted, kOnset + minutes(3), kStart + hours(20), &ledger);
    ASSERT_EQ(ledger.size(), 1U) << "neither lost nor doubled";
    EXPECT_TRUE(ledger.at(id).end);
    EXPECT_NE(ledger.at(id).phase, kInterrupted);
}

TEST(ManipulationWatch, tells_again_what_was_saved_and_not_told) {
    Watching market(3);
    ManipulationWatch watch;
    market.follow(watch, kStart, kOnset + seconds(30), nullptr);  // the ledger has heard of nothing
    const States saved = states_of(watch, kOnset + seconds(30));
    ManipulationWatch restarted;
    ASSERT_EQ(1U, restarted.restore(saved, kOnset + minutes(1)));
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
    EXPECT_EQ(0U, afresh.restore({{.contract_code = std::string(kCode), .saved_at = kOnset, .bytes = "nonsense"}},
                                 kOnset + minutes(3)));
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
    const States saved = states_of(watch, kOnset + seconds(30));
    ManipulationWatch restarted;
    ASSERT_EQ(1U, restarted.restore(saved, kOnset + minutes(1)));
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
    const States saved = states_of(watch, until);
    const auto end = std::ranges::lower_bound(trades, until, {}, &market::Trade::time);
    const auto encoded_after = [&](std::span<const market::Trade> told) {
        ManipulationWatch restarted;
        EXPECT_EQ(1U, restarted.restore(saved, until));
        restarted.on_tape_filled(contract(), told, until + seconds(1));
        return bytes_of(states_of(restarted, until));
    };
    const std::span<const market::Trade> known(trades.begin(), end);
    EXPECT_EQ(encoded_after(known.last(500)), encoded_after({}));
}

TEST(ManipulationWatch, saves_what_changed_and_first_what_the_ledger_is_to_hear_of) {
    Watching market(3);
    ManipulationWatch watch;
    market.follow(watch, kStart, kOnset - seconds(1), nullptr);
    const auto calm = kOnset - seconds(1);
    EXPECT_THAT(watch.take_states(calm, ManipulationWatch::Changed::told), IsEmpty());
    EXPECT_EQ(states_of(watch, calm).size(), 1U);
    EXPECT_THAT(states_of(watch, calm), IsEmpty()) << "nothing has changed";
    watch.not_saved();
    EXPECT_EQ(states_of(watch, calm).size(), 1U) << "once more, since it could not be saved";
    market.follow(watch, calm, kOnset + seconds(30), nullptr);
    EXPECT_EQ(watch.take_states(kOnset + seconds(30), ManipulationWatch::Changed::told).size(), 1U);
    EXPECT_THAT(watch.take_states(kOnset + seconds(30), ManipulationWatch::Changed::told), IsEmpty());
}

TEST(ManipulationWatch, forgets_states_of_contracts_that_are_ranked_no_more) {
    Watching market(3);
    Ledger ledger;
    States saved;
    {
        ManipulationWatch watch;
        market.follow(watch, kStart, kOnset + seconds(30), &ledger);
        saved = states_of(watch, kOnset + seconds(30));
    }
    const auto restart = kOnset + minutes(3);
    EXPECT_EQ(0U, ManipulationWatch().restore(saved, kOnset + hours(25))) << "a day old";
    ManipulationWatch restarted;
    ASSERT_EQ(1U, restarted.restore(saved, restart));
    restarted.resume({{.record = ledger.begin()->second, .disposition = {}}}, restart);
    for (auto now = restart; now <= restart + hours(1) + minutes(1); now += minutes(1)) {
        observe_another(restarted, now);
        for (const auto& state : states_of(restarted, now)) {
            if (now <= restart + hours(1)) EXPECT_NE(state.contract_code, kCode) << "saved again as if it were new";
        }
        Watching::tell(restarted, now, &ledger);
    }
    ASSERT_EQ(ledger.size(), 1U);
    EXPECT_EQ(ledger.begin()->second.phase, kInterrupted);
    EXPECT_EQ(ledger.begin()->second.end, kOnset + seconds(30)) << "when it was last seen";
    // What is saved must not open it again at the next start.
    market.follow(restarted, restart + hours(2), restart + hours(2) + seconds(2), &ledger);
    EXPECT_TRUE(ledger.begin()->second.end);
}

TEST(ManipulationWatch, drops_the_saved_state_with_the_contract) {
    Watching market(3);
    ManipulationWatch watch;
    market.follow(watch, kStart, kOnset, nullptr);
    ASSERT_EQ(states_of(watch, kOnset).size(), 1U);
    observe_another(watch, kOnset + hours(2));
    States dropped = states_of(watch, kOnset + hours(2));
    const auto of = [](const States& states) {
        const auto found = std::ranges::find(states, std::string(kCode), &storage::DetectorState::contract_code);
        return found == states.end() ? nullptr : &*found;
    };
    ASSERT_NE(of(dropped), nullptr);
    EXPECT_TRUE(of(dropped)->bytes.empty());
    watch.not_saved();
    dropped = states_of(watch, kOnset + hours(2));
    ASSERT_NE(of(dropped), nullptr) << "once more, since it could not be saved";
    EXPECT_EQ(of(states_of(watch, kOnset + hours(2))), nullptr);
}

TEST(ManipulationWatch, goes_on_for_a_host_whose_clock_was_ahead) {
    Watching market(3);
    Ledger ledger;
    States saved;
    {
        ManipulationWatch watch;
        market.follow(watch, kStart, kOnset + seconds(30), &ledger);
        saved = states_of(watch, kOnset + seconds(30));
    }
    const std::string id = ledger.begin()->first;
    ledger.at(id).revision += 600'000;  // ten minutes
    ManipulationWatch other;
    ASSERT_EQ(1U, other.restore(saved, kOnset + minutes(1)));
    other.resume({{.record = ledger.at(id), .disposition = {}}}, kOnset + minutes(1));
    market.follow(other, kOnset + minutes(1), kOnset + minutes(9), &ledger);  // each state is newer, or tell() says so
    ASSERT_EQ(ledger.size(), 1U);
    // And where the end was told before the ledger could be read.
    ManipulationWatch third;
    ASSERT_EQ(1U, third.restore(saved, kOnset + minutes(1)));
    Ledger unheard;
    market.follow(third, kOnset + minutes(1), kStart + hours(20), &unheard);
    ASSERT_TRUE(unheard.at(id).end);
    EpisodeRecord open = ledger.at(id);
    open.end.reset();
    open.revision = unheard.at(id).revision + 1'000;
    third.resume({{.record = open, .disposition = {}}}, kStart + hours(20));
    Ledger heard{{id, open}};
    Watching::tell(third, kStart + hours(20), &heard);
    EXPECT_TRUE(heard.at(id).end) << "it would stay open for ever";
}

}  // namespace
}  // namespace scanner::engine
