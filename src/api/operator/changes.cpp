#include "api/operator/changes.hpp"

#include "api/http/precondition.hpp"

#include "scanner/core/log.hpp"
#include "scanner/core/symbol.hpp"

#include <fmt/format.h>

namespace scanner::api {
namespace {

constexpr int kRetryAfterSec = 5;

}  // namespace

Problem too_many_conflicts() {
    Problem problem = plain_problem(503, "The settings keep being changed by other clients; try again.");
    problem.retry_after_sec = 1;
    return problem;
}

Problem documents_not_loaded() {
    return {.status = 503,
            .type = "store-unavailable",
            .title = "Store unavailable",
            .detail = "The operator's settings have not been read from the database yet.",
            .retry_after_sec = kRetryAfterSec};
}

Problem store_problem(const core::Error& error) {
    switch (error.code()) {
        case core::ErrorCode::conflict: return precondition_failed();
        case core::ErrorCode::not_found:
            return {.status = 404, .type = "not-found", .title = "Not found", .detail = error.message()};
        case core::ErrorCode::invalid_input: return malformed_request(error.message());
        default:
            return {.status = 503,
                    .type = "store-unavailable",
                    .title = "Store unavailable",
                    .detail = "The database cannot be used now; /healthz/details says why.",
                    .retry_after_sec = kRetryAfterSec};
    }
}

Problem unknown_name(std::string_view what, std::string_view name, std::span<const std::string> known) {
    auto near = core::nearest_names(name, known);
    std::string detail = fmt::format("There is no {} {}.", what, in_quotes(name));
    if (!near.empty()) detail += fmt::format(" Did you mean {}?", fmt::join(near, " or "));
    return {.status = 404,
            .type = fmt::format("unknown-{}", what == "alert rule" ? "rule" : what),
            .title = fmt::format("Unknown {}", what),
            .detail = std::move(detail),
            .suggestions = std::move(near)};
}

Problem conflicting(std::string detail) {
    return {.status = 409, .type = "conflict", .title = "Conflict", .detail = std::move(detail)};
}

void log_change(std::string_view what, std::string_view name, const net::ServerRequest& request,
                std::string_view before, std::string_view after) {
    core::log(core::LogLevel::info, "operator_change",
              {{"what", what},
               {"name", name},
               {"remote_address", request.remote_address},
               {"before", core::RawJson{before}},
               {"after", core::RawJson{after}}});
}

}  // namespace scanner::api
