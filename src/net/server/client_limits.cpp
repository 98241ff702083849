#include "net/server/client_limits.hpp"

#include <algorithm>
#include <chrono>

namespace scanner::net {
namespace {

namespace ip = boost::asio::ip;

/// Of IPv6 the network only. IPv4 is mapped: all of it.
std::string name_of(const core::AddressBytes& address) {
    static const core::AddressRange kMapped{.first = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, .prefix_bits = 96};
    return {address.begin(), kMapped.contains(address) ? address.end() : address.begin() + 8};
}

bool has_no_limits(const ip::address& address) {
    const auto bytes = address_bytes(address);
    return bytes == address_bytes(ip::address_v4::loopback()) || bytes == address_bytes(ip::address_v6::loopback());
}

}  // namespace

core::AddressBytes address_bytes(const ip::address& address) {
    return (address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()) : address.to_v6()).to_bytes();
}

double Client::allowance_at(core::SteadyTime now) const {
    const double seconds = std::chrono::duration<double>(now - counted_at_).count();
    return std::min(options_.burst, allowance_ + std::max(seconds, 0.0) * options_.requests_per_sec);
}

bool Client::take_request(core::SteadyTime now) {
    allowance_ = allowance_at(now);
    counted_at_ = now;
    if (allowance_ < 1.0) return false;
    allowance_ -= 1.0;
    return true;
}

bool BodyBudget::fits(const Client* client, std::size_t bytes) const {
    if (bytes > max_bytes_ - taken_) return false;
    return client == nullptr || bytes <= client->options_.max_body_bytes - client->body_bytes_;
}

bool BodyBudget::take(Client* client, std::size_t bytes) {
    if (!fits(client, bytes)) return false;
    taken_ += bytes;
    if (client != nullptr) client->body_bytes_ += bytes;
    return true;
}

void BodyBudget::give_back(Client* client, std::size_t bytes) {
    taken_ -= bytes;
    if (client != nullptr) client->body_bytes_ -= bytes;
}

ClientUse ClientLimits::client(const ip::address& address, core::SteadyTime now) {
    if (has_no_limits(address)) return {};
    return forwarded_client(address_bytes(address), now);
}

ClientUse ClientLimits::forwarded_client(const core::AddressBytes& address, core::SteadyTime now) {
    auto& client = clients_[name_of(address)];
    if (!client) client = std::make_shared<Client>(options_, now);
    return ClientUse(client);
}

void ClientLimits::evict_idle(core::SteadyTime now) {
    std::erase_if(clients_,
                  [now](const auto& entry) { return entry.second->uses() == 0 && entry.second->rested(now); });
}

}  // namespace scanner::net
