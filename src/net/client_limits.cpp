#include "net/client_limits.hpp"

#include <algorithm>
#include <chrono>

namespace scanner::net {
namespace {

namespace ip = boost::asio::ip;

/// Empty: without limits.
std::string name_of(ip::address address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
    }
    if (address.is_v4()) {
        return address.to_v4() == ip::address_v4::loopback() ? std::string() : address.to_string();
    }
    if (address.is_loopback()) return {};
    const auto bytes = address.to_v6().to_bytes();
    return {bytes.begin(), bytes.begin() + 8};
}

}  // namespace

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

std::shared_ptr<Client> ClientLimits::client(const ip::address& address, core::SteadyTime now) {
    std::string name = name_of(address);
    if (name.empty()) return nullptr;
    auto& client = clients_[std::move(name)];
    if (!client) client = std::make_shared<Client>(options_, now);
    return client;
}

void ClientLimits::forget_idle(core::SteadyTime now) {
    std::erase_if(clients_,
                  [now](const auto& entry) { return entry.second.use_count() == 1 && entry.second->rested(now); });
}

}  // namespace scanner::net
