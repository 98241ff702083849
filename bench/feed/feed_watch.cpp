// A client of the live feed and nothing else: it keeps the books and takes the trades of contracts, as
// bench/ccxt-watch.mjs does with ccxt.pro, and says what a message cost.
//   feed-watch BASE_URL SECONDS CODE…

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange_factory.hpp"
#include "scanner/exchange/market_feed.hpp"
#include "scanner/exchange/market_feed_options.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

namespace {

using namespace scanner;  // NOLINT(google-build-using-namespace)

class Watcher final : public exchange::FeedListener {
public:
    std::uint64_t books = 0;
    std::uint64_t trades = 0;
    double checked = 0.0;  // so that nothing is left out for want of a reader

    void on_book(const market::Contract&, const market::LiveBook& book, const exchange::FeedTime&) override {
        ++books;
        if (!book.bids().empty()) checked += book.bids().front().price;
    }
    void on_book_state(const market::Contract&, exchange::BookState, std::string_view) override {}
    void on_trades(const market::Contract&, std::span<const market::Trade> told, const exchange::FeedTime&) override {
        trades += told.size();
        for (const market::Trade& trade : told) checked += trade.price;
    }
    void on_tape_hole(const market::Contract&, std::string_view) override {}
    void on_liquidation(std::string_view, const exchange::Liquidation&, const exchange::FeedTime&) override {}
    void on_funding_rate(std::string_view, const market::FundingRate&, const exchange::FeedTime&) override {}
    void on_contract_change(std::string_view, const exchange::FeedTime&) override {}
};

double processor_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds_of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::cerr << "usage: feed-watch BASE_URL SECONDS CODE...\n";
        return 2;
    }
    const std::span<char*> words(argv, static_cast<std::size_t>(argc));
    boost::asio::io_context io(1);
    Watcher watcher;
    exchange::MarketFeedOptions options;
    options.url = exchange::feed_url(words[1]);
    const auto feed = exchange::make_market_feed(io.get_executor(), options, watcher, core::system_clock(), 1);
    std::vector<std::shared_ptr<const market::Contract>> contracts;
    for (const char* const code : words.subspan(3)) {
        auto contract = std::make_shared<market::Contract>();
        contract->contract_code = code;
        contract->contract_size = 1.0;
        contracts.push_back(std::move(contract));
    }
    feed->want(std::move(contracts));
    boost::asio::co_spawn(io, feed->run(), boost::asio::detached);
    // From the start, as the other client's figure is: connections, subscriptions and whole books are in it.
    boost::asio::steady_timer over(io, std::chrono::seconds(std::atoi(words[2])));
    over.async_wait([&](const boost::system::error_code&) {
        const exchange::FeedStatus status = feed->status();
        const double seconds = processor_seconds();
        std::uint64_t begun = 0;
        for (const auto& [cause, count] : status.resubscriptions) begun += count;
        std::cout << fmt::format(
            R"({{"messages":{},"books":{},"trades":{},"gaps":{},"resubscriptions":{},"reconnections":{},"cpuMicrosPerMessage":{:.2f}}})"
            "\n",
            status.frames, watcher.books, watcher.trades, status.gaps, begun, status.reconnections,
            1e6 * seconds / static_cast<double>(std::max<std::uint64_t>(1, status.frames)));
        feed->stop();
    });
    io.run();
    return watcher.checked > 0.0 ? 0 : 1;
}
