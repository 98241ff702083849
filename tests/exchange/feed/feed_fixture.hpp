#pragma once

#include "exchange/htx/feed/feed_core.hpp"
#include "support/gzip.hpp"

#include "scanner/exchange/market_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::exchange::htx::feed {

inline std::shared_ptr<const market::Contract> contract_of(std::string code, double size = 0.001) {
    auto contract = std::make_shared<market::Contract>();
    contract->contract_code = std::move(code);
    contract->contract_size = size;
    contract->price_tick = 0.1;
    contract->status = market::ContractStatus::listed;
    return contract;
}

/// What the exchange's messages look like before they are packed.
struct Wire {
    static constexpr std::int64_t kNow = 1'790'134'831'749;

    static std::string book(std::string_view code, std::string_view event, std::int64_t version, std::string_view bids,
                            std::string_view asks, std::int64_t ts = kNow) {
        return fmt::format(
            R"({{"ch":"market.{0}.depth.size_150.high_freq","ts":{5},"tick":{{"asks":{4},"bids":{3},"event":"{1}","id":9,"mrid":9,"ts":{5},"version":{2}}}}})",
            code, event, version, bids, asks, ts);
    }
    static std::string snapshot(std::string_view code, std::int64_t version, std::string_view bids = "[[99,5],[98,1]]",
                                std::string_view asks = "[[101,4],[102,2]]") {
        return book(code, "snapshot", version, bids, asks);
    }
    static std::string update(std::string_view code, std::int64_t version, std::string_view bids = "[]",
                              std::string_view asks = "[]") {
        return book(code, "update", version, bids, asks);
    }
    static std::string trade(std::string_view code, std::int64_t id, double price = 100.5, std::int64_t ts = kNow) {
        return fmt::format(
            R"({{"ch":"market.{0}.trade.detail","ts":{3},"tick":{{"id":1,"ts":{3},"data":[{{"amount":20,"ts":{3},"id":{1},"price":{2},"direction":"sell"}}]}}}})",
            code, id, price, ts);
    }
    static std::string subbed(std::string_view topic) {
        return fmt::format(R"({{"id":"1","status":"ok","subbed":"{}","ts":{}}})", topic, kNow);
    }
    static std::string unsubbed(std::string_view topic) {
        return fmt::format(R"({{"id":"1","status":"ok","unsubbed":"{}","ts":{}}})", topic, kNow);
    }
};

/// Keeps what it was told, a line each.
class Recorder final : public FeedListener {
public:
    void on_book(const market::Contract& contract, const market::LiveBook& book, const FeedTime& at) override {
        ++books;
        if (std::exchange(throws, false)) throw std::runtime_error("a fault of the listener");
        last_time = at.exchange;
        last_bids.assign(book.bids().begin(), book.bids().end());
        last_asks.assign(book.asks().begin(), book.asks().end());
        lines.push_back("book " + contract.contract_code);
    }
    void on_book_state(const market::Contract& contract, BookState state, std::string_view why) override {
        lines.push_back(fmt::format("state {} {}: {}", contract.contract_code, to_string(state), why));
    }
    void on_trades(const market::Contract& contract, std::span<const market::Trade> told, const FeedTime& at) override {
        last_time = at.exchange;
        for (const auto& trade : told) {
            trades.push_back(trade);
            lines.push_back(fmt::format("trade {} {}", contract.contract_code, trade.trade_id));
        }
    }
    void on_tape_hole(const market::Contract& contract, std::string_view why) override {
        lines.push_back(fmt::format("hole {}: {}", contract.contract_code, why));
    }
    void on_resubscription(std::string_view topic, std::string_view code, std::string_view cause,
                           std::string_view why) override {
        EXPECT_FALSE(topic.empty()) << code << ": " << cause << ": " << why;
        ++resubscriptions[std::string(cause)];
    }
    void on_liquidation(std::string_view code, const Liquidation& order, const FeedTime&) override {
        lines.push_back(fmt::format("liquidation {} {} {}", code, order.price, order.size));
    }
    void on_liquidations_followed(bool followed) override {
        lines.push_back(fmt::format("liquidations {}", followed ? "followed" : "unknown"));
    }
    void on_funding_rate(std::string_view code, const market::FundingRate& rate, const FeedTime& at) override {
        last_time = at.exchange;
        lines.push_back(fmt::format("funding {} {}", code, rate.rate.value_or(-1)));
    }
    void on_contract_change(std::string_view code, const FeedTime&) override {
        lines.push_back(fmt::format("contract {}", code));
    }

    [[nodiscard]] bool was_told(std::string_view line) const { return std::ranges::find(lines, line) != lines.end(); }
    std::vector<std::string> take() { return std::exchange(lines, {}); }

    std::map<std::string, std::uint64_t> resubscriptions;  ///< by cause
    int books = 0;
    bool throws = false;  ///< at the next book
    core::WallTime last_time;
    std::vector<market::Level> last_bids;
    std::vector<market::Level> last_asks;
    std::vector<market::Trade> trades;
    std::vector<std::string> lines;
};

}  // namespace scanner::exchange::htx::feed
