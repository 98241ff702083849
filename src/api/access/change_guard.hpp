#pragma once

#include "api/access/token_watch.hpp"
#include "api/http/problem.hpp"

#include "scanner/api/options.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/net/http_message.hpp"

#include <optional>
#include <string>

namespace scanner::api {

/// Who may change things. Loop thread.
class ChangeGuard {
public:
    /// `options` must outlive it.
    explicit ChangeGuard(const ApiOptions& options) : options_(options) {}

    /// Whether `authorize_change` would let it pass; counts nothing.
    [[nodiscard]] bool allows(const net::ServerRequest& request) const;
    /// The refusal of a request that may not change anything, nothing for one that may: 401 or 403 for the token, 429
    /// where too many wrong ones came from, 403 for pages of foreign origins. Counts and logs wrong tokens.
    [[nodiscard]] std::optional<Problem> authorize_change(const net::ServerRequest& request, core::SteadyTime now);
    /// Logs wrong tokens that are due to be logged. Cheap otherwise: for every request.
    void tick(core::SteadyTime now) {
        if (watch_.has_lines(now)) log_wrong_tokens(now);
    }

    /// The part of `authorize_change` that is about the token.
    [[nodiscard]] std::optional<Problem> check_token(const net::ServerRequest& request, core::SteadyTime now);

private:
    void log_wrong_tokens(core::SteadyTime now);

    const ApiOptions& options_;
    TokenWatch watch_;
};

/// The client whose share a request uses; empty where no limits apply (net::ServerRequest::has_limits).
[[nodiscard]] std::string client_of(const net::ServerRequest& request);

}  // namespace scanner::api
