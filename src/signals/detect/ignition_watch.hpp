#pragma once

#include "signals/detect/episode_log.hpp"
#include "signals/detect/evidence.hpp"
#include "signals/detect/flag_evidence.hpp"

#include "scanner/market/market.hpp"
#include "scanner/signals/detect/pump_ignition.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

namespace scanner::signals::detect {

/// What is known of a move beside the tape, for its explanation.
struct MoveContext {
    std::optional<double> index_share;  ///< of the contract's own move of the last minutes
    bool stressed = false;              ///< the index moves as well, or positions are closed by force
};

/// pump_ignition and dump_ignition: episodes out of the bars of the model, with their phases. A dump is a pump of the
/// market in which prices are inverted and buyers are sellers.
class IgnitionWatch {
public:
    explicit IgnitionWatch(DetectorFlag flag) : flag_(flag) {}

    /// In order of time; nothing is missing up to `at`.
    void on_trades(std::span<const market::Trade> trades, core::WallTime at, const MoveContext& context,
                   EpisodeLog& log);
    void on_tape_hole() {
        hole_ = true;
        model_.resume_after_hole();
    }
    void tick(core::WallTime at, EpisodeLog& log);
    /// Empty while nothing is known.
    [[nodiscard]] std::optional<Reading> reading(core::WallTime at, const EpisodeLog& log) const;
    [[nodiscard]] static const Calibration& calibration();

    static void persist(auto& self, auto& archive) {
        archive(self.model_, self.held_, self.hole_, self.known_, self.bars_known_, self.tape_until_, self.base_,
                self.peak_, self.peak_at_, self.peak_logit_, self.peak_trades_, self.calm_bars_);
        if (has_version_3(archive)) archive(self.null_);
        if constexpr (std::remove_reference_t<decltype(archive)>::kReads) {
            archive.require(self.base_ >= 0.0 && self.peak_ >= 0.0 && self.bars_known_ >= 0 &&
                            self.bars_known_ < 1'000);
        }
    }

private:
    void close_bars(core::WallTime up_to, const MoveContext& context, EpisodeLog& log);
    void judge(const IgnitionBar& closed, const MoveContext& context, EpisodeLog& log);
    void begin(const IgnitionBar& bar, const MoveContext& context, EpisodeLog& log);
    void follow(const IgnitionBar& bar, EpisodeLog& log);
    [[nodiscard]] double real_price(double price) const {
        return flag_ == DetectorFlag::dump_ignition ? 1.0 / price : price;
    }

    DetectorFlag flag_;
    PumpIgnition model_;
    HeldEvidence held_;
    OwnNull null_;
    bool hole_ = true;
    bool known_ = false;           ///< the yardsticks rest on enough, and no hole is in the last minute
    std::int32_t bars_known_ = 0;  ///< since the last hole, up to kMinuteBars
    core::WallTime tape_until_;
    // Of the open episode.
    double base_ = 0.0;
    double peak_ = 0.0;
    core::WallTime peak_at_;
    double peak_logit_ = 0.0;
    double peak_trades_ = 0.0;  ///< highest of a minute
    std::int32_t calm_bars_ = 0;
};

}  // namespace scanner::signals::detect
