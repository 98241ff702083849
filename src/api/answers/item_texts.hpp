#pragma once

#include "api/answers/item_fields.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/json_writer.hpp"
#include "scanner/ranking/ranking.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace scanner::api {

/// The JSON of ranking items with all their fields, put together from parts: what no request changes is rendered once
/// for a contract of a cycle (it is most of the text, and most of it numbers of 17 digits), and what depends on the
/// score once for each of the scores that are asked for, of which there is one a profile as long as requests only
/// filter. Holds the texts of one cycle, the newest one asked for: at most five kilobytes for each contract that
/// was part of an answer, usually two. One thread.
class ItemTexts {
public:
    /// How many scores' texts are kept for a contract: three profiles, with and without carry.
    static constexpr std::size_t kMaxScores = 6;

    /// Writes the object that the fields one by one would give. `item` is of `ranking`.
    void write(core::JsonWriter& json, const ranking::Ranking& ranking, const ScoredContract& item);

private:
    struct Scored {
        double score = 0.0;
        std::optional<int> rank_delta;
        std::optional<int> rank_raw;
        std::string suffix_after_rank;  ///< the members that follow the rank
    };
    struct Texts {
        /// Members next to each other that depend on the snapshot alone: `"a":1,"b":2`.
        std::vector<std::string> own;
        std::vector<Scored> scored;  ///< the oldest first
    };

    [[nodiscard]] Texts* texts_of(const ranking::Ranking& ranking, const ScoredContract& item);
    [[nodiscard]] static const std::string& suffix_after_rank(Texts& texts, const ranking::Ranking& ranking,
                                                              const ScoredContract& item);

    std::uint64_t sequence_ = 0;
    core::WallTime time_;  ///< tells apart cycles of the same number, should a sequence ever begin anew
    std::vector<Texts> by_contract_;
};

}  // namespace scanner::api
