#pragma once

#include "api/answers/rendered.hpp"
#include "api/rankings/queries.hpp"

#include "scanner/engine/inspector.hpp"
#include "scanner/engine/live_view.hpp"
#include "scanner/ranking/ranking.hpp"

#include <string>
#include <vector>

namespace scanner::api {

/// What an inspection shows beside the cycle's own numbers.
struct InspectExtras {
    engine::RecentTradesPtr trades;  ///< as the exchange answered; empty: none were asked for, or none could be read
    engine::LiveReadingPtr live;     ///< of the feed; empty where it does not follow the contract
    engine::ContractReadingPtr reading;  ///< of a contract outside of the scan; empty for those of the cycle
    std::string reason;                  ///< why it is outside: Exclusion::reason and detail
    std::string detail;
    std::vector<std::string> notes;  ///< what is missing and why, for a person
};

/// What is inspected; lives as long as its ranking or reading.
struct InspectedContract {
    const ranking::ContractSnapshot& snapshot;
    const signals::Edges& edges;
    const signals::FlowNumbers* flow = nullptr;  ///< of a contract that is not of the cycle
};

/// The answer of /symbol/{symbol}/inspect for a contract of the cycle, or for `extras.reading`, whose contract and
/// ranking the others are then. A function of its arguments alone.
[[nodiscard]] Rendered render_inspection(const ranking::Ranking& ranking, const InspectedContract& contract,
                                         const InspectQuery& query, const InspectExtras& extras = {});

}  // namespace scanner::api
