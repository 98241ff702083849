#pragma once

#include "storage/redis/redis_protocol.hpp"

#include "scanner/core/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace scanner::storage {

/// The life of one socket to Redis: from connecting to its end; never reconnects. Kept alive by its own pending work;
/// `close` ends it. Loop thread only.
class RedisLink {
public:
    using OnReply = std::function<void(core::Result<RedisReply>)>;
    struct Events {
        std::function<void()> connected;
        std::function<void(core::Error)> ended;  ///< once, whatever ended it; all replies have been called before
    };
    virtual ~RedisLink() = default;
    /// Calls `on_reply` exactly once, possibly after the link has ended. An error reply is an Error
    /// (exchange_rejected).
    virtual void send(const std::vector<std::string>& words, OnReply on_reply) = 0;
    virtual void close() = 0;
    /// When the oldest unanswered command was sent; max() without one.
    [[nodiscard]] virtual std::chrono::steady_clock::time_point oldest_unanswered() const = 0;
    [[nodiscard]] virtual std::size_t in_flight() const = 0;
};

/// Where a link leads.
struct RedisTarget {
    boost::asio::generic::stream_protocol::endpoint endpoint;
    std::string tls_host;        ///< what the server's certificate must be for; empty: no TLS
    std::string ca_bundle_path;  ///< PEM; empty: the system's
};

/// Begins to connect. io: the CA bundle cannot be read.
[[nodiscard]] core::Result<std::shared_ptr<RedisLink>> open_redis_link(boost::asio::any_io_executor executor,
                                                                       const RedisTarget& target, ReplyLimits limits,
                                                                       RedisLink::Events events);

}  // namespace scanner::storage
