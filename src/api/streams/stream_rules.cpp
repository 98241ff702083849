#include "api/streams/stream_rules.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/text.hpp"
#include "scanner/core/url.hpp"

#include <algorithm>

namespace scanner::api {
namespace {

/// "host:port" in lower case, without the port that the scheme implies.
std::string authority_of(std::string_view host, std::string_view scheme) {
    std::string authority = core::lower_case(host);
    const std::string_view implied = scheme == "https" ? ":443" : ":80";
    if (authority.ends_with(implied)) authority.resize(authority.size() - implied.size());
    return authority;
}

}  // namespace

bool origin_may_connect(std::string_view origin, std::string_view host, std::span<const std::string> allowed) {
    if (origin.empty()) return true;
    const auto lists = [origin](const std::string& entry) { return entry == "*" || entry == origin; };
    if (std::ranges::any_of(allowed, lists)) return true;
    const std::size_t split = origin.find("://");
    if (split == std::string_view::npos) return false;  // "null": a file, a sandboxed frame
    const std::string scheme = core::lower_case(origin.substr(0, split));
    if (scheme != "http" && scheme != "https") return false;
    const std::string authority = authority_of(origin.substr(split + 3), scheme);
    const bool names_host = !authority.empty() && !authority.starts_with(':');
    return names_host && authority == authority_of(host, scheme);  // "https://:443" must not match a missing Host
}

bool page_on_loopback(std::string_view origin) {
    const auto page = core::parse_url(origin);
    if (!page || (page->scheme != "http" && page->scheme != "https")) return false;
    const bool bare = page->user.empty() && page->password.empty() && page->path.empty() && page->query.empty();
    return bare && page->fragment.empty() && core::is_loopback_host(page->host);
}

std::optional<std::uint64_t> parse_event_id(std::string_view text) {
    const auto number = core::parse_int(text);
    if (!number || *number < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*number);
}

}  // namespace scanner::api
