#pragma once

#include "signals/detect/book_shape.hpp"
#include "signals/detect/episode_log.hpp"
#include "signals/detect/flag_evidence.hpp"
#include "signals/detect/yardstick.hpp"

#include "scanner/market/market.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace scanner::signals::detect {

/// liquidity_wall: one level behind the touch that dwarfs the others and the contract's usual largest one, and is gone
/// before it trades, or moves away whenever the price comes near. With every trade, one that goes at the touch is
/// judged a moment later, when its trades have been told; without, a wall that the touch has reached says nothing.
class WallWatch {
public:
    WallWatch();
    void on_trades(std::span<const market::Trade> trades);
    void take(const BookShape& shape, std::span<const market::Level> bids, std::span<const market::Level> asks,
              bool live, bool stressed, core::WallTime at, EpisodeLog& log);
    /// Whether every trade is told.
    void set_tape_whole(bool whole) { tape_whole_ = whole; }
    /// Whether a large one that stands has just been traded into.
    [[nodiscard]] bool is_taken() const;
    void lose();
    void tick(core::WallTime at, EpisodeLog& log) { flag_.tick(at, log); }
    [[nodiscard]] std::optional<Reading> reading(core::WallTime at, const EpisodeLog& log) const;

    static void persist(auto& self, auto& archive) {
        if constexpr (kTakesAll<decltype(archive)>) {
            archive(self.known_, self.live_, self.tape_whole_, self.penalty_, self.sides_, self.sampled_, self.second_,
                    self.flag_);
        } else {
            archive(self.sides_[0].usual, self.sides_[1].usual, self.flag_);
        }
    }

private:
    struct SideState {
        Yardstick<240> usual;  ///< ln of the largest level over the median one
        bool standing = false;
        double price = 0.0;
        double size = 0.0;
        double height = 0.0;  ///< ln of its size over the median level, less the usual
        std::int64_t since_ms = 0;
        std::int64_t seen_ms = 0;
        std::uint32_t looks = 0;
        bool touched = false;
        double traded = 0.0;  ///< at its price since it stands, base units, one side
        std::uint32_t pulls = 0;
        std::int64_t pulled_ms = 0;
        /// One that went at the touch: whether it was taken is known when its trades are.
        struct Gone {
            std::int64_t at_ms = 0;  ///< 0: none
            std::int64_t since_ms = 0;
            double price = 0.0;
            double size = 0.0;
            double height = 0.0;
            double traded = 0.0;
            bool counted = false;  ///< among the pulls
            static void persist(auto& self, auto& archive) {
                auto& [at_ms, since_ms, price, size, height, traded, counted] = self;
                archive(at_ms, since_ms, price, size, height, traded, counted);
                require_counts(archive, at_ms, since_ms);
            }
        };
        Gone doubtful;
        Gone last;  ///< untraded, wherever it went
        std::uint32_t moves = 0;
        std::int64_t second = 0;  ///< that was judged last
        static void persist(auto& self, auto& archive) {
            auto& [usual, standing, price, size, height, since_ms, seen_ms, looks, touched, traded, pulls, pulled_ms,
                   doubtful, last, moves, second] = self;
            archive(usual, standing, price, size, height, since_ms, seen_ms, looks, touched, traded, pulls, pulled_ms,
                    doubtful, last, moves, second);
            require_counts(archive, since_ms, pulled_ms);
        }
    };
    void follow(SideState& side, bool bid, const SideShape& shape, std::span<const market::Level> levels,
                const BookShape& book, core::WallTime at, EpisodeLog& log);
    void gone(SideState& side, bool bid, const SideShape& shape, const BookShape& book, core::WallTime at,
              EpisodeLog& log);
    void pulled(SideState& side, SideState::Gone& wall, bool moved, const BookShape& book, core::WallTime at,
                EpisodeLog& log);

    bool known_ = false;
    bool live_ = false;
    bool tape_whole_ = false;
    double penalty_ = 0.0;
    std::array<SideState, 2> sides_;
    std::int64_t sampled_ = 0;
    std::int64_t second_ = 0;
    FlagEvidence flag_;
};

}  // namespace scanner::signals::detect
