#pragma once

#include "api/answers/item_fields.hpp"
#include "api/answers/item_members.hpp"
#include "api/http/param_reader.hpp"
#include "api/http/problem.hpp"

#include "scanner/net/request_target.hpp"
#include "scanner/operator/watchlist_source.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/ranking/scoring.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

using ranking::Scoring;

/// What a query is checked against. `ranking` is the one that will answer; nullptr while there is none, then only what
/// needs no ranking is checked.
struct QueryContext {
    const ranking::Ranking* ranking = nullptr;
    const operators::WatchlistSource* watchlists = nullptr;
    int default_top = 12;
    ParamLog* declared = nullptr;  ///< records every parameter that the query may have
};

/// Which of the scored contracts are wanted. Contract codes.
struct Selection {
    std::optional<std::vector<std::string>> symbols;
    std::optional<std::string> watchlist;
    std::vector<std::string> watchlist_codes;  ///< what the list held when the query was read
    std::optional<double> max_manip_score;
    std::vector<std::string> exclude_flags;
};

/// /rankings with every effective value filled in.
struct RankingsQuery {
    Scoring scoring;
    Selection selection;
    std::int64_t top = 0;
    std::int64_t page = 1;
    std::int64_t page_size = 25;
    const ItemField* sort = nullptr;  ///< into item_fields()
    bool ascending = false;
    std::optional<std::vector<ItemMember>> fields;  ///< in the order to show them; nothing: the client named none
    bool csv = false;
    bool explain = false;
};

/// What /opportunities is sorted by, the greatest first; equals in the order of the score.
enum class OpportunityOrder { score, reward_risk_net, confidence };
[[nodiscard]] std::string_view to_string(OpportunityOrder order) noexcept;

/// /opportunities with every effective value filled in.
struct OpportunitiesQuery {
    Scoring scoring;
    Selection selection;
    std::int64_t top = 0;
    OpportunityOrder order = OpportunityOrder::score;
    std::optional<bool> tradable;                   ///< only those that are, or only those that are not
    std::optional<std::vector<ItemMember>> fields;  ///< names of opportunity_members(); nothing: all but `inputs`
};

struct InspectQuery {
    std::string profile;
    bool card = false;
    std::optional<std::uint64_t> sequence;  ///< of a ranking that is kept; nothing: live
};

/// /stream/rankings and /stream/events: what a subscriber follows.
struct StreamQuery {
    std::optional<std::string> profile;               ///< nothing: each cycle's default one
    std::optional<std::vector<std::string>> symbols;  ///< contract codes, sorted; nothing: all
    std::int64_t top = 0;
    std::optional<std::vector<ItemMember>> fields;  ///< with those of frame_members(); nothing: all but `inputs`
    /// Frames of published rankings, at most one in so long; nothing: of recorded ones, one a scan interval.
    std::optional<std::chrono::milliseconds> min_interval;
};

/// The cycle that a query is bound to by `seq=`; nothing without a usable one. What is wrong with it is reported by
/// parse_rankings_query.
[[nodiscard]] std::optional<std::uint64_t> bound_sequence(const net::QueryParameters& params);
/// Whether a request asks for pages, so that others are likely to follow.
[[nodiscard]] bool is_paged(const net::QueryParameters& params);

/// 422 with everything that is wrong. Pure.
[[nodiscard]] std::expected<RankingsQuery, Problem> parse_rankings_query(const net::QueryParameters& params,
                                                                         const QueryContext& context);
[[nodiscard]] std::expected<OpportunitiesQuery, Problem> parse_opportunities_query(const net::QueryParameters& params,
                                                                                   const QueryContext& context);
[[nodiscard]] std::expected<InspectQuery, Problem> parse_inspect_query(const net::QueryParameters& params,
                                                                       const QueryContext& context);
[[nodiscard]] std::expected<StreamQuery, Problem> parse_stream_query(const net::QueryParameters& params,
                                                                     const QueryContext& context);

/// A text that two queries share if and only if they ask for the same bytes of one ranking.
[[nodiscard]] std::string canonical(const RankingsQuery& query);
[[nodiscard]] std::string canonical(const OpportunitiesQuery& query);
[[nodiscard]] std::string canonical(const InspectQuery& query);
[[nodiscard]] std::string canonical(const StreamQuery& query);

}  // namespace scanner::api
