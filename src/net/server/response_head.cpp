#include "net/server/response_head.hpp"

#include "scanner/core/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace scanner::net {
namespace {

using core::equal_ignoring_case;

constexpr std::string_view kCrlf = "\r\n";

constexpr auto kReasons = std::to_array<std::pair<int, std::string_view>>({
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
});

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end);
}

bool breaks_line(char c) {
    return c == '\r' || c == '\n' || c == '\0';
}

/// Values may echo what a client sent: a line break in one would let it write headers of its own.
void append_value(std::string& out, std::string_view value) {
    const auto start = out.size();
    out += value;
    if (std::ranges::any_of(value, breaks_line)) {
        std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), breaks_line, ' ');
    }
}

enum class FieldOwner { handler, server, date_or_server };

/// Most names are told apart by their length alone.
FieldOwner owner_of(std::string_view name) {
    switch (name.size()) {
        case 4: return equal_ignoring_case(name, "date") ? FieldOwner::date_or_server : FieldOwner::handler;
        case 6: return equal_ignoring_case(name, "server") ? FieldOwner::date_or_server : FieldOwner::handler;
        case 10: return equal_ignoring_case(name, "connection") ? FieldOwner::server : FieldOwner::handler;
        case 14: return equal_ignoring_case(name, "content-length") ? FieldOwner::server : FieldOwner::handler;
        case 17: return equal_ignoring_case(name, "transfer-encoding") ? FieldOwner::server : FieldOwner::handler;
        default: return FieldOwner::handler;
    }
}

void append_status_line(std::string& out, int status) {
    if (status == 200) {
        out += "HTTP/1.1 200 OK\r\n";
        return;
    }
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(std::clamp(status, 100, 999)));
    out += ' ';
    out += reason_phrase(status);
    out += kCrlf;
}

/// `server_lines` without those of the two that the response brings itself.
void append_server_lines(std::string& out, const std::vector<Header>& headers, std::string_view server_lines) {
    while (!server_lines.empty()) {
        const auto end = server_lines.find(kCrlf) + kCrlf.size();
        const auto line = server_lines.substr(0, end);
        if (find_header(headers, line.substr(0, line.find(':'))).empty()) out += line;
        server_lines.remove_prefix(end);
    }
}

void append_framing(std::string& out, const ResponsePlan& plan, AnswerTo to) {
    if (plan.framing == BodyFraming::length) {
        out += "Content-Length: ";
        append_number(out, plan.length);
        out += kCrlf;
    } else if (plan.framing == BodyFraming::chunked) {
        out += "Transfer-Encoding: chunked\r\n";
    }
    if (plan.close) {
        out += "Connection: close\r\n";
    } else if (to.version < 11) {
        out += "Connection: keep-alive\r\n";
    }
}

bool is_bodiless(int status) {
    return status < 200 || status == 204 || status == 304;
}

}  // namespace

ResponsePlan plan_response(const ServerResponse& response, AnswerTo to) {
    ResponsePlan plan;
    plan.close = response.close || !to.keep_alive;
    if (is_bodiless(response.status)) {
        plan.framing = BodyFraming::none;
        return plan;
    }
    plan.send_body = !to.head;
    if (!response.stream) {
        const std::uint64_t size = response.body ? response.body->size() : 0;
        plan.length = response.declared_length.value_or(size);
        // The client waits for the rest of what was declared until the connection ends.
        if (plan.send_body && plan.length > size) plan.close = true;
    } else if (response.declared_length) {
        plan.length = *response.declared_length;
    } else if (to.version >= 11) {
        plan.framing = BodyFraming::chunked;
    } else {
        plan.framing = BodyFraming::until_close;
        plan.close = true;
    }
    return plan;
}

void append_response_head(std::string& out, const ServerResponse& response, const ResponsePlan& plan, AnswerTo to,
                          std::string_view server_lines) {
    append_status_line(out, response.status);
    bool brings_own = false;
    for (const auto& header : response.headers) {
        const auto owner = owner_of(header.name);
        if (owner == FieldOwner::server) continue;
        brings_own = brings_own || owner == FieldOwner::date_or_server;
        out += header.name;
        out += ": ";
        append_value(out, header.value);
        out += kCrlf;
    }
    if (response.rendered_headers) out += *response.rendered_headers;
    if (brings_own) {
        append_server_lines(out, response.headers, server_lines);
    } else {
        out += server_lines;
    }
    append_framing(out, plan, to);
    out += kCrlf;
}

std::string_view reason_phrase(int status) noexcept {
    const auto found = std::ranges::lower_bound(kReasons, status, {}, &std::pair<int, std::string_view>::first);
    return found != kReasons.end() && found->first == status ? found->second : "Unknown";
}

std::string format_http_date(std::chrono::sys_seconds time) {
    constexpr auto kDays = std::to_array<std::string_view>({"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"});
    constexpr auto kMonths = std::to_array<std::string_view>(
        {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string out;
    const auto two_digits = [&out](std::int64_t number) {
        out += static_cast<char>('0' + number / 10 % 10);
        out += static_cast<char>('0' + number % 10);
    };
    out += kDays[std::chrono::weekday(day).c_encoding()];
    out += ", ";
    two_digits(static_cast<unsigned>(date.day()));
    out += ' ';
    out += kMonths[static_cast<unsigned>(date.month()) - 1];
    out += ' ';
    two_digits(static_cast<int>(date.year()) / 100);
    two_digits(static_cast<int>(date.year()) % 100);
    out += ' ';
    two_digits(clock.hours().count());
    out += ':';
    two_digits(clock.minutes().count());
    out += ':';
    two_digits(clock.seconds().count());
    out += " GMT";
    return out;
}

ServerLines::ServerLines(std::string_view server_name) {
    if (server_name.empty()) return;
    server_line_ = "Server: ";
    append_value(server_line_, server_name);
    server_line_ += kCrlf;
}

std::string_view ServerLines::at(std::chrono::sys_seconds now) {
    if (lines_.empty() || now != rendered_at_) {
        rendered_at_ = now;
        lines_ = server_line_ + "Date: " + format_http_date(now);
        lines_ += kCrlf;
    }
    return lines_;
}

}  // namespace scanner::net
