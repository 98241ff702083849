#include "net/server/request_rules.hpp"

#include "scanner/core/address.hpp"
#include "scanner/core/text.hpp"
#include "scanner/net/request_target.hpp"

#include <algorithm>

namespace scanner::net {
namespace {

using core::equal_ignoring_case;

bool has_token(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (equal_ignoring_case(core::trimmed(list.substr(0, comma)), token)) return true;
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return false;
}

bool is_base64_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/// 16 bytes are 22 characters and "==".
bool is_websocket_key(std::string_view key) {
    return key.size() == 24 && key.ends_with("==") && std::ranges::all_of(key.substr(0, 22), is_base64_character);
}

}  // namespace

std::string_view ServerRequest::path() const {
    return target_path(target);
}
std::string_view ServerRequest::query() const {
    return target_query(target);
}

bool lists_token(const std::vector<Header>& headers, std::string_view name, std::string_view token) {
    return std::ranges::any_of(headers, [&](const Header& header) {
        return equal_ignoring_case(header.name, name) && has_token(header.value, token);
    });
}

std::optional<ProtocolFailure> check_head(const ServerRequest& request, int version) {
    if (request.target.find('#') != std::string::npos) return ProtocolFailure{400, "a fragment in the request target"};
    int hosts = 0;
    for (const auto& [name, value] : request.headers) {
        if (equal_ignoring_case(name, "host")) {
            ++hosts;
            if (!value.empty() && !core::parse_authority(value)) {
                return ProtocolFailure{400, "the Host header names no host"};
            }
        } else if (equal_ignoring_case(name, "transfer-encoding")) {
            if (version < 11) return ProtocolFailure{400, "Transfer-Encoding in an HTTP/1.0 request"};
            if (!equal_ignoring_case(value, "chunked"))
                return ProtocolFailure{501, "the only transfer encoding here is chunked"};
        } else if (equal_ignoring_case(name, "expect") && version >= 11 &&
                   !equal_ignoring_case(value, "100-continue")) {
            return ProtocolFailure{417, "the only expectation met here is 100-continue"};
        }
    }
    if (hosts > 1) return ProtocolFailure{400, "more than one Host header"};
    if (hosts == 0 && version >= 11) return ProtocolFailure{400, "the Host header is missing"};
    return std::nullopt;
}

bool has_folded_line(std::string_view head) {
    if (head.starts_with('\r')) return false;  // the empty line, where everything before it was taken already
    for (auto end = head.find('\n'); end != std::string_view::npos && end + 1 < head.size();
         end = head.find('\n', end + 1)) {
        const char next = head[end + 1];
        if (next == ' ' || next == '\t') return true;
        if (next == '\r' || next == '\n') return false;
    }
    return false;
}

bool expects_continue(const ServerRequest& request, int version) {
    return version >= 11 && equal_ignoring_case(request.header("expect"), "100-continue");
}

Upgrade classify_upgrade(const ServerRequest& request, int version) {
    if (version < 11 || request.method != "GET" || !lists_token(request.headers, "upgrade", "websocket") ||
        !lists_token(request.headers, "connection", "upgrade")) {
        return Upgrade::none;
    }
    if (request.header("sec-websocket-version") != "13") return Upgrade::bad_version;
    if (!is_websocket_key(request.header("sec-websocket-key"))) return Upgrade::bad_key;
    return Upgrade::websocket;
}

}  // namespace scanner::net
