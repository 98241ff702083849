#include "simulator/face/encode/errors.hpp"

#include "scanner/core/json_writer.hpp"

#include <utility>

namespace scanner::simulator::face {
namespace {

std::string_view reason_phrase(int status) {
    switch (status) {
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 429: return "Too Many Requests";
        case 500: return "Internal Server Error";
        case 502: return "Bad Gateway";
        case 503: return "Service Temporarily Unavailable";
        case 504: return "Gateway Time-out";
        default: return "Error";
    }
}

}  // namespace

std::string market_error(core::WallTime now, std::string_view message) {
    core::JsonWriter json(128);
    json.begin_object().field("ts", core::to_unix_ms(now)).field("status", "error");
    json.field("err-code", "invalid-parameter").field("err-msg", message).end_object();
    return json.take();
}

std::string api_error(core::WallTime now, int code, std::string_view message) {
    core::JsonWriter json(128);
    json.begin_object().field("status", "error").field("err_code", code).field("err_msg", message);
    json.field("ts", core::to_unix_ms(now)).end_object();
    return json.take();
}

std::string v5_error(core::WallTime now, int code, std::string_view message) {
    core::JsonWriter json(128);
    json.begin_object().field("code", code).field("message", message).field("data", nullptr);
    json.field("ts", core::to_unix_ms(now)).end_object();
    return json.take();
}

std::string spring_error(core::WallTime now, int status, std::string_view path) {
    std::string time = core::format_time(now);
    time.replace(time.size() - 1, 1, "+00:00");  // Spring writes the offset out
    core::JsonWriter json(128);
    json.begin_object().field("timestamp", time).field("status", status);
    json.field("error", reason_phrase(status)).field("path", path).end_object();
    return json.take();
}

std::string over_limit_error(core::WallTime now, LimitClass limit_class) {
    constexpr std::string_view kExceeded = "The number of access exceeded the limit.";
    if (limit_class == LimitClass::market) return market_error(now, "request limit");
    if (limit_class == LimitClass::v5) return v5_error(now, 1032, kExceeded);
    return api_error(now, 1032, kExceeded);
}

std::string maintain_body() {
    return R"({"status":"maintain"})";
}

std::string html_page(int status) {
    const std::string title = std::to_string(status) + " " + std::string(reason_phrase(status));
    return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
           "</h1></center>\r\n<hr><center>openresty</center>\r\n</body>\r\n</html>\r\n";
}

std::string field_empty(std::string_view field) {
    return "The " + std::string(field) + " field cannot be empty. Please re-enter.";
}

std::string field_invalid(std::string_view field) {
    return "The " + std::string(field) + " field is invalid. Please re-enter.";
}

}  // namespace scanner::simulator::face
