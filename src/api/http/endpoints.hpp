#pragma once

#include "api/answers/item_texts.hpp"
#include "api/answers/rendered.hpp"
#include "api/http/response.hpp"
#include "api/http/router.hpp"
#include "api/rankings/queries.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/request_target.hpp"

#include <boost/asio/awaitable.hpp>

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace scanner::api {

/// A request as a route sees it. Borrowed for the call.
struct Call {
    const net::QueryParameters& params;
    const std::string& variable;  ///< what the path pattern's "{name}" stands for
};

/// The same, to keep while waiting.
struct OwnedCall {
    net::QueryParameters params;
    std::string variable;
};

/// Answers at once, from memory.
using MemoryHandler = std::function<Outcome(const Call&)>;
/// May have to wait for somebody.
using WaitingHandler = std::function<boost::asio::awaitable<Outcome>(OwnedCall)>;
/// Makes a response of its own kind (a stream).
using ResponseHandler = std::function<std::expected<net::ServerResponse, Problem>(const net::ServerRequest&,
                                                                                  const Call&, const ResponseContext&)>;

/// A request that may change something, with everything that it carries, to keep while waiting.
struct Action {
    net::ServerRequest request;
    net::QueryParameters params;
    std::string variable;
};
using ActionHandler = std::function<boost::asio::awaitable<ActionOutcome>(Action)>;

/// May have to wait, and makes a response of its own kind.
using RespondingHandler = std::function<boost::asio::awaitable<net::ServerResponse>(Action)>;

using Handler = std::variant<MemoryHandler, WaitingHandler, ResponseHandler, ActionHandler, RespondingHandler>;

/// The routes that read: each turns what the engine has in memory into an answer, from the cache where somebody asked
/// the same before. Loop thread.
class Endpoints {
public:
    /// Everything referred to must outlive it.
    Endpoints(const ApiOptions& options, const engine::EngineView& engine, Metrics& metrics, const core::Clock& clock);

    /// The route table. Refers to this object.
    [[nodiscard]] std::vector<Route<Handler>> routes();

private:
    Outcome health(const Call& call);
    Outcome ready(const Call& call);
    Outcome health_details(const Call& call);
    Outcome symbols(const Call& call);
    Outcome rankings(const Call& call);
    Outcome opportunities(const Call& call);
    boost::asio::awaitable<Outcome> inspect(OwnedCall call);
    /// A contract of the cycle, with its trades where somebody reads them.
    boost::asio::awaitable<Outcome> inspect_scanned(ranking::RankingPtr ranking, std::size_t index, InspectQuery query);
    /// A contract that the exchange lists and the cycle did not read.
    boost::asio::awaitable<Outcome> inspect_outside(engine::UniverseEntry entry, InspectQuery query);
    Outcome metrics(const Call& call);

    /// The newest ranking, or the 503 that says why nothing fresh can be served.
    [[nodiscard]] std::expected<ranking::RankingPtr, Problem> fresh_ranking() const;
    [[nodiscard]] Problem nothing_fresh(const ranking::Ranking* newest) const;
    [[nodiscard]] Problem not_scanned(const std::string& wanted, const std::string& code) const;
    /// The answer kept under the ranking and `query`, made by `render` when there is none yet.
    [[nodiscard]] std::shared_ptr<Rendered> cached(const ranking::Ranking& ranking, std::string_view route,
                                                   const std::string& query, const std::function<Rendered()>& render);
    /// The kept twin of an answer that was made anyway, so that its gzip form is not made again.
    [[nodiscard]] std::shared_ptr<Rendered> kept_twin(Rendered rendered);
    /// Puts it into the cache, and what is of cycles that are no longer kept out of it: a new cycle every few seconds
    /// would otherwise fill the cache with answers that nobody can ask for.
    void keep(const std::string& key, const std::shared_ptr<Rendered>& rendered);
    [[nodiscard]] double uptime_sec() const;

    const ApiOptions& options_;
    const engine::EngineView& engine_;
    Metrics& metrics_;
    const core::Clock& clock_;
    core::SteadyTime started_;
    RenderCache cache_;
    ItemTexts item_texts_;
    std::uint64_t tidied_for_ = 0;  ///< the newest cycle when the cache was last tidied
    std::shared_ptr<Rendered> alive_;
};

}  // namespace scanner::api
