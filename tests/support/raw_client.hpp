#pragma once

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace scanner::test {

/// A blocking TCP connection to 127.0.0.1 that sends and receives bytes as told, for what no proper client would do.
class RawClient {
public:
    using Milliseconds = std::chrono::milliseconds;
    static constexpr Milliseconds kWait{5'000};

    /// `source`: another address of the loopback to come from ("127.0.0.2").
    explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0, const char* source = nullptr)
        : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (receive_buffer_bytes > 0) set(SOL_SOCKET, SO_RCVBUF, receive_buffer_bytes);
        set(IPPROTO_TCP, TCP_NODELAY, 1);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        if (source != nullptr) {
            ::inet_pton(AF_INET, source, &address.sin_addr);
            if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
                ::close(fd_);
                throw std::runtime_error("cannot come from that address");
            }
        }
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        // The socket interface takes every kind of address by a pointer to its common head.
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            ::close(fd_);
            throw std::runtime_error("cannot connect to the server under test");
        }
    }
    ~RawClient() { ::close(fd_); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// False when the server does not take it any more.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }
    /// Says that nothing more will be sent.
    void finish_sending() { ::shutdown(fd_, SHUT_WR); }

    /// What arrives until `end` has, which is part of it; everything so far when the connection or the time ends
    /// before.
    std::string read_until(std::string_view end, Milliseconds wait = kWait) {
        const auto deadline = std::chrono::steady_clock::now() + wait;
        std::size_t found = received_.find(end);
        while (found == std::string::npos && receive(deadline)) found = received_.find(end);
        return take(found == std::string::npos ? received_.size() : found + end.size());
    }
    std::string read_bytes(std::size_t count, Milliseconds wait = kWait) {
        const auto deadline = std::chrono::steady_clock::now() + wait;
        while (received_.size() < count && receive(deadline)) {
        }
        return take(count);
    }
    /// Everything up to the end of the connection. `ended` tells whether that came in time.
    std::string read_all(Milliseconds wait = kWait) {
        const auto deadline = std::chrono::steady_clock::now() + wait;
        while (receive(deadline)) {
        }
        return take(received_.size());
    }
    /// The server has ended the connection, orderly or by a reset.
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] bool reset() const { return reset_; }

private:
    void set(int level, int name, int value) { ::setsockopt(fd_, level, name, &value, sizeof value); }

    std::string take(std::size_t count) {
        auto taken = received_.substr(0, count);
        received_.erase(0, count);
        return taken;
    }

    /// False at the end of the connection or of the time.
    bool receive(std::chrono::steady_clock::time_point deadline) {
        if (ended_) return false;
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd waiting{fd_, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
        std::array<char, 16'384> buffer{};
        const auto count = ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (count <= 0) {
            ended_ = true;
            reset_ = count < 0 && errno == ECONNRESET;
            return false;
        }
        received_.append(buffer.data(), static_cast<std::size_t>(count));
        return true;
    }

    int fd_;
    std::string received_;
    bool ended_ = false;
    bool reset_ = false;
};

}  // namespace scanner::test
