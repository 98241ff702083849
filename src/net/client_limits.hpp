#pragma once

#include "scanner/core/clock.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

namespace scanner::net {

struct ClientLimitOptions {
    std::size_t max_connections = 4'096;  ///< of one client at a time
    double requests_per_sec = 1'000.0;    ///< on average
    double burst = 2'000.0;               ///< at once
};

/// What one client has taken. Held by each of its connections. One thread.
class Client {
public:
    Client(const ClientLimitOptions& options, core::SteadyTime now)
        : options_(options), allowance_(options.burst), counted_at_(now) {}

    /// Whether it may have one more request answered now, which then counts.
    [[nodiscard]] bool take_request(core::SteadyTime now);
    /// As it was before it came.
    [[nodiscard]] bool rested(core::SteadyTime now) const { return allowance_at(now) >= options_.burst; }

private:
    [[nodiscard]] double allowance_at(core::SteadyTime now) const;

    const ClientLimitOptions& options_;
    double allowance_;
    core::SteadyTime counted_at_;
};

/// Keeps one client from taking the whole server. A client is an address (of IPv6 the network of 64 bits that a
/// subscriber is given). 127.0.0.1 and ::1 are nobody's: behind them are the operator, or a proxy with everybody's
/// connections. Pure: time is an argument. One thread; outlives its clients.
class ClientLimits {
public:
    explicit ClientLimits(ClientLimitOptions options) : options_(options) {}
    ClientLimits(const ClientLimits&) = delete;
    ClientLimits& operator=(const ClientLimits&) = delete;

    [[nodiscard]] const ClientLimitOptions& options() const { return options_; }

    /// Nothing for an address without limits.
    [[nodiscard]] std::shared_ptr<Client> client(const boost::asio::ip::address& address, core::SteadyTime now);
    /// How many connections more than it may `client` has, which the caller holds for a new one.
    [[nodiscard]] std::size_t excess(const std::shared_ptr<Client>& client) const {
        // Each connection holds it once, and so does the list here.
        const auto most = options_.max_connections + 1;
        const auto held = client ? static_cast<std::size_t>(client.use_count()) : 0;
        return held > most ? held - most : 0;
    }
    /// Forgets clients without connections that have rested.
    void forget_idle(core::SteadyTime now);
    [[nodiscard]] std::size_t size() const { return clients_.size(); }

private:
    ClientLimitOptions options_;
    std::unordered_map<std::string, std::shared_ptr<Client>> clients_;
};

}  // namespace scanner::net
