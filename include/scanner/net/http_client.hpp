#pragma once

#include "scanner/core/error.hpp"
#include "scanner/net/header.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace scanner::net {

struct ClientRequest {
    std::string method = "GET";
    std::string url;  ///< absolute, already percent-encoded
    std::vector<Header> headers;
    std::string body;
    std::chrono::milliseconds timeout{30'000};  ///< for the whole exchange, connecting included
    std::size_t max_body_bytes = 16U << 20U;    ///< a longer (decompressed) body fails as malformed
    /// Reach only hosts of the public Internet, whatever the name resolves to: for URLs that must not reach into the
    /// operator's own network. Others fail as invalid_input. Without a proxy it is the address that is connected to
    /// that counts. With one, every address that the host's name has here must be public; where the proxy itself is
    /// does not matter.
    bool public_address_only = false;
};

/// What came back, whatever its status. The body is already decompressed.
struct ClientResponse {
    int status = 0;
    std::vector<Header> headers;
    std::string body;
    std::chrono::microseconds elapsed{0};
};

struct HttpClientOptions {
    std::string ca_bundle_path;        ///< empty: the system's
    std::size_t max_connections = 32;  ///< per host, kept alive
    bool http2 = false;                ///< HTTP/1.1 unless asked otherwise
    std::string user_agent = "market-scanner";
};

/// Asynchronous HTTP(S) over libcurl's multi interface, driven by the executor's loop: keep-alive, gzip, the usual
/// proxy variables, no redirects. Lives on one loop thread, and ends before its io_context does; requests still under
/// way then end as cancelled. Never throws through the awaitable. Errors:
///   invalid_input  not an absolute http(s) URL, or a method or header that could not be sent as it is
///   timeout        no complete answer in time, waiting for a connection included
///   network        name resolution, connecting, TLS, a connection that broke
///   malformed      not HTTP, cut short, garbled or too long
///   cancelled      the awaiting coroutine or the client
///   unavailable    more than 4096 requests are under way
/// Messages name method and origin only: paths and credentials may be secrets. Making one ignores SIGPIPE for the
/// process (curl leaves that to programs with threads).
class HttpClient {
public:
    virtual ~HttpClient() = default;
    /// Cancelling the awaiting coroutine withdraws the request.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<ClientResponse>> send(ClientRequest request) = 0;
};

[[nodiscard]] std::unique_ptr<HttpClient> make_curl_client(boost::asio::any_io_executor executor,
                                                           HttpClientOptions options);

}  // namespace scanner::net
