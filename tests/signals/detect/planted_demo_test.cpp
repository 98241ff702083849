// What `make demo` plants, played in simulated time through the detectors as the feed tells it: each manipulation
// becomes an episode with evidence, and no twin does.
#include "simulator/market.hpp"
#include "simulator/options.hpp"

#include "scanner/market/live_book.hpp"
#include "scanner/signals/detect/contract_detectors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace scanner::signals {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::IsEmpty;

class Watched {
public:
    Watched(const simulator::SimulatedMarket& world, std::size_t place)
        : world_(world), place_(place), contract_(world.contracts()[place].contract), told_(world.fill_count(place)) {}

    void tell(core::WallTime now, std::chrono::milliseconds since) {
        if (since % 1s == 0ms) detectors_.on_index(world_.index_price(place_), now);
        tell_trades(now, since % 1s == 0ms);
        if (const auto id = world_.matching_id(place_); id != matching_id_) {
            matching_id_ = id;
            const auto state = world_.book(place_, 150);
            book_.reset(
                {.bids = levels(state.bids), .asks = levels(state.asks), .exchange_time = now, .matching_id = id});
            detectors_.on_book(book_, now);
        }
        if (since % 15s == 0ms) {
            detectors_.on_open_interest(
                static_cast<double>(world_.open_interest_contracts(place_)) * contract_.contract_size, now);
        }
        if (since % 1s != 0ms) return;
        static_cast<void>(detectors_.verdict(now));
        for (const Episode& episode : detectors_.take_episode_changes()) {
            if (!info(episode.flag).manipulation || info(episode.flag).kind == FlagKind::experimental) continue;
            flags_.insert(to_string(episode.flag));
            EXPECT_FALSE(episode.evidence.empty()) << to_string(episode.flag);
            EXPECT_GT(episode.probability, 0.5) << to_string(episode.flag);
        }
    }
    [[nodiscard]] const std::set<std::string_view>& flags() const { return flags_; }

private:
    void tell_trades(core::WallTime now, bool due) {
        const auto fills = world_.fill_count(place_);
        std::vector<market::Trade> trades;
        for (const auto& fill : world_.trades(place_, static_cast<std::size_t>(fills - told_))) {
            trades.push_back({.trade_id = fill.match_id * 10'000 + fill.fill_index,
                              .price = simulator::price_from_ticks(fill.price_ticks, contract_.price_tick),
                              .size = static_cast<double>(fill.doubled_contracts) * contract_.contract_size,
                              .taker_side = fill.taker_side,
                              .time = fill.time});
        }
        told_ = fills;
        if (due || !trades.empty()) detectors_.on_trades(trades, now);
    }
    [[nodiscard]] std::vector<market::Level> levels(const std::vector<simulator::BookLevel>& side) const {
        std::vector<market::Level> made;
        for (const auto& level : side) {
            made.push_back({simulator::price_from_ticks(level.price_ticks, contract_.price_tick),
                            static_cast<double>(level.contracts) * contract_.contract_size});
        }
        return made;
    }

    const simulator::SimulatedMarket& world_;
    std::size_t place_;
    market::Contract contract_;
    std::uint64_t told_;
    std::int64_t matching_id_ = -1;
    market::LiveBook book_;
    ContractDetectors detectors_;
    std::set<std::string_view> flags_;
};

TEST(PlantedDemo, its_manipulations_become_episodes_and_their_twins_do_not) {
    const std::vector<std::string_view> arguments{"--plant", "demo"};
    const auto options = simulator::parse_options(arguments);
    ASSERT_TRUE(options);
    const core::WallTime start = core::from_unix_ms(1'790'000'040'000);
    const auto world = simulator::make_market(
        {.contracts = 40, .seed = 1, .kind = simulator::MarketKind::busy, .start = start, .planted = options->planted});
    std::map<std::string, Watched, std::less<>> watched;
    for (const auto& planted : options->planted) {
        for (std::size_t i = 0; i < 40; ++i) {
            const std::string& code = world->contracts()[i].contract.contract_code;
            if (code == planted.contract_code) watched.try_emplace(code, *world, i);
        }
    }
    ASSERT_EQ(watched.size(), 6U);
    for (std::chrono::milliseconds since = 100ms; since <= 36min; since += 100ms) {
        world->advance(start + since);
        for (auto& [code, contract] : watched) contract.tell(start + since, since);
    }
    EXPECT_THAT(watched.at("LINK-USDT").flags(), Contains("spoofing_depth_imbalance"));
    EXPECT_THAT(watched.at("WIF-USDT").flags(), Contains("momentum_ignition"));
    EXPECT_THAT(watched.at("PEPE-USDT").flags(), Contains("wash_trade_volume"));
    for (const auto* const twin : {"SUI-USDT", "ARB-USDT", "UNI-USDT"}) {
        EXPECT_THAT(watched.at(twin).flags(), IsEmpty()) << twin;
    }
}

}  // namespace
}  // namespace scanner::signals
