#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>
#include <random>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace scanner::test {

namespace detail {
inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}
}  // namespace detail

/// A port of the loopback that is free now, for servers that cannot be told to take any free one. Below the
/// ports that connections and other servers are given (32768 and up on Linux), so that none of those takes it first.
inline std::uint16_t free_port() {
    static std::minstd_rand random{std::random_device{}()};
    std::uniform_int_distribution<int> choose(20'000, 32'000);
    for (int tries = 0; tries < 1000; ++tries) {
        const auto port = static_cast<std::uint16_t>(choose(random));
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (socket < 0) break;
        const sockaddr_in address = detail::loopback(port);
        const bool free = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(socket);
        if (free) return port;
    }
    throw std::runtime_error("no free port");
}

/// Whether something accepts connections there.
inline bool accepts(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = detail::loopback(port);
    const bool accepted = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return accepted;
}

}  // namespace scanner::test
