#include "storage/redis/redis_connection.hpp"
#include "storage/redis/redis_lease.hpp"
#include "support/redis_server.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace scanner::storage {
namespace {

using std::chrono::milliseconds;
using Words = std::vector<std::string>;

class RedisTest : public testing::Test {
protected:
    RedisStore make_store(RedisStoreOptions options) {
        return make_redis_store(io_.get_executor(), std::move(options));
    }
    RedisStore make_store(core::RedisUrl url, std::string prefix = "") {
        return make_store({.url = std::move(url), .key_prefix = std::move(prefix)});
    }

    static core::RedisUrl url(const test::RedisServer& server, std::string password = "") {
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
    const RedisStore store = make_store(url(server));
    std::string binary("a\0b\r\n\xff", 6);
    store.cache->put(
        {{"snaps:latest", text(binary), milliseconds(90'000)}, {"rank:scalp", text("[]"), milliseconds(60'000)}});
    ASSERT_TRUE(run_until([&] { return store.cache->status().backlog == 0; }));
    EXPECT_EQ(store.cache->status().state, StoreState::ready);
    const auto read = test::run_on(io_, store.cache->get("snaps:latest", 1'000));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(*read, binary);
    const auto too_long = test::run_on(io_, store.cache->get("snaps:latest", 5));
    ASSERT_FALSE(too_long);
    EXPECT_EQ(too_long.error().code(), core::ErrorCode::malformed);
    const auto missing = test::run_on(io_, store.cache->get("nothing", 1'000));
    ASSERT_TRUE(missing);
    EXPECT_FALSE(*missing);
    const auto ttl = ask(server, {"PTTL", "rank:scalp"});
    ASSERT_TRUE(ttl);
    EXPECT_GT(ttl->integer, 50'000);
    EXPECT_LE(ttl->integer, 60'000);
    test::run_on(io_, store.cache->close(milliseconds(500)));
}

TEST_F(RedisTest, a_wrong_password_is_reported_and_the_right_one_works) {
    const test::RedisServer server("secret");
    const RedisStore wrong = make_store(url(server, "guess"));
    ASSERT_TRUE(run_until([&] { return !wrong.cache->status().last_error.empty(); }));
    EXPECT_NE(wrong.cache->status().last_error.find("AUTH"), std::string::npos) << wrong.cache->status().last_error;
    EXPECT_EQ(wrong.cache->status().last_error.find("guess"), std::string::npos) << "secrets stay out of messages";
    const RedisStore right = make_store(url(server, "secret"));
    EXPECT_TRUE(run_until([&] { return right.cache->status().state == StoreState::ready; }));
}

TEST_F(RedisTest, comes_back_by_itself_and_writes_the_newest_value_of_each_key) {
    test::RedisServer server;
    const RedisStore store = make_store(url(server));
    ASSERT_TRUE(run_until([&] { return store.cache->status().state == StoreState::ready; }));
    server.stop(SIGKILL);
    ASSERT_TRUE(run_until([&] { return store.cache->status().state != StoreState::ready; }));
    for (int i = 0; i < 1000; ++i) {
        store.cache->put({{"snaps:latest", text(std::to_string(i)), milliseconds(90'000)}});
        store.publisher->publish("scanner.signals", text(std::to_string(i)));
    }
    EXPECT_EQ(store.cache->status().backlog, 1U + 256U) << "one value a key, and a bounded number of messages";
    EXPECT_EQ(store.cache->status().dropped, 1000U - 256U);
    const auto away = test::run_on(io_, store.cache->get("snaps:latest", 1'000));
    ASSERT_FALSE(away);
    EXPECT_EQ(away.error().code(), core::ErrorCode::unavailable) << "answers at once instead of waiting";
    server.start();
    ASSERT_TRUE(run_until([&] { return store.cache->status().backlog == 0; })) << store.cache->status().last_error;
    EXPECT_EQ(**test::run_on(io_, store.cache->get("snaps:latest", 1'000)), "999");
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

/// A server that takes connections and answers each piece of input with the same words.
class FakeServer {
public:
    FakeServer(boost::asio::io_context& io, std::string answer, bool hangs_up)
        : acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}), answer_(std::move(answer)), hangs_up_(hangs_up) {
        accept();
    }
    [[nodiscard]] core::RedisUrl url(std::string password = "") const {
        return {.host = "127.0.0.1", .port = acceptor_.local_endpoint().port(), .password = std::move(password)};
    }
    int connections = 0;

private:
    using Socket = boost::asio::ip::tcp::socket;
    void accept() {
        acceptor_.async_accept([this](const boost::system::error_code& error, Socket socket) {
            if (error) return;
            ++connections;
            serve(std::make_shared<Socket>(std::move(socket)), std::make_shared<std::array<char, 4096>>());
            accept();
        });
    }
    void serve(std::shared_ptr<Socket> socket, std::shared_ptr<std::array<char, 4096>> input) {
        socket->async_read_some(boost::asio::buffer(*input), [this, socket, input](const auto& error, std::size_t) {
            if (error) return;
            boost::system::error_code ignored;
            boost::asio::write(*socket, boost::asio::buffer(answer_), ignored);
            if (!hangs_up_) serve(socket, input);
        });
    }

    boost::asio::ip::tcp::acceptor acceptor_;
    std::string answer_;
    bool hangs_up_;
};

TEST_F(RedisTest, a_session_that_failed_counts_as_an_attempt) {
    for (const bool hangs_up : {false, true}) {
        for (const char* const answer :
             {"-WRONGPASS invalid username-password pair\r\n", "+OK\r\n", "HTTP/1.1 400\r\n"}) {
            if (!hangs_up && answer[0] == '+') continue;  // that is a server that works
            FakeServer server(io_, answer, hangs_up);
            const RedisStore store = make_store(server.url("guess"));
            run_until([] { return false; }, milliseconds(2'000));
            EXPECT_GE(server.connections, 2) << answer;
            EXPECT_LE(server.connections, 16) << answer;
            EXPECT_NE(store.cache->status().state, StoreState::ready) << answer;
            EXPECT_FALSE(store.cache->status().last_error.empty()) << answer;
            test::run_on(io_, store.cache->close(milliseconds(100)));
        }
    }
}

TEST_F(RedisTest, an_answer_beyond_every_bound_is_not_read) {
    FakeServer server(io_, "$500000000\r\n" + std::string(100'000, 'x'), false);
    const RedisStore store = make_store(server.url());
    ASSERT_TRUE(run_until([&] { return store.cache->status().last_error.find("500000000") != std::string::npos; }));
    test::run_on(io_, store.cache->close(milliseconds(100)));
}

TEST_F(RedisTest, is_down_while_writes_are_refused_and_writes_them_when_they_are_not) {
    test::RedisServer server;
    const RedisStore store = make_store(url(server));
    store.cache->put({{"a", text("1"), milliseconds(90'000)}});
    ASSERT_TRUE(run_until([&] { return store.cache->status().backlog == 0; }));
    ASSERT_TRUE(ask(server, {"REPLICAOF", "127.0.0.1", "1"}));
    store.cache->put({{"a", text("2"), milliseconds(90'000)}});
    ASSERT_TRUE(run_until([&] { return store.cache->status().state != StoreState::ready; }));
    run_until([] { return false; }, milliseconds(500));
    EXPECT_NE(store.cache->status().state, StoreState::ready);
    EXPECT_NE(store.cache->status().last_error.find("READONLY"), std::string::npos) << store.cache->status().last_error;
    EXPECT_EQ(store.cache->status().backlog, 1U) << "kept, not thrown away";
    ASSERT_TRUE(ask(server, {"REPLICAOF", "NO", "ONE"}));
    ASSERT_TRUE(run_until([&] { return store.cache->status().backlog == 0; })) << store.cache->status().last_error;
    EXPECT_EQ(store.cache->status().state, StoreState::ready);
    EXPECT_EQ(store.cache->status().last_error, "");
    EXPECT_EQ(ask(server, {"GET", "a"})->text, "2");
}

TEST_F(RedisTest, counts_a_message_as_published_only_when_it_was) {
    test::RedisServer server;
    ASSERT_TRUE(ask(server, {"ACL", "SETUSER", "default", "resetchannels"}));
    const RedisStore store = make_store(url(server));
    store.cache->put({{"a", text("1"), milliseconds(90'000)}});
    store.publisher->publish("signals", text("ring"));
    ASSERT_TRUE(run_until([&] { return store.cache->status().last_error.find("NOPERM") != std::string::npos; }))
        << store.cache->status().last_error;
    EXPECT_EQ(store.cache->status().state, StoreState::down);
    EXPECT_EQ(store.publisher->published(), 0U);
    EXPECT_EQ(ask(server, {"GET", "a"})->text, "1") << "keys are written as ever";
    ASSERT_TRUE(ask(server, {"ACL", "SETUSER", "default", "allchannels"}));
    ASSERT_TRUE(run_until([&] { return store.publisher->published() == 1; })) << "tried again by itself";
    EXPECT_EQ(store.cache->status().state, StoreState::ready);
}

TEST_F(RedisTest, a_full_memory_is_a_trouble_of_the_store) {
    test::RedisServer server;
    ASSERT_TRUE(ask(server, {"CONFIG", "SET", "maxmemory", "1"}));
    const RedisStore store = make_store(url(server));
    store.cache->put({{"a", text("1"), milliseconds(90'000)}});
    ASSERT_TRUE(run_until([&] { return store.cache->status().last_error.find("OOM") != std::string::npos; }));
    EXPECT_EQ(store.cache->status().state, StoreState::down);
    ASSERT_TRUE(ask(server, {"CONFIG", "SET", "maxmemory", "0"}));
    EXPECT_TRUE(run_until([&] { return store.cache->status().state == StoreState::ready; }));
}

TEST_F(RedisTest, puts_its_prefix_in_front_of_keys_and_channels) {
    test::RedisServer server;
    const RedisStore one = make_store(url(server), "one:");
    const RedisStore two = make_store(url(server), "two:");
    one.cache->put({{"snaps:latest", text("1"), milliseconds(90'000)}});
    two.cache->put({{"snaps:latest", text("2"), milliseconds(90'000)}});
    ASSERT_TRUE(run_until([&] { return one.cache->status().backlog + two.cache->status().backlog == 0; }));
    EXPECT_EQ(**test::run_on(io_, one.cache->get("snaps:latest", 100)), "1");
    EXPECT_EQ(**test::run_on(io_, two.cache->get("snaps:latest", 100)), "2");
    EXPECT_EQ(ask(server, {"GET", "two:snaps:latest"})->text, "2");
    EXPECT_EQ(ask(server, {"EXISTS", "snaps:latest"})->integer, 0);
}

TEST_F(RedisTest, refuses_a_second_one_on_its_keys_until_it_has_gone) {
    test::RedisServer server;
    const auto ready = [&](const RedisStore& store) {
        return run_until([&] { return store.cache->status().state == StoreState::ready; });
    };
    const RedisStore first = make_store(url(server));
    ASSERT_TRUE(ready(first));
    ASSERT_TRUE(test::run_on(io_, first.lease->claim(milliseconds(2'000))));
    const RedisStore elsewhere = make_store(url(server), "other:");
    ASSERT_TRUE(ready(elsewhere));
    EXPECT_TRUE(test::run_on(io_, elsewhere.lease->claim(milliseconds(2'000))));

    const RedisStore second = make_store(url(server));
    ASSERT_TRUE(run_until([&] { return second.cache->status().state == StoreState::down; }));
    const auto refused = test::run_on(io_, second.lease->claim(milliseconds(2'000)), milliseconds(20'000));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), core::ErrorCode::conflict);
    EXPECT_NE(refused.error().message().find("SCANNER_REDIS_KEY_PREFIX"), std::string::npos);
    second.cache->put({{"snaps:latest", text("the second's"), milliseconds(90'000)}});
    second.publisher->publish("signals", text("ring"));
    run_until([] { return false; }, milliseconds(300));
    EXPECT_EQ(ask(server, {"EXISTS", "snaps:latest"})->integer, 0) << "it does not write";
    EXPECT_EQ(second.publisher->published(), 0U);

    test::run_on(io_, first.cache->close(milliseconds(500)));
    EXPECT_TRUE(test::run_on(io_, second.lease->claim(milliseconds(2'000)), milliseconds(20'000)))
        << "given back at the end";
    second.cache->put({{"snaps:latest", text("the second's"), milliseconds(90'000)}});
    ASSERT_TRUE(run_until([&] { return second.cache->status().backlog == 0; }));
    EXPECT_EQ(ask(server, {"GET", "snaps:latest"})->text, "the second's");
    EXPECT_EQ(second.cache->status().last_error, "");
}

TEST_F(RedisTest, waits_out_a_lease_whose_holder_cannot_be_seen_to_have_ended) {
    test::RedisServer server;
    LeaseHolder crashed = this_process("here", core::system_clock().now());
    crashed.instance = "another";
    crashed.boot = "another machine's";
    ASSERT_TRUE(ask(server, {"SET", "scanner.lease", encode_holder(crashed), "PX", "1500"}));
    const RedisStore store = make_store(url(server));
    ASSERT_TRUE(run_until([&] { return !store.cache->status().last_error.empty(); }));
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(test::run_on(io_, store.lease->claim(milliseconds(2'000)), milliseconds(20'000)));
    EXPECT_LT(std::chrono::steady_clock::now() - began, PrefixLease::kLeaseTime);
}

TEST_F(RedisTest, takes_the_lease_of_a_process_that_has_ended_at_once) {
    test::RedisServer server;
    LeaseHolder crashed = this_process("here", core::system_clock().now());
    crashed.instance = "another";
    crashed.start_ticks += 1;
    ASSERT_TRUE(ask(server, {"SET", "scanner.lease", encode_holder(crashed), "PX", "600000"}));
    const RedisStore store = make_store(url(server));
    ASSERT_TRUE(run_until([&] { return store.cache->status().state == StoreState::ready; }));
    EXPECT_TRUE(test::run_on(io_, store.lease->claim(milliseconds(2'000)), milliseconds(20'000)));
    EXPECT_NE(ask(server, {"GET", "scanner.lease"})->text, encode_holder(crashed));
}

TEST_F(RedisTest, the_newer_of_two_yields_when_redis_comes_back_to_both) {
    test::RedisServer server;
    const RedisStore older = make_store(url(server));
    run_until([] { return false; }, milliseconds(20));
    LeaseHolder newer = this_process("here", core::system_clock().now() + std::chrono::seconds(1));
    newer.boot = "another machine's";
    ASSERT_TRUE(ask(server, {"SET", "scanner.lease", encode_holder(newer), "PX", "600000"}));
    older.cache->put({{"a", text("1"), milliseconds(90'000)}});
    EXPECT_TRUE(run_until([&] { return ask(server, {"GET", "scanner.lease"})->text != encode_holder(newer); }));
    EXPECT_TRUE(run_until([&] { return older.cache->status().backlog == 0; }));
}

TEST(LeaseHolder, is_hostile_until_parsed) {
    const LeaseHolder holder = this_process("a", core::system_clock().now());
    ASSERT_TRUE(decode_holder(encode_holder(holder)));
    EXPECT_FALSE(has_ended(*decode_holder(encode_holder(holder))));
    for (const char* const text : {"", "[]", "{}", "1", R"({"instance":1})"}) EXPECT_FALSE(decode_holder(text)) << text;
    EXPECT_FALSE(decode_holder(std::string(100'000, '[')));
    LeaseHolder rude = holder;
    rude.host = "\x1b[31m\n" + std::string(500, 'x');
    EXPECT_EQ(describe(rude).find('\n'), std::string::npos);
    EXPECT_LT(describe(rude).size(), 200U);
}

/// Certificates made for the test, on a server that speaks TLS on one port and a Unix socket besides.
class RedisTls : public RedisTest {
protected:
    RedisTls() {
        char folder[] = "/tmp/market-scanner-tls-XXXXXX";
        folder_ = ::mkdtemp(folder);
        const std::string in = "cd " + folder_ + " && ";
        run(in + "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca");
        run(in + "openssl req -x509 -newkey rsa:2048 -nodes -keyout o.key -out other.pem -days 2 -subj /CN=other-ca");
        certificate("good", "DNS:localhost,IP:127.0.0.1");
        certificate("wrong", "DNS:elsewhere.example");
    }
    ~RedisTls() override { std::filesystem::remove_all(folder_); }

    static void run(const std::string& line) { ASSERT_EQ(std::system((line + " 2>/dev/null").c_str()), 0) << line; }
    void certificate(const std::string& name, const std::string& names) {
        run("cd " + folder_ + " && openssl req -newkey rsa:2048 -nodes -keyout " + name + ".key -out " + name +
            ".csr -subj /CN=x && printf 'subjectAltName=" + names + "' > " + name + ".ext && openssl x509 -req -in " +
            name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile " + name + ".ext -out " + name +
            ".pem");
    }
    std::vector<std::string> flags(const std::string& name) {
        tls_port_ = test::free_port();
        return {"--tls-port",         std::to_string(tls_port_),
                "--tls-cert-file",    folder_ + "/" + name + ".pem",
                "--tls-key-file",     folder_ + "/" + name + ".key",
                "--tls-ca-cert-file", folder_ + "/ca.pem",
                "--tls-auth-clients", "no",
                "--unixsocket",       folder_ + "/redis.sock"};
    }
    RedisStore secure(const std::string& host, const std::string& ca = "ca.pem") {
        return make_store({.url = {.host = host, .port = tls_port_, .password = "secret", .tls = true},
                           .ca_bundle_path = folder_ + "/" + ca});
    }
    std::string complaint(const std::string& host, const std::string& ca = "ca.pem") {
        const RedisStore store = secure(host, ca);
        EXPECT_TRUE(run_until([&] { return !store.cache->status().last_error.empty(); }));
        EXPECT_NE(store.cache->status().state, StoreState::ready);
        std::string said = store.cache->status().last_error;
        test::run_on(io_, store.cache->close(milliseconds(100)));
        return said;
    }

    std::string folder_;
    std::uint16_t tls_port_ = 0;
};

TEST_F(RedisTls, speaks_tls_to_the_server_of_the_name_and_to_no_other) {
    test::RedisServer server("secret", flags("good"));
    for (const char* const host : {"localhost", "127.0.0.1"}) {
        const RedisStore store = secure(host);
        store.cache->put({{"a", text(std::string(300'000, 'x')), milliseconds(90'000)}});
        ASSERT_TRUE(run_until([&] { return store.cache->status().backlog == 0; })) << store.cache->status().last_error;
        EXPECT_EQ((*test::run_on(io_, store.cache->get("a", 1'000'000)))->size(), 300'000U);
        test::run_on(io_, store.cache->close(milliseconds(500)));
    }
    EXPECT_NE(complaint("localhost", "other.pem").find("certificate verify failed"), std::string::npos);
    EXPECT_NE(complaint("localhost", "missing.pem").find("SCANNER_CA_BUNDLE_PATH"), std::string::npos);
}

TEST_F(RedisTls, refuses_a_certificate_for_another_name) {
    test::RedisServer server("secret", flags("wrong"));
    EXPECT_NE(complaint("localhost").find("certificate verify failed"), std::string::npos);
    EXPECT_NE(complaint("127.0.0.1").find("certificate verify failed"), std::string::npos);
}

TEST_F(RedisTls, does_not_speak_tls_to_a_plain_port) {
    test::RedisServer server("secret");
    tls_port_ = server.port();
    EXPECT_NE(complaint("localhost").find("TLS"), std::string::npos);
}

TEST_F(RedisTls, reaches_a_unix_socket) {
    test::RedisServer server("secret", flags("good"));
    const RedisStore store = make_store(*core::parse_redis_url("unix://:secret@" + folder_ + "/redis.sock?db=1"));
    store.cache->put({{"a", text("1"), milliseconds(90'000)}});
    ASSERT_TRUE(run_until([&] { return store.cache->status().backlog == 0; })) << store.cache->status().last_error;
    EXPECT_EQ(**test::run_on(io_, store.cache->get("a", 100)), "1");
    const RedisStore nowhere = make_store(*core::parse_redis_url("unix://" + folder_ + "/none.sock"));
    EXPECT_TRUE(run_until([&] { return !nowhere.cache->status().last_error.empty(); }));
}

}  // namespace
}  // namespace scanner::storage
