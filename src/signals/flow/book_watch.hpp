#pragma once

#include "signals/flow/book_side.hpp"
#include "signals/flow/quarters.hpp"

#include "scanner/market/checkpoint.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/signals/flow/book_ladder.hpp"
#include "scanner/signals/flow/flow_numbers.hpp"

#include <cstdint>
#include <optional>

namespace scanner::signals::flow {

/// How the book stood when a quarter second began.
struct BookMark {
    std::uint64_t life = 0;  ///< 0: there was no book; else the same as long as it was live without a break
    double mid = 0.0;
    double bid_touch = 0.0;  ///< USDT at the best bid
    double ask_touch = 0.0;
    double bid_depth = 0.0;  ///< USDT within 10 bps
    double ask_depth = 0.0;

    static void persist(auto& self, auto& archive) {
        archive(self.life, self.mid, self.bid_touch, self.ask_touch, self.bid_depth, self.ask_depth);
    }
};

/// What rests on the book alone: bands of depth, firm depth, and the order flow at the touch.
class BookWatch {
public:
    /// Marks of so many quarters are kept, the current one among them.
    static constexpr std::int64_t kMarks = 16;

    /// A book with both sides that is not crossed. `now` never decreases, here and below.
    void take(const market::LiveBook& book, std::int64_t now_ms);
    void lose(std::int64_t now_ms);
    /// The quarter before `begun` is over.
    void begin_quarter(Quarter begun);
    /// As begin_quarter for all up to `begun`, from the one that was begun last: nothing has happened for a minute, so
    /// that each is like the one before.
    void skip(Quarter last, Quarter begun);

    [[nodiscard]] bool is_live() const noexcept { return life_ != 0; }
    [[nodiscard]] const BookMark& mark(Quarter quarter) const noexcept { return marks_.of(quarter); }
    void fill(FlowNumbers& numbers, Quarter now) const;
    /// ContractFlow::ladder.
    [[nodiscard]] std::optional<BookLadder> ladder(Quarter now) const;
    /// The next quarter in which something of `fill` may differ by itself.
    [[nodiscard]] std::optional<Quarter> next_change(Quarter now) const;

    static void persist(auto& self, auto& archive) {
        archive(self.bids_, self.asks_, self.life_, self.lives_, self.live_since_ms_, self.added_up_to_ms_,
                self.unchanged_quarters_, self.touch_, self.bids_now_, self.asks_now_, self.flow_, self.firmness_,
                self.marks_);
        archive.require(self.life_ == 0 || (!self.bids_.empty() && !self.asks_.empty()));
    }

private:
    static constexpr std::int64_t kFlowQuarters = 40;   // 10 s, the current one among them
    static constexpr std::int64_t kFirmQuarters = 60;   // 15 s that are over
    static constexpr std::int64_t kLeastQuarters = 12;  // 3 s: BookSide

    struct Touch {
        market::Level bid;
        market::Level ask;
        friend bool operator==(const Touch&, const Touch&) = default;
        static void persist(auto& self, auto& archive) { archive(self.bid, self.ask); }
    };
    struct OrderFlow {
        double sum = 0.0;
        double sizes = 0.0;  ///< of the touch, mean of both sides, a change
        double changes = 0.0;

        static void persist(auto& self, auto& archive) { archive(self.sum, self.sizes, self.changes); }
    };
    /// USDT times milliseconds.
    struct Firmness {
        Notional bids;
        Notional asks;

        static void persist(auto& self, auto& archive) { archive(self.bids, self.asks); }
    };

    /// From when on firm depth is known: what stood in the first moment may have come in it.
    [[nodiscard]] Quarter firm_since() const noexcept {
        return first_full_window(live_since_ms_ + 1, kFirmQuarters + kLeastQuarters);
    }
    void add_up(std::int64_t until_ms);
    void measure();
    void count_touch(const Touch& touch, Quarter now);
    void set_mark(Quarter quarter);
    [[nodiscard]] double mid() const noexcept { return (bids_.touch().price + asks_.touch().price) / 2.0; }

    BookSide bids_{true};
    BookSide asks_{false};
    std::uint64_t life_ = 0;
    std::uint64_t lives_ = 0;
    std::int64_t live_since_ms_ = 0;
    std::int64_t added_up_to_ms_ = 0;
    std::int64_t unchanged_quarters_ = 0;  ///< whole ones since the last change
    Touch touch_;
    Notional bids_now_;  ///< within 25 bps
    Notional asks_now_;
    Ring<OrderFlow, kFlowQuarters> flow_;
    Ring<Firmness, kFirmQuarters + 1> firmness_;
    Ring<BookMark, kMarks> marks_;
};

}  // namespace scanner::signals::flow
