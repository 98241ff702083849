#pragma once

#include "signals/flow/random_feed.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace scanner::signals::test {

/// The numbers of the feed as docs/metrics.md defines them, worked out from everything that was told up to a moment and
/// nothing else: slow, without a window or a sum that is kept. Trades must have been told within a second, and a tape
/// without holes and liquidations be followed since `since_ms`.
class SlowFlow {
public:
    SlowFlow(std::span<const Told> told, std::int64_t since_ms, std::int64_t now_ms)
        : since_ms_(since_ms), now_ms_(now_ms), quarter_(now_ms / 250) {
        for (const Told& each : told) {
            if (each.told_ms > now_ms) break;
            if (each.kind == Told::Kind::book) {
                if (books_.empty() || books_.back().book == nullptr) ++life_;
                books_.push_back({each.told_ms, &each.book, life_});
            } else if (each.kind == Told::Kind::book_lost) {
                books_.push_back({each.told_ms, nullptr, life_});
            } else if (each.kind == Told::Kind::trades) {
                for (const market::Trade& trade : each.trades) {
                    trades_.push_back({core::to_unix_ms(trade.time), trade.price * trade.size / 2.0, trade.taker_side});
                }
            } else {
                liquidations_.push_back({each.told_ms, each.notional, each.side});
            }
        }
    }

    [[nodiscard]] FlowNumbers numbers() const {
        FlowNumbers numbers;
        of_book(numbers);
        of_tape(numbers);
        of_liquidations(numbers);
        if (is_live()) {
            numbers.impact_bps_per_100k = impact();
            numbers.recovery_ms = recovery();
        }
        return numbers;
    }

private:
    struct State {
        std::int64_t since_ms = 0;
        const Book* book = nullptr;
        int life = 0;
    };
    struct Event {
        std::int64_t time_ms = 0;
        double notional = 0.0;
        market::Side side = market::Side::unknown;
    };

    [[nodiscard]] bool is_live() const { return !books_.empty() && books_.back().book != nullptr; }
    [[nodiscard]] std::int64_t live_since() const {
        std::int64_t since = now_ms_;
        for (const State& state : books_) {
            if (state.life == books_.back().life && state.book != nullptr) since = std::min(since, state.since_ms);
        }
        return since;
    }
    static double depth(const Book& book, bool bids, double bps) {
        double sum = 0.0;
        for (const auto& [price, size] : bids ? book.bids : book.asks) {
            const double limit = book.mid() * (1.0 + (bids ? -bps : bps) * 1e-4);
            if (bids ? price >= limit : price <= limit) sum += price * size;
        }
        return sum;
    }
    /// The one before `time_ms`, whose end may be that very moment.
    [[nodiscard]] const State* before(std::int64_t time_ms) const {
        const State* found = nullptr;
        for (const State& state : books_) {
            if (state.since_ms < time_ms) found = &state;
        }
        return found != nullptr && found->book != nullptr ? found : nullptr;
    }

    void of_book(FlowNumbers& numbers) const {
        if (!is_live()) return;
        const Book& book = *books_.back().book;
        const auto [bid, bid_size] = *book.bids.rbegin();
        const auto [ask, ask_size] = *book.asks.begin();
        numbers.microprice = (ask * bid_size + bid * ask_size) / (bid_size + ask_size);
        numbers.depth_10bps_bid_usdt = depth(book, true, 10.0);
        numbers.depth_10bps_ask_usdt = depth(book, false, 10.0);
        numbers.depth_25bps_bid_usdt = depth(book, true, 25.0);
        numbers.depth_25bps_ask_usdt = depth(book, false, 25.0);
        numbers.depth_50bps_bid_usdt = depth(book, true, 50.0);
        numbers.depth_50bps_ask_usdt = depth(book, false, 50.0);
        if (live_since() <= (quarter_ - 39) * 250) numbers.ofi_10s = order_flow();
        if (live_since() < (quarter_ - 71) * 250) of_firmness(numbers);
    }

