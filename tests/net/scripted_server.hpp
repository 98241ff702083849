#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::test {

/// What to do about one request: wait, send these bytes just as they are, and end the connection or not.
struct Scripted {
    enum class Then {
        keep,   ///< read the next request
        close,  ///< in the orderly way (FIN)
        reset,  ///< RST
        hang,   ///< never another byte, until the client goes
    };
    std::string bytes;
    std::chrono::milliseconds delay{0};
    Then then = Then::keep;
};

/// A plain 200 with its length.
[[nodiscard]] inline Scripted ok(const std::string& body, const std::string& more_headers = "") {
    return {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more_headers + "\r\n" +
            body};
}

/// A TCP server on 127.0.0.1 that reads HTTP requests and answers from a script: raw bytes, so that it can misbehave in
/// ways that a real server would not.
class ScriptedServer {
    using Tcp = boost::asio::ip::tcp;

public:
    using Script = std::function<Scripted(const std::string& request)>;  ///< head and body as they came

    ScriptedServer(boost::asio::io_context& io, Script script)
        : state_(std::make_shared<State>(io, std::move(script))) {
        boost::asio::co_spawn(io, accept(state_), boost::asio::detached);
    }
    ~ScriptedServer() { state_->acceptor.close(); }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return state_->acceptor.local_endpoint().port(); }
    [[nodiscard]] std::string url(const std::string& path = "/") const {
        return "http://127.0.0.1:" + std::to_string(port()) + path;
    }
    [[nodiscard]] const std::vector<std::string>& requests() const { return state_->requests; }
    [[nodiscard]] int accepted() const { return state_->accepted; }  ///< connections so far
    [[nodiscard]] int open() const { return state_->open; }          ///< connections now
    [[nodiscard]] int max_open() const { return state_->max_open; }  ///< at the same time, ever

private:
    struct State {
        State(boost::asio::io_context& io, Script of)
            : acceptor(io, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)), script(std::move(of)) {}
        Tcp::acceptor acceptor;
        Script script;
        std::vector<std::string> requests;
        int accepted = 0;
        int open = 0;
        int max_open = 0;
    };

    static boost::asio::awaitable<void> accept(std::shared_ptr<State> state) {
        for (;;) {
            auto [error, socket] =
                co_await state->acceptor.async_accept(boost::asio::as_tuple(boost::asio::use_awaitable));
            if (error) co_return;
            ++state->accepted;
            state->max_open = std::max(state->max_open, ++state->open);
            const auto executor = socket.get_executor();
            boost::asio::co_spawn(executor, serve(state, std::move(socket)), boost::asio::detached);
        }
    }

    static boost::asio::awaitable<void> serve(std::shared_ptr<State> state, Tcp::socket socket) {
        std::string buffer;
        for (;;) {
            const std::string request = co_await read_request(socket, buffer);
            if (request.empty()) break;
            state->requests.push_back(request);
            const Scripted answer = state->script(request);
            if (answer.delay.count() > 0) {
                boost::asio::steady_timer timer(socket.get_executor(), answer.delay);
                co_await timer.async_wait(boost::asio::use_awaitable);
            }
            const auto [error, sent] = co_await boost::asio::async_write(
                socket, boost::asio::buffer(answer.bytes), boost::asio::as_tuple(boost::asio::use_awaitable));
            if (error || answer.then == Scripted::Then::close) break;
            if (answer.then == Scripted::Then::reset) {
                socket.set_option(Tcp::socket::linger(true, 0));
                break;
            }
            if (answer.then == Scripted::Then::hang) {
                const std::string more = co_await read_request(socket, buffer);  // until the client goes
                break;
            }
        }
        --state->open;
    }

    /// 0 while it is not complete. Whatever a TLS client says first counts as a request, too.
    static std::size_t end_of_head(const std::string& buffer) {
        if (buffer.starts_with('\x16')) return buffer.size();
        const std::size_t end = buffer.find("\r\n\r\n");
        return end == std::string::npos ? 0 : end + 4;
    }

    /// Empty when the client went.
    static boost::asio::awaitable<std::string> read_request(Tcp::socket& socket, std::string& buffer) {
        std::size_t head_size = 0;
        while ((head_size = end_of_head(buffer)) == 0) {
            std::array<char, 4096> piece{};
            const auto [error, got] = co_await socket.async_read_some(
                boost::asio::buffer(piece), boost::asio::as_tuple(boost::asio::use_awaitable));
            if (error) co_return std::string();
            buffer.append(piece.data(), got);
        }
        std::size_t size = head_size;
        const std::size_t length_at = buffer.find("Content-Length: ");
        if (length_at < head_size) size += std::stoul(buffer.substr(length_at + 16));
        while (buffer.size() < size) {
            const std::size_t had = buffer.size();
            buffer.resize(size);
            const auto [failed, got] =
                co_await socket.async_read_some(boost::asio::buffer(buffer.data() + had, size - had),
                                                boost::asio::as_tuple(boost::asio::use_awaitable));
            if (failed) co_return std::string();
            buffer.resize(had + got);
        }
        std::string request = buffer.substr(0, size);
        buffer.erase(0, size);
        co_return request;
    }

    std::shared_ptr<State> state_;
};

/// A port of 127.0.0.1 where nobody listens.
[[nodiscard]] inline std::uint16_t closed_port(boost::asio::io_context& io) {
    using Tcp = boost::asio::ip::tcp;
    return Tcp::acceptor(io, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)).local_endpoint().port();
}

}  // namespace scanner::test
