#pragma once

#include "ranking/json_fields.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/ranking/ranking.hpp"

#include <memory>

namespace scanner::ranking {

/// One of the contracts of an encoded ranking: what belongs to it alone, and into `edges` how it stood among the
/// others, and into `flow` what a feed told. `made_at` is the ranking's time: nothing may have been read after it.
/// Throws Flaw; pure, any thread.
[[nodiscard]] std::shared_ptr<const ContractSnapshot> decode_contract(const json& from, core::WallTime made_at,
                                                                      signals::Edges& edges,
                                                                      signals::FlowNumbers& flow);

}  // namespace scanner::ranking
