#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

/// Detectors of manipulation: state machines over the tape, pure and streaming, one instance a contract. Time comes
/// with the trades; no clock is read.
namespace scanner::signals {

/// Bars are aligned to the epoch; a trade at exactly a bar's end belongs to the next bar.
inline constexpr std::chrono::seconds kIgnitionBar{15};

/// A mean whose weights halve every so many values, normalised from the first value on: the mean of none is 0.
class DecayingMean {
public:
    /// `half_life` > 0, in values.
    explicit DecayingMean(double half_life);
    void add(double value);
    /// Adds `count` zeros at once.
    void add_zeros(std::int64_t count);
    [[nodiscard]] double get() const { return weight_ > 0.0 ? sum_ / weight_ : 0.0; }
    /// For the stored state; the half-life is no part of it.
    static void persist(auto& self, auto& archive) { archive(self.sum_, self.weight_); }

private:
    double keep_;
    double sum_ = 0.0;
    double weight_ = 0.0;
};

/// What the model looks at when a bar closes. Everything is relative to the contract's own past, so that neither the
/// unit of the price nor that of the size matters.
struct IgnitionFeatures {
    double activity = 0.0;     ///< ln of the trades of 60 s over the usual ones (half-life 4 h)
    double rush_active = 0.0;  ///< rush times activity, each against what it is at an onset
    double rush_record = 0.0;  ///< ln of the rushes of 60 s over the fading record of the contract (half-life 24 h)
    double fourth_bar = 0.0;   ///< ln of the trades of the bar three before this one over the usual: an old burst
    double move_5m = 0.0;      ///< log return of 5 min, in usual moves (half-life 4 h)
    double move_1h = 0.0;      ///< the same over 1 h, its size compressed by a logarithm
    double move_before = 0.0;  ///< from 1 h to 5 min ago, likewise
    double rise_record = 0.0;  ///< log return of 60 s over the fading record of rises (half-life 24 h)
    double move_uneven = 0.0;  ///< the move of 60 s times how unevenly value is traded, each as at an onset
    double buy_value = 0.0;    ///< ln of the value bought in 60 s over the usual (half-life 4 h)
    double volatility = 0.0;   ///< ln of the root mean square return of a bar (half-life 24 h)
    double stirred = 0.0;      ///< ln of the same of 4 h over that of 24 h
    double record_calm = 0.0;  ///< trades over their record (24 h) times volatility, each as at an onset
};

/// Name and coefficient of each feature: what is fitted by bench/detector/fit.py.
struct IgnitionTerm {
    std::string_view name;
    double IgnitionFeatures::* feature;
    double coefficient;
};
[[nodiscard]] const std::array<IgnitionTerm, 13>& ignition_terms() noexcept;

/// Probability from which `pump_ignition` is raised: 0.1 false alerts a symbol-day where it was measured.
inline constexpr double kIgnitionThreshold = 0.043;

/// What is known of one bar once it has closed.
struct IgnitionBar {
    core::WallTime closes_at;
    std::int64_t trades = 0;       ///< fills in it
    std::int64_t bars_before = 0;  ///< how much the yardsticks rest on
    std::int64_t trades_60s = 0;   ///< of it and the three before
    double usual_trades = 0.0;     ///< in 60 s, half-life 4 h, before it
    double price = 0.0;            ///< at its end
    double price_before = 0.0;     ///< a minute earlier
    IgnitionFeatures features;
    double logit = 0.0;
    double probability = 0.0;  ///< that the bar closes within 45 s after the onset of a pump
};

/// Whether a coordinated burst of taker buys starts (flag `pump_ignition`): a logistic model of the last 60 s against
/// the contract's own past, after the features of La Morgia et al. (2020), "Pump and Dumps in the Bitcoin Era", and
/// those of Kamps and Kleinberg (2018). docs/manipulation.md tells on what it was measured.
///
/// Bars without trades have a verdict too; long silences cost no more than short ones. Some 2.5 KB, no allocation. Not
/// thread-safe.
class PumpIgnition {
public:
    /// The next bar that ends at or before `time`, or nothing. To be called until it gives nothing before a trade of
    /// that time is added; bars of a long silence, after its first hour, are passed over.
    [[nodiscard]] std::optional<IgnitionBar> close_bar(core::WallTime time);
    /// Trades in order of time; one that is older than the one before it counts as of the same millisecond. The price
    /// of a millisecond is its volume-weighted mean, so that the order of its fills means nothing.
    void add(const market::Trade& trade);
    /// Trades are missing since the last one, up to the next that is added: that time counts neither as silent nor as a
    /// move. For a minute after it the bars know less than they claim.
    void resume_after_hole() { holed_ = begun_; }
    /// For the stored state, and for checkpoints: all of it.
    static void persist(auto& self, auto& archive) {
        archive(self.begun_, self.holed_, self.bar_, self.bars_, self.quiet_bars_, self.millisecond_, self.moment_,
                self.moment_buys_, self.trades_, self.rushes_, self.price_, self.value_, self.last_trades_,
                self.last_values_, self.closes_, self.usual_trades_, self.usual_rushes_, self.usual_square_,
                self.day_square_, self.day_value_, self.day_value_square_, self.trades_record_, self.rise_record_);
        // Version 1 knew neither purchases nor the record of rushes: six hours of them must be seen first.
        bool knows_purchases = true;
        if constexpr (requires { archive.version(); }) knows_purchases = archive.version() >= 2;
        if (knows_purchases) {
            archive(self.buy_value_, self.last_rushes_, self.last_buy_values_, self.usual_buy_value_,
                    self.rushes_record_);
        }
        if constexpr (std::remove_reference_t<decltype(archive)>::kReads) {
            archive.require(self.is_sane());
            if (!knows_purchases) self = PumpIgnition{};
        }
    }

private:
    struct Price {
        double value = 0.0;
        double size = 0.0;
        static void persist(auto& self, auto& archive) { archive(self.value, self.size); }
    };
    [[nodiscard]] bool is_sane() const;
    void begin_again(std::int64_t ms, double price);
    void finish_millisecond();
    [[nodiscard]] double price_before(std::size_t bars) const;
    /// `of_minute`: trades of 60 s; `move`: log return of them.
    [[nodiscard]] IgnitionFeatures features(double of_minute, double move) const;
    [[nodiscard]] IgnitionBar finish_bar();
    void pass_over(std::int64_t bars);

