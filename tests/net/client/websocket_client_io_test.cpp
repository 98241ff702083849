#include "net/scripted_server.hpp"
#include "support/run_coroutine.hpp"
#include "support/tls_files.hpp"
#include "support/websocket_server.hpp"

#include "scanner/net/deadline.hpp"
#include "scanner/net/websocket_client.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using core::ErrorCode;
using test::run_on;
using test::WebSocketServer;
using Connected = core::Result<std::unique_ptr<WebSocketConnection>>;
using Tcp = asio::ip::tcp;

struct Got {
    std::string bytes;
    bool binary = false;
};

asio::awaitable<core::Result<Got>> read_one(WebSocketConnection& connection) {
    const auto data = co_await connection.read();
    if (!data) co_return std::unexpected(data.error());
    co_return Got{std::string(data->bytes), data->binary};
}

class WebSocketClientIo : public testing::Test {
protected:
    void serve(WebSocketServer::Script script, const test::TlsFiles* tls = nullptr) {
        script.on_open = [this, then = std::move(script.on_open)](const WebSocketServer::PeerPointer& peer) {
            peer_ = peer;
            if (then) then(peer);
        };
        server_ = test::make_websocket_server(io_, std::move(script), tls);
    }
    [[nodiscard]] std::string url(std::string_view scheme = "ws", std::string_view host = "127.0.0.1") const {
        return std::string(scheme) + "://" + std::string(host) + ":" + std::to_string(server_->port()) + "/feed?x=1";
    }
    Connected connect(std::string to) {
        client_ = make_websocket_client(options_);
        return run_on(io_, client_->connect(std::move(to)));
    }
    core::Result<Got> read(WebSocketConnection& connection) { return run_on(io_, read_one(connection)); }
    void run_for(std::chrono::milliseconds time) {
        io_.restart();
        io_.run_for(time);
    }
    /// Whether it came true in time.
    template <class Condition>
    bool run_until(Condition condition) {
        io_.restart();
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!condition() && std::chrono::steady_clock::now() < end) io_.run_one_for(10ms);
        return condition();
    }
    static ErrorCode code_of(const auto& result) {
        EXPECT_FALSE(result.has_value());
        return result ? ErrorCode::internal : result.error().code();
    }

    asio::io_context io_{1};
    WebSocketClientOptions options_{.proxy = "", .connect_timeout = 10s, .idle_timeout = 5s, .close_timeout = 300ms};
    WebSocketServer::PeerPointer peer_;
    std::unique_ptr<WebSocketServer> server_;
    std::unique_ptr<WebSocketClient> client_;
};

TEST_F(WebSocketClientIo, talks_both_ways) {
    std::vector<std::string> received;
    serve({.on_open = [](const auto& peer) { peer->send(std::string("\0\x01hello", 7)); },
           .on_message =
               [&](const auto& peer, const std::string& text) {
                   received.push_back(text);
                   peer->send("answer to " + text, false);
               }});
    const auto connection = connect(url());
    ASSERT_TRUE(connection.has_value()) << connection.error().message();
    EXPECT_EQ(peer_->target(), "/feed?x=1");
    EXPECT_EQ(peer_->header("host"), "127.0.0.1:" + std::to_string(server_->port()));
    EXPECT_EQ(peer_->header("user-agent"), "market-scanner");
    EXPECT_EQ(peer_->header("sec-websocket-extensions"), "") << "no compression of its own";
    auto got = read(**connection);
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(got->bytes, std::string("\0\x01hello", 7));
    EXPECT_TRUE(got->binary);
    EXPECT_TRUE((*connection)->send("one").has_value());
    EXPECT_TRUE((*connection)->send("two").has_value());
    got = read(**connection);
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(got->bytes, "answer to one");
    EXPECT_FALSE(got->binary);
    EXPECT_EQ(read(**connection)->bytes, "answer to two");
}

