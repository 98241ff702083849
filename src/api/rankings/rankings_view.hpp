#pragma once

#include "api/answers/item_texts.hpp"
#include "api/answers/rendered.hpp"
#include "api/rankings/queries.hpp"

#include "scanner/ranking/ranking.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace scanner::api {

/// What one filter removed: `in` contracts reached it, `out` passed.
struct FunnelStage {
    std::string name;
    std::size_t in = 0;
    std::size_t out = 0;
    std::vector<std::string> examples;  ///< some of the symbols that it removed
};

/// What a rankings query finds. Refers into the ranking.
struct RankingsResult {
    std::vector<ScoredContract> page;
    std::size_t total = 0;                    ///< contracts that pass the filters, before `top`
    std::size_t total_after_top = 0;          ///< of these, what the pages hold
    std::optional<core::WallTime> data_time;  ///< the oldest input of the contracts on the pages
    std::vector<FunnelStage> funnel;  ///< from everything that the exchange lists down to the pages; if asked for
};

/// The contracts of a ranking that pass `selection`, in their order; what each filter removed is added to `funnel`, if
/// given.
[[nodiscard]] std::vector<ScoredContract> select(std::vector<ScoredContract> items, const Selection& selection,
                                                 std::vector<FunnelStage>* funnel = nullptr);
/// The oldest input of `items`.
[[nodiscard]] std::optional<core::WallTime> oldest_data_time(const std::vector<ScoredContract>& items);
[[nodiscard]] ScanStamp stamp_of(const ranking::Ranking& ranking, std::optional<core::WallTime> data_time);

/// Score, select, sort, cut to `top`, page. A function of its arguments alone.
[[nodiscard]] RankingsResult find_rankings(const ranking::Ranking& ranking, const RankingsQuery& query);

/// The answer, JSON or CSV as the query says. A function of its arguments alone.
[[nodiscard]] Rendered render_rankings(const ranking::Ranking& ranking, const RankingsQuery& query);
/// The same, with what earlier answers from this cycle left in `texts`.
[[nodiscard]] Rendered render_rankings(const ranking::Ranking& ranking, const RankingsQuery& query, ItemTexts& texts);

}  // namespace scanner::api
