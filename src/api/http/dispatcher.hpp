#pragma once

#include "api/access/change_guard.hpp"
#include "api/answers/target_memo.hpp"
#include "api/http/call.hpp"
#include "api/http/response.hpp"
#include "api/http/router.hpp"
#include "api/http/target.hpp"

#include "scanner/api/options.hpp"
#include "scanner/api/ports.hpp"
#include "scanner/net/http_message.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

namespace scanner::api {

/// Routes requests, and enforces what a route declares before its handler sees anything of them, in this order: the
/// token, no parameters where it takes none, the body, the operator's documents, the query by the route's parser. A
/// handler cannot forget what it is never asked about. Counts every answer. Loop thread.
class Dispatcher {
public:
    /// Everything referred to must outlive it.
    Dispatcher(const ApiOptions& options, const ApiPorts& ports, ChangeGuard& guard, std::vector<ApiRoute> routes)
        : options_(options), ports_(ports), guard_(guard), router_(std::move(routes)) {}

    [[nodiscard]] boost::asio::awaitable<net::ServerResponse> dispatch(net::ServerRequest request);

    /// Nothing of a body is kept where there is no such route, where the route takes none, or where the client may not
    /// change anything. A short one is then read past and the request answered in its turn, a long one not even read.
    [[nodiscard]] net::BodyRules body_rules(const net::ServerRequest& head, std::optional<std::uint64_t> declared);

    /// Why there is no WebSocket at a path that is none of the streams'.
    [[nodiscard]] Problem no_websocket(const Target& target) const;

    /// What the headers of an answer that is made now depend on.
    [[nodiscard]] ResponseContext context() const { return context(ports_.engine.current().get()); }
    [[nodiscard]] const std::vector<ApiRoute>& routes() const noexcept { return router_.routes(); }

    /// The label of what no route answers.
    static constexpr std::string_view kUnmatched = "unmatched";

private:
    /// How far a request came at once: to its response, or to an answer that has to be waited for.
    struct Dispatch {
        std::string_view label = kUnmatched;  ///< the name of the route in metrics
        net::ServerResponse response;
        std::optional<boost::asio::awaitable<Outcome>> waiting;
    };

    [[nodiscard]] Dispatch begin(const net::ServerRequest& request);
    [[nodiscard]] Dispatch refused(const Problem& problem, const net::ServerRequest& request) const;
    /// The query for the route's handler when everything that it declares is in order, or why it does not answer.
    /// Reads the body and the precondition into `call`.
    [[nodiscard]] std::expected<ParsedQuery, Problem> check(const ApiRoute& route, Call& call);

    /// The answer to a target that this ranking answered before, without reading the target again.
    [[nodiscard]] std::optional<net::ServerResponse> cached_response(const net::ServerRequest& request,
                                                                     core::SteadyTime began);
    void remember(const net::ServerRequest& request, std::string_view label, const net::QueryParameters& params,
                  const Outcome& outcome);

    [[nodiscard]] ResponseContext context(const ranking::Ranking* newest) const;
    void count(std::string_view label, int status, core::SteadyTime began);
    [[nodiscard]] Problem not_found(const std::vector<std::string>& segments) const;

    const ApiOptions& options_;
    const ApiPorts& ports_;
    ChangeGuard& guard_;
    Router<Handler> router_;
    TargetMemo memo_;
    std::uint64_t jumps_ = 0;  ///< of a replay, when `memo_` was last used
};

}  // namespace scanner::api
