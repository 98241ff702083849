#pragma once

#include "api/http/precondition.hpp"
#include "api/http/problem.hpp"
#include "api/http/response.hpp"
#include "api/http/router.hpp"

#include "scanner/net/http_message.hpp"
#include "scanner/net/request_target.hpp"

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json_fwd.hpp>

#include <any>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace scanner::api {

/// A request as a route's handler sees it, after everything that the route declares was found in order. Handlers that
/// wait take it by value. What goes on after the answer was made (a stream) must not refer to `request`.
struct Call {
    const net::ServerRequest& request;           ///< lives until the answer is made
    net::QueryParameters params;                 ///< in the client's order
    std::string variable;                        ///< what the path pattern's "{name}" stands for
    ResponseContext context;                     ///< of the moment when the request came
    std::shared_ptr<const nlohmann::json> body;  ///< an object where the route takes a body; nullptr elsewhere
    Precondition precondition;                   ///< none but where the route has versions
};

/// An answer that is there, or one that has to be waited for. The two kinds of handlers differ in nothing else, so that
/// one route may have both: /rankings answers from memory, /rankings?as_of= from the database.
using Reply = std::variant<Outcome, boost::asio::awaitable<Outcome>>;

/// What a route's parser made of the parameters.
class ParsedQuery {
public:
    ParsedQuery() = default;
    template <class Query>
    [[nodiscard]] static ParsedQuery of(Query query) {
        ParsedQuery parsed;
        parsed.value_ = std::move(query);
        return parsed;
    }
    /// `Query` must be what the parser makes.
    template <class Query>
    [[nodiscard]] Query& as() {
        return std::any_cast<Query&>(value_);
    }
    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }

private:
    std::any value_;
};

/// What answers a route, and what it makes of the parameters first. `answering` puts the two together, so that a
/// handler gets the very type that its parser makes.
struct Handler {
    /// A query, or what is wrong with the parameters (ParamReader names all of it). Empty: the route has no parameters,
    /// and a request with one is refused.
    std::function<std::expected<ParsedQuery, Problem>(const Call&)> parse;
    /// `query` is what `parse` made of this call.
    std::function<Reply(Call& call, ParsedQuery& query)> answer;
};
using ApiRoute = Route<Handler>;

/// Answers at once, from memory.
template <class Owner>
[[nodiscard]] Handler answering(Owner* owner, Outcome (Owner::*answer)(const Call&)) {
    return {.parse = nullptr,
            .answer = [owner, answer](Call& call, ParsedQuery& /*query*/) -> Reply { return (owner->*answer)(call); }};
}
/// May have to wait.
template <class Owner>
[[nodiscard]] Handler answering(Owner* owner, boost::asio::awaitable<Outcome> (Owner::*answer)(Call)) {
    return {.parse = nullptr, .answer = [owner, answer](Call& call, ParsedQuery& /*query*/) -> Reply {
                return (owner->*answer)(std::move(call));
            }};
}

/// A parser of `owner` as the dispatcher calls it.
template <class Owner, class Query>
using Parser = std::expected<Query, Problem> (Owner::*)(const Call&) const;

template <class Owner, class Query>
[[nodiscard]] auto parsing(const Owner* owner, Parser<Owner, Query> parse) {
    return [owner, parse](const Call& call) -> std::expected<ParsedQuery, Problem> {
        auto query = (owner->*parse)(call);
        if (!query) return std::unexpected(std::move(query.error()));
        return ParsedQuery::of(std::move(*query));
    };
}
/// The same two with what `parse` makes of the parameters.
template <class Owner, class Query>
[[nodiscard]] Handler answering(Owner* owner, Parser<Owner, Query> parse,
                                Outcome (Owner::*answer)(const Call&, const Query&)) {
    return {.parse = parsing(owner, parse), .answer = [owner, answer](Call& call, ParsedQuery& query) -> Reply {
                return (owner->*answer)(call, query.as<Query>());
            }};
}
template <class Owner, class Query>
[[nodiscard]] Handler answering(Owner* owner, Parser<Owner, Query> parse,
                                boost::asio::awaitable<Outcome> (Owner::*answer)(Call, Query)) {
    return {.parse = parsing(owner, parse), .answer = [owner, answer](Call& call, ParsedQuery& query) -> Reply {
                return (owner->*answer)(std::move(call), std::move(query.as<Query>()));
            }};
}

}  // namespace scanner::api
