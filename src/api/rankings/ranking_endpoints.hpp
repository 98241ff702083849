#pragma once

#include "api/answers/item_texts.hpp"
#include "api/answers/ranked_answers.hpp"
#include "api/http/call.hpp"
#include "api/rankings/queries.hpp"

#include "scanner/api/options.hpp"
#include "scanner/api/ports.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <utility>
#include <vector>

namespace scanner::api {

/// The routes of rankings and opportunities: what the engine has in memory as an answer, from the cache where a client
/// asked the same before. Loop thread.
class RankingEndpoints {
public:
    /// `as_of` answers /rankings about the past; without one as_of is an unknown parameter. Everything referred to must
    /// outlive it.
    RankingEndpoints(const ApiOptions& options, const ApiPorts& ports, RankedAnswers& answers, Handler as_of)
        : options_(options), ports_(ports), answers_(answers), as_of_(std::move(as_of)) {}

    /// Refer to this object.
    [[nodiscard]] std::vector<ApiRoute> routes();

private:
    /// What /rankings is asked about the present.
    struct Asked {
        std::optional<std::uint64_t> bound;  ///< the cycle that `seq` names
        ranking::RankingPtr ranking;         ///< the one that it is about; nullptr when there is none
        RankingsQuery query;
    };

    /// /rankings: from memory, or with as_of from history.
    [[nodiscard]] Handler now_or_then();
    /// The ranking that a request without `seq` is about; nullptr before the first one.
    [[nodiscard]] ranking::RankingPtr unbound(const net::QueryParameters& params) const;
    [[nodiscard]] std::expected<Asked, Problem> read_rankings(const Call& call) const;
    Outcome rankings(const Call& call, const Asked& asked);
    [[nodiscard]] std::expected<OpportunitiesQuery, Problem> read_opportunities(const Call& call) const;
    Outcome opportunities(const Call& call, const OpportunitiesQuery& query);

    const ApiOptions& options_;
    const ApiPorts& ports_;
    RankedAnswers& answers_;
    Handler as_of_;
    ItemTexts item_texts_;
};

}  // namespace scanner::api
