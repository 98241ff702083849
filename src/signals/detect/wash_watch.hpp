#pragma once

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

/// wash_trade_volume: at least two independent families of signs, each beyond what this contract's own hours show.
///  - inside: prints at prices that no one had quoted, strictly inside the spread, more than usual;
///  - mirrored: of those, two of opposite takers and the same size within 5 s; expected are as many as usual, or where
///    the price moves as there are at a distance of 5 to 35 s, if that is more;
///  - balance: as much bought as sold although much more is traded than usual;
///  - impact: a range that is small for what was traded;
///  - size law: trades that repeat a size of the last minute on the same side;
///  - comb: the same seconds of many minutes.
/// Each over the last five minutes, the first two also over the last 75 s, the comb over an hour; every 15 s.
class WashWatch {
public:
    static constexpr std::size_t kFamilies = 6;

    WashWatch();
    /// `stressed`: a move of the whole market, in which all trade at once.
    void on_trades(std::span<const market::Trade> trades, bool stressed, core::WallTime at, EpisodeLog& log);
    void on_tape_hole();
    /// The quotes that the next trades meet.
    void on_quotes(double bid, double ask) {
        bid_ = bid;
        ask_ = ask;
    }
    void on_quotes_lost() { bid_ = ask_ = 0.0; }
    void tick(core::WallTime at, EpisodeLog& log) { flag_.tick(at, log); }
    [[nodiscard]] std::optional<Reading> reading(core::WallTime at, const EpisodeLog& log) const;

    static void persist(auto& self, auto& archive) {
        if constexpr (kTakesAll<decltype(archive)>) {
            archive(self.whole_, self.bid_, self.ask_, self.prints_, self.print_count_, self.buckets_, self.bucket_,
                    self.closed_, self.comb_, self.usual_, self.volume_, self.inside_share_, self.mirrored_share_,
                    self.stressed_, self.flag_);
            archive.require(self.print_count_ < 2 * kPrints && self.closed_ <= kBuckets && self.bucket_ >= 0);
            require_counts(archive, self.bucket_);
        } else {
            for (std::size_t i = 0; i < kFamiliesOfVersion1; ++i) archive(self.usual_[i]);
            archive(self.volume_, self.flag_);
            if (archive.version() >= 2) archive(self.usual_[kInside], self.inside_share_);
            if (has_version_3(archive)) archive(self.mirrored_share_);
        }
    }

private:
    struct Print {
        std::int64_t at_ms = 0;
        double size = 0.0;
        bool bought = false;
        bool inside = false;
        bool paired = false;
        static void persist(auto& self, auto& archive) {
            auto& [at_ms, size, bought, inside, paired] = self;
            archive(at_ms, size, bought, inside, paired);
            require_counts(archive, at_ms);
        }
    };
    /// Of 15 s.
    struct Bucket {
        double trades = 0.0;
        double value = 0.0;
        double net = 0.0;
        double inside = 0.0;
        double mirrored = 0.0;
        double expected = 0.0;
        double repeated = 0.0;
        double low = 0.0;
        double high = 0.0;
        static void persist(auto& self, auto& archive) {
            auto& [trades, value, net, inside, mirrored, expected, repeated, low, high] = self;
            archive(trades, value, net, inside, mirrored, expected, repeated, low, high);
            // They are counts, and become integers.
            require_counts(archive, inside, mirrored);
        }
    };
    static constexpr std::size_t kFamiliesOfVersion1 = 5;
    static constexpr std::size_t kInside = 5;
    static constexpr std::size_t kShort = 5;  // buckets
    static constexpr std::size_t kPrints = 128;
    static constexpr std::size_t kBuckets = 20;  // five minutes
    static constexpr std::int64_t kBucketMs = 15'000;

    [[nodiscard]] Bucket newest(std::size_t buckets) const;
    void add(const market::Trade& trade);
    void close_bucket(core::WallTime at, EpisodeLog& log);
    [[nodiscard]] double comb(std::int64_t now_s) const;

    bool whole_ = false;
    double bid_ = 0.0;
    double ask_ = 0.0;
    std::array<Print, kPrints> prints_{};
    std::size_t print_count_ = 0;
    std::array<Bucket, kBuckets> buckets_{};
    std::int64_t bucket_ = 0;  ///< that is open, in buckets since the epoch; 0: none
    std::size_t closed_ = 0;   ///< since the tape is whole, up to kBuckets
    /// A second of the minute: whether a trade was in it, a bit for each of the last 60 times it came.
    struct Tooth {
        std::uint64_t bits = 0;
        std::int64_t newest = 0;  ///< how often it had come when bit 0 was set
        static void persist(auto& self, auto& archive) {
            auto& [bits, newest] = self;
            archive(bits, newest);
            require_counts(archive, newest);
        }
    };
    std::array<Tooth, 60> comb_{};
    std::array<Yardstick<240>, kFamilies> usual_;  ///< an hour, of the five minutes' figures
    Yardstick<240> volume_;
    double inside_share_ = 0.0;    ///< usual, of all trades
    double mirrored_share_ = 0.0;  ///< likewise
    bool stressed_ = false;
    FlagEvidence flag_;
};

}  // namespace scanner::signals::detect
