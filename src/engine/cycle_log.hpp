#pragma once

#include "scanner/engine/ranking.hpp"

namespace scanner::engine {

/// The line that every cycle logs (docs/settings.md, Logs).
void log_cycle(const Ranking& ranking);

}  // namespace scanner::engine
