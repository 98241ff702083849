#include "api/http/problem.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/url.hpp"

#include <fmt/format.h>

namespace scanner::api {

void FieldErrors::add_rest_to(std::vector<FieldError>& errors) const {
    if (omitted_ == 0 || kept_.empty()) return;
    errors.push_back(
        {.in = kept_.back().in, .name = kept_.back().name, .message = fmt::format("and {} more errors", omitted_)});
}

std::string_view status_phrase(int status) noexcept {
    switch (status) {
        case 200: return "OK";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 426: return "Upgrade Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        default: return status < 500 ? "Bad Request" : "Internal Server Error";
    }
}

std::string render_problem(const Problem& problem) {
    core::JsonWriter json(256);
    json.begin_object()
        .field("type", problem.type.empty() ? std::string("about:blank") : "urn:market-scanner:problem:" + problem.type)
        .field("title", problem.title)
        .field("status", problem.status)
        .field("detail", problem.detail);
    if (!problem.errors.empty()) {
        json.key("errors").begin_array();
        for (const FieldError& error : problem.errors) {
            json.begin_object().key("loc").begin_array().value(error.in).value(error.name).end_array();
            json.field("msg", error.message);
            if (error.position) {
                json.field("line", error.position->line)
                    .field("column", error.position->column)
                    .field("length", error.position->length);
            }
            json.end_object();
        }
        json.end_array();
    }
    if (!problem.suggestions.empty()) {
        json.key("suggestions").begin_array();
        for (const std::string& suggestion : problem.suggestions) json.value(suggestion);
        json.end_array();
    }
    json.end_object();
    return json.take();
}

Problem malformed_request(std::string detail) {
    return {.status = 400, .type = "malformed-request", .title = "Malformed request", .detail = std::move(detail)};
}

Problem unknown_route(std::string_view path, std::vector<std::string> near) {
    std::string detail = fmt::format("There is nothing at {}.", in_quotes(path));
    if (!near.empty()) detail += fmt::format(" Did you mean {}?", fmt::join(near, " or "));
    return {.status = 404,
            .type = "unknown-route",
            .title = "Unknown route",
            .detail = std::move(detail),
            .suggestions = std::move(near)};
}

Problem method_not_allowed(std::string_view method, std::string allow) {
    std::string detail = fmt::format("{} is not possible here; allowed: {}.", in_quotes(method), allow);
    return {.status = 405,
            .type = "method-not-allowed",
            .title = "Method not allowed",
            .detail = std::move(detail),
            .allow = std::move(allow)};
}

Problem invalid_parameters(std::vector<FieldError> errors) {
    std::string detail;
    for (const FieldError& error : errors) {
        if (!detail.empty()) detail += "; ";
        detail += error.name;
        detail += ": ";
        detail += error.message;
        if (detail.size() > 1000) {  // the rest is in `errors`
            detail += "; …";
            break;
        }
    }
    return {.status = 422,
            .type = "invalid-parameters",
            .title = "Invalid parameters",
            .detail = std::move(detail),
            .errors = std::move(errors)};
}

Problem invalid_body(std::vector<FieldError> errors) {
    Problem problem = invalid_parameters(std::move(errors));
    problem.type = "invalid-body";
    problem.title = "Invalid body";
    return problem;
}

Problem unknown_contract(std::string_view wanted, std::vector<std::string> near) {
    std::string detail = fmt::format("The exchange lists no contract that {} could mean.", in_quotes(wanted));
    if (!near.empty()) detail += fmt::format(" Did you mean {}?", fmt::join(near, " or "));
    return {.status = 404,
            .type = "unknown-contract",
            .title = "Unknown contract",
            .detail = std::move(detail),
            .suggestions = std::move(near)};
}

Problem not_ready(std::string detail, int retry_after_sec) {
    return {.status = 503,
            .type = "not-ready",
            .title = "No fresh data",
            .detail = std::move(detail),
            .retry_after_sec = retry_after_sec};
}

Problem plain_problem(int status, std::string detail) {
    return {.status = status, .title = std::string(status_phrase(status)), .detail = std::move(detail)};
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kMax = 80;
    std::string shown(text.substr(0, kMax));
    // A cut in the middle of a character would leave up to three bytes of it.
    for (int cut = 0; cut < 3 && text.size() > kMax && !shown.empty() && !core::is_valid_utf8(shown); ++cut) {
        shown.pop_back();
    }
    if (!core::is_valid_utf8(shown)) {
        for (char& c : shown) {
            if (static_cast<unsigned char>(c) >= 0x80) c = '?';
        }
    }
    for (char& c : shown) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    }
    return fmt::format("'{}{}'", core::visible_text(shown), text.size() > kMax ? "…" : "");
}

}  // namespace scanner::api
