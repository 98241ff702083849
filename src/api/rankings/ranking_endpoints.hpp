#pragma once

#include "api/answers/item_texts.hpp"
#include "api/answers/ranked_answers.hpp"
#include "api/http/call.hpp"

#include "scanner/api/options.hpp"
#include "scanner/api/ports.hpp"

#include <utility>
#include <vector>

namespace scanner::api {

/// The routes of rankings and opportunities: what the engine has in memory as an answer, from the cache where a client
/// asked the same before. Loop thread.
class RankingEndpoints {
public:
    /// `as_of` answers /rankings about the past; empty: as_of is an unknown parameter. Everything referred to must
    /// outlive it.
    RankingEndpoints(const ApiOptions& options, const ApiPorts& ports, RankedAnswers& answers, Handler as_of)
        : options_(options), ports_(ports), answers_(answers), as_of_(std::move(as_of)) {}

    /// Refer to this object.
    [[nodiscard]] std::vector<ApiRoute> routes();

private:
    /// /rankings: from memory, or with as_of from history.
    Reply now_or_then(Call& call);
    /// The ranking that a request without `seq` is about; nullptr before the first one.
    [[nodiscard]] ranking::RankingPtr unbound(const net::QueryParameters& params) const;
    Outcome rankings(const Call& call);
    Outcome opportunities(const Call& call);

    const ApiOptions& options_;
    const ApiPorts& ports_;
    RankedAnswers& answers_;
    Handler as_of_;
    ItemTexts item_texts_;
};

}  // namespace scanner::api
