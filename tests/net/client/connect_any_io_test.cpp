#include "net/client/connect_any.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// A listener whose queue is full: what connects to it hears nothing at all.
class Swallower {
public:
    Swallower(asio::io_context& io, const asio::ip::address& address) : acceptor_(io) {
        acceptor_.open(tcp::v4());
        acceptor_.bind(tcp::endpoint(address, 0));
        acceptor_.listen(0);
        for (int i = 0; i < 4; ++i) {
            queued_.push_back(std::make_unique<tcp::socket>(io));
            // Begun at once; that most of them never end is the point.
            queued_.back()->async_connect(acceptor_.local_endpoint(), [](const error_code&) {});
        }
    }
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    tcp::acceptor acceptor_;
    std::vector<std::unique_ptr<tcp::socket>> queued_;
};

const auto kFirst = asio::ip::make_address("127.0.0.2");
const auto kSecond = asio::ip::make_address("127.0.0.3");

error_code connect(asio::io_context& io, tcp::socket& socket, const std::vector<asio::ip::address>& addresses,
                   std::uint16_t port, milliseconds time) {
    const auto run = [&]() -> asio::awaitable<error_code> {
        co_return co_await connect_any(socket, addresses, port, steady_clock::now() + time);
    };
    return test::run_on(io, run());
}

TEST(ConnectAny, an_address_that_swallows_everything_leaves_the_others_their_share) {
    asio::io_context io;
    const Swallower first(io, kFirst);
    tcp::acceptor second(io, tcp::endpoint(kSecond, first.port()));
    tcp::socket socket(io);
    const auto begun = steady_clock::now();
    const auto error = connect(io, socket, {kFirst, kSecond}, first.port(), seconds(1));
    EXPECT_FALSE(error) << error.message();
    EXPECT_EQ(socket.remote_endpoint().address(), kSecond);
    EXPECT_GE(steady_clock::now() - begun, milliseconds(450)) << "half of the time was the first one's";
}

TEST(ConnectAny, an_address_that_refuses_costs_nothing) {
    asio::io_context io;
    tcp::acceptor second(io, tcp::endpoint(kSecond, 0));
    tcp::socket socket(io);
    const auto error = connect(io, socket, {kFirst, kSecond}, second.local_endpoint().port(), std::chrono::hours(1));
    EXPECT_FALSE(error) << error.message();
    EXPECT_EQ(socket.remote_endpoint().address(), kSecond);
}

TEST(ConnectAny, where_none_answers_the_last_one_says_why) {
    asio::io_context io;
    const Swallower first(io, kFirst);
    tcp::socket socket(io);
    EXPECT_EQ(connect(io, socket, {kFirst, kSecond}, first.port(), milliseconds(100)), asio::error::connection_refused);
    EXPECT_EQ(connect(io, socket, {}, first.port(), milliseconds(100)), asio::error::host_not_found);
}

TEST(ConnectAny, closing_the_socket_ends_it) {
    asio::io_context io;
    const Swallower first(io, kFirst);
    tcp::acceptor second(io, tcp::endpoint(kSecond, first.port()));
    tcp::socket socket(io);
    asio::steady_timer timer(io, milliseconds(30));
    timer.async_wait([&](const error_code&) { socket.close(); });
    EXPECT_EQ(connect(io, socket, {kFirst, kSecond}, first.port(), std::chrono::hours(1)),
              asio::error::operation_aborted)
        << "and no further address is tried";
    EXPECT_FALSE(socket.is_open());
}

TEST(ConnectAny, a_close_just_when_an_address_has_failed_ends_it_as_well) {
    asio::io_context io;
    tcp::acceptor second(io, tcp::endpoint(kSecond, 0));
    tcp::socket socket(io);
    std::optional<error_code> outcome;
    const auto run = [&]() -> asio::awaitable<void> {
        // There is no way to the first one, which is seen at once.
        const std::vector addresses{asio::ip::make_address("255.255.255.255"), kSecond};
        outcome = co_await connect_any(socket, addresses, second.local_endpoint().port(),
                                       steady_clock::now() + std::chrono::hours(1));
    };
    asio::co_spawn(io, run(), asio::detached);
    // Its turn comes when the first one has failed and before that is told.
    asio::post(io, [&] { socket.close(); });
    io.run_for(seconds(30));
    EXPECT_EQ(outcome, asio::error::operation_aborted);
    EXPECT_FALSE(socket.is_open()) << "no further address is tried";
}

}  // namespace
}  // namespace scanner::net
