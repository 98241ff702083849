#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// What is kept of tape and book around an episode, so that a person can see what the detector saw. Pure, bounded.
namespace scanner::engine {

/// A side of the book at one time: the best levels.
struct BookGlance {
    core::WallTime time;
    std::vector<market::Level> bids;
    std::vector<market::Level> asks;
    static void persist(auto& self, auto& archive) {
        auto& [time, bids, asks] = self;
        archive(time, bids, asks);
    }
};

/// The last 30 s of one contract's tape and book. Bounded: 600 trades and 60 looks at five levels a side.
class RecentMarket {
public:
    static constexpr std::chrono::seconds kReach{30};
    static constexpr std::size_t kMaxTrades = 600;
    static constexpr std::size_t kLevels = 5;
    /// Looks at the book are at least so far apart.
    static constexpr std::chrono::milliseconds kBetweenLooks{500};

    struct KeptTrade {
        std::uint64_t number = 0;  ///< 1, 2, …: tells what a reader has had
        market::Trade trade;
        static void persist(auto& self, auto& archive) {
            auto& [number, trade] = self;
            archive(number, trade);
        }
    };
    struct KeptLook {
        std::uint64_t number = 0;
        BookGlance book;
        static void persist(auto& self, auto& archive) {
            auto& [number, book] = self;
            archive(number, book);
        }
    };

    void add(std::span<const market::Trade> trades);
    void look(std::span<const market::Level> bids, std::span<const market::Level> asks, core::WallTime at);
    /// Forgets what is out of reach.
    void forget(core::WallTime at);

    [[nodiscard]] const std::deque<KeptTrade>& trades() const noexcept { return trades_; }
    [[nodiscard]] const std::deque<KeptLook>& looks() const noexcept { return looks_; }
    /// More came within the reach than is kept.
    [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
    /// All of it (core/checkpoint.hpp).
    static void persist(auto& self, auto& archive) {
        archive(self.trades_, self.looks_, self.number_, self.overflowed_);
        archive.require(self.trades_.size() <= kMaxTrades);
    }

private:
    std::deque<KeptTrade> trades_;
    std::deque<KeptLook> looks_;
    std::uint64_t number_ = 0;
    bool overflowed_ = false;
};

/// Of one episode: from 30 s before its start to 30 s after, and likewise around its end. Bounded: 2 000 trades and
/// 240 looks.
class EpisodeContext {
public:
    static constexpr std::size_t kMaxTrades = 2'000;
    static constexpr std::size_t kMaxLooks = 240;

    explicit EpisodeContext(core::WallTime start) : start_(start) {}
    void end(core::WallTime at) { end_ = at; }
    /// Takes what is new of `recent` and falls within; to be called at least every 30 s.
    void take(const RecentMarket& recent);
    /// Nothing more comes: 30 s have passed since its end.
    [[nodiscard]] bool is_complete(core::WallTime now) const { return end_ && now >= *end_ + RecentMarket::kReach; }
    /// {"truncated":…,"trades":[[ms,"buy",price,size],…],"books":[{"ts_ms":…,"bids":[[price,size],…],"asks":[…]},…]}
    [[nodiscard]] std::string json() const;
    /// All of it (core/checkpoint.hpp).
    static void persist(auto& self, auto& archive) {
        archive(self.start_, self.end_, self.last_trade_, self.last_look_, self.trades_, self.looks_, self.truncated_);
        archive.require(self.trades_.size() <= kMaxTrades && self.looks_.size() <= kMaxLooks);
    }

private:
    [[nodiscard]] bool wants(core::WallTime time) const;

    core::WallTime start_;
    std::optional<core::WallTime> end_;
    std::uint64_t last_trade_ = 0;
    std::uint64_t last_look_ = 0;
    std::vector<market::Trade> trades_;
    std::vector<BookGlance> looks_;
    bool truncated_ = false;
};

}  // namespace scanner::engine