    [[nodiscard]] double order_flow() const {
        double flow = 0.0;
        double sizes = 0.0;
        int changes = 0;
        for (std::size_t i = 1; i < books_.size(); ++i) {
            if (books_[i].since_ms / 250 <= quarter_ - 40 || books_[i].life != books_.back().life) continue;
            if (books_[i - 1].book == nullptr || books_[i].book == nullptr) continue;
            const auto [bid0, bid_size0] = *books_[i - 1].book->bids.rbegin();
            const auto [ask0, ask_size0] = *books_[i - 1].book->asks.begin();
            const auto [bid, bid_size] = *books_[i].book->bids.rbegin();
            const auto [ask, ask_size] = *books_[i].book->asks.begin();
            if (bid == bid0 && ask == ask0 && bid_size == bid_size0 && ask_size == ask_size0) continue;
            flow += (bid >= bid0 ? bid_size : 0.0) - (bid <= bid0 ? bid_size0 : 0.0);
            flow += (ask >= ask0 ? ask_size0 : 0.0) - (ask <= ask0 ? ask_size : 0.0);
            sizes += (bid_size + ask_size) / 2.0;
            ++changes;
        }
        return changes == 0 ? 0.0 : flow / (sizes / changes);
    }

    /// The least size of the price in all states that stood between the two.
    [[nodiscard]] double least(double price, bool bids, std::int64_t from_ms, std::size_t last) const {
        double least = 1e300;
        for (std::size_t i = 0; i <= last; ++i) {
            if (i < last && books_[i + 1].since_ms < from_ms) continue;
            if (books_[i].book == nullptr) return 0.0;
            const Side& side = bids ? books_[i].book->bids : books_[i].book->asks;
            const auto found = side.find(price);
            least = std::min(least, found == side.end() ? 0.0 : found->second);
        }
        return least;
    }

    void of_firmness(FlowNumbers& numbers) const {
        double firm[2] = {};
        double quoted[2] = {};
        for (std::int64_t quarter = quarter_ - 60; quarter < quarter_; ++quarter) {
            const std::int64_t end = (quarter + 1) * 250;
            for (std::size_t i = 0; i < books_.size(); ++i) {
                const std::int64_t from = std::max(quarter * 250, books_[i].since_ms);
                const std::int64_t until = i + 1 < books_.size() ? std::min(end, books_[i + 1].since_ms) : end;
                if (from >= until) continue;
                const Book& book = *books_[i].book;
                for (const bool bids : {true, false}) {
                    for (const auto& [price, size] : bids ? book.bids : book.asks) {
                        const double limit = book.mid() * (1.0 + (bids ? -25.0 : 25.0) * 1e-4);
                        if (bids ? price < limit : price > limit) continue;
                        const auto duration = static_cast<double>(until - from);
                        quoted[bids ? 0 : 1] += price * size * duration;
                        firm[bids ? 0 : 1] += price * least(price, bids, (quarter - 11) * 250, i) * duration;
                    }
                }
            }
        }
        numbers.firm_depth_bid_usdt = firm[0] / 15'000.0;
        numbers.firm_depth_ask_usdt = firm[1] / 15'000.0;
        if (quoted[0] + quoted[1] > 0.0) numbers.firmness = (firm[0] + firm[1]) / (quoted[0] + quoted[1]);
    }

    /// Of the quarters from the first to the last.
    [[nodiscard]] double traded(std::int64_t first, std::int64_t last, std::optional<market::Side> side) const {
        double sum = 0.0;
        for (const Event& trade : trades_) {
            const std::int64_t quarter = trade.time_ms / 250;
            if (quarter >= first && quarter <= last && (!side || trade.side == *side)) sum += trade.notional;
        }
        return sum;
    }
    [[nodiscard]] int count(std::int64_t first, std::int64_t last) const {
        return static_cast<int>(std::ranges::count_if(
            trades_, [&](const Event& trade) { return trade.time_ms / 250 >= first && trade.time_ms / 250 <= last; }));
    }

    void of_tape(FlowNumbers& numbers) const {
        const double bought = traded(quarter_ - 239, quarter_, market::Side::buy);
        const double sold = traded(quarter_ - 239, quarter_, market::Side::sell);
        if (bought + sold > 0.0) numbers.tfi_60s = (bought - sold) / (bought + sold);
        numbers.trades_60s = count(quarter_ - 239, quarter_);
        numbers.turnover_60s_usdt = traded(quarter_ - 239, quarter_, std::nullopt);
    }

