#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/core/error.hpp"

namespace scanner::net {

/// Names compare without regard to case; order is kept.
struct Header {
    std::string name;
    std::string value;
};
/// The first value of `name`, or empty.
[[nodiscard]] std::string_view find_header(const std::vector<Header>& headers, std::string_view name);

struct ClientRequest {
    std::string method = "GET";
    std::string url;  ///< absolute, already percent-encoded
    std::vector<Header> headers;
    std::string body;
    std::chrono::milliseconds timeout{30'000};  ///< for the whole exchange, connecting included
    std::size_t max_body_bytes = 16U << 20U;    ///< a longer (decompressed) body fails as malformed
};

/// What came back, whatever its status. The body is already decompressed.
struct ClientResponse {
    int status = 0;
    std::vector<Header> headers;
    std::string body;
    std::chrono::microseconds elapsed{0};
};

struct HttpClientOptions {
    std::string ca_bundle_path;         ///< empty: the system's
    std::size_t max_connections = 32;   ///< per host, kept alive
    bool http2 = false;                 ///< HTTP/1.1 unless asked otherwise
    std::string user_agent = "market-scanner";
};

/// Asynchronous HTTP(S) over libcurl's multi interface, driven by the executor's loop: keep-alive, gzip, the usual proxy
/// variables. Lives on one loop thread. Never throws through the awaitable: errors are timeout, network, malformed
/// (body too large or cut short), cancelled.
class HttpClient {
public:
    virtual ~HttpClient() = default;
    /// Cancelling the awaiting coroutine withdraws the request.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<ClientResponse>> send(ClientRequest request) = 0;
};

[[nodiscard]] std::unique_ptr<HttpClient> make_curl_client(boost::asio::any_io_executor executor, HttpClientOptions options);

}  // namespace scanner::net
