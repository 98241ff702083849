#include "storage/redis/redis_connection.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <future>
#include <string>
#include <vector>

namespace scanner::storage {
namespace {

using std::chrono::milliseconds;

TEST(RedisConnection, a_name_that_is_looked_up_without_end_holds_nothing_up) {
    std::promise<void> released;
    RedisConnectionOptions options;
    options.url.host = "redis.example";
    options.connect_timeout = milliseconds(50);
    options.lookup = [wait = released.get_future().share()](const std::string&) {
        wait.wait();
        return core::Result<std::vector<boost::asio::ip::address>>{std::vector<boost::asio::ip::address>{}};
    };
    boost::asio::io_context io{1};
    const auto connection = make_redis_connection(io.get_executor(), options);
    bool ended = false;
    boost::asio::co_spawn(io, connection->run(), [&](const std::exception_ptr&) { ended = true; });
    const auto deadline = std::chrono::steady_clock::now() + milliseconds(60'000);
    const auto waiting = [&] { return std::chrono::steady_clock::now() < deadline; };
    while (connection->last_error().empty() && waiting()) io.run_one_for(milliseconds(100));
    EXPECT_TRUE(connection->last_error().contains("not resolved in 50 ms")) << connection->last_error();
    connection->stop();
    while (!ended && waiting()) io.run_one_for(milliseconds(100));
    EXPECT_TRUE(ended) << "the lookup still hangs";
    released.set_value();
}

}  // namespace
}  // namespace scanner::storage
