#pragma once

#include "signals/detect/book_shape.hpp"
#include "signals/detect/episode_log.hpp"
#include "signals/detect/flag_evidence.hpp"
#include "signals/detect/yardstick.hpp"

#include "scanner/market/market.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace scanner::signals::detect {

/// spoofing_depth_imbalance and spoofing_reversal: the levels 2 to 10 of one side together become several times as
/// large as usual while the other side does not, and go again without having traded. Needs every change of the book.
class LayerWatch {
public:
    LayerWatch();
    void on_trades(std::span<const market::Trade> trades);
    /// `stressed`: the whole market moves, and makers with it.
    void take(const BookShape& shape, std::span<const market::Level> bids, std::span<const market::Level> asks,
              bool stressed, core::WallTime at, EpisodeLog& log);
    void lose();
    void tick(core::WallTime at, EpisodeLog& log);
    /// `tape_whole`: without every trade it cannot be said that nothing traded.
    void set_tape_whole(bool whole) { tape_whole_ = whole; }
    [[nodiscard]] std::optional<Reading> reading(DetectorFlag flag, core::WallTime at, const EpisodeLog& log) const;

    static void persist(auto& self, auto& archive) {
        if constexpr (kTakesAll<decltype(archive)>) {
            archive(self.known_, self.penalty_, self.tape_whole_, self.sides_, self.taken_, self.taken_count_,
                    self.sampled_, self.second_, self.surprises_, self.surprise_count_, self.surprised_ms_,
                    self.imbalance_, self.reversal_);
            archive.require(self.taken_count_ < 2 * kTrades && self.surprise_count_ >= 0 &&
                            self.surprise_count_ < (1 << 30));
            require_counts(archive, self.surprised_ms_);
        } else {
            archive(self.sides_[0].usual, self.sides_[1].usual, self.imbalance_, self.reversal_);
        }
    }

private:
    struct SideState {
        Yardstick<240> usual;  ///< size of a layer
        bool present = false;
        double before = 0.0;     ///< ln of the layer over the usual one, a second before it appeared
        double peak = 0.0;       ///< ln likewise, less the other side's
        double peak_size = 0.0;  ///< base units of a layer
        std::int64_t appeared_ms = 0;
        double traded = 0.0;  ///< base units taken from this side since, one side counted
        double price = 0.0;   ///< of one of the layers
        double own = 0.0;     ///< ln of the layer over the usual one, the highest of the last half minute
        std::int64_t own_ms = 0;
        double recent = 0.0;         ///< excess at the last whole second
        double recent_before = 0.0;  ///< and at the one before
        std::array<std::int64_t, 16> withdrawn_ms{};
        std::size_t withdrawals = 0;
        static void persist(auto& self, auto& archive) {
            auto& [usual, present, before, peak, peak_size, appeared_ms, traded, price, own, own_ms, recent,
                   recent_before, withdrawn_ms, withdrawals] = self;
            archive(usual, present, before, peak, peak_size, appeared_ms, traded, price, own, own_ms, recent,
                    recent_before, withdrawn_ms, withdrawals);
            archive.require(withdrawals < 2 * withdrawn_ms.size());
            require_counts(archive, appeared_ms, own_ms);
            for (const std::int64_t one : withdrawn_ms) require_counts(archive, one);
        }
    };
    struct Taken {
        std::int64_t at_ms = 0;
        bool bought = false;
        static void persist(auto& self, auto& archive) {
            auto& [at_ms, bought] = self;
            archive(at_ms, bought);
            require_counts(archive, at_ms);
        }
    };
    static constexpr std::size_t kTrades = 256;

    struct Layers {
        double excess = 0.0;  ///< ln over the usual size, less the other side's
        double own = 0.0;     ///< ln over the usual size
        const SideShape* shape = nullptr;
        std::span<const market::Level> levels;
    };
    void follow(SideState& side, bool bid, const Layers& layers, const BookShape& shape, core::WallTime at,
                EpisodeLog& log);
    void withdrawn(SideState& side, bool bid, const BookShape& shape, core::WallTime at, EpisodeLog& log);
    /// How rare it is that the other side's last trade was so recent: against the same question at other moments.
    [[nodiscard]] std::optional<double> surprise(bool bid, std::int64_t now_ms) const;

    bool known_ = false;
    double penalty_ = 0.0;
    bool tape_whole_ = false;
    std::array<SideState, 2> sides_;  ///< bids, asks
    std::array<Taken, kTrades> taken_{};
    std::size_t taken_count_ = 0;
    std::int64_t sampled_ = 0;
    std::int64_t second_ = 0;
    double surprises_ = 0.0;  ///< of the withdrawals of the last ten minutes
    int surprise_count_ = 0;
    std::int64_t surprised_ms_ = 0;
    FlagEvidence imbalance_;
    FlagEvidence reversal_;
};

}  // namespace scanner::signals::detect
