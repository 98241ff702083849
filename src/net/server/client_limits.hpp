#pragma once

#include "scanner/core/address.hpp"
#include "scanner/core/clock.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

namespace scanner::net {

struct ClientLimitOptions {
    std::size_t max_connections = 4'096;    ///< of one client at a time
    double requests_per_sec = 1'000.0;      ///< on average
    double burst = 2'000.0;                 ///< at once
    std::size_t max_body_bytes = SIZE_MAX;  ///< of bodies, held at a time
};

/// What one client has taken. One thread.
class Client {
public:
    Client(const ClientLimitOptions& options, core::SteadyTime now)
        : options_(options), allowance_(options.burst), counted_at_(now) {}

    /// Whether it may have one more request answered now, which then counts.
    [[nodiscard]] bool take_request(core::SteadyTime now);
    /// Its allowance is full again, as if it had never come.
    [[nodiscard]] bool rested(core::SteadyTime now) const { return allowance_at(now) >= options_.burst; }

    /// Its connections, and its requests under way that a proxy passed on: its `ClientUse`s.
    [[nodiscard]] std::size_t uses() const { return uses_; }

private:
    friend class BodyBudget;
    friend class ClientUse;
    [[nodiscard]] double allowance_at(core::SteadyTime now) const;

    const ClientLimitOptions& options_;
    double allowance_;
    core::SteadyTime counted_at_;
    std::size_t body_bytes_ = 0;
    std::size_t uses_ = 0;
};

/// One connection of a client, or one request that a proxy passed on: counted from construction until it is destroyed
/// or moved from. Empty (default, null) where there are no limits. One thread.
class [[nodiscard]] ClientUse {
public:
    ClientUse() = default;
    explicit ClientUse(std::shared_ptr<Client> client) : client_(std::move(client)) {
        if (client_) ++client_->uses_;
    }
    ClientUse(ClientUse&& other) noexcept : client_(std::move(other.client_)) {}
    ClientUse& operator=(ClientUse&& other) noexcept {
        if (this != &other) {
            release();
            client_ = std::move(other.client_);
        }
        return *this;
    }
    ~ClientUse() { release(); }

    void release() noexcept {
        if (const auto client = std::move(client_)) --client->uses_;
        client_.reset();
    }
    [[nodiscard]] Client* get() const noexcept { return client_.get(); }
    [[nodiscard]] Client* operator->() const noexcept { return client_.get(); }
    [[nodiscard]] explicit operator bool() const noexcept { return client_ != nullptr; }

private:
    std::shared_ptr<Client> client_;
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
/// subscriber is given). Loopback addresses are exempt: behind them are the operator, or a proxy with the
/// connections of all clients. Pure: time is an argument. One thread; outlives its clients.
class ClientLimits {
public:
    explicit ClientLimits(ClientLimitOptions options) : options_(options) {}
    ClientLimits(const ClientLimits&) = delete;
    ClientLimits& operator=(const ClientLimits&) = delete;

    [[nodiscard]] const ClientLimitOptions& options() const { return options_; }

    /// One more use of the client that is connected from `address`; empty for an address without limits.
    [[nodiscard]] ClientUse client(const boost::asio::ip::address& address, core::SteadyTime now);
    /// One more use of the client that a trusted proxy says is at `address`, the loopback's included.
    [[nodiscard]] ClientUse forwarded_client(const core::AddressBytes& address, core::SteadyTime now);
    /// How many connections too many the client of `use` has, this one included.
    [[nodiscard]] std::size_t excess(const ClientUse& use) const {
        const std::size_t uses = use ? use->uses() : 0;
        return uses > options_.max_connections ? uses - options_.max_connections : 0;
    }
    /// Drops clients without connections whose allowance is full again.
    void evict_idle(core::SteadyTime now);
    [[nodiscard]] std::size_t size() const { return clients_.size(); }

private:
    ClientLimitOptions options_;
    std::unordered_map<std::string, std::shared_ptr<Client>> clients_;
};

/// The bytes of an address as Asio has it.
[[nodiscard]] core::AddressBytes address_bytes(const boost::asio::ip::address& address);

}  // namespace scanner::net
