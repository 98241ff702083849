#include "exchange/feed/feed_fixture.hpp"
#include "simulator/face_process.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange_factory.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/net/http_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace scanner::exchange::htx::feed {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Keeps every state of every book by its matching id, and the tape.
class Keeper final : public FeedListener {
public:
    struct Book {
        std::vector<market::Level> bids;
        std::vector<market::Level> asks;
    };

    void on_book(const market::Contract& contract, const market::LiveBook& book, const FeedTime&) override {
        ++frames;
        books[contract.contract_code][book.matching_id()] = {{book.bids().begin(), book.bids().end()},
                                                             {book.asks().begin(), book.asks().end()}};
    }
    void on_book_state(const market::Contract& contract, BookState state, std::string_view why) override {
        if (!stopped) ADD_FAILURE() << contract.contract_code << " " << to_string(state) << ": " << why;
    }
    void on_trades(const market::Contract& contract, std::span<const market::Trade> told, const FeedTime&) override {
        for (const auto& trade : told) trades[contract.contract_code][trade.trade_id] = trade;
    }
    void on_tape_hole(const market::Contract&, std::string_view) override { ++holes; }
    void on_liquidation(std::string_view, const Liquidation&, const FeedTime&) override {}
    void on_liquidations_followed(bool followed) override { liquidations = followed; }
    void on_funding_rate(std::string_view, const market::FundingRate&, const FeedTime&) override { ++funding; }
    void on_contract_change(std::string_view, const FeedTime&) override {}

    std::map<std::string, std::map<std::int64_t, Book>> books;
    std::map<std::string, std::map<std::int64_t, market::Trade>> trades;
    std::uint64_t frames = 0;
    int holes = 0;
    int funding = 0;
    bool liquidations = false;
    bool stopped = false;
};

struct Compared {
    int equal = 0;
    int different = 0;
    int not_seen = 0;  ///< a state between two frames
};

/// The books of the other interface, each against what the feed had at the same matching id.
asio::awaitable<Compared> compare(Exchange& exchange, const Keeper& keeper,
                                  const std::vector<std::shared_ptr<const market::Contract>>& contracts, int rounds) {
    Compared compared;
    for (int round = 0; round < rounds; ++round) {
        for (const auto& contract : contracts) {
            const auto answer = co_await exchange.order_book(contract);
            if (!answer) {
                ADD_FAILURE() << answer.error().message();
                continue;
            }
            const auto& states = keeper.books.at(contract->contract_code);
            // Its frame may come a moment later.
            const auto limit = std::chrono::steady_clock::now() + 5s;
            while (states.lower_bound(answer->book.matching_id) == states.end() &&
                   std::chrono::steady_clock::now() < limit) {
                static_cast<void>(co_await net::sleep_for(10ms));
            }
            const auto state = states.find(answer->book.matching_id);
            if (state == states.end()) {
                ++compared.not_seen;
            } else if (state->second.bids == answer->book.bids && state->second.asks == answer->book.asks) {
                ++compared.equal;
            } else {
                ++compared.different;
                ADD_FAILURE() << contract->contract_code << " at " << answer->book.matching_id;
            }
        }
    }
    co_return compared;
}

TEST(SimulatorFeed, twenty_books_are_live_and_equal_to_the_rest_interfaces_at_the_same_matching_id) {
    const simulator::face::test::SimulatorProcess simulator({});
    asio::io_context io(1);
    const auto client = net::make_curl_client(io.get_executor(), {});
    const auto exchange =
        make_exchange(io.get_executor(), {.base_url = simulator.url("")}, *client, core::system_clock(), 1);
    const auto listed = test::run_on(io, exchange->contracts(), 60s);
    ASSERT_TRUE(listed.has_value()) << listed.error().message();
    std::vector<std::shared_ptr<const market::Contract>> contracts;
    for (const auto& contract : listed->contracts) {
        if (contracts.size() < 20 && contract.status == market::ContractStatus::listed) {
            contracts.push_back(std::make_shared<const market::Contract>(contract));
        }
    }
    ASSERT_EQ(contracts.size(), 20);

    Keeper keeper;
    MarketFeedOptions options{.url = feed_url(simulator.url("")), .proxy = ""};
    const auto feed = make_market_feed(io.get_executor(), options, keeper, core::system_clock(), 1);
    feed->want(contracts);
    bool ended = false;
    asio::co_spawn(io, feed->run(), [&](std::exception_ptr) { ended = true; });
    const auto all_live = [&] {
        return std::ranges::all_of(
            contracts, [&](const auto& contract) { return feed->book(contract->contract_code) != nullptr; });
    };
    io.restart();
    const auto begun = std::chrono::steady_clock::now();
    const auto all_begun = [&] { return all_live() && keeper.holes == 20 && keeper.funding > 0; };
    while (!all_begun() && std::chrono::steady_clock::now() < begun + 20s) io.run_one_for(10ms);
    ASSERT_TRUE(all_live());

    const auto compared = test::run_on(io, compare(*exchange, keeper, contracts, 8), 120s);
    EXPECT_EQ(compared.different, 0);
    RecordProperty("equal", compared.equal);
    RecordProperty("not_seen", compared.not_seen);
    EXPECT_GE(compared.equal, 100) << compared.not_seen << " states were between two frames";
    EXPECT_TRUE(all_live());
    EXPECT_GT(keeper.frames, 20);
    EXPECT_GT(keeper.trades.size(), 0);
    EXPECT_EQ(keeper.holes, 20) << "the beginning of each tape";
    EXPECT_TRUE(keeper.liquidations);
    EXPECT_GT(keeper.funding, 0);
    const auto status = feed->status();
    EXPECT_EQ(status.gaps + status.unreadable_frames + status.reconnections, 0);
    EXPECT_TRUE(status.resubscriptions.empty());

    keeper.stopped = true;
    feed->stop();
    io.restart();
    const auto limit = std::chrono::steady_clock::now() + 15s;
    while (!ended && std::chrono::steady_clock::now() < limit) io.run_one_for(10ms);
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace scanner::exchange::htx::feed
