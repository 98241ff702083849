#pragma once

#include "api/answers/rendered.hpp"
#include "api/http/endpoints.hpp"
#include "api/http/problem.hpp"
#include "api/http/token_watch.hpp"

#include "scanner/core/error.hpp"
#include "scanner/core/log.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What every route that changes something has in common.
namespace scanner::api {

/// Who may change things. Loop thread.
class ChangeGuard {
public:
    /// `options` must outlive it.
    explicit ChangeGuard(const ApiOptions& options) : options_(options) {}

    /// Whether `refuse` would let it pass; counts nothing.
    [[nodiscard]] bool allows(const net::ServerRequest& request) const;
    /// The refusal of a request that may not change anything: 401 or 403 for the token, 429 where too many wrong ones
    /// came from, 403 for pages of foreign origins. Counts and logs wrong tokens.
    [[nodiscard]] std::optional<Problem> refuse(const net::ServerRequest& request, core::SteadyTime now);
    /// Logs what is still to be logged of wrong tokens, when its time has come. Cheap otherwise: for every request.
    void tick(core::SteadyTime now) {
        if (watch_.has_lines(now)) log_wrong_tokens(now);
    }

    /// The part of `refuse` that is about the token.
    [[nodiscard]] std::optional<Problem> check_token(const net::ServerRequest& request, core::SteadyTime now);

private:
    void log_wrong_tokens(core::SteadyTime now);

    const ApiOptions& options_;
    TokenWatch watch_;
};

/// Whose share of something a request takes; empty for no client's (net::ServerRequest::has_limits).
[[nodiscard]] std::string client_of(const net::ServerRequest& request);

/// What If-Match asks for.
struct Precondition {
    std::string if_match;  ///< empty: nothing is asked

    [[nodiscard]] bool asked() const { return !if_match.empty(); }
    /// Whether one of `resources` (nullptr: it does not exist) is what the client saw, by strong comparison.
    [[nodiscard]] bool holds(std::span<const Rendered* const> resources) const;
};
[[nodiscard]] Precondition precondition_of(const net::ServerRequest& request);

/// 412
[[nodiscard]] Problem precondition_failed();
/// Attempts to merge a change into what others changed meanwhile, and what is answered after the last: 503.
inline constexpr int kMergeAttempts = 5;
[[nodiscard]] Problem still_busy();
/// 503 while the operator's documents were never read.
[[nodiscard]] Problem documents_not_loaded();
/// What a failed change or query of the operator's documents is to a client.
[[nodiscard]] Problem store_problem(const core::Error& error);
/// 404 with near names.
[[nodiscard]] Problem unknown_name(std::string_view what, std::string_view name, std::span<const std::string> known);
/// 409
[[nodiscard]] Problem conflicting(std::string detail);

/// One line for every change: what, which, from where, and the JSON of it before and after ("null": not there).
void log_change(std::string_view what, std::string_view name, const net::ServerRequest& request,
                std::string_view before, std::string_view after);

}  // namespace scanner::api
