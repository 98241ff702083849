#include "engine/manipulation/manipulation_watch.hpp"
#include "signals/detect/random_events.hpp"

#include "scanner/core/checkpoint.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace scanner::engine {
namespace {

using signals::Event;
using std::chrono::seconds;
using storage::EpisodeRecord;

std::string bytes_of(const ManipulationWatch& watch) {
    core::CheckpointWriter archive;
    watch.save(archive);
    return archive.take();
}

market::Contract contract(int number) {
    market::Contract made;
    made.contract_code = "C" + std::to_string(number) + "-USDT";
    made.symbol = "C" + std::to_string(number) + "/USDT:USDT";
    made.contract_size = 1.0;
    made.price_tick = 0.0001;
    return made;
}

/// What a feed tells of two contracts, of which each has its own moments.
void tell(ManipulationWatch& watch, const Event& event, int number, market::LiveBook& book) {
    const market::Contract of = contract(number);
    if (event.kind == Event::Kind::trades) {
        watch.on_trades(of, event.trades, event.at);
    } else if (event.kind == Event::Kind::book) {
        book.reset({.bids = event.bids, .asks = event.asks, .exchange_time = event.at});
        watch.on_book(of, book, event.at);
    } else if (event.kind == Event::Kind::open_interest) {
        watch.on_liquidation(of.contract_code, market::Side::sell, event.value, event.at);
    }
}

void expect_same(const std::vector<EpisodeRecord>& one, const std::vector<EpisodeRecord>& other) {
    ASSERT_EQ(one.size(), other.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_EQ(one[i].id, other[i].id);
        EXPECT_EQ(one[i].revision, other[i].revision);
        EXPECT_EQ(one[i].phase, other[i].phase);
        EXPECT_EQ(one[i].end, other[i].end);
        EXPECT_EQ(one[i].details_json, other[i].details_json);
        EXPECT_EQ(one[i].context_json, other[i].context_json);
    }
}

class CheckpointedWatch : public testing::TestWithParam<std::uint32_t> {};

/// Cut anywhere, restored and told the rest: verdicts, quarantines and the ledger are those of one that went on whole.
TEST_P(CheckpointedWatch, goes_on_exactly) {
    std::mt19937 random(GetParam());
    const auto planted = std::vector{signals::Planted::vacuum, signals::Planted::layers, signals::Planted::wall,
                                     signals::Planted::wash}[GetParam() % 4];
    const std::vector<Event> events = signals::RandomEvents(GetParam(), planted).make();
    ManipulationWatch whole;
    auto cut = std::make_unique<ManipulationWatch>();
    const ManipulationWatch::Settings settings{.threshold = 40.0, .simulated = true};
    whole.set(settings);
    cut->set(settings);
    std::vector<market::LiveBook> books(2);
    std::vector<market::LiveBook> other_books(2);
    std::uniform_int_distribution<std::size_t> next_cut(1, events.size() / 6);
    std::size_t due = next_cut(random);
    std::size_t told = 0;
    core::WallTime tick = events.front().at;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const core::WallTime now = events[i].at;
        if (i == due) {
            due += next_cut(random);
            const std::string bytes = bytes_of(*cut);
            core::CheckpointReader archive(bytes);
            cut = std::make_unique<ManipulationWatch>();
            cut->set(settings);
            cut->load(archive);
            ASSERT_TRUE(archive.at_end());
            ASSERT_EQ(bytes_of(*cut), bytes) << "nothing is lost on the way";
        }
        for (int number = 0; number < 2; ++number) {
            if (number == 1 && i % 3 == 0) continue;
            tell(whole, events[i], number, books[static_cast<std::size_t>(number)]);
            tell(*cut, events[i], number, other_books[static_cast<std::size_t>(number)]);
        }
        if (now < tick) continue;
        tick = now + seconds(1);
        for (int number = 0; number < 2; ++number) {
            const auto one = whole.verdict(contract(number).contract_code, now);
            const auto other = cut->verdict(contract(number).contract_code, now);
            ASSERT_EQ(one == nullptr, other == nullptr);
            if (one) ASSERT_EQ(*one, *other);
        }
        const auto changes = whole.take_changes(now, now);
        expect_same(changes, cut->take_changes(now, now));
        told += changes.size();
    }
    EXPECT_EQ(bytes_of(*cut), bytes_of(whole));
    EXPECT_GT(told, 0U) << "there was something to tell";
}

INSTANTIATE_TEST_SUITE_P(Seeds, CheckpointedWatch, testing::Range(500U, 504U));

}  // namespace
}  // namespace scanner::engine