    void of_liquidations(FlowNumbers& numbers) const {
        const std::int64_t oldest = now_ms_ / 5'000 - 59;
        if (since_ms_ > oldest * 5'000) return;
        double longs = 0.0;
        double shorts = 0.0;
        for (const Event& each : liquidations_) {
            if (each.time_ms / 5'000 < oldest) continue;
            (each.side == market::Side::buy ? shorts : longs) += each.notional;
        }
        numbers.liquidations_5m_long_usdt = longs;
        numbers.liquidations_5m_short_usdt = shorts;
    }

    [[nodiscard]] std::optional<double> impact() const {
        double xx = 0.0;
        double xy = 0.0;
        int trades = 0;
        const std::int64_t newest = (quarter_ - 5 - 3) / 4;  // the last second that ended a second ago
        for (std::int64_t second = since_ms_ / 1'000; second <= newest; ++second) {
            if ((second * 4 + 3) > quarter_ - 5) continue;
            const State* const from = before(second * 1'000);
            const State* const until = before(second * 1'000 + 1'000);
            const int here = count(second * 4, second * 4 + 3);
            if (from == nullptr || until == nullptr || from->life != until->life || here == 0) continue;
            if (second / 60 > quarter_ / 240 - 60) trades += here;
            const double net = traded(second * 4, second * 4 + 3, market::Side::buy) -
                               traded(second * 4, second * 4 + 3, market::Side::sell);
            const double x = net < 0.0 ? -std::sqrt(-net) : std::sqrt(net);
            const double y = (until->book->mid() / from->book->mid() - 1.0) * 1e4;
            const double weight = std::pow(0.5, static_cast<double>(newest - second) / 1'800.0);
            xx += weight * x * x;
            xy += weight * x * y;
        }
        return trades < 30 ? std::nullopt : std::optional(xy / xx * std::sqrt(100'000.0));
    }

    [[nodiscard]] std::optional<double> recovery() const {
        struct Recovered {
            std::int64_t end;
            bool asks;
            double took;
        };
        std::vector<Recovered> all;
        for (const bool bids : {true, false}) {
            for (std::int64_t quarter = since_ms_ / 250; quarter <= quarter_ - 5; ++quarter) {
                const State* const start = before(quarter * 250);
                if (start == nullptr) continue;
                const auto [price, size] = bids ? *start->book->bids.rbegin() : *start->book->asks.begin();
                const double taken = traded(quarter, quarter, bids ? market::Side::sell : market::Side::buy);
                const State* const next = before((quarter + 1) * 250);
                if (next == nullptr || next->life != start->life || taken < price * size / 2.0) continue;
                const double wanted = 0.8 * depth(*start->book, bids, 10.0);
                std::int64_t end = quarter;
                for (; end <= quarter_ - 5; ++end) {
                    const State* const state = before((end + 1) * 250);
                    if (state == nullptr || state->life != start->life) break;
                    if (depth(*state->book, bids, 10.0) < wanted && end + 1 - quarter < 240) continue;
                    all.push_back({end, !bids, static_cast<double>(end + 1 - quarter) * 250.0});
                    break;
                }
                quarter = end;
            }
        }
        if (all.empty()) return std::nullopt;
        std::ranges::sort(all, {}, [](const Recovered& each) { return std::pair(each.end, each.asks); });
        std::vector<double> took;
        for (std::size_t i = all.size() - std::min<std::size_t>(all.size(), 128); i < all.size(); ++i) {
            if (all[i].end > quarter_ - 14'400) took.push_back(all[i].took);
        }
        std::ranges::sort(took);
        const std::size_t half = took.size() / 2;
        return took.size() % 2 == 1 ? took[half] : (took[half - 1] + took[half]) / 2.0;
    }

    std::int64_t since_ms_;
    std::int64_t now_ms_;
    std::int64_t quarter_;
    int life_ = 0;
    std::vector<State> books_;
    std::vector<Event> trades_;
    std::vector<Event> liquidations_;
};

}  // namespace scanner::signals::test
