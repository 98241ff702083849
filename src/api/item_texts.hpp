#pragma once

#include "api/scored_contract.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/engine/ranking.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace scanner::api {

/// The JSON of ranking items with all their fields, made of two parts: what no request changes is rendered once for a
/// contract of a cycle (it is most of the text, and most of it numbers of 17 digits), the rest each time. Holds the
/// texts of one cycle, the newest one asked for: below a kilobyte for each contract that somebody was shown. One
/// thread.
class ItemTexts {
public:
    /// Writes the object that the fields one by one would give. `item` is of `ranking`.
    void write(core::JsonWriter& json, const engine::Ranking& ranking, const ScoredContract& item);

private:
    /// Members next to each other that depend on the snapshot alone: `"a":1,"b":2`.
    using Runs = std::vector<std::string>;

    [[nodiscard]] Runs* runs_of(const engine::Ranking& ranking, const ScoredContract& item);

    std::uint64_t sequence_ = 0;
    core::WallTime time_;  ///< tells apart cycles of the same number, should a sequence ever begin anew
    std::vector<Runs> by_contract_;
};

}  // namespace scanner::api
