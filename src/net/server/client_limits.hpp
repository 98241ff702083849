#pragma once

#include "scanner/core/address.hpp"
#include "scanner/core/clock.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

namespace scanner::net {

struct ClientLimitOptions {
    std::size_t max_connections = 4'096;    ///< of one client at a time
    double requests_per_sec = 1'000.0;      ///< on average
    double burst = 2'000.0;                 ///< at once
    std::size_t max_body_bytes = SIZE_MAX;  ///< of bodies, held at a time
};

/// What one client has taken. Held by each of its connections, and by each of its requests that a proxy passed on. One
/// thread.
class Client {
public:
    Client(const ClientLimitOptions& options, core::SteadyTime now)
        : options_(options), allowance_(options.burst), counted_at_(now) {}

    /// Whether it may have one more request answered now, which then counts.
    [[nodiscard]] bool take_request(core::SteadyTime now);
    /// As it was before it came.
    [[nodiscard]] bool rested(core::SteadyTime now) const { return allowance_at(now) >= options_.burst; }

private:
    friend class BodyBudget;
    [[nodiscard]] double allowance_at(core::SteadyTime now) const;

    const ClientLimitOptions& options_;
    double allowance_;
    core::SteadyTime counted_at_;
    std::size_t body_bytes_ = 0;
};

/// Bytes of bodies that are held, in all and by each client. One thread.
class BodyBudget {
public:
    explicit BodyBudget(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// Whether `bytes` more would be within both limits now. `client` may be null: then only the sum counts.
    [[nodiscard]] bool fits(const Client* client, std::size_t bytes) const;
    /// Takes them, if they fit.
    [[nodiscard]] bool take(Client* client, std::size_t bytes);
    void give_back(Client* client, std::size_t bytes);
    [[nodiscard]] std::size_t taken() const { return taken_; }

private:
    std::size_t max_bytes_;
    std::size_t taken_ = 0;
};

/// Keeps one client from taking the whole server. A client is an address (of IPv6 the network of 64 bits that a
/// subscriber is given). Peers at 127.0.0.1 and ::1 have no limits: behind them are the operator, or a proxy with
/// all clients' connections. Pure: time is an argument. One thread; outlives its clients.
class ClientLimits {
public:
    explicit ClientLimits(ClientLimitOptions options) : options_(options) {}
    ClientLimits(const ClientLimits&) = delete;
    ClientLimits& operator=(const ClientLimits&) = delete;

    [[nodiscard]] const ClientLimitOptions& options() const { return options_; }

    /// The client that is connected from `address`; nothing for an address without limits.
    [[nodiscard]] std::shared_ptr<Client> client(const boost::asio::ip::address& address, core::SteadyTime now);
    /// The client that a trusted proxy says is at `address`, the loopback's included.
    [[nodiscard]] std::shared_ptr<Client> forwarded_client(const core::AddressBytes& address, core::SteadyTime now);
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

/// The bytes of an address as Asio has it.
[[nodiscard]] core::AddressBytes address_bytes(const boost::asio::ip::address& address);

}  // namespace scanner::net
