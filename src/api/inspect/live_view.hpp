#pragma once

#include "scanner/core/json_writer.hpp"
#include "scanner/engine/live_view.hpp"
#include "scanner/market/inputs.hpp"

namespace scanner::api {

/// The members of an inspection that the feed brings: `live_at`, `ladder` and `tape`; null without it (`live` nullptr).
void write_live(core::JsonWriter& json, const engine::LiveReading* live);

/// The inputs of the cycle as they stand at `live.read_at`: book and tape as the feed has told them since, and what has
/// become older than its limit by then is stale.
[[nodiscard]] market::Inputs inputs_at(market::Inputs inputs, const engine::LiveReading& live);

}  // namespace scanner::api
