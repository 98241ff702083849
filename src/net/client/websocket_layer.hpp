#pragma once

#include "net/client/read_ahead.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace scanner::net {

/// The socket as Beast sees it, with or without TLS around it: Beast is compiled once for both. What comes is read
/// ahead, so that small messages that arrive together cost one read of the socket and one turn of the loop.
class WebSocketLayer {
public:
    using executor_type = boost::asio::ip::tcp::socket::executor_type;

    explicit WebSocketLayer(const boost::asio::any_io_executor& executor) : socket(executor) {}
    [[nodiscard]] executor_type get_executor() { return socket.get_executor(); }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
            ReadSome<Buffers>{*this, buffers}, token, socket);
    }
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        if (tls) return tls->async_write_some(buffers, std::forward<Token>(token));
        return socket.async_write_some(buffers, std::forward<Token>(token));
    }

    /// Of what was read ahead; never waits.
    template <class Buffers>
    std::size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
        const std::size_t count = take(buffers);
        error = count == 0 && boost::asio::buffer_size(buffers) > 0 ? boost::asio::error::would_block
                                                                    : boost::system::error_code();
        return count;
    }
    /// Beast wants it where it reads at once, and calls it only for what is not read so: answers to control frames.
    template <class Buffers>
    std::size_t write_some(const Buffers& /*buffers*/, boost::system::error_code& error) {
        error = boost::asio::error::would_block;
        return 0;
    }
    template <class Buffers>
    std::size_t read_some(const Buffers& buffers) {
        return take(buffers);
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& /*buffers*/) {
        return 0;
    }

    void drop() {
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    boost::asio::ip::tcp::socket socket;
    std::shared_ptr<boost::asio::ssl::context> tls_context;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls;
    ReadAhead ahead;

private:
    template <class Buffers>
    std::size_t take(const Buffers& buffers) {
        std::size_t count = 0;
        for (auto each = boost::asio::buffer_sequence_begin(buffers); each != boost::asio::buffer_sequence_end(buffers);
             ++each) {
            const boost::asio::mutable_buffer to(*each);
            const std::size_t taken = ahead.take({static_cast<char*>(to.data()), to.size()});
            count += taken;
            if (taken < to.size() || ahead.available() == 0) break;
        }
        return count;
    }

    template <class Buffers>
    struct ReadSome {
        WebSocketLayer& layer;
        Buffers buffers;
        bool is_begun = false;
        bool is_reading = false;

        template <class Self>
        void operator()(Self& self, boost::system::error_code error = {}, std::size_t count = 0) {
            if (is_reading && !error) layer.ahead.commit(count);
            if (error) return self.complete(error, 0);
            if (layer.ahead.available() == 0) {
                is_begun = is_reading = true;
                const auto to = layer.ahead.prepare();
                const auto into = boost::asio::buffer(to.data(), to.size());
                if (layer.tls) return layer.tls->async_read_some(into, std::move(self));
                return layer.socket.async_read_some(into, std::move(self));
            }
            if (!std::exchange(is_begun, true)) return boost::asio::post(layer.get_executor(), std::move(self));
            self.complete({}, layer.take(buffers));
        }
    };
};

inline void beast_close_socket(WebSocketLayer& layer) {
    layer.drop();
}

inline void teardown(boost::beast::role_type /*role*/, WebSocketLayer& layer, boost::system::error_code& error) {
    layer.drop();
    error = {};
}

/// Both sides have said that they end: nothing is lost by closing at once.
template <class Handler>
void async_teardown(boost::beast::role_type /*role*/, WebSocketLayer& layer, Handler&& handler) {
    layer.drop();
    boost::asio::post(layer.get_executor(),
                      boost::beast::bind_front_handler(std::forward<Handler>(handler), boost::system::error_code()));
}

}  // namespace scanner::net
