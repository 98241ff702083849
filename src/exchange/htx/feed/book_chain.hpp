#pragma once

#include "exchange/htx/feed/frames/market_frame.hpp"

#include "scanner/core/decimal.hpp"
#include "scanner/exchange/market_feed.hpp"
#include "scanner/market/checkpoint.hpp"
#include "scanner/market/live_book.hpp"

#include <cstddef>
#include <cstdint>

namespace scanner::exchange::htx::feed {

/// One contract's book as a chain of changes: begun by a snapshot, each change numbered one above the last. What does
/// not fit ends the chain, and only another snapshot begins a new one. Pure; no allocation in steady state.
class BookChain {
public:
    /// The topic has 150 a side. Twice as many stand only in a book that has missed removals.
    static constexpr std::size_t kMaxLevels = 300;

    enum class Step : std::uint8_t {
        started,    ///< the book is live from here on
        changed,    ///< levels are different
        confirmed,  ///< a change without levels
        broken      ///< the book is of no use; `state` says why
    };

    explicit BookChain(double contract_size);

    /// Turns the tick's sizes from contracts into base units where they are, and takes them.
    Step on_tick(const BookTick& tick);
    /// The book is of no use for a reason that lies elsewhere.
    void end(BookState state);

    [[nodiscard]] BookState state() const { return state_; }
    [[nodiscard]] const char* why() const { return why_; }  ///< of the last step that was broken
    [[nodiscard]] bool is_live() const { return state_ == BookState::live; }
    [[nodiscard]] const market::LiveBook& book() const { return book_; }
    [[nodiscard]] const core::DecimalUnit& contract() const { return contract_; }

    /// Of a contract of the same size. `why` is not kept: nothing asks for it later.
    static void persist(auto& self, auto& archive) {
        archive(self.book_, self.state_, self.version_);
        archive.require(self.state_ <= BookState::disconnected);
    }

private:
    Step fail(BookState state, const char* why) {
        end(state);
        why_ = why;
        return Step::broken;
    }
    /// False when a size is not finite then.
    [[nodiscard]] bool to_base_units(std::span<market::Level> levels) const;

    core::DecimalUnit contract_;
    // The contract size as whole / divisor, both of them doubles exactly; 0: it cannot be written like that.
    double whole_ = 0.0;
    double divisor_ = 1.0;
    market::LiveBook book_;
    BookState state_ = BookState::awaiting_snapshot;
    const char* why_ = "";
    std::int64_t version_ = 0;
};

}  // namespace scanner::exchange::htx::feed
