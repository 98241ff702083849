#pragma once

#include "fuzz/check.hpp"
#include "net/server/server_core.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace scanner::fuzz {

/// One connection to a server core, without a network: a pair of sockets, and a loop that runs while there is something
/// to do and never waits. What would take time (a deadline, a heartbeat) does not happen.
class Loopback {
public:
    Loopback(boost::asio::io_context& io, std::shared_ptr<net::ServerCore> core) : io_(io), core_(std::move(core)) {
        int ends[2] = {-1, -1};
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0, "there are sockets");
        server_end_ = boost::asio::ip::tcp::socket(io_, boost::asio::ip::tcp::v4(), ends[0]);
        client_ = ends[1];
    }
    Loopback(const Loopback&) = delete;
    Loopback& operator=(const Loopback&) = delete;
    ~Loopback() { ::close(client_); }

    [[nodiscard]] boost::asio::ip::tcp::socket take_server_end() { return std::move(server_end_); }

    void send(std::string_view bytes) {
        static_cast<void>(::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
        run();
    }
    void end_sending() {
        ::shutdown(client_, SHUT_WR);
        run();
    }
    /// Everything that the server has sent by now, and does when it is read.
    std::string receive() {
        std::string all;
        char piece[16'384];
        for (;;) {
            const ssize_t count = ::recv(client_, piece, sizeof piece, 0);
            if (count > 0) all.append(piece, static_cast<std::size_t>(count));
            if (count == 0 || (count < 0 && errno != EINTR && run() == 0)) return all;
        }
    }
    /// The client goes away, and whatever still waits with it.
    void finish() {
        ::shutdown(client_, SHUT_RDWR);
        run();
        if (core_->connection_count() > 0) {
            core_->drop_all();
            run();
            core_->cancel_all_handlers();
            run();
        }
        require(core_->connection_count() == 0, "nothing is left of a connection");
    }

private:
    std::size_t run() {
        io_.restart();
        return io_.poll();
    }

    boost::asio::io_context& io_;
    std::shared_ptr<net::ServerCore> core_;
    boost::asio::ip::tcp::socket server_end_{io_};
    int client_ = -1;
};

}  // namespace scanner::fuzz
