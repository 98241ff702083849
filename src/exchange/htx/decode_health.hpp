#pragma once

#include "exchange/rest/answer.hpp"

#include <optional>

namespace scanner::exchange::htx {

/// The exchange's own state of its USDT swaps.
struct Heartbeat {
    bool working = false;
    std::optional<core::WallTime> estimated_recovery;  ///< only where it says so, during maintenance
};

/// /heartbeat/. Its "ts" has stood still since 2019 and is not read.
[[nodiscard]] core::Result<Heartbeat> decode_heartbeat(rest::JsonParser& parser, const rest::Answer& answer);

}  // namespace scanner::exchange::htx
