#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/ranking/ranking.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace scanner::ranking {

/// Whose a cached ranking is. One of another exchange or installation is a stranger's, however well it is made.
struct RankingOrigin {
    std::string exchange;      ///< the real one by its short name, any other by its base URL
    std::string installation;  ///< SCANNER_INSTALLATION_ID

    friend bool operator==(const RankingOrigin&, const RankingOrigin&) = default;
};

/// What a text is measured against before anything of it is believed.
struct RankingLimits {
    std::size_t max_contracts = 2'000;
    /// By the wall clock: what was made later than kMaxAhead after it was not made by an honest clock.
    core::WallTime now = core::from_unix_ms(core::kMaxUnixMs);

    static constexpr std::chrono::milliseconds kMaxAhead{2'000};
    /// Of a whole text; twice what contracts usually take.
    [[nodiscard]] constexpr std::size_t max_bytes() const { return (1U << 20U) + max_contracts * (24U << 10U); }
    /// Numbers, texts, arrays and objects of a whole text: what it costs in memory.
    [[nodiscard]] constexpr std::size_t max_values() const { return 50'000 + max_contracts * 3'000; }
};
/// Sequence numbers are 1 to 2^53-1: what every reader of JSON can hold.
inline constexpr std::uint64_t kMaxSequence = (1ULL << 53U) - 1;

/// The form in which a ranking outlives the process and reaches replicas (`snaps:latest`): JSON with everything that
/// was computed, the books, and the newest candles. Version in "format"; an unknown one is refused. Pure.
[[nodiscard]] std::string encode_ranking(const Ranking& ranking, const RankingOrigin& origin = {});
/// The ranking that `encode_ranking` wrote, with up to 120 candles a contract. The text is hostile until parsed:
/// malformed names the field that is missing, of another kind, out of its range or ahead of its time; conflict says
/// whose it is instead of `origin`'s. Manipulation contributions and flag details are not kept.
[[nodiscard]] core::Result<RankingPtr> decode_ranking(std::string_view text, const RankingOrigin& origin = {},
                                                      const RankingLimits& limits = {});

/// The order of one profile alone, for readers of `rank:<profile>`: {seq, ts, profile, items[{symbol, rank, score}]}.
[[nodiscard]] std::string encode_profile_order(const Ranking& ranking, std::string_view profile);

}  // namespace scanner::ranking