TEST_F(WebSocketClientIo, messages_that_come_together_are_told_one_by_one) {
    std::vector<Got> sent;
    for (std::size_t i = 0; i < 300; ++i) {
        constexpr std::array<std::size_t, 9> kSizes{0, 1, 125, 126, 1'500, 4'000, 65'535, 65'536, 150'000};
        const std::size_t size = i % 11 == 0 ? kSizes[i / 11 % kSizes.size()] : i;
        sent.push_back({.bytes = std::string(size, static_cast<char>('a' + i % 26)), .binary = i % 7 != 0});
    }
    serve({.on_open = [&](const auto& peer) {
        for (const Got& each : sent) peer->send(each.bytes, each.binary);
    }});
    const auto connection = connect(url());
    ASSERT_TRUE(connection.has_value()) << connection.error().message();
    for (const Got& each : sent) {
        const auto got = read(**connection);
        ASSERT_TRUE(got.has_value()) << got.error().message();
        EXPECT_EQ(got->bytes, each.bytes);
        EXPECT_EQ(got->binary, each.binary);
    }
}

TEST_F(WebSocketClientIo, what_goes_first_goes_before_what_is_queued) {
    std::vector<std::string> received;
    serve({.on_message = [&](const auto&, const std::string& text) { received.push_back(text); }});
    const auto connection = connect(url());
    ASSERT_TRUE(connection.has_value());
    using Order = WebSocketConnection::Order;
    // The first is on its way at once; the rest waits for it.
    for (const char* const text : {"a", "b", "c"}) EXPECT_TRUE((*connection)->send(text).has_value());
    EXPECT_TRUE((*connection)->send("pong 1", Order::first).has_value());
    EXPECT_TRUE((*connection)->send("pong 2", Order::first).has_value());
    ASSERT_TRUE(run_until([&] { return received.size() == 5; }));
    EXPECT_EQ(received, (std::vector<std::string>{"a", "pong 1", "pong 2", "b", "c"}));
}

TEST_F(WebSocketClientIo, silence_ends_the_connection) {
    options_.idle_timeout = 1s;
    serve({.on_open = [](const auto& peer) { peer->send("one"); }});
    const auto connection = connect(url());
    ASSERT_TRUE(connection.has_value());
    EXPECT_TRUE(read(**connection).has_value());
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(code_of(read(**connection)), ErrorCode::timeout);
    const auto waited = std::chrono::steady_clock::now() - begun;
    EXPECT_GE(waited, 999ms);
    EXPECT_EQ(code_of(read(**connection)), ErrorCode::timeout) << "and stays so";
    EXPECT_EQ(code_of((*connection)->send("late")), ErrorCode::timeout);
    EXPECT_TRUE(run_until([&] { return server_->open() == 0; }));
}

TEST_F(WebSocketClientIo, a_servers_close_and_its_end_are_told_apart_from_silence) {
    serve({.on_open = [](const auto& peer) { peer->close(1003, "ping check expired"); }});
    auto connection = connect(url());
    ASSERT_TRUE(connection.has_value());
    const auto closed = read(**connection);
    EXPECT_EQ(code_of(closed), ErrorCode::network);
    EXPECT_EQ(closed.error().message(), "closed by the server with 1003 \"ping check expired\"");
    serve({.on_open = [](const auto& peer) { peer->drop(); }});
    connection = connect(url());
    ASSERT_TRUE(connection.has_value());
    EXPECT_EQ(code_of(read(**connection)), ErrorCode::network);
}

TEST_F(WebSocketClientIo, what_is_too_long_or_no_protocol_ends_the_connection) {
    options_.max_message_bytes = 1'000;
    serve({.on_open = [](const auto& peer) { peer->send(std::string(1'001, 'x')); }});
    auto connection = connect(url());
    ASSERT_TRUE(connection.has_value());
    EXPECT_EQ(code_of(read(**connection)), ErrorCode::malformed);
    serve({.on_open = [](const auto& peer) { peer->send_raw(std::string(20, '\xff')); }});
    connection = connect(url());
    ASSERT_TRUE(connection.has_value());
    EXPECT_EQ(code_of(read(**connection)), ErrorCode::malformed);
}

TEST_F(WebSocketClientIo, a_server_that_does_not_read_fills_the_queue_and_no_more) {
    options_.max_queued_bytes = 64U << 10U;
    options_.write_timeout = 300ms;
    serve({.reads = false});
    const auto connection = connect(url());
    ASSERT_TRUE(connection.has_value());
    const std::string text(60'000, 'x');
    core::Result<void> sent;
    for (int i = 0; i < 2'000 && sent; ++i) {
        sent = (*connection)->send(text);
        if (sent) run_for(1ms);
    }
    EXPECT_EQ(code_of(sent), ErrorCode::unavailable);
    EXPECT_EQ(code_of(read(**connection)), ErrorCode::timeout) << "the message that could not be sent";
}

TEST_F(WebSocketClientIo, closing_ends_a_read_and_is_bounded) {
    serve({});
    auto connection = connect(url());
    ASSERT_TRUE(connection.has_value());
    std::optional<core::Result<Got>> got;
    const auto begin_reading = [&] {
        got.reset();
        asio::co_spawn(io_, read_one(**connection),
                       [&](std::exception_ptr, core::Result<Got> result) { got.emplace(std::move(result)); });
        run_for(50ms);
    };
    begin_reading();
    (*connection)->close(1000);
    ASSERT_TRUE(run_until([&] { return got && server_->open() == 0; }));
    EXPECT_EQ(code_of(*got), ErrorCode::cancelled);
    EXPECT_EQ(peer_->close_code(), 1000);
    // A server that answers nothing: without the limit of the close it would be the end of an idle connection.
    serve({.reads = false});
    connection = connect(url());
    ASSERT_TRUE(connection.has_value());
    begin_reading();
    (*connection)->close(1000);
    ASSERT_TRUE(run_until([&] { return got.has_value(); }));
    EXPECT_EQ(code_of(*got), ErrorCode::cancelled);
}

TEST_F(WebSocketClientIo, refusals_and_hosts_that_are_not_there) {
    serve({.status = [](const std::string&) { return 403; }});
    auto refused = connect(url());
    EXPECT_EQ(code_of(refused), ErrorCode::http_status);
    EXPECT_TRUE(refused.error().message().contains("403"));
    EXPECT_EQ(code_of(connect("ws://127.0.0.1:" + std::to_string(test::closed_port(io_)))), ErrorCode::network);
    EXPECT_EQ(code_of(connect("http://127.0.0.1/")), ErrorCode::invalid_input);
    EXPECT_EQ(code_of(connect("ws://user:secret@127.0.0.1/")), ErrorCode::invalid_input);
    options_.connect_timeout = 200ms;
    serve({.status = [](const std::string&) { return 0; }});
    EXPECT_EQ(code_of(connect(url())), ErrorCode::timeout);
    options_.connect_timeout = 10s;
    test::ScriptedServer html(io_, [](const std::string&) { return test::ok("<html>"); });
    EXPECT_EQ(code_of(connect("ws://127.0.0.1:" + std::to_string(html.port()))), ErrorCode::http_status);
    test::ScriptedServer garbage(io_, [](const std::string&) {
        return test::Scripted{"no HTTP at all\r\n\r\n", 0ms, test::Scripted::Then::close};
    });
    EXPECT_EQ(code_of(connect("ws://127.0.0.1:" + std::to_string(garbage.port()))), ErrorCode::malformed);
}

TEST_F(WebSocketClientIo, cancelling_ends_a_connect) {
    serve({.status = [](const std::string&) { return 0; }});
    client_ = make_websocket_client(options_);
    const auto ended = run_on(io_, with_timeout(client_->connect(url()), 100ms));
    EXPECT_EQ(code_of(ended), ErrorCode::timeout);
    EXPECT_TRUE(run_until([&] { return server_->open() == 0; }));
}

TEST_F(WebSocketClientIo, tls_verifies_the_certificate_and_the_name) {
    const test::TlsAuthority authority;
    const auto address = authority.issue("address", "IP:127.0.0.1");
    serve({.on_open = [](const auto& peer) { peer->send("hello"); }}, &address);
    options_.ca_bundle_path = authority.bundle();
    auto connection = connect(url("wss"));
    ASSERT_TRUE(connection.has_value()) << connection.error().message();
    EXPECT_EQ(read(**connection)->bytes, "hello");
    EXPECT_EQ(code_of(connect(url("wss", "localhost"))), ErrorCode::network) << "the certificate is not for that name";
    options_.ca_bundle_path.clear();
    EXPECT_EQ(code_of(connect(url("wss"))), ErrorCode::network) << "the system does not know this authority";
    options_.ca_bundle_path = "/nowhere/ca.pem";
    EXPECT_EQ(code_of(connect(url("wss"))), ErrorCode::io);
    options_.ca_bundle_path = authority.bundle();
    const auto name = authority.issue("name", "DNS:localhost");
    serve({.on_open = [](const auto& peer) { peer->send("hello"); }}, &name);
    connection = connect(url("wss", "localhost"));
    ASSERT_TRUE(connection.has_value()) << connection.error().message();
    EXPECT_EQ(read(**connection)->bytes, "hello");
}

/// Tunnels what asks for it to a port of this machine, and keeps the requests.
class Proxy {
public:
    Proxy(asio::io_context& io, std::uint16_t to, std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n")
        : acceptor_(io, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)), to_(to), answer_(std::move(answer)) {
        asio::co_spawn(io, accept(), asio::detached);
    }
    [[nodiscard]] std::string url(const std::string& user = "") const {
        return "http://" + user + "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    std::vector<std::string> requests;

private:
    asio::awaitable<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
            if (error) co_return;
            asio::co_spawn(acceptor_.get_executor(), tunnel(std::make_shared<Tcp::socket>(std::move(socket))),
                           asio::detached);
        }
    }
    asio::awaitable<void> tunnel(std::shared_ptr<Tcp::socket> client) {
        std::string request;
        while (!request.ends_with("\r\n\r\n")) {
            char byte = 0;
            co_await client->async_read_some(asio::buffer(&byte, 1), asio::use_awaitable);
            request.push_back(byte);
        }
        requests.push_back(request);
        const auto server = std::make_shared<Tcp::socket>(client->get_executor());
        co_await server->async_connect(Tcp::endpoint(asio::ip::address_v4::loopback(), to_), asio::use_awaitable);
        co_await asio::async_write(*client, asio::buffer(answer_), asio::use_awaitable);
        asio::co_spawn(client->get_executor(), pump(client, server), asio::detached);
        co_await pump(server, client);
    }
    static asio::awaitable<void> pump(std::shared_ptr<Tcp::socket> from, std::shared_ptr<Tcp::socket> to) {
        std::array<char, 4096> piece{};
        for (;;) {
            const auto [error, count] =
                co_await from->async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
            if (error) break;
            const auto [failed, sent] =
                co_await asio::async_write(*to, asio::buffer(piece.data(), count), asio::as_tuple(asio::use_awaitable));
            if (failed) break;
        }
        boost::system::error_code ignored;
        to->close(ignored);
    }

    Tcp::acceptor acceptor_;
    std::uint16_t to_;
    std::string answer_;
};

TEST_F(WebSocketClientIo, an_http_proxy_is_asked_for_a_tunnel) {
    serve({.on_open = [](const auto& peer) { peer->send("hello"); }});
    Proxy proxy(io_, server_->port());
    options_.proxy = proxy.url("user:pass%20word@");
    const auto connection = connect(url("ws", "feed.example"));
    ASSERT_TRUE(connection.has_value()) << connection.error().message();
    EXPECT_EQ(read(**connection)->bytes, "hello");
    ASSERT_EQ(proxy.requests.size(), 1);
    const std::string authority = "feed.example:" + std::to_string(server_->port());
    EXPECT_TRUE(proxy.requests[0].starts_with("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n"));
    EXPECT_TRUE(proxy.requests[0].contains("Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n"));
    EXPECT_EQ(peer_->header("host"), authority);
}

TEST_F(WebSocketClientIo, tls_goes_through_the_tunnel) {
    const test::TlsAuthority authority;
    const auto files = authority.issue("name", "DNS:feed.example");
    serve({.on_open = [](const auto& peer) { peer->send("hello"); }}, &files);
    Proxy proxy(io_, server_->port());
    options_.proxy = proxy.url();
    options_.ca_bundle_path = authority.bundle();
    const auto connection = connect(url("wss", "feed.example"));
    ASSERT_TRUE(connection.has_value()) << connection.error().message();
    EXPECT_EQ(read(**connection)->bytes, "hello");
    EXPECT_FALSE(proxy.requests.at(0).contains("Proxy-Authorization"));
}

TEST_F(WebSocketClientIo, proxies_that_refuse_or_are_of_another_kind) {
    serve({});
    Proxy forbids(io_, server_->port(), "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    options_.proxy = forbids.url("user:secret@");
    auto refused = connect(url());
    EXPECT_EQ(code_of(refused), ErrorCode::http_status);
    EXPECT_TRUE(refused.error().message().contains("407"));
    EXPECT_FALSE(refused.error().message().contains("secret"));
    Proxy garbles(io_, server_->port(), "220 mail.example ESMTP\r\n\r\n");
    options_.proxy = garbles.url();
    EXPECT_EQ(code_of(connect(url())), ErrorCode::malformed);
    Proxy chatters(io_, server_->port(), "HTTP/1.1 200 OK\r\n\r\nand more");
    options_.proxy = chatters.url();
    EXPECT_EQ(code_of(connect(url())), ErrorCode::malformed);
    for (const char* const other : {"socks5://127.0.0.1:1", "https://127.0.0.1:1", "http://"}) {
        options_.proxy = other;
        EXPECT_EQ(code_of(connect(url())), ErrorCode::invalid_input) << other;
    }
    options_.proxy = "http://127.0.0.1:" + std::to_string(test::closed_port(io_));
    EXPECT_EQ(code_of(connect(url())), ErrorCode::network);
}

}  // namespace
}  // namespace scanner::net
