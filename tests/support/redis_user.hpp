#pragma once

#include "storage/redis/redis_protocol.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace scanner::test {

/// One command to the Redis on that port of the loopback, and its answer. Blocks.
inline storage::RedisReply ask_redis(std::uint16_t port, const std::vector<std::string>& words) {
    namespace asio = boost::asio;
    asio::io_context io(1);
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), port});
    asio::write(socket, asio::buffer(storage::encode_command(words)));
    storage::ReplyReader reader({.max_bytes = 256U << 20U});
    std::array<char, 65'536> bytes{};
    for (;;) {
        reader.feed({bytes.data(), socket.read_some(asio::buffer(bytes))});
        const auto reply = reader.next();
        if (!reply) throw std::runtime_error(reply.error().message());
        if (*reply) return **reply;
    }
}

}  // namespace scanner::test
