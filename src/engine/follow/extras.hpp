#pragma once

#include "scanner/core/error.hpp"
#include "scanner/engine/ranking_board.hpp"
#include "scanner/ranking/ranking_stream.hpp"

#include <memory>
#include <vector>

/// What the engine sends along with a ranking: the universe, and how its source does.
namespace scanner::engine {

using UniversePtr = std::shared_ptr<const std::vector<UniverseEntry>>;

[[nodiscard]] ranking::PackedBytes pack_universe(const std::vector<UniverseEntry>* universe);
/// malformed: not what pack_universe wrote. nullptr for none.
[[nodiscard]] core::Result<UniversePtr> unpack_universe(std::string_view bytes);

[[nodiscard]] ranking::PackedBytes pack_source(const SourceHealth& source);
[[nodiscard]] core::Result<SourceHealth> unpack_source(std::string_view bytes);

/// Their places among the extras.
inline constexpr std::size_t kUniverseExtra = 0;
inline constexpr std::size_t kSourceExtra = 1;

}  // namespace scanner::engine
