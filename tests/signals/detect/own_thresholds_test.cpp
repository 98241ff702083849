#include "signals/detect/evidence.hpp"
#include "signals/detect/interest_watch.hpp"
#include "signals/detect/random_events.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace scanner::signals {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr detect::Calibration kOrdinary{.at_10 = 0.0, .at_1 = 1.0, .at_01 = 2.0, .at_001 = 3.0};
constexpr core::WallTime kFrom{seconds(1'700'000'000)};

/// What a contract's null has become after `days` of looks every ten seconds, of which one an hour is `high`.
double raise_after(int days, double high, bool open = false, milliseconds later = milliseconds(0)) {
    detect::OwnNull null;
    for (seconds t{0}; t < hours(24 * days); t += seconds(10)) {
        const bool peak = t % hours(1) == seconds(600);
        null.see(peak ? high : 0.2, peak && open, kOrdinary, kFrom + later + t);
    }
    return null.raise(kOrdinary);
}

TEST(OwnNull, raises_thresholds_where_calm_reaches_them_often) {
    EXPECT_EQ(raise_after(3, 0.9), 0.0) << "one that stays under what is reached once a day";
    EXPECT_GT(raise_after(3, 1.5), 0.5);
    EXPECT_GT(raise_after(1, 1.5), raise_after(0, 1.5));
}

TEST(OwnNull, never_more_than_doubles_them_and_never_lowers_them) {
    std::mt19937 random(3);
    std::normal_distribution<double> normal(0.0, 3.0);
    detect::OwnNull null;
    core::WallTime now = kFrom;
    for (int i = 0; i < 200'000; ++i) {
        now += milliseconds(1 + random() % 120'000);
        null.see(normal(random), random() % 50 == 0, kOrdinary, now);
        const double raise = null.raise(kOrdinary);
        ASSERT_GE(raise, 0.0);
        ASSERT_LE(raise, detect::OwnNull::kMaxRaise);
    }
    EXPECT_EQ(raise_after(20, 1.9), detect::OwnNull::kMaxRaise) << "a bound that is reached";
}

TEST(OwnNull, learns_nothing_from_episodes) {
    EXPECT_EQ(raise_after(5, 1.5, true), 0.0) << "said to be open";
    EXPECT_EQ(raise_after(5, 5.0), 0.0) << "high enough to open one: a daily manipulator raises no bar";
}

TEST(OwnNull, does_not_depend_on_the_hour) {
    for (const milliseconds later : {milliseconds(15'000), milliseconds(15'000 * 4'321)}) {
        EXPECT_EQ(raise_after(2, 1.5), raise_after(2, 1.5, false, later));
    }
}

TEST(OwnNull, forgets) {
    detect::OwnNull null;
    core::WallTime now = kFrom;
    for (; now < kFrom + hours(48); now += minutes(10)) null.see(1.5, false, kOrdinary, now);
    const double before = null.raise(kOrdinary);
    for (; now < kFrom + hours(24 * 40); now += minutes(10)) null.see(0.0, false, kOrdinary, now);
    EXPECT_GT(before, 0.0);
    EXPECT_EQ(null.raise(kOrdinary), 0.0);
}

/// Of a flag, through all of the detectors: the highest that a market with something planted showed.
double highest(ContractDetectors& detectors, std::uint32_t seed, Planted planted, DetectorFlag flag) {
    market::LiveBook book;
    double high = 0.0;
    for (const Event& event : RandomEvents(seed, planted).make()) {
        tell(detectors, event, book);
        high = std::max(high, detectors.verdict(event.at).severities[static_cast<std::size_t>(flag)]);
    }
    return high;
}

TEST(OwnThresholds, find_what_shipped_ones_find_in_a_fresh_contract) {
    for (const auto& [planted, flag] :
         {std::pair(Planted::wash, DetectorFlag::wash_trade_volume), std::pair(Planted::wick, DetectorFlag::scam_wick),
          std::pair(Planted::wall, DetectorFlag::liquidity_wall)}) {
        ContractDetectors own;
        ContractDetectors shipped{ContractDetectors::Thresholds::shipped};
        const double with = highest(own, 21, planted, flag);
        EXPECT_GE(with, 50.0) << to_string(flag);
        EXPECT_LE(with, highest(shipped, 21, planted, flag) + 1e-9) << "never lower than shipped";
    }
}

TEST(MarketThinning, is_no_vacuum_of_one_contract) {
    const auto flagged = [](double others) {
        ContractDetectors detectors;
        market::LiveBook book;
        bool raised = false;
        for (const Event& event : RandomEvents(31, Planted::vacuum).make()) {
            const bool planted = event.at >= kMarketStart + kPlantedAt;
            if (event.kind == Event::Kind::index) detectors.on_market_thinning(planted ? others : 0.0, event.at);
            tell(detectors, event, book);
            raised = raised || detectors.verdict(event.at).flags.has(DetectorFlag::liquidity_vacuum);
        }
        return raised;
    };
    EXPECT_TRUE(flagged(0.0)) << "alone";
    EXPECT_FALSE(flagged(3.0)) << "as all the others";
}

TEST(MarketThinning, is_told_of_the_own_book) {
    ContractDetectors detectors;
    market::LiveBook book;
    EXPECT_FALSE(detectors.thinning(kMarketStart));
    double thinnest = 0.0;
    core::WallTime last;
    for (const Event& event : RandomEvents(31, Planted::vacuum).make()) {
        tell(detectors, event, book);
        if (const auto one = detectors.thinning(event.at)) thinnest = std::max(thinnest, *one);
        last = event.at;
    }
    EXPECT_GT(thinnest, 2.0) << "a quarter of the usual depth and less";
    ASSERT_TRUE(detectors.thinning(last));
    EXPECT_LT(std::abs(*detectors.thinning(last)), 1.0);
    EXPECT_FALSE(detectors.thinning(last + minutes(3))) << "an old look says nothing";
    detectors.on_book_lost(last);
    EXPECT_FALSE(detectors.thinning(last));
}

TEST(Liquidations, make_a_fall_of_one_contract_a_stress) {
    const auto highest_stress = [](double share) {
        ContractDetectors detectors;
        market::LiveBook book;
        double high = 0.0;
        for (const Event& event : RandomEvents(41, Planted::wick).make()) {
            tell(detectors, event, book);
            for (const market::Trade& trade : event.trades) {
                if (event.at < kMarketStart + kPlantedAt) continue;
                if (share > 0.0) {
                    detectors.on_liquidation(market::Side::sell, share * trade.price * trade.size / 2.0, event.at);
                }
            }
            high = std::max(
                high, detectors.verdict(event.at).severities[static_cast<std::size_t>(DetectorFlag::market_stress)]);
        }
        return high;
    };
    EXPECT_GT(highest_stress(0.9), highest_stress(0.0) + 10.0);
    EXPECT_EQ(highest_stress(0.05), highest_stress(0.0)) << "a few are liquidated in any move";
}

/// Open interest by what the exchange may do at most: all of what was traded opens or closes.
class Interest : public testing::Test {
protected:
    void trade(double size, core::WallTime at) {
        const market::Trade one{
            .trade_id = ++id_, .price = 10.0, .size = 2.0 * size, .taker_side = market::Side::buy, .time = at};
        watch_.on_trades({&one, 1}, at);
    }
    bool open() const { return log_.open(DetectorFlag::oi_implausible) != nullptr; }

    detect::InterestWatch watch_;
    detect::EpisodeLog log_;
    std::int64_t id_ = 0;
};

TEST_F(Interest, all_that_was_traded_may_open_or_close) {
    std::mt19937 random(7);
    double interest = 1e6;
    core::WallTime now = kFrom;
    for (int look = 0; look < 2'000; ++look) {
        double traded = 0.0;
        for (int i = 0; i < 3; ++i) {
            now += seconds(5);
            const double size = 1.0 + static_cast<double>(random() % 1'000);
            trade(size, now);
            traded += size;
        }
        interest = std::max(1.0, interest + (random() % 2 == 0 ? traded : -traded));
        watch_.on_open_interest(interest, now, log_);
        ASSERT_FALSE(open()) << look;
    }
}

TEST_F(Interest, a_trade_of_two_seconds_before_the_look_may_be_counted_after_it) {
    double interest = 1e6;
    core::WallTime now = kFrom;
    trade(1.0, now);
    watch_.on_open_interest(interest, now, log_);
    for (int look = 0; look < 50; ++look) {
        now += seconds(15);
        trade(500.0, now - seconds(1));
        watch_.on_open_interest(interest, now, log_);
        interest += 500.0;  // told at the next look only
        ASSERT_FALSE(open());
    }
}

TEST_F(Interest, more_than_was_traded_twice_in_a_row_is_none_of_the_market) {
    core::WallTime now = kFrom;
    double interest = 1e6;
    const auto look = [&](double traded, double change) {
        now += seconds(15);
        trade(traded, now - seconds(5));
        interest += change;
        watch_.on_open_interest(interest, now, log_);
    };
    look(100.0, 0.0);
    look(100.0, 300.0);
    EXPECT_FALSE(open()) << "once may be a late reading";
    look(100.0, 50.0);
    look(100.0, -300.0);
    EXPECT_FALSE(open()) << "not in a row";
    look(100.0, 50.0);
    look(100.0, 300.0);
    look(100.0, 300.0);
    ASSERT_TRUE(open());
    EXPECT_EQ(log_.open(DetectorFlag::oi_implausible)->repetitions, 2U);
}

TEST_F(Interest, is_not_judged_by_a_tape_with_a_hole) {
    core::WallTime now = kFrom;
    double interest = 1e6;
    for (int look = 0; look < 20; ++look) {
        now += seconds(15);
        trade(100.0, now - seconds(5));
        if (look > 1) watch_.on_tape_hole();  // what was traded meanwhile is not known
        interest += 5'000.0;
        watch_.on_open_interest(interest, now, log_);
        if (look > 1) {
            ASSERT_FALSE(watch_.reading(now, log_));
        }
    }
    EXPECT_FALSE(open());
}

}  // namespace
}  // namespace scanner::signals
