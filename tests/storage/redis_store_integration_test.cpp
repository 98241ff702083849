#include "storage/redis_connection.hpp"
#include "support/redis_server.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <functional>

namespace scanner::storage {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

class RedisTest : public testing::Test {
protected:
    core::RedisUrl url(const test::RedisServer& server, std::string password = "") {
        core::RedisUrl url;
        url.host = "127.0.0.1";
        url.port = server.port();
        url.password = std::move(password);
        url.database = 2;
        return url;
    }

    bool run_until(const std::function<bool()>& done, milliseconds limit = milliseconds(60'000)) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(milliseconds(5));
        }
        return done();
    }

    /// What a client of its own sees.
    core::Result<RedisReply> ask(const test::RedisServer& server, Words words) {
        RedisConnectionOptions options;
        options.url = url(server);
        const auto connection = make_redis_connection(io_.get_executor(), options);
        boost::asio::co_spawn(io_, connection->run(), boost::asio::detached);
        EXPECT_TRUE(run_until([&] { return connection->state() == StoreState::ready; })) << connection->last_error();
        auto reply = test::run_on(io_, connection->command(std::move(words)));
        connection->stop();
        run_until([] { return false; }, milliseconds(20));
        return reply;
    }

    static std::shared_ptr<const std::string> text(std::string value) {
        return std::make_shared<const std::string>(std::move(value));
    }

    boost::asio::io_context io_{1};
};

TEST_F(RedisTest, writes_values_with_their_time_to_live_and_reads_them_back) {
    const test::RedisServer server;
    const RedisStore store = make_redis_store(io_.get_executor(), url(server));
    std::string binary("a\0b\r\n\xff", 6);
    store.cache->put(
        {{"snaps:latest", text(binary), milliseconds(90'000)}, {"rank:scalp", text("[]"), milliseconds(60'000)}});
    ASSERT_TRUE(run_until([&] { return store.cache->status().backlog == 0; }));
    EXPECT_EQ(store.cache->status().state, StoreState::ready);
    const auto read = test::run_on(io_, store.cache->get("snaps:latest"));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(*read, binary);
    const auto missing = test::run_on(io_, store.cache->get("nothing"));
    ASSERT_TRUE(missing);
    EXPECT_FALSE(*missing);
    const auto ttl = ask(server, {"PTTL", "rank:scalp"});
    ASSERT_TRUE(ttl);
    EXPECT_GT(ttl->integer, 50'000);
    EXPECT_LE(ttl->integer, 60'000);
    test::run_on(io_, store.cache->close(milliseconds(500)));
}

TEST_F(RedisTest, a_wrong_password_is_said_and_the_right_one_works) {
    const test::RedisServer server("secret");
    const RedisStore wrong = make_redis_store(io_.get_executor(), url(server, "guess"));
    ASSERT_TRUE(run_until([&] { return !wrong.cache->status().last_error.empty(); }));
    EXPECT_NE(wrong.cache->status().last_error.find("AUTH"), std::string::npos) << wrong.cache->status().last_error;
    EXPECT_EQ(wrong.cache->status().last_error.find("guess"), std::string::npos) << "secrets stay out of messages";
    const RedisStore right = make_redis_store(io_.get_executor(), url(server, "secret"));
    EXPECT_TRUE(run_until([&] { return right.cache->status().state == StoreState::ready; }));
}

TEST_F(RedisTest, comes_back_by_itself_and_writes_the_newest_value_of_each_key) {
    test::RedisServer server;
    const RedisStore store = make_redis_store(io_.get_executor(), url(server));
    ASSERT_TRUE(run_until([&] { return store.cache->status().state == StoreState::ready; }));
    server.stop(SIGKILL);
    ASSERT_TRUE(run_until([&] { return store.cache->status().state != StoreState::ready; }));
    for (int i = 0; i < 1000; ++i) {
        store.cache->put({{"snaps:latest", text(std::to_string(i)), milliseconds(90'000)}});
        store.publisher->publish("scanner.signals", text(std::to_string(i)));
    }
    EXPECT_EQ(store.cache->status().backlog, 1U + 256U) << "one value a key, and a bounded number of messages";
    EXPECT_EQ(store.cache->status().dropped, 1000U - 256U);
    const auto away = test::run_on(io_, store.cache->get("snaps:latest"));
    ASSERT_FALSE(away);
    EXPECT_EQ(away.error().code(), core::ErrorCode::unavailable) << "answers at once instead of waiting";
    server.start();
    ASSERT_TRUE(run_until([&] { return store.cache->status().backlog == 0; })) << store.cache->status().last_error;
    EXPECT_EQ(**test::run_on(io_, store.cache->get("snaps:latest")), "999");
}

TEST_F(RedisTest, a_server_that_stops_answering_costs_a_command_its_deadline_and_no_more) {
    test::RedisServer server;
    RedisConnectionOptions options;
    options.url = url(server);
    options.command_timeout = milliseconds(300);
    const auto connection = make_redis_connection(io_.get_executor(), options);
    boost::asio::co_spawn(io_, connection->run(), boost::asio::detached);
    ASSERT_TRUE(run_until([&] { return connection->state() == StoreState::ready; }));
    server.pause();
    const auto reply = test::run_on(io_, connection->command(Words{"GET", "x"}));
    ASSERT_FALSE(reply);
    ASSERT_TRUE(run_until([&] { return connection->state() != StoreState::ready; }));
    server.resume();
    EXPECT_TRUE(run_until([&] { return connection->state() == StoreState::ready; }));
    connection->stop();
    run_until([] { return false; }, milliseconds(50));
}

TEST_F(RedisTest, an_error_reply_is_an_error_and_the_connection_lives_on) {
    const test::RedisServer server;
    const auto reply = ask(server, {"INCR", "x", "y"});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code(), core::ErrorCode::exchange_rejected);
}

}  // namespace
}  // namespace scanner::storage
