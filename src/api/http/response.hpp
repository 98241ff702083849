#pragma once

#include "api/answers/rendered.hpp"
#include "api/http/problem.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/net/http_server.hpp"

#include <expected>
#include <memory>
#include <span>
#include <string>

namespace scanner::api {

/// What a route comes to: an answer with status 200, or what was wrong.
using Outcome = std::expected<std::shared_ptr<Rendered>, Problem>;

/// What a request that changed something comes to: JSON, and the tag of the resource as it is now (may be empty).
struct ActionAnswer {
    std::string json;
    std::string etag;
};
using ActionOutcome = std::expected<ActionAnswer, Problem>;

/// What the headers of every response depend on beside the outcome.
struct ResponseContext {
    std::span<const std::string> cors_origins;
    core::WallTime now;
    bool simulated = false;  ///< the market is, as far as is known
};

/// The response to `request`: 200, 304 or the problem's status, in gzip where the client accepts it and it is worth it,
/// with the validators and the X- headers. `rendered.gzip()` may be made here.
[[nodiscard]] net::ServerResponse make_response(const Outcome& outcome, const net::ServerRequest& request,
                                                const ResponseContext& context);

/// The response to a request that changed something: 200 or the problem's status; never cached.
[[nodiscard]] net::ServerResponse make_action_response(ActionOutcome outcome, const net::ServerRequest& request,
                                                       const ResponseContext& context);

/// The response to OPTIONS for a path with these methods: 204, and a preflight's headers when it is one.
[[nodiscard]] net::ServerResponse make_options_response(const net::ServerRequest& request, std::string allow,
                                                        const ResponseContext& context);

}  // namespace scanner::api
