#include "net/scripted_server.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/net/http_client.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

namespace scanner::net {
namespace {

using test::ok;
using test::run_on;
using test::ScriptedServer;

TEST(CurlClient, connects_to_public_addresses_only_when_told_so) {
    boost::asio::io_context io(1);
    ScriptedServer server(io, [](const std::string&) { return ok("{}"); });
    const auto client = make_curl_client(io.get_executor(), {});
    const std::string port = server.url("/").substr(server.url("/").rfind(':'));
    for (const std::string host :
         {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"}) {
        ClientRequest request{.url = "http://" + host + port};
        const auto open = run_on(io, client->send(request));
        if (host == "127.0.0.1") ASSERT_TRUE(open) << open.error().message();
        request.public_address_only = true;
        // Also where an open connection of the request before could be used.
        const auto refused = run_on(io, client->send(request));
        ASSERT_FALSE(refused) << host;
        EXPECT_EQ(refused.error().code(), core::ErrorCode::invalid_input) << host << ": " << refused.error().message();
        EXPECT_NE(refused.error().message().find("no public address"), std::string::npos) << refused.error().message();
    }
    const auto open_again = run_on(io, client->send({.url = "http://127.0.0.1" + port}));
    EXPECT_TRUE(open_again);
}

/// A variable of the environment, while it lives. The tests of this program have one thread.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) {
        setenv(name, value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    }
    ~Variable() { unsetenv(name_); }  // NOLINT(concurrency-mt-unsafe)
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
};

/// A client that may reach public hosts only, behind a proxy on the loopback: where proxies usually are.
class ProxiedClient : public testing::Test {
protected:
    core::Result<ClientResponse> post(const std::string& url) {
        return run_on(io_, client_->send({.method = "POST",
                                          .url = url,
                                          .body = "{}",
                                          .timeout = std::chrono::seconds(5),
                                          .public_address_only = true}));
    }

    boost::asio::io_context io_{1};
    ScriptedServer proxy_{io_, [](const std::string& request) {
                              if (request.starts_with("CONNECT ")) {
                                  return test::Scripted{.bytes = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"};
                              }
                              return ok("by proxy");
                          }};
    Variable http_{"http_proxy", proxy_.url("")};
    Variable https_{"https_proxy", proxy_.url("")};
    std::unique_ptr<HttpClient> client_ = make_curl_client(io_.get_executor(), {});
};

TEST_F(ProxiedClient, is_judged_by_its_target_before_the_proxy_hears_of_it) {
    for (const std::string host : {"169.254.169.254", "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001",
                                   "10.0.0.1", "192.168.1.1:8080", "[::1]", "[::ffff:10.0.0.1]", "[fd00::1]",
                                   "93.184.215.14@127.0.0.1", "%31%32%37.0.0.1"}) {
        for (const std::string scheme : {"http://", "https://"}) {
            const auto refused = post(scheme + host + "/latest/meta-data");
            ASSERT_FALSE(refused) << host;
            EXPECT_EQ(refused.error().code(), core::ErrorCode::invalid_input) << host << refused.error().message();
            EXPECT_NE(refused.error().message().find("no public address"), std::string::npos)
                << refused.error().message();
        }
    }
    EXPECT_EQ(proxy_.accepted(), 0);
}

TEST_F(ProxiedClient, reaches_public_hosts_by_a_proxy_on_a_private_address) {
    const auto answer = post("http://93.184.215.14/hook");
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->body, "by proxy");
    ASSERT_EQ(proxy_.requests().size(), 1U);
    EXPECT_TRUE(proxy_.requests()[0].starts_with("POST http://93.184.215.14/hook HTTP/1.1\r\n"))
        << proxy_.requests()[0];
    const auto tunnel = post("https://93.184.215.14/hook");
    ASSERT_FALSE(tunnel);
    EXPECT_EQ(tunnel.error().code(), core::ErrorCode::network) << tunnel.error().message();
    ASSERT_EQ(proxy_.requests().size(), 2U);
    EXPECT_TRUE(proxy_.requests()[1].starts_with("CONNECT 93.184.215.14:443 HTTP/1.1\r\n")) << proxy_.requests()[1];
}

TEST_F(ProxiedClient, looks_at_the_address_itself_where_no_proxy_is_used) {
    ScriptedServer inside(io_, [](const std::string&) { return ok("inside"); });
    const Variable excepted("no_proxy", "127.0.0.0/8,localhost");
    const std::string port = inside.url("").substr(inside.url("").rfind(':'));
    for (const std::string host : {"127.0.0.1", "localhost"}) {
        const auto refused = post("http://" + host + port + "/");
        ASSERT_FALSE(refused) << host;
        EXPECT_EQ(refused.error().code(), core::ErrorCode::invalid_input) << refused.error().message();
    }
    EXPECT_EQ(inside.accepted(), 0);
    EXPECT_EQ(proxy_.accepted(), 0);
}

TEST_F(ProxiedClient, does_not_hand_over_a_name_that_it_cannot_judge) {
    const auto unknown = post("http://no-such-host.invalid/hook");
    ASSERT_FALSE(unknown);
    EXPECT_NE(unknown.error().code(), core::ErrorCode::invalid_input) << "it may be resolved at the next attempt";
    EXPECT_EQ(proxy_.accepted(), 0);
}

}  // namespace
}  // namespace scanner::net
