#pragma once

#include "scanner/core/json_writer.hpp"
#include "scanner/ranking/ranking.hpp"

#include <cstddef>
#include <string_view>

namespace scanner::api {

/// Writes the array of the first `top` contracts of a cycle under `profile`, each with every field that items of
/// /rankings have, scored as the cycle was. Empty for a profile that the cycle was not ranked under. Pure.
void write_ranking_items(core::JsonWriter& json, const ranking::Ranking& ranking, std::string_view profile,
                         std::size_t top);

}  // namespace scanner::api
