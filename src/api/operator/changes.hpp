#pragma once

#include "api/http/problem.hpp"

#include "scanner/core/error.hpp"
#include "scanner/net/http_message.hpp"

#include <span>
#include <string>
#include <string_view>

/// What the routes that change something have in common.
namespace scanner::api {

/// Attempts to merge a change into what was changed meanwhile, and what is answered after the last: 503.
inline constexpr int kMergeAttempts = 5;
[[nodiscard]] Problem too_many_conflicts();
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
