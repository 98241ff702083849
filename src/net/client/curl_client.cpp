#include "net/client/curl_driver.hpp"
#include "net/client/public_route.hpp"

#include "scanner/net/http_client.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;

/// Takes the request back however the coroutine ends: answered (nothing to do), timed out, cancelled, destroyed.
class Withdrawal {
public:
    Withdrawal(std::shared_ptr<CurlDriver> driver, std::shared_ptr<CurlDriver::Pending> pending)
        : driver_(std::move(driver)), pending_(std::move(pending)) {}
    ~Withdrawal() { driver_->withdraw(*pending_); }
    Withdrawal(const Withdrawal&) = delete;
    Withdrawal& operator=(const Withdrawal&) = delete;

private:
    std::shared_ptr<CurlDriver> driver_;
    std::shared_ptr<CurlDriver::Pending> pending_;
};

asio::awaitable<core::Result<ClientResponse>> perform(std::shared_ptr<CurlDriver> driver, ClientRequest request) {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
        co_return core::fail(core::ErrorCode::cancelled, "cancelled before the request was sent");
    }
    const auto timeout = request.timeout;
    std::optional<std::string> proxy;  // nothing: curl chooses
    if (request.public_address_only) {
        if (auto refused = CurlTransfer::check(request); !refused) co_return std::unexpected(refused.error());
        const auto begun = std::chrono::steady_clock::now();
        auto route = co_await public_route(request.url, timeout);
        if (!route) co_return std::unexpected(route.error().within(CurlTransfer::label_of(request)));
        proxy = std::move(*route);
        request.timeout -= std::min(
            timeout, std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun));
    }
    auto started = driver->start(std::move(request), std::move(proxy));
    if (!started) co_return std::unexpected(std::move(started).error());
    const std::shared_ptr<CurlDriver::Pending> pending = std::move(*started);
    const std::string label = pending->transfer->label();
    const Withdrawal withdrawal(std::move(driver), pending);
    boost::system::error_code error;
    if (!pending->result) co_await pending->done.async_wait(asio::redirect_error(asio::use_awaitable, error));
    std::optional<core::Result<ClientResponse>> result = std::move(pending->result);
    if (result) co_return std::move(*result);
    if (error) co_return core::fail(core::ErrorCode::cancelled, label + ": cancelled");
    co_return core::fail(core::ErrorCode::timeout,
                         label + ": no answer within " + std::to_string(timeout.count()) + " ms");
}

class CurlClient final : public HttpClient {
public:
    CurlClient(asio::any_io_executor executor, HttpClientOptions options)
        : driver_(std::make_shared<CurlDriver>(std::move(executor), std::move(options))) {}
    ~CurlClient() override { driver_->close(); }
    CurlClient(const CurlClient&) = delete;
    CurlClient& operator=(const CurlClient&) = delete;

    [[nodiscard]] asio::awaitable<core::Result<ClientResponse>> send(ClientRequest request) override {
        return perform(driver_, std::move(request));
    }

private:
    std::shared_ptr<CurlDriver> driver_;  // shared with the requests under way, which may outlive the client
};

}  // namespace

std::unique_ptr<HttpClient> make_curl_client(asio::any_io_executor executor, HttpClientOptions options) {
    return std::make_unique<CurlClient>(std::move(executor), std::move(options));
}

}  // namespace scanner::net
