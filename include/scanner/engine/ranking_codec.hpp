#pragma once

#include "scanner/core/error.hpp"
#include "scanner/engine/ranking.hpp"

#include <string>
#include <string_view>

namespace scanner::engine {

/// The form in which a ranking outlives the process and reaches replicas (`snaps:latest`): JSON with everything that
/// was computed, the books, and the newest candles. Version in "format"; an unknown one is refused. Pure.
[[nodiscard]] std::string encode_ranking(const Ranking& ranking);
/// The ranking that `encode_ranking` wrote, with up to 120 candles a contract. The text is hostile until parsed:
/// malformed names the field. Manipulation contributions and flag details are not kept.
[[nodiscard]] core::Result<RankingPtr> decode_ranking(std::string_view text);

/// The order of one profile alone, for readers of `rank:<profile>`: {seq, ts, profile, items[{symbol, rank, score}]}.
[[nodiscard]] std::string encode_profile_order(const Ranking& ranking, std::string_view profile);

}  // namespace scanner::engine