    static constexpr std::size_t kPrices = 240;  ///< closes of the last hour

    bool begun_ = false;
    bool holed_ = false;
    std::int64_t bar_ = 0;  ///< that is open, in bars since the epoch
    std::int64_t bars_ = 0;
    std::int64_t quiet_bars_ = 0;  ///< closed without a trade, in a row

    std::int64_t millisecond_ = 0;
    Price moment_;                  ///< of the open millisecond: sums of price times size, and of size
    std::int64_t moment_buys_ = 0;  ///< taker buys of it
    std::int64_t trades_ = 0;       ///< of the open bar
    std::int64_t rushes_ = 0;       ///< milliseconds of the open bar with more than one taker buy
    double price_ = 0.0;            ///< of the last millisecond that had a trade

    double value_ = 0.0;      ///< price times size of the open bar
    double buy_value_ = 0.0;  ///< of it, what takers bought

    std::array<std::int64_t, 3> last_trades_{};  ///< of the three bars before the open one
    std::array<double, 3> last_values_{};
    std::array<std::int64_t, 3> last_rushes_{};
    std::array<double, 3> last_buy_values_{};
    std::array<double, kPrices> closes_{};  ///< a ring, the newest at `bars_ - 1`
    DecayingMean usual_trades_{960.0};
    DecayingMean usual_rushes_{960.0};
    DecayingMean usual_square_{960.0};
    DecayingMean day_square_{5760.0};
    DecayingMean day_value_{5760.0};
    DecayingMean day_value_square_{5760.0};
    DecayingMean usual_buy_value_{960.0};
    double trades_record_ = 0.0;
    double rushes_record_ = 0.0;
    double rise_record_ = 0.0;
};

}  // namespace scanner::signals
