#pragma once

#include "storage/redis/redis_protocol.hpp"

#include "scanner/core/error.hpp"
#include "scanner/core/url.hpp"
#include "scanner/net/resolve.hpp"
#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace scanner::storage {

struct RedisConnectionOptions {
    core::RedisUrl url;
    std::string ca_bundle_path;               ///< for rediss://; empty: the system's
    std::size_t max_reply_bytes = 1U << 20U;  ///< a longer answer ends the connection before it is read
    std::size_t max_reply_depth = 4;          ///< of arrays in arrays
    std::chrono::milliseconds connect_timeout{3'000};
    std::chrono::milliseconds command_timeout{3'000};
    std::size_t max_in_flight = 256;  ///< more commands are refused as unavailable
    std::chrono::milliseconds reconnect_base{100};
    std::chrono::milliseconds reconnect_cap{5'000};
    std::chrono::milliseconds ping_interval{5'000};  ///< finds a connection that died without a word
    /// A session that ends earlier, or in which nothing was answered, counts as a failed attempt to connect.
    std::chrono::milliseconds steady_after{1'000};
    net::NameLookup lookup = net::look_up;  ///< of the host's name; one that hangs costs `connect_timeout`
};

/// One connection to Redis on the loop: connects by itself, authenticates, selects the database, reconnects with
/// back-off and jitter, and gives every command a deadline. A command that misses it takes the connection down, because
/// an answer that comes later could not be told from the next one's. The back-off goes on until a session has worked: a
/// server that takes connections and refuses the password, or drops them, is not tried more often than one that is
/// gone. Loop thread only.
class RedisConnection {
public:
    virtual ~RedisConnection() = default;
    /// Keeps the connection up until stopped. Run it once.
    [[nodiscard]] virtual boost::asio::awaitable<void> run() = 0;
    virtual void stop() = 0;
    /// Sends one command (binary-safe). Fails at once as unavailable while there is no connection. An error reply is an
    /// Error too (exchange_rejected: the exchange of words with Redis went well, but it refused).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<RedisReply>> command(std::vector<std::string> words) = 0;
    /// Ends this session and connects anew, the name resolved anew: the server turned out to be of no use.
    virtual void reconnect(const core::Error& why) = 0;
    [[nodiscard]] virtual StoreState state() const = 0;
    /// Why the last attempt or session failed; empty once a command was answered after it.
    [[nodiscard]] virtual const std::string& last_error() const = 0;
    /// Called each time the connection has become ready.
    virtual void on_ready(std::function<void()> callback) = 0;
};

[[nodiscard]] std::shared_ptr<RedisConnection> make_redis_connection(boost::asio::any_io_executor executor,
                                                                     RedisConnectionOptions options);

}  // namespace scanner::storage
