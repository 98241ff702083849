#pragma once

#include "api/http/problem.hpp"

#include <optional>
#include <string_view>

namespace scanner::api {

/// Whether both are the same, in a time that does not depend on where they differ (only on the length of `given`).
[[nodiscard]] bool constant_time_equal(std::string_view given, std::string_view secret) noexcept;

/// Nothing when an Authorization header carries `token`, or when `token` is empty (none is set); else the answer:
/// 401 without usable credentials, 403 with wrong ones. For routes that change something.
[[nodiscard]] std::optional<Problem> refuse_without_token(std::string_view authorization, std::string_view token);

}  // namespace scanner::api
