#pragma once

#include "api/http/problem.hpp"

#include "scanner/net/request_target.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// What a request is aimed at, decoded: every text is valid UTF-8 without control characters.
struct Target {
    std::vector<std::string> segments;  ///< of the path: "/symbols/" and "/symbols" both give {"symbols"}
    net::QueryParameters params;        ///< in the client's order
};

/// Longer targets are answered 414.
inline constexpr std::size_t kMaxTargetBytes = 8U << 10U;
inline constexpr std::size_t kMaxParams = 128;

/// Reads origin form ("/rankings?top=5") and absolute form ("http://host/rankings"). 400 for what net/url.hpp refuses,
/// for nameless values and for more than kMaxParams parameters. Pure.
[[nodiscard]] std::expected<Target, Problem> parse_target(std::string_view target);

}  // namespace scanner::api
