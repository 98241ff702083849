#pragma once

#include "api/history/history_endpoints.hpp"
#include "api/http/call.hpp"

#include "scanner/api/options.hpp"
#include "scanner/api/ports.hpp"
#include "scanner/storage/episodes.hpp"

#include <boost/asio/awaitable.hpp>

#include <expected>
#include <vector>

namespace scanner::api {

/// What /manipulation/episodes is asked for.
struct LedgerQuery {
    storage::EpisodesQuery episodes;
    bool ndjson = false;
    bool whole = false;  ///< as NDJSON without a limit: all of it
};

/// The routes of the ledger of manipulation: what the detectors told, and what the operator made of it. Loop thread.
class ManipulationEndpoints {
public:
    /// Both must outlive it.
    ManipulationEndpoints(const ApiOptions& options, const ApiPorts& ports) : options_(options), ports_(ports) {}

    /// Empty without a ledger. Refers to this object.
    [[nodiscard]] std::vector<ApiRoute> routes();

private:
    using Waiting = boost::asio::awaitable<Outcome>;
    Waiting flags(Call call);
    [[nodiscard]] std::expected<LedgerQuery, Problem> read_query(const Call& call) const;
    Waiting episodes(Call call, LedgerQuery query);
    /// Page by page, each when the client has taken the one before, so that it costs the memory of one.
    [[nodiscard]] net::ServerResponse stream(storage::EpisodesQuery query, storage::EpisodesPage first,
                                             Places::Place taken, const Call& call);
    Waiting episode(Call call);
    Waiting judge(Call call);

    const ApiOptions& options_;
    const ApiPorts& ports_;
    Places streams_{HistoryEndpoints::kMaxStreams, HistoryEndpoints::kMaxStreamsOfClient};
};

}  // namespace scanner::api
