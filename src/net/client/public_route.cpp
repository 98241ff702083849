#include "net/client/public_route.hpp"

#include "net/client/proxy_choice.hpp"
#include "net/client/public_address.hpp"

#include "scanner/net/resolve.hpp"

#include <algorithm>
#include <utility>

namespace scanner::net {

namespace asio = boost::asio;
using core::ErrorCode;

asio::awaitable<core::Result<std::string>> public_route(std::string url, std::chrono::milliseconds timeout) {
    const auto target = request_target(url);
    if (!target) co_return core::fail(ErrorCode::invalid_input, "not an absolute http or https URL");
    std::string proxy = proxy_for(*target, process_environment);
    if (proxy.empty()) co_return proxy;
    const auto addresses = co_await resolve(target->host, timeout);
    if (!addresses) {
        co_return std::unexpected(
            addresses.error().within("whether the host is public, which is seen before a proxy connects to it"));
    }
    if (!std::ranges::all_of(*addresses, is_public_address)) {
        co_return core::fail(ErrorCode::invalid_input, kNotPublic);
    }
    co_return proxy;
}

}  // namespace scanner::net
