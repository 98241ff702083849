#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The ledger of manipulation: episodes as the detectors told them, and what the operator made of them.
namespace scanner::storage {

/// One state of an episode; a later one of the same id takes its place. Every double is finite.
struct EpisodeRecord {
    std::string id;              ///< "BTC-USDT.pump_ignition.1764530000000": contract, flag, start
    std::uint64_t revision = 0;  ///< grows with each state; a lower one changes nothing
    std::string symbol;          ///< unified
    std::string flag;
    std::string kind;                   ///< validated, simulated or experimental, when it began
    std::string phase;                  ///< the detector's word; "interrupted" where its end was not seen
    core::WallTime start;               ///< by the exchange's clock
    std::optional<core::WallTime> end;  ///< empty while it is under way
    double probability = 0.0;           ///< 0..1, the highest
    double severity = 0.0;              ///< >= 0
    bool simulated = false;             ///< the market was a simulator's
    std::string details_json;           ///< an object: evidence, price level, counts
    std::string context_json;           ///< tape and book around it; empty leaves what an earlier state brought
};

enum class EpisodeVerdict : std::uint8_t { manipulation, benign, unsure };
/// "manipulation", "benign", "unsure"
[[nodiscard]] std::string_view to_string(EpisodeVerdict verdict) noexcept;
[[nodiscard]] std::optional<EpisodeVerdict> find_episode_verdict(std::string_view name) noexcept;

/// What the operator says an episode was.
struct Disposition {
    EpisodeVerdict verdict = EpisodeVerdict::unsure;
    std::string note;
    core::WallTime at;
    std::int64_t version = 0;  ///< 1 for the first of an episode, then one more each time
};

/// A quantity that speaks for an episode.
struct EpisodeEvidence {
    std::string name;
    double value = 0.0;
    std::optional<double> threshold;  ///< what it had to pass; empty where it was weighed with others
    std::string unit;
};
/// What `EpisodeRecord::details_json` says, as far as it is of the kind that was stored; read where the database is,
/// for the loop has no time for thousands of them.
struct EpisodeDetails {
    std::vector<EpisodeEvidence> evidence;
    std::optional<double> price;  ///< USDT, the level that it was about
    std::uint64_t repetitions = 0;
    std::uint64_t trades = 0;
};

struct Episode {
    EpisodeRecord record;  ///< context_json only where a single one is read
    EpisodeDetails details;
    std::optional<Disposition> disposition;
};

enum class EpisodeStatus : std::uint8_t { open, ended };

/// Episodes, newest first by their start.
struct EpisodesQuery {
    std::optional<std::string> symbol;  ///< unified
    std::optional<std::string> flag;
    std::optional<EpisodeStatus> status;
    std::optional<core::WallTime> from;  ///< of the start
    std::optional<core::WallTime> to;    ///< exclusive
    std::size_t limit = 100;             ///< 1..kMaxEpisodeRows
    std::string cursor;                  ///< `next` of the page before; empty for the first
};
/// Rows of a page at most: with its evidence a row is a kilobyte.
inline constexpr std::size_t kMaxEpisodeRows = 1'000;
struct EpisodesPage {
    std::vector<Episode> rows;
    std::string next;
};

/// How many episodes of a flag the operator has judged, and how.
struct FlagDispositions {
    std::string flag;
    std::uint64_t manipulation = 0;
    std::uint64_t benign = 0;
    std::uint64_t unsure = 0;
};

/// The ledger. Loop thread only. Reads and dispositions go to the database at once and fail with unavailable (or
/// timeout) while it is away.
class EpisodeLedger {
public:
    virtual ~EpisodeLedger() = default;

    /// Written through the spool, like history: returns at once, and nothing is lost while the database is away.
    virtual void record_episodes(std::vector<EpisodeRecord> episodes) = 0;
    /// invalid_input: a limit out of its range, or a cursor that is not of this query.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<EpisodesPage>> episodes(EpisodesQuery query) = 0;
    /// not_found where there is none of that id.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<Episode>> episode(std::string id) = 0;
    /// What is stored then. `expected`: fails with conflict unless this is the version now (0: none yet); without it
    /// any is replaced. not_found where there is no such episode.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<Episode>> judge(std::string id, Disposition disposition,
                                                                              std::optional<std::int64_t> expected) = 0;
    /// Of the episodes that began in [from, to), by flag.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::vector<FlagDispositions>>> dispositions(
        core::WallTime from, core::WallTime to) = 0;
};

}  // namespace scanner::storage
