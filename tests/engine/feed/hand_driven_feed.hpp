#pragma once

#include "scanner/exchange/market_feed.hpp"
#include "scanner/net/event.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::test {

/// The port of a live feed, played by the test: nothing is told but what the test makes happen.
class HandDrivenFeed final : public exchange::MarketFeed {
public:
    explicit HandDrivenFeed(exchange::FeedListener& listener) : listener_(listener) {}

    /// So that `run` lasts until it is stopped.
    void run_on(boost::asio::any_io_executor executor) { stopped_.emplace(std::move(executor)); }

    // -- what happens

    /// A frame of the book's topic: the whole of it, as it stands at `time`.
    void tell_book(const std::string& code, double mid, double size, const exchange::FeedTime& time,
                   std::int64_t matching_id = 0, int levels = 10) {
        std::vector<market::Level> bids;
        std::vector<market::Level> asks;
        for (int i = 0; i < levels; ++i) {
            bids.push_back({mid - 0.01 * (i + 1), size});
            asks.push_back({mid + 0.01 * (i + 1), size});
        }
        books_[code].reset({.bids = bids, .asks = asks, .exchange_time = time.exchange, .matching_id = matching_id});
        if (const auto contract = contract_of(code)) listener_.on_book(*contract, books_[code], time);
    }
    void lose_book(const std::string& code, exchange::BookState state, std::string_view why = "of the test") {
        books_.erase(code);
        if (const auto contract = contract_of(code)) listener_.on_book_state(*contract, state, why);
    }
    void tell_trade(const std::string& code, double price, std::int64_t id, const exchange::FeedTime& time) {
        const market::Trade trade{
            .trade_id = id, .price = price, .size = 2.0, .taker_side = market::Side::buy, .time = time.exchange};
        if (const auto contract = contract_of(code)) listener_.on_trades(*contract, {&trade, 1}, time);
    }
    void tell_hole(const std::string& code, std::string_view why = "of the test") {
        if (const auto contract = contract_of(code)) listener_.on_tape_hole(*contract, why);
    }

    [[nodiscard]] exchange::FeedListener& listener() { return listener_; }

    // -- what was asked

    [[nodiscard]] std::vector<std::string> wanted() const {
        std::vector<std::string> codes;
        for (const auto& contract : wanted_) codes.push_back(contract->contract_code);
        return codes;
    }
    std::map<std::string, exchange::BookState> restarted;
    std::vector<std::string> tapes_restarted;

    // -- the port

    void want(std::vector<std::shared_ptr<const market::Contract>> contracts) override {
        wanted_ = std::move(contracts);
    }
    void restart_book(std::string_view contract_code, exchange::BookState cause, std::string_view why) override {
        restarted[std::string(contract_code)] = cause;
        lose_book(std::string(contract_code), cause, why);
    }
    void restart_tape(std::string_view contract_code, std::string_view why) override {
        tapes_restarted.emplace_back(contract_code);
        tell_hole(std::string(contract_code), why);
    }
    const market::LiveBook* book(std::string_view contract_code) const override {
        const auto found = books_.find(std::string(contract_code));
        return found == books_.end() ? nullptr : &found->second;
    }
    boost::asio::awaitable<void> run() override {
        if (stopped_) co_await stopped_->wait();
    }
    void stop() override {
        if (stopped_) stopped_->notify();
    }
    exchange::FeedStatus status() const override {
        exchange::FeedStatus status;
        for (const auto& contract : wanted_) {
            status.books[contract->contract_code] = books_.contains(contract->contract_code)
                                                        ? exchange::BookState::live
                                                        : exchange::BookState::awaiting_snapshot;
        }
        return status;
    }

private:
    [[nodiscard]] std::shared_ptr<const market::Contract> contract_of(const std::string& code) const {
        for (const auto& contract : wanted_) {
            if (contract->contract_code == code) return contract;
        }
        return nullptr;
    }

    exchange::FeedListener& listener_;
    std::optional<net::Event> stopped_;
    std::vector<std::shared_ptr<const market::Contract>> wanted_;
    std::map<std::string, market::LiveBook> books_;
};

}  // namespace scanner::test
