#pragma once

#include "api/http/response.hpp"
#include "api/http/router.hpp"

#include "scanner/net/http_message.hpp"
#include "scanner/net/request_target.hpp"

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace scanner::api {

/// A request as a route's handler sees it, after everything that the route declares was found in order. Handlers that
/// wait take it by value. What goes on after the answer was made (a stream) must not refer to `request`.
struct Call {
    const net::ServerRequest& request;  ///< lives until the answer is made
    net::QueryParameters params;        ///< in the client's order; not looked at yet unless the route takes none
    std::string variable;               ///< what the path pattern's "{name}" stands for
    ResponseContext context;            ///< of the moment when the request came
    std::shared_ptr<const nlohmann::json> body;  ///< an object where the route takes a body; nullptr elsewhere
};

/// An answer that is there, or one that has to be waited for. The two kinds of handlers differ in nothing else, so that
/// one route may have both: /rankings answers from memory, /rankings?as_of= from the database.
using Reply = std::variant<Outcome, boost::asio::awaitable<Outcome>>;
using Handler = std::function<Reply(Call&)>;
using ApiRoute = Route<Handler>;

/// Answers at once, from memory.
template <class Owner>
[[nodiscard]] Handler answering(Owner* owner, Outcome (Owner::*answer)(const Call&)) {
    return [owner, answer](Call& call) -> Reply { return (owner->*answer)(call); };
}
/// May have to wait.
template <class Owner>
[[nodiscard]] Handler answering(Owner* owner, boost::asio::awaitable<Outcome> (Owner::*answer)(Call)) {
    return [owner, answer](Call& call) -> Reply { return (owner->*answer)(std::move(call)); };
}

}  // namespace scanner::api
