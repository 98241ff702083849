#pragma once

#include "simulator/face/faults/faults.hpp"
#include "simulator/face/faults/limits.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/net/http_message.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// From a body to an HTTP response with the headers that HTX and its CDN put there.
namespace scanner::simulator::face {

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kHtmlType = "text/html";

/// A body, with its compressed form once it was asked for.
struct Rendered {
    std::shared_ptr<const std::string> plain;
    std::shared_ptr<const std::string> packed;
};

/// `content_type`, eo-cache-status, and gzip where accepted and worth it.
[[nodiscard]] net::ServerResponse http_answer(int status, Rendered& body, std::string_view content_type,
                                              bool accepts_gzip);
[[nodiscard]] net::ServerResponse http_answer(int status, std::string body, std::string_view content_type,
                                              bool accepts_gzip);

/// ratelimit-limit, -interval (ms), -remaining and -reset (Unix ms): class B has them on every answer.
void add_limit_headers(net::ServerResponse& response, const LimitDecision& decision, core::WallTime now);

/// What a client over its limit gets.
[[nodiscard]] net::ServerResponse over_limit_answer(OverLimit over, core::WallTime now, LimitClass limit_class,
                                                    bool accepts_gzip);

/// Instead of an answer: 429, 1032, 5xx, maintenance, empty, reset, 404-bulk.
[[nodiscard]] net::ServerResponse fault_answer(const FaultSpec& fault, core::WallTime now, LimitClass limit_class,
                                               std::string_view path, bool accepts_gzip);

/// Announces the whole body, sends half of it and closes.
void truncate(net::ServerResponse& response);

}  // namespace scanner::simulator::face
