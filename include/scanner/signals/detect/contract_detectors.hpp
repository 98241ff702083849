#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"
#include "scanner/signals/detect/episode.hpp"
#include "scanner/signals/detect/flags.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace scanner::core {
class CheckpointWriter;
class CheckpointReader;
}  // namespace scanner::core

namespace scanner::signals {

/// What all detectors of a contract say together, at one moment.
struct Verdict {
    /// That an episode of manipulation of any kind was under way in the last 60 s: noisy-or of the calibrated
    /// probabilities of those flags that count (FlagKind). Empty while fewer than ContractDetectors::kLeastTold of them
    /// can be told, unless one of these has an episode: that one or two found nothing says little.
    std::optional<double> probability;
    /// 0..100: score_of_rate() of the strongest evidence of the last 60 s among those flags; 50 is what a calm contract
    /// reaches once in ten days, 80 once in a hundred. Empty together with `probability`.
    std::optional<double> score;
    FlagSet flags;      ///< with an open episode; those that count and those that do not
    FlagSet reversed;   ///< of `flags`, in the phase post_surge_reversal
    FlagSet exhausted;  ///< of `flags`, in the phase exhausted_spike
    FlagSet unknown;    ///< of which nothing can be said: inputs are missing, old, or too short
    std::array<double, kDetectorFlagCount> probabilities{};  ///< a flag, last 60 s; 0 where unknown
    std::array<double, kDetectorFlagCount> severities{};     ///< score_of_rate() a flag, last 60 s; 0 where unknown
    friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// The documented map of evidence to a score: `rate` is how many false alerts a symbol-day a threshold at this evidence
/// gives on calm contracts. 100 / (1 + (10 rate)^log10(4)): 20 at 1 a day, 50 at 0.1, 80 at 0.01.
[[nodiscard]] double score_of_rate(double rate) noexcept;

/// Every detector of manipulation of one contract (docs/manipulation.md): fed event by event, pure, streaming. Time
/// comes with the calls and is the exchange's clock; a time before the last one counts as the last one. Whatever is
/// told, the verdict up to a moment depends on nothing that came later. Prices, sizes and amounts
/// outside of 1e-15 to 1e15 are left out; a trade ahead of the call's time counts then.
///
/// At most kMaxBytes a contract, taken when it is made; only episodes that begin or change allocate. Not thread-safe.
class ContractDetectors {
public:
    static constexpr std::size_t kMaxBytes = 64U * 1024U;
    /// Of the flags that count: as many as polled books and open interest tell after a quarter of an hour.
    static constexpr std::size_t kLeastTold = 3;
    static constexpr std::size_t kMaxStateBytes = 32U * 1024U;
    /// Changes of episodes that are not taken are merged, the newest state of each, and at most so many are kept.
    static constexpr std::size_t kMaxChanges = 64;

    /// Bytes of a contract.
    [[nodiscard]] static std::size_t memory() noexcept;

    /// Whether thresholds follow what the contract reaches while nothing is under way (up to twice the shipped ones),
    /// or stay as they were measured.
    enum class Thresholds { own, shipped };

    explicit ContractDetectors(Thresholds thresholds = Thresholds::own);
    ~ContractDetectors();
    ContractDetectors(ContractDetectors&& other) noexcept;
    ContractDetectors& operator=(ContractDetectors&& other) noexcept;

    /// New trades, each once (market::Tape), in any order within the call; and that none is missing up to `at`. To be
    /// called with an empty span too, when time passes without trades: no bar ends before it is known to be complete.
    void on_trades(std::span<const market::Trade> trades, core::WallTime at);
    /// Trades may be missing since the last on_trades.
    void on_tape_hole(core::WallTime at);
    /// The book of the feed after a change. One that is crossed or lacks a side: as on_book_lost.
    void on_book(const market::LiveBook& book, core::WallTime at);
    /// A book as it was read now and then. Not to be mixed with on_book unless on_book_lost came between.
    void on_polled_book(const market::OrderBook& book, core::WallTime at);
    /// No book is known until the next on_book or on_polled_book.
    void on_book_lost(core::WallTime at);
    /// USDT. `at`: when the exchange says it stood so.
    void on_index(double price, core::WallTime at);
    /// One-sided, base units. `at`: when it was read.
    void on_open_interest(double base_units, core::WallTime at);
    /// Fraction per interval, and when it is settled next; empty where the exchange does not say.
    void on_funding(std::optional<double> rate, std::optional<core::WallTime> next_settlement, core::WallTime at);
    /// How much thinner than usual the books of the market are: the middle one of all contracts' thinning(). To be told
    /// every few seconds; of no use after a minute. What all of them do is no vacuum of one.
    void on_market_thinning(double others, core::WallTime at);
    /// log2 of this contract's usual depth over that of its newest book; empty while it is not known.
    [[nodiscard]] std::optional<double> thinning(core::WallTime at) const;
    /// A position was closed by force; `notional` in USDT, one side counted.
    void on_liquidation(market::Side taker_side, double notional, core::WallTime at);

    /// As it stands at `at`; valid until the next call.
    [[nodiscard]] const Verdict& verdict(core::WallTime at);
    /// Episodes that began, changed their phase or grew clearly, or ended since the last call, oldest change first.
    [[nodiscard]] std::vector<Episode> take_episode_changes();
    /// The open ones.
    [[nodiscard]] std::vector<Episode> open_episodes() const;
    /// When verdict() may differ from verdict(at) although nothing is told (an input becomes too old, evidence is a
    /// minute old); empty when it stays. It may come to nothing.
    [[nodiscard]] std::optional<core::WallTime> next_change_at(core::WallTime at);

    /// Everything that must survive a restart: yardsticks, nulls, open episodes, the last id. Bounded by
    /// kMaxStateBytes.
    [[nodiscard]] std::vector<std::byte> state() const;
    /// Goes on from what state() gave, of this version or an earlier one; the book is unknown until it is told again
    /// and the tape has a hole. Bytes may come from anywhere: on an error nothing has changed.
    [[nodiscard]] core::Result<void> restore(std::span<const std::byte> bytes);
    /// Everything (core/checkpoint.hpp): what is read back goes on exactly as this would have.
    static void persist(const ContractDetectors& self, core::CheckpointWriter& archive);
    static void persist(ContractDetectors& self, core::CheckpointReader& archive);
    /// Time of the newest event; empty before the first.
    [[nodiscard]] std::optional<core::WallTime> updated_at() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace scanner::signals
