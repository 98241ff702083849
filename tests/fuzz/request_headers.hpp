#pragma once

#include "api/access/bearer.hpp"
#include "api/access/cors.hpp"
#include "api/http/negotiation.hpp"
#include "api/panel/panel_files.hpp"
#include "api/streams/stream_rules.hpp"
#include "fuzz/check.hpp"
#include "net/server/forwarded.hpp"
#include "storage/history/cursor.hpp"

#include "scanner/api/host_guard.hpp"
#include "scanner/core/address.hpp"
#include "scanner/core/url.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::fuzz {

/// What single headers and opaque texts of clients decide: credentials, origins, validators, cursors.
inline void request_headers(std::string_view input) {
    static const std::string kToken = "correct horse battery staple";
    const std::size_t split = std::min(input.find('\n'), input.size());
    const std::string_view first = input.substr(0, split);
    const std::string_view second = split == input.size() ? std::string_view() : input.substr(split + 1);

    require(api::constant_time_equal(first, second) == (first == second), "texts compare as they are");
    if (!api::refuse_without_token(first, kToken)) {
        require(first.find(kToken) != std::string_view::npos, "nothing passes without the token");
    }
    static_cast<void>(api::accepts_gzip(first));
    if (api::none_match_hits(first, "\"abc\"")) {
        require(first.find("\"abc\"") != std::string_view::npos || first.find('*') != std::string_view::npos,
                "a validator is hit by its own text alone");
    }
    static const std::vector<std::string> kAllowed{"https://desk.example"};
    if (api::origin_may_connect(first, second, kAllowed) && !first.empty() && first != kAllowed.front()) {
        require(first.find("://") != std::string_view::npos && !second.empty(), "foreign pages are refused");
    }
    if (api::page_on_loopback(first)) {
        require(core::is_loopback_host(core::parse_url(first)->host), "only loopback names are this machine");
    }
    if (api::match_hits(first, "\"abc\"")) {
        require(first.find("\"abc\"") != std::string_view::npos || first.find('*') != std::string_view::npos,
                "a precondition is met by its own tag alone");
    }
    if (const auto authority = core::parse_authority(first)) {
        require(authority->host.find_first_of("/@\\ \t#?") == std::string_view::npos, "a host is a host and no more");
        require(api::is_own_host(first, {.allowed = {std::string(authority->host)}}), "a listed name is let in");
    }
    if (api::is_own_host(first, {.loopback_only = true}) && !first.empty()) {
        const std::string_view host = core::parse_authority(first)->host;
        const auto address = core::parse_address(host);
        require(address ? core::is_loopback_address(*address) : core::is_loopback_host(host),
                "on loopback only the loopback is let in");
    }
    static const std::vector<core::AddressRange> kProxies{*core::parse_address_range("10.0.0.0/8")};
    const std::vector<net::Header> passed_on{{"X-Forwarded-For", std::string(first)},
                                             {"X-Forwarded-For", std::string(second) + ", 192.0.2.1, 10.1.1.1"}};
    require(net::forwarded_for(passed_on, kProxies) == core::parse_address("192.0.2.1"),
            "what a client says of itself does not say who it is");
    static_cast<void>(net::forwarded_for({{"X-Forwarded-For", std::string(first)}}, kProxies));
    for (const net::Header& header : api::cors_headers(kAllowed, first)) {
        if (header.name == "Access-Control-Allow-Origin") require(first == kAllowed.front(), "CORS is for its list");
    }
    static_cast<void>(api::cors_preflight_headers(kAllowed, first, second));
    static_cast<void>(api::parse_event_id(first));

    if (const auto parts = storage::read_cursor("rankings", first, 4)) {
        require(parts->size() == 4, "a cursor has its parts");
        // One that came with less escaped than it could be may be too long once it is written properly.
        const std::string written = storage::make_cursor("rankings", *parts);
        if (written.size() <= 1'024) {
            require(storage::read_cursor("rankings", written, 4) == *parts, "a cursor written is read back");
        }
    }
    const std::vector<std::string> parts{std::string(first), std::string(second)};
    const std::string cursor = storage::make_cursor("bars", parts);
    const bool readable = core::is_valid_utf8(input) && input.find('\0') == std::string_view::npos;
    if (readable && cursor.size() <= 1'024) {
        require(storage::read_cursor("bars", cursor, 2) == parts, "texts make a cursor");
    }
    require(!storage::read_cursor("rankings", cursor, 2), "a cursor is of one query");
    if (const auto zipped = api::gzip_if_worth(input)) require(zipped->size() < input.size(), "gzip saves something");
}

}  // namespace scanner::fuzz
