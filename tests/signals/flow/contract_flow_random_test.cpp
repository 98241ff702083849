#include "signals/flow/random_feed.hpp"
#include "signals/flow/slow_flow.hpp"

#include "scanner/market/tape.hpp"
#include "scanner/signals/numbers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::signals {
namespace {

using test::at;
using test::FeedShape;
using test::RandomFeed;
using test::Told;

std::optional<double> value(const FlowNumbers& flow, const NumberField& field) {
    return field.get({ContractNumbers(), Edges(), &flow});
}

/// `factor`: of the second to the first, by name; 1 where it is not named.
void expect_same(
    const FlowNumbers& one, const FlowNumbers& other, const std::string& where,
    double (*factor)(std::string_view) = [](std::string_view) { return 1.0; }) {
    for (const NumberField& field : numbers_of(FieldGroup::flow)) {
        const auto a = value(one, field);
        const auto b = value(other, field);
        ASSERT_EQ(a.has_value(), b.has_value()) << field.name << ' ' << where;
        if (!a) continue;
        const double wanted = *a * factor(field.name);
        ASSERT_NEAR(wanted, *b, 1e-9 * std::max(1.0, std::fabs(wanted))) << field.name << ' ' << where;
    }
}

/// Everything that was told, and the numbers at each of the moments, which ascend.
std::vector<FlowNumbers> numbers_at(const std::vector<Told>& told, const std::vector<std::int64_t>& moments,
                                    std::int64_t shift_ms = 0) {
    ContractFlow flow = test::followed(test::kStartMs + shift_ms);
    std::vector<FlowNumbers> all;
    std::size_t next = 0;
    for (const std::int64_t moment : moments) {
        for (; next < told.size() && told[next].told_ms <= moment; ++next) test::tell(flow, told[next]);
        all.push_back(flow.numbers(at(moment)));
    }
    return all;
}

std::vector<std::int64_t> moments(std::uint64_t seed, int count, std::int64_t shift_ms = 0) {
    std::mt19937_64 random(seed);
    std::uniform_int_distribution<std::int64_t> when(0, 440'000);
    std::vector<std::int64_t> all;
    for (int i = 0; i < count; ++i) all.push_back(test::kStartMs + shift_ms + when(random));
    std::ranges::sort(all);
    return all;
}

TEST(ContractFlowOnRandomMarkets, agrees_with_the_definitions_worked_out_from_every_event) {
    int known = 0;
    std::set<std::string_view> seen;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        const auto told = RandomFeed(seed, {}).make();
        const auto when = moments(seed, 25);
        const auto fast = numbers_at(told, when);
        for (std::size_t i = 0; i < when.size(); ++i) {
            const FlowNumbers slow = test::SlowFlow(told, test::kStartMs, when[i]).numbers();
            expect_same(slow, fast[i], "seed " + std::to_string(seed) + " at " + std::to_string(when[i]));
            if (HasFatalFailure()) return;
            for (const NumberField& field : numbers_of(FieldGroup::flow)) {
                if (value(slow, field)) seen.insert(field.name);
            }
            known += slow.firmness.has_value() ? 1 : 0;
        }
    }
    EXPECT_GT(known, 60) << "else nothing was compared";
    EXPECT_EQ(seen.size(), numbers_of(FieldGroup::flow).size()) << "each was known somewhere";
}

TEST(ContractFlowOnRandomMarkets, says_when_its_numbers_change_by_themselves) {
    for (std::uint64_t seed = 20; seed < 24; ++seed) {
        ContractFlow flow = test::followed(test::kStartMs);
        const auto told = RandomFeed(seed, {.milliseconds = 90'000}).make();
        for (const Told& each : told) test::tell(flow, each);
        std::int64_t now = told.back().told_ms;
        int changes = 0;
        while (const auto next = flow.next_change_at(at(now))) {
            const FlowNumbers before = flow.numbers(at(now));
            ASSERT_GT(*next, at(now));
            const std::int64_t until = core::to_unix_ms(*next);
            expect_same(before, flow.numbers(at(now + (until - 1 - now) / 2)), "half way");
            expect_same(before, flow.numbers(at(until - 1)), "just before");
            if (HasFatalFailure()) return;
            now = until;
            changes += flow.numbers(at(now)) != before ? 1 : 0;
            ASSERT_LT(now, test::kStartMs + 2 * 3'600'000) << "the longest window is an hour";
        }
        EXPECT_GT(changes, 10);
        const FlowNumbers end = flow.numbers(at(now));
        EXPECT_EQ(end, flow.numbers(at(now + 100'000'000))) << "for good";
        EXPECT_EQ(end.trades_60s, 0.0);
        EXPECT_EQ(end.turnover_60s_usdt, 0.0);
        EXPECT_EQ(end.tfi_60s, std::nullopt);
        EXPECT_EQ(end.impact_bps_per_100k, std::nullopt);
        EXPECT_EQ(end.recovery_ms, std::nullopt);
        EXPECT_EQ(end.liquidations_5m_long_usdt, 0.0);
        EXPECT_EQ(end.liquidations_5m_short_usdt, 0.0);
        if (end.microprice) {
            EXPECT_EQ(end.ofi_10s, 0.0);
            EXPECT_EQ(end.firmness, 1.0) << "a book that rests is firm";
            EXPECT_NEAR(*end.firm_depth_bid_usdt, *end.depth_25bps_bid_usdt, 1e-6);
        }
    }
}

TEST(ContractFlowOnRandomMarkets, decays_within_the_windows_when_the_tape_dies) {
    ContractFlow flow = test::followed(test::kStartMs);
    const auto told = RandomFeed(30, {.milliseconds = 120'000, .loses_book = false}).make();
    for (const Told& each : told) test::tell(flow, each);
    const std::int64_t end = told.back().told_ms;
    EXPECT_GT(flow.numbers(at(end)).trades_60s, 0.0);
    const FlowNumbers after_10s = flow.numbers(at(end + 10'000));
    EXPECT_EQ(after_10s.ofi_10s, 0.0);
    EXPECT_GT(after_10s.trades_60s, 0.0);
    const FlowNumbers after_60s = flow.numbers(at(end + 60'000));
    EXPECT_EQ(after_60s.trades_60s, 0.0);
    EXPECT_EQ(after_60s.turnover_60s_usdt, 0.0);
    EXPECT_EQ(after_60s.tfi_60s, std::nullopt);
    EXPECT_EQ(flow.numbers(at(end + 300'000)).liquidations_5m_long_usdt, 0.0);
    // A shock that the book has not recovered from by then is told a minute later.
    const FlowNumbers after_an_hour = flow.numbers(at(end + 3'664'000));
    EXPECT_EQ(after_an_hour.impact_bps_per_100k, std::nullopt);
    EXPECT_EQ(after_an_hour.recovery_ms, std::nullopt);
}

TEST(ContractFlowOnRandomMarkets, measures_the_same_in_another_currency) {
    const auto when = moments(7, 60);
    const auto one = numbers_at(RandomFeed(41, {}).make(), when);
    const auto other = numbers_at(RandomFeed(41, {.price_scale = 8.0}).make(), when);
    for (std::size_t i = 0; i < when.size(); ++i) {
        expect_same(one[i], other[i], std::to_string(when[i]), [](std::string_view name) {
            if (name == "microprice" || name.ends_with("_usdt")) return 8.0;
            return name == "impact_bps_per_100k" ? 1.0 / std::sqrt(8.0) : 1.0;
        });
        if (HasFatalFailure()) return;
    }
}

TEST(ContractFlowOnRandomMarkets, measures_the_same_in_other_units_of_size) {
    const auto when = moments(8, 60);
    const auto one = numbers_at(RandomFeed(42, {}).make(), when);
    const auto other = numbers_at(RandomFeed(42, {.size_scale = 4.0}).make(), when);
    for (std::size_t i = 0; i < when.size(); ++i) {
        expect_same(one[i], other[i], std::to_string(when[i]), [](std::string_view name) {
            if (name.ends_with("_usdt")) return 4.0;
            return name == "impact_bps_per_100k" ? 0.5 : 1.0;
        });
        if (HasFatalFailure()) return;
    }
}

TEST(ContractFlowOnRandomMarkets, measures_the_same_on_another_day) {
    constexpr std::int64_t kShift = 86'400'000LL * 1'000 + 60'000;
    const auto one = numbers_at(RandomFeed(43, {}).make(), moments(9, 60));
    const auto other = numbers_at(RandomFeed(43, {.shift_ms = kShift}).make(), moments(9, 60, kShift), kShift);
    for (std::size_t i = 0; i < one.size(); ++i) {
        expect_same(one[i], other[i], std::to_string(i));
        if (HasFatalFailure()) return;
    }
}

/// What a scan reads of the tape: the newest trades, newest first, again and again.
TEST(ContractFlowOnRandomMarkets, makes_the_same_of_a_tape_that_was_polled) {
    const auto told = RandomFeed(44, {.loses_book = false}).make();
    ContractFlow followed = test::followed(test::kStartMs);
    ContractFlow polled;
    polled.on_liquidations_known(at(test::kStartMs));
    market::Tape tape;
    std::vector<market::Trade> all;
    std::int64_t next_poll = test::kStartMs + 15'000;
    int compared = 0;
    for (const Told& each : told) {
        while (each.told_ms > next_poll) {
            std::ranges::sort(all, std::ranges::greater(), &market::Trade::trade_id);
            if (all.size() > 300) all.resize(300);
            const auto filled = tape.fill(all, true);
            ASSERT_TRUE(filled.complete);
            polled.on_tape_filled(filled.fresh, at(next_poll));
            const FlowNumbers one = followed.numbers(at(next_poll));
            const FlowNumbers other = polled.numbers(at(next_poll));
            if (other.trades_60s) {
                ++compared;
                EXPECT_EQ(one.trades_60s, other.trades_60s);
                EXPECT_NEAR(one.turnover_60s_usdt.value(), other.turnover_60s_usdt.value(), 1e-6);
                EXPECT_NEAR(one.tfi_60s.value_or(7), other.tfi_60s.value_or(7), 1e-12);
            }
            EXPECT_EQ(one.depth_25bps_bid_usdt, other.depth_25bps_bid_usdt);
            EXPECT_EQ(one.microprice, other.microprice);
            next_poll += 15'000;
        }
        test::tell(followed, each);
        if (each.kind != Told::Kind::trades) test::tell(polled, each);
        all.insert(all.end(), each.trades.begin(), each.trades.end());
    }
    EXPECT_GT(compared, 15);
}

}  // namespace
}  // namespace scanner::signals
