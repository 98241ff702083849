#pragma once

#include "scanner/core/address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::net {

struct HttpServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any free one
    std::string server_name = "market-scanner";
    std::string
        base_path;  ///< taken off the targets that begin with it (request_target.hpp: without_base_path); empty: none
    std::size_t max_connections = 16'384;       ///< more are answered 503 and closed
    std::size_t max_header_bytes = 16U << 10U;  ///< request line and headers; more is a 431
    std::size_t max_body_bytes = 1U << 20U;     ///< more is a 413; the handler's body_rules may allow less
    /// Of bodies that are held at a time, over all connections; a quarter of it for one client. More is a 503.
    std::size_t max_body_bytes_in_all = 16U << 20U;
    /// Proxies whose X-Forwarded-For is trusted.
    std::vector<core::AddressRange> trusted_proxies;
    std::size_t max_websocket_message_bytes = 64U << 10U;
    /// What the kernel takes of a connection beyond what is in flight (TCP_NOTSENT_LOWAT): a client that does not read
    /// is noticed after this much and not after megabytes, and one that is slow is not sent a backlog. 0: no bound.
    std::size_t max_unsent_bytes = 256U << 10U;
    std::chrono::milliseconds read_timeout{15'000};   ///< a whole request, from its first byte
    std::chrono::milliseconds idle_timeout{60'000};   ///< between requests
    std::chrono::milliseconds write_timeout{15'000};  ///< without progress
    /// The least rate at which a client must read a body while the server waits for it, on average over `rate_window`.
    std::size_t min_bytes_per_sec = 4U << 10U;
    std::chrono::milliseconds rate_window{20'000};
    std::chrono::milliseconds websocket_ping_interval{20'000};  ///< of silence; after twice as long it is dropped
    bool websocket_deflate = false;  ///< permessage-deflate for clients that offer it, without context takeover
    /// Called for exceptions from handlers ("GET /path", what) and for failures to accept. Loop thread; must not throw.
    std::function<void(std::string_view where, std::string_view what)> on_error;
};

/// What happened since the start, for /metrics.
struct HttpServerStatistics {
    std::uint64_t accepted = 0;            ///< connections, the refused ones included
    std::uint64_t refused = 0;             ///< connections beyond max_connections
    std::uint64_t accept_failures = 0;     ///< no descriptors, no memory
    std::uint64_t requests = 0;            ///< complete ones, upgrades included
    std::uint64_t protocol_errors = 0;     ///< 4xx and 501 of the server's own
    std::uint64_t request_timeouts = 0;    ///< 408
    std::uint64_t handler_exceptions = 0;  ///< 500s, streams and WebSockets ended by an exception
    std::uint64_t slow_readers_dropped = 0;
    std::uint64_t websockets_opened = 0;
    std::uint64_t websockets_silent = 0;  ///< dropped after two ping intervals
};

}  // namespace scanner::net
