#pragma once

#include "scanner/ranking/ranking.hpp"

namespace scanner::engine {

/// The line that every cycle logs (docs/settings.md, Logs).
void log_cycle(const ranking::Ranking& ranking);

}  // namespace scanner::engine
