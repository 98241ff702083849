#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/net/http_client.hpp"

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace scanner::net {

/// The three forms of RFC 9110 section 5.6.7, the obsolete ones included; nothing for any other text.
[[nodiscard]] std::optional<core::WallTime> parse_http_date(std::string_view text);

/// The wait that an answer asks for with Retry-After, rounded up to the millisecond and never negative: seconds, also
/// with a fraction (which RFC 9110 does not know and Discord sends), or a date, counted from the answer's own Date
/// where it has one, so that the clocks need not agree, else from `now`. Nothing without a header that means something.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after(const std::vector<Header>& headers,
                                                                   core::WallTime now);

/// Seconds as "2", "2.5": digits with at most one point; nothing for any other text and beyond a hundred years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_delay_seconds(std::string_view text);

}  // namespace scanner::net
