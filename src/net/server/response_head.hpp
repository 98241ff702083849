#pragma once

#include "scanner/net/http_message.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace scanner::net {

// How a response goes onto the wire (RFC 9110, 9112). Pure.

/// How the end of a body is marked.
enum class BodyFraming {
    none,         ///< the status forbids a body, and no length is stated
    length,       ///< Content-Length
    chunked,      ///< HTTP/1.1 stream
    until_close,  ///< HTTP/1.0 stream
};

/// What of a request decides how its answer is sent.
struct AnswerTo {
    int version = 11;  ///< 10 or 11
    bool head = false;
    bool keep_alive = true;
};

struct ResponsePlan {
    BodyFraming framing = BodyFraming::length;
    std::uint64_t length = 0;  ///< stated, with BodyFraming::length
    bool send_body = false;    ///< false for HEAD and bodiless statuses
    bool close = false;        ///< close the connection after it
};

[[nodiscard]] ResponsePlan plan_response(const ServerResponse& response, AnswerTo to);

/// Appends status line, headers and the empty line. `server_lines` are the Server and Date lines ("Server: …\r\nDate:
/// …\r\n"); a response that brings one of the two itself is sent with its own instead.
void append_response_head(std::string& out, const ServerResponse& response, const ResponsePlan& plan, AnswerTo to,
                          std::string_view server_lines);

/// "404" to "Not Found"; "Unknown" for what has no registered name.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// IMF-fixdate: "Sun, 22 Nov 2026 05:24:00 GMT".
[[nodiscard]] std::string format_http_date(std::chrono::sys_seconds time);

/// The Server and Date lines, rendered once per second.
class ServerLines {
public:
    explicit ServerLines(std::string_view server_name);
    [[nodiscard]] std::string_view at(std::chrono::sys_seconds now);

private:
    std::string server_line_;
    std::string lines_;
    std::chrono::sys_seconds rendered_at_{};
};

}  // namespace scanner::net
