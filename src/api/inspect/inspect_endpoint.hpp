#pragma once

#include "api/answers/ranked_answers.hpp"
#include "api/http/call.hpp"
#include "api/rankings/queries.hpp"

#include "scanner/api/ports.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/ranking/ranking.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

namespace scanner::api {

/// /symbol/{symbol}/inspect: the one read that may have to ask the exchange. Loop thread.
class InspectEndpoint {
public:
    /// Both must outlive it.
    InspectEndpoint(const ApiPorts& ports, RankedAnswers& answers) : ports_(ports), answers_(answers) {}

    /// Refer to this object.
    [[nodiscard]] std::vector<ApiRoute> routes();

private:
    [[nodiscard]] std::expected<InspectQuery, Problem> read_query(const Call& call) const;
    boost::asio::awaitable<Outcome> inspect(Call call, InspectQuery query);
    /// A contract of a ranking that is kept: what it was made from, and nothing that is newer.
    Outcome inspect_kept(const Call& call, const std::string& code, const InspectQuery& query);
    /// As the process that scans answers it.
    boost::asio::awaitable<Outcome> inspect_elsewhere(net::ServerRequest request);
    /// A contract of the cycle, with its trades where they are read.
    boost::asio::awaitable<Outcome> inspect_scanned(ranking::RankingPtr ranking, std::size_t index, InspectQuery query);
    /// A contract that the exchange lists and the cycle did not read.
    boost::asio::awaitable<Outcome> inspect_outside(engine::UniverseEntry entry, InspectQuery query);
    [[nodiscard]] Problem not_scanned(const std::string& wanted, const std::string& code) const;

    const ApiPorts& ports_;
    RankedAnswers& answers_;
};

}  // namespace scanner::api
