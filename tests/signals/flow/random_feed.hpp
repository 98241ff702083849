#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"
#include "scanner/signals/flow/contract_flow.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <vector>

/// A random market as a feed tells it, and what feeds it to a ContractFlow.
namespace scanner::signals::test {

inline constexpr std::int64_t kStartMs = 1'790'000'040'000;  // a full minute

[[nodiscard]] inline core::WallTime at(std::int64_t unix_ms) {
    return core::from_unix_ms(unix_ms);
}

using Side = std::map<double, double>;  ///< size by price
struct Book {
    Side bids;
    Side asks;

    [[nodiscard]] bool is_whole() const {
        return !bids.empty() && !asks.empty() && bids.rbegin()->first < asks.begin()->first;
    }
    [[nodiscard]] double mid() const { return (bids.rbegin()->first + asks.begin()->first) / 2.0; }
};

/// Something that a feed tells at `told_ms`.
struct Told {
    enum class Kind { book, book_lost, trades, liquidation };
    Kind kind = Kind::book;
    std::int64_t told_ms = 0;
    Book book;
    std::vector<market::Trade> trades;
    market::Side side = market::Side::unknown;
    double notional = 0.0;
};

struct FeedShape {
    double price = 100.0;
    double price_scale = 1.0;
    double size_scale = 1.0;
    std::int64_t shift_ms = 0;
    std::int64_t milliseconds = 420'000;
    bool loses_book = true;
};

/// Books of a dozen levels a side that move, empty and fill again, trades that are told up to 0.9 s late and out of
/// order, quiet times, and a book that is lost now and then. The same for a seed; scales and shift change nothing else.
class RandomFeed {
public:
    RandomFeed(std::uint64_t seed, const FeedShape& shape) : random_(seed), shape_(shape) {}

    [[nodiscard]] std::vector<Told> make() {
        std::vector<Told> told;
        std::int64_t now = 0;
        rebuild();
        while (now < shape_.milliseconds) {
            now += chance(0.01) ? integer(1'000, 20'000) : integer(0, 400);
            const double what = real(0.0, 1.0);
            if (what < 0.55) {
                change_book();
                told.push_back({.kind = Told::Kind::book, .told_ms = now, .book = scaled()});
            } else if (what < 0.58) {
                told.push_back({.kind = Told::Kind::book, .told_ms = now, .book = scaled()});  // confirmed
            } else if (what < 0.97) {
                told.push_back({.kind = Told::Kind::trades, .told_ms = now, .trades = trades(now)});
            } else if (what < 0.985 || !shape_.loses_book) {
                told.push_back({.kind = Told::Kind::liquidation,
                                .told_ms = now,
                                .side = chance(0.5) ? market::Side::buy : market::Side::sell,
                                .notional = real(10.0, 1e4) * shape_.price_scale * shape_.size_scale});
            } else if (chance(0.2)) {
                told.push_back({.kind = Told::Kind::book_lost, .told_ms = now});
            }
        }
        for (Told& each : told) {
            each.told_ms += kStartMs + shape_.shift_ms;
            for (market::Trade& trade : each.trades) {
                trade.time = at(core::to_unix_ms(trade.time) + kStartMs + shape_.shift_ms);
            }
        }
        return told;
    }

private:
    bool chance(double probability) { return real(0.0, 1.0) < probability; }
    double real(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
    std::int64_t integer(std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
    }

    void rebuild() {
        book_ = {};
        for (int i = 0; i < 12; ++i) {
            book_.bids[tick(middle_ - 1 - i)] = real(1.0, 50.0);
            book_.asks[tick(middle_ + 1 + i)] = real(1.0, 50.0);
        }
    }
    [[nodiscard]] double tick(std::int64_t ticks) const { return shape_.price + 0.03125 * static_cast<double>(ticks); }
    void change_book() {
        if (chance(0.1)) middle_ += integer(-2, 2);
        const std::int64_t changes = integer(1, 6);
        for (std::int64_t i = 0; i < changes; ++i) {
            const bool bids = chance(0.5);
            Side& side = bids ? book_.bids : book_.asks;
            const double price = tick(middle_ + (bids ? -1 : 1) * integer(1, 14));
            if (chance(0.3)) {
                side.erase(price);
            } else {
                side[price] = real(1.0, 50.0);
            }
        }
        if (chance(0.03)) {  // somebody takes most of a side
            Side& side = chance(0.5) ? book_.bids : book_.asks;
            for (auto& [price, size] : side) size *= 0.2;
        }
        while (!book_.bids.empty() && book_.bids.rbegin()->first >= tick(middle_))
            book_.bids.erase(std::prev(book_.bids.end()));
        while (!book_.asks.empty() && book_.asks.begin()->first <= tick(middle_)) book_.asks.erase(book_.asks.begin());
        if (!book_.is_whole()) rebuild();
    }
    [[nodiscard]] Book scaled() const {
        Book book;
        for (const auto& [price, size] : book_.bids) book.bids[price * shape_.price_scale] = size * shape_.size_scale;
        for (const auto& [price, size] : book_.asks) book.asks[price * shape_.price_scale] = size * shape_.size_scale;
        return book;
    }
    std::vector<market::Trade> trades(std::int64_t now) {
        std::vector<market::Trade> made;
        const std::int64_t count = integer(1, 4);
        for (std::int64_t i = 0; i < count; ++i) {
            market::Trade trade;
            trade.price = tick(middle_ + integer(-1, 1)) * shape_.price_scale;
            trade.size = real(0.1, 60.0) * shape_.size_scale;
            trade.taker_side = chance(0.02)  ? market::Side::unknown
                               : chance(0.5) ? market::Side::buy
                                             : market::Side::sell;
            const std::int64_t time = now - integer(0, 900);
            trade.time = at(time);
            trade.trade_id = 1'000'000'000'000'000'000 + time * 10'000 + (next_id_++ % 10'000);
            made.push_back(trade);
        }
        return made;
    }

    std::mt19937_64 random_;
    FeedShape shape_;
    Book book_;
    std::int64_t middle_ = 0;
    std::int64_t next_id_ = 1;
};

[[nodiscard]] inline market::LiveBook live_book(const Book& book) {
    std::vector<market::Level> bids;
    std::vector<market::Level> asks;
    for (const auto& [price, size] : book.bids) bids.insert(bids.begin(), {price, size});
    for (const auto& [price, size] : book.asks) asks.push_back({price, size});
    market::LiveBook live;
    live.reset({.bids = bids, .asks = asks});
    return live;
}

inline void tell(ContractFlow& flow, const Told& told) {
    switch (told.kind) {
        case Told::Kind::book: flow.on_book(live_book(told.book), at(told.told_ms)); break;
        case Told::Kind::book_lost: flow.on_book_lost(at(told.told_ms)); break;
        case Told::Kind::trades: flow.on_trades(told.trades, at(told.told_ms)); break;
        case Told::Kind::liquidation: flow.on_liquidation(told.side, told.notional, at(told.told_ms)); break;
    }
}

/// One that has missed nothing before.
[[nodiscard]] inline ContractFlow followed(std::int64_t since_ms) {
    ContractFlow flow;
    flow.on_tape_filled({}, at(since_ms));
    flow.on_liquidations_known(at(since_ms));
    return flow;
}

}  // namespace scanner::signals::test
