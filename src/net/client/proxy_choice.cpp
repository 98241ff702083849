#include "net/client/proxy_choice.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/text.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <curl/curl.h>

#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace scanner::net {
namespace {

namespace ip = boost::asio::ip;

struct UrlDeleter {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

std::optional<std::string> part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return std::nullopt;
    const std::unique_ptr<char, void (*)(void*)> owned(text, curl_free);
    return std::string(text);
}

std::string_view without_end_dot(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return name;
}

/// "10.0.0.0/8" or "::1" against an address.
bool covers(std::string_view token, const ip::address& address) {
    const std::size_t slash = token.find('/');
    boost::system::error_code error;
    const ip::address given = ip::make_address(std::string(token.substr(0, slash)), error);
    if (error || given.is_v4() != address.is_v4()) return false;
    if (slash == std::string_view::npos) return given == address;
    const auto bits = core::parse_int(token.substr(slash + 1));
    if (!bits || *bits < 0 || *bits > (address.is_v4() ? 32 : 128)) return false;
    const auto length = static_cast<unsigned short>(*bits);
    if (address.is_v4()) {
        return ip::network_v4(given.to_v4(), length).canonical() == ip::network_v4(address.to_v4(), length).canonical();
    }
    return ip::network_v6(given.to_v6(), length).canonical() == ip::network_v6(address.to_v6(), length).canonical();
}

/// A name in the list stands for itself and for what ends in it behind a dot.
bool covers(std::string_view token, std::string_view host) {
    if (token.starts_with('.')) token.remove_prefix(1);
    token = without_end_dot(token);
    if (token.empty() || token.size() > host.size()) return false;
    if (!core::equal_ignoring_case(host.substr(host.size() - token.size()), token)) return false;
    return host.size() == token.size() || host[host.size() - token.size() - 1] == '.';
}

bool is_excepted(std::string_view host, std::string_view list) {
    if (list == "*") return true;
    host = without_end_dot(host);
    boost::system::error_code error;
    const ip::address address = ip::make_address(std::string(host), error);
    while (!list.empty()) {
        const std::size_t end = list.find_first_of(", \t");
        const std::string_view token = list.substr(0, end);
        list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
        if (!token.empty() && (error ? covers(token, host) : covers(token, address))) return true;
    }
    return false;
}

std::string first_of(const Environment& environment, std::initializer_list<const char*> names) {
    for (const char* const name : names) {
        if (auto value = environment(name)) return std::move(*value);
    }
    return {};
}

}  // namespace

std::optional<RequestTarget> request_target(const std::string& url) {
    const std::unique_ptr<CURLU, UrlDeleter> parsed(curl_url());
    if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
    auto scheme = part_of(parsed.get(), CURLUPART_SCHEME);
    auto host = part_of(parsed.get(), CURLUPART_HOST);
    const auto port = core::parse_int(part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or(""));
    if (!scheme || !host || host->empty() || !port || *port < 1 || *port > 65'535) return std::nullopt;
    if (host->starts_with('[') && host->ends_with(']')) *host = host->substr(1, host->size() - 2);
    return RequestTarget{
        .scheme = std::move(*scheme), .host = std::move(*host), .port = static_cast<std::uint16_t>(*port)};
}

std::optional<std::string> process_environment(const char* name) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here changes it
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
}

std::string proxy_for(const RequestTarget& target, const Environment& environment) {
    if (is_excepted(target.host, first_of(environment, {"no_proxy", "NO_PROXY"}))) return {};
    // HTTP_PROXY in capitals is what a CGI server makes of a request's header "Proxy".
    std::string proxy = target.scheme == "https" ? first_of(environment, {"https_proxy", "HTTPS_PROXY"})
                                                 : first_of(environment, {"http_proxy"});
    return proxy.empty() ? first_of(environment, {"all_proxy", "ALL_PROXY"}) : proxy;
}

}  // namespace scanner::net
