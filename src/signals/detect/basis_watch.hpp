#pragma once

#include "signals/detect/episode_log.hpp"
#include "signals/detect/flag_evidence.hpp"
#include "signals/detect/interest_watch.hpp"
#include "signals/detect/yardstick.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace scanner::signals::detect {

/// Everything that the price does away from its index: scam_wick, momentum_ignition, funding_window_push, and
/// market_stress where the index goes along. Looks once a second at the logarithm of price over index.
class BasisWatch {
public:
    BasisWatch();

    /// `interest`: whether what is traded meanwhile closes positions.
    void on_index(double price, core::WallTime at, const InterestWatch& interest, EpisodeLog& log);
    /// The middle of the book. One that is `live` stays until it changes or is lost; a polled one is of its moment.
    void on_price(double price, bool live, core::WallTime at);
    void on_price_lost() { price_at_.reset(); }
    /// A large level is being traded: who takes it moves the price as far, and not by what he does to the quotes.
    void on_level_traded(core::WallTime at) { level_traded_at_ = at; }
    /// What is traded, and what of it closes positions by force, USDT.
    void on_traded(double notional, core::WallTime at) { traded_.add(notional, at); }
    void on_liquidated(double notional, core::WallTime at) { liquidated_.add(notional, at); }
    void on_funding(std::optional<core::WallTime> settlement) { settlement_ = settlement; }
    void tick(core::WallTime at, EpisodeLog& log);
    [[nodiscard]] std::optional<Reading> reading(DetectorFlag flag, core::WallTime at, const EpisodeLog& log) const;
    /// Whether a large move of the last minute is one of the index, or of positions closed by force.
    [[nodiscard]] bool is_stressed(core::WallTime at) const {
        return stressed_at_ && at - *stressed_at_ < std::chrono::seconds(90);
    }
    /// Whether the index itself has been moving much more than usual for some minutes: makers stand back then.
    [[nodiscard]] bool is_turbulent(core::WallTime at) const {
        return is_stressed(at) || (turbulent_at_ && at - *turbulent_at_ < std::chrono::seconds(180));
    }
    /// Of the move of the last three minutes, what the index did too; empty without one.
    [[nodiscard]] std::optional<double> index_share() const { return index_share_; }

    static void persist(auto& self, auto& archive) {
        archive(self.basis_, self.basis_change_, self.price_change_, self.index_change_, self.peaks_, self.wick_,
                self.momentum_, self.stress_, self.funding_);
        if constexpr (kTakesAll<decltype(archive)>) {
            archive(self.index_at_, self.price_at_, self.live_, self.index_price_, self.price_, self.low_, self.high_,
                    self.settlement_, self.closing_share_, self.index_share_, self.stressed_at_, self.turbulent_at_,
                    self.seconds_, self.last_s_, self.peak_, self.judged_, self.slots_, self.slot_,
                    self.level_traded_at_, self.traded_, self.liquidated_);
            require_counts(archive, self.slot_);
        }
    }

private:
    static constexpr std::size_t kSeconds = 320;
    struct Second {
        double index = 0.0;  ///< logarithm
        double price = 0.0;  ///< likewise
        double low = 0.0;    ///< of the basis within it
        double high = 0.0;   ///< likewise
        std::int64_t at_s = std::numeric_limits<std::int64_t>::min();
        static void persist(auto& self, auto& archive) {
            auto& [index, price, low, high, at_s] = self;
            archive(index, price, low, high, at_s);
        }
    };
    /// A sum that fades within a minute or two.
    struct Fading {
        double sum = 0.0;
        core::WallTime at;
        void add(double value, core::WallTime now) {
            sum = of(now) + value;
            at = std::max(at, now);
        }
        [[nodiscard]] double of(core::WallTime now) const {
            return now <= at ? sum : sum * std::exp(-std::chrono::duration<double>(now - at).count() / 90.0);
        }
        static void persist(auto& self, auto& archive) {
            archive(self.sum, self.at);
            if constexpr (std::remove_reference_t<decltype(archive)>::kReads) {
                archive.require(self.sum >= 0.0 && self.sum <= 1e100);
            }
        }
    };
    [[nodiscard]] double liquidated_share(core::WallTime at) const;
    [[nodiscard]] bool is_known(core::WallTime at) const;
    [[nodiscard]] const Second* second(std::int64_t at_s) const;
    void judge(core::WallTime at, const InterestWatch& interest, EpisodeLog& log);
    void judge_excursion(const Second& now, core::WallTime at, const InterestWatch& interest, EpisodeLog& log);
    /// A level before, another one held until shortly before the settlement, and back again after it.
    struct Push {
        double score = 0.0;
        double before = 0.0;    ///< logarithm; the level before
        double moved = 0.0;     ///< logarithm; of the basis, against the level before
        double noise = 0.0;     ///< of such a difference
        double reverted = 0.0;  ///< share of it that is gone since the settlement; 0 before
        std::int64_t since_s = 0;
    };
    [[nodiscard]] std::optional<Push> find_push(std::int64_t now_s, std::int64_t settled_s) const;
    void judge_funding(core::WallTime at, EpisodeLog& log);
    void judge_stress(const Second& now, core::WallTime at, EpisodeLog& log);
    /// Mean basis of the seconds from `first` to `last`; empty with fewer than half of them.
    [[nodiscard]] std::optional<double> mean_basis(std::int64_t first, std::int64_t last) const;
    /// Likewise of whole slots of five seconds, as far back as kSlots.
    [[nodiscard]] std::optional<double> mean_slots(std::int64_t first_s, std::int64_t last_s) const;
    void add_to_slot(const Second& now);
    void sample(const Second& now);

    std::optional<core::WallTime> index_at_;
    std::optional<core::WallTime> price_at_;
    bool live_ = false;
    double index_price_ = 0.0;
    double price_ = 0.0;
    double low_ = 0.0;   ///< price since the last look
    double high_ = 0.0;  ///< likewise
    std::optional<core::WallTime> settlement_;
    std::optional<core::WallTime> level_traded_at_;
    Fading traded_;
    Fading liquidated_;
    std::optional<double> closing_share_;
    std::optional<double> index_share_;
    std::optional<core::WallTime> stressed_at_;
    std::optional<core::WallTime> turbulent_at_;
    std::array<Second, kSeconds> seconds_{};
    std::int64_t last_s_ = 0;

    Yardstick<180> basis_;         ///< 45 min, every 15 s
    Yardstick<180> basis_change_;  ///< over 60 s
    Yardstick<180> price_change_;  ///< over 60 s
    Yardstick<180> index_change_;  ///< size of it over 60 s
    Yardstick<180> peaks_;         ///< largest excursions of three minutes
    double peak_ = 0.0;            ///< the newest of them
    FlagEvidence wick_;
    FlagEvidence momentum_;
    FlagEvidence stress_;
    FlagEvidence funding_;
    std::optional<core::WallTime> judged_;  ///< the settlement that pushes are looked for before
    static constexpr std::int64_t kSlotS = 5;
    static constexpr std::size_t kSlots = 256;
    struct Slot {
        float sum = 0.0F;
        std::uint32_t count = 0;
        static void persist(auto& self, auto& archive) {
            auto& [sum, count] = self;
            archive(sum, count);
        }
    };
    std::array<Slot, kSlots> slots_{};  ///< of the basis
    std::int64_t slot_ = 0;             ///< the newest, in slots since the epoch
};

}  // namespace scanner::signals::detect
