#pragma once

#include "api/answers/rendered.hpp"
#include "api/http/problem.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/net/http_message.hpp"

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <variant>

namespace scanner::api {

/// The answer to a request that changed something: JSON, and the tag of the resource as it is now (may be empty).
struct ActionAnswer {
    std::string json;
    std::string etag;
};

/// What a handler answers: a body to be negotiated with status 200, the result of a change, or a response of its own
/// making (a stream).
using Answer = std::variant<std::shared_ptr<Rendered>, ActionAnswer, net::ServerResponse>;
/// The result of a route: its answer, or what was wrong.
using Outcome = std::expected<Answer, Problem>;

/// What the headers of every response depend on beside the outcome.
struct ResponseContext {
    std::span<const std::string> cors_origins;
    core::WallTime now;
    bool simulated = false;  ///< the market is, as far as is known
    bool replay = false;     ///< nothing is live: the answer is of a recording
};

/// The response to `request`: 200 or 304, in gzip where the client accepts it and it is worth it, with the validators
/// and the X- headers. `rendered.gzip()` may be made here.
[[nodiscard]] net::ServerResponse make_response(Rendered& rendered, const net::ServerRequest& request,
                                                const ResponseContext& context);
/// The response to a request that changed something: 200, never cached.
[[nodiscard]] net::ServerResponse make_response(ActionAnswer answer, const net::ServerRequest& request,
                                                const ResponseContext& context);
/// The problem's status, as application/problem+json.
[[nodiscard]] net::ServerResponse make_response(const Problem& problem, const net::ServerRequest& request,
                                                const ResponseContext& context);
/// Whichever of these it is; a response of the handler's own making is left as it is.
[[nodiscard]] net::ServerResponse make_response(Outcome outcome, const net::ServerRequest& request,
                                                const ResponseContext& context);

/// The response to OPTIONS for a path with these methods: 204, and a preflight's headers when it is one.
[[nodiscard]] net::ServerResponse make_options_response(const net::ServerRequest& request, std::string allow,
                                                        const ResponseContext& context);

}  // namespace scanner::api
