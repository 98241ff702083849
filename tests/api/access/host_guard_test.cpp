#include "scanner/api/host_guard.hpp"

#include "api/http/problem.hpp"
#include "api/response_header.hpp"
#include "api/sample.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/api/handler.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace scanner::api {
namespace {

TEST(OwnHost, on_loopback_is_an_address_of_the_loopback_or_a_listed_name) {
    const HostRules rules{.loopback_only = true, .allowed = {"scanner.example", "192.168.1.7", "2001:db8::7"}};
    for (const char* host : {"127.0.0.1", "127.0.0.1:8010", "127.0.0.9:1", "[::1]:8010", "localhost", "LOCALHOST:8010",
                             "scanner.example", "Scanner.Example:443", "192.168.1.7:8010", "[2001:db8::7]", ""}) {
        EXPECT_TRUE(is_own_host(host, rules)) << host;
    }
    for (const char* host :
         {"evil.example", "evil.example:8010", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.8",
          "[2001:db8::8]", "localhost.", "[evil]", "[::1].evil.com", "127.0.0.1:x@evil.com", "0.0.0.0", "127.1",
          "2130706433", "0x7f.0.0.1", "notscanner.example", "scanner.example.evil", "a b"}) {
        EXPECT_FALSE(is_own_host(host, rules)) << host;
    }
}

TEST(OwnHost, elsewhere_is_any_address_or_a_listed_name) {
    const HostRules rules{.allowed = {"scanner.example"}};
    for (const char* host : {"10.0.0.5:8010", "[2001:db8::8]", "localhost:8010", "scanner.example"}) {
        EXPECT_TRUE(is_own_host(host, rules)) << host;
    }
    EXPECT_FALSE(is_own_host("evil.example", rules));
}

class GuardedApi : public testing::Test {
protected:
    net::ServerRequest request(const std::string& target, const std::string& host, const std::string& method = "GET") {
        net::ServerRequest request;
        request.method = method;
        request.target = target;
        request.headers = {{"Host", host}};
        return request;
    }
    net::ServerResponse ask(const std::string& target, const std::string& host, const std::string& method = "GET") {
        return scanner::test::run_coroutine(guard_->handle(request(target, host, method)));
    }
    void SetUp() override { engine_.publish(test::make_ranking()); }

    core::ManualClock clock_{test::kNow};
    test::FakeEngine engine_;
    Metrics metrics_{"1"};
    std::unique_ptr<net::RequestHandler> api_ =
        make_api_handler({}, {.engine = engine_, .metrics = metrics_, .clock = clock_});
    std::unique_ptr<net::RequestHandler> guard_ = make_host_guard({.loopback_only = true}, *api_, metrics_);
};

TEST_F(GuardedApi, tells_a_foreign_name_nothing_but_that_it_lives) {
    for (const char* target : {"/rankings", "/settings", "/watchlists", "/healthz/details", "/ready", "/panel",
                               "/openapi.json", "/nowhere", "/health/", "/metrics/x"}) {
        for (const char* method : {"GET", "HEAD", "POST", "OPTIONS"}) {
            const auto answer = ask(target, "evil.example:8010", method);
            EXPECT_EQ(answer.status, 421) << method << ' ' << target;
            const auto problem = nlohmann::json::parse(*answer.body);
            EXPECT_EQ(problem.at("type"), "urn:market-scanner:problem:foreign-host");
            EXPECT_NE(problem.at("detail").get<std::string>().find("SCANNER_ALLOWED_HOSTS"), std::string::npos);
        }
        EXPECT_NE(ask(target, "127.0.0.1:8010").status, 421) << target;
    }
    EXPECT_EQ(ask("/health", "evil.example").status, 200);
    EXPECT_EQ(ask("/metrics", "evil.example").status, 200);
}

TEST_F(GuardedApi, opens_no_websocket_and_reads_no_body_for_a_foreign_name) {
    const auto refusal = guard_->refuse_websocket(request("/stream/rankings", "evil.example"));
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->status, 421);
    const auto rules = guard_->body_rules(request("/alerts/rules:test", "evil.example", "POST"), 50'000);
    ASSERT_TRUE(rules && rules->refusal);
    EXPECT_EQ(rules->refusal->status, 421);
    EXPECT_FALSE(rules->kept);
    EXPECT_FALSE(guard_->body_rules(request("/alerts/rules:test", "evil.example", "POST"), 5)->refusal)
        << "a short one is read past, and refused in its turn";
}

}  // namespace
}  // namespace scanner::api
