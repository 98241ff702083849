#include "net/client/resolve.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;
using Tcp = asio::ip::tcp;

/// A lookup under way. It outlives the coroutine that waits.
struct Lookup {
    explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), done(executor) {}
    Tcp::resolver resolver;
    asio::steady_timer done;  // cancelled when there is an outcome
    std::optional<boost::system::error_code> outcome;
    std::vector<asio::ip::address> addresses;
};

}  // namespace

asio::awaitable<core::Result<std::vector<asio::ip::address>>> resolve(std::string host,
                                                                      std::chrono::milliseconds timeout) {
    boost::system::error_code not_numeric;
    const auto numeric = asio::ip::make_address(host, not_numeric);
    if (!not_numeric) co_return std::vector{numeric};
    const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
    lookup->done.expires_after(timeout);
    lookup->resolver.async_resolve(host, "", [lookup](boost::system::error_code error, const auto& found) {
        lookup->outcome = error;
        for (const auto& entry : found) lookup->addresses.push_back(entry.endpoint().address());
        lookup->done.cancel();
    });
    boost::system::error_code waited;
    co_await lookup->done.async_wait(asio::redirect_error(asio::use_awaitable, waited));
    const auto outcome = lookup->outcome;
    if (!outcome) {
        lookup->resolver.cancel();
        if (waited) co_return core::fail(ErrorCode::cancelled, "cancelled");
        co_return core::fail(ErrorCode::timeout, fmt::format("its name was not resolved in {} ms", timeout.count()));
    }
    if (*outcome || lookup->addresses.empty()) {
        co_return core::fail(ErrorCode::network, fmt::format("its name cannot be resolved: {}", outcome->message()));
    }
    co_return std::move(lookup->addresses);
}

}  // namespace scanner::net
