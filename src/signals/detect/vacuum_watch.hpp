#pragma once

#include "signals/detect/book_shape.hpp"
#include "signals/detect/episode_log.hpp"
#include "signals/detect/flag_evidence.hpp"
#include "signals/detect/yardstick.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace scanner::signals::detect {

/// liquidity_vacuum: depth against the contract's own of the last hour on two bands, for two looks; how suddenly it
/// went; and the spread. Never an absolute amount.
class VacuumWatch {
public:
    VacuumWatch();
    /// At most once a second counts.
    /// `stressed`: the index moves as well, which explains thin books.
    void take(const BookShape& shape, bool stressed, core::WallTime at, EpisodeLog& log);
    void lose();
    /// How much thinner than usual the middle one of all contracts is, log2, at the same moment: what all books do is
    /// no vacuum of one. Of no use after kMarketLasts.
    void on_market(double thinning, core::WallTime at) {
        market_ = thinning;
        market_at_ = at;
    }
    /// Of the newest look, log2; empty while it is not known or older than kMarketLasts.
    [[nodiscard]] std::optional<double> thinning(core::WallTime at) const;
    void tick(core::WallTime at, EpisodeLog& log) { flag_.tick(at, log); }
    [[nodiscard]] std::optional<Reading> reading(core::WallTime at, const EpisodeLog& log) const;
    /// How much wider than 10 bps the bands are: they must lie outside the usual spread.
    [[nodiscard]] double widen() const;

    static void persist(auto& self, auto& archive) {
        archive(self.spread_, self.depths_, self.flag_);
        if constexpr (kTakesAll<decltype(archive)>) {
            archive(self.known_, self.looks_, self.look_count_, self.sampled_, self.collapse_, self.market_,
                    self.market_at_);
            archive.require(self.look_count_ < 2 * kLooks);
        }
    }

private:
    struct Look {
        std::int64_t at_ms = 0;
        double thinning = 0.0;  ///< log2 of usual over now, second thinnest band
        double opening = 0.0;   ///< log2 of the spread over the usual one
        static void persist(auto& self, auto& archive) {
            auto& [at_ms, thinning, opening] = self;
            archive(at_ms, thinning, opening);
            require_counts(archive, at_ms);
        }
    };
    static constexpr std::size_t kLooks = 32;

    bool known_ = false;
    Yardstick<240> spread_;
    std::array<Yardstick<240>, 3> depths_;
    std::array<Look, kLooks> looks_{};
    std::size_t look_count_ = 0;
    std::int64_t sampled_ = 0;
    double market_ = 0.0;
    std::optional<core::WallTime> market_at_;
    double collapse_ = 0.0;  ///< log2 by which depth fell within 15 s when it last did; 0 while it is usual
    FlagEvidence flag_;
};

}  // namespace scanner::signals::detect
