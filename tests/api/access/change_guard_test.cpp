#include "api/http/places.hpp"
#include "api/operator/operator_endpoints.hpp"
#include "api/operator/operator_fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <string>
#include <utility>
#include <vector>

/// Who may change things, and how many things there may be when many ask at once.
namespace scanner::api {
namespace {

using test::OperatorApi;

class ChangeGuardTest : public OperatorApi {
protected:
    static std::vector<net::Header> bearer(const std::string& token) { return {{"Authorization", "Bearer " + token}}; }
    int guess() { return post("/settings", {{"notional", 10}}, bearer("wrong")).status; }
    net::ServerRequest head(const std::string& method, const std::string& target,
                            std::vector<net::Header> headers = {}) {
        net::ServerRequest request;
        request.method = method;
        request.target = target;
        request.headers = std::move(headers);
        request.remote_address = "127.0.0.9";
        return request;
    }
    /// Everybody at once; the statuses in order.
    std::vector<int> post_together(const std::string& target, const std::vector<json>& bodies) {
        std::vector<int> statuses(bodies.size());
        std::size_t left = bodies.size();
        for (std::size_t i = 0; i < bodies.size(); ++i) {
            net::ServerRequest request = head("POST", target, {{"Content-Type", "application/json"}});
            request.body = bodies[i].dump();
            boost::asio::co_spawn(
                io_, handler().handle(std::move(request)),
                [&statuses, &left, i](const std::exception_ptr&, const net::ServerResponse& response) {
                    statuses[i] = response.status;
                    --left;
                });
        }
        io_.restart();
        io_.run_for(std::chrono::seconds(20));
        EXPECT_EQ(left, 0U);
        return statuses;
    }
};

TEST_F(ChangeGuardTest, slows_wrong_tokens_down_and_never_the_right_one) {
    options_.api_token = "0123456789abcdef";
    int attempts = 0;
    while (attempts < 100 && guess() == 403) ++attempts;
    EXPECT_EQ(attempts, 10);
    const auto slowed = post("/settings", {{"notional", 10}}, bearer("wrong"));
    EXPECT_EQ(problem(slowed, 429).at("type"), "urn:market-scanner:problem:token-wrong-again");
    const int first = std::stoi(header(slowed, "Retry-After"));
    const int second = std::stoi(header(post("/settings", {{"notional", 10}}, bearer("wrong")), "Retry-After"));
    EXPECT_GT(second, first) << "each one longer";
    problem(post("/settings", {{"notional", 10}}), 401);
    EXPECT_EQ(get("/settings").status, 200) << "reading is not concerned";
    EXPECT_EQ(post("/settings", {{"notional", 10}}, bearer("0123456789abcdef")).status, 200);
    EXPECT_EQ(guess(), 403) << "and starts anew";
}

TEST_F(ChangeGuardTest, logs_wrong_tokens_once_a_client_and_minute) {
    options_.api_token = "0123456789abcdef";
    for (int i = 0; i < 30; ++i) guess();
    auto lines = log_->of("wrong_token");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].at("remote_address"), "127.0.0.9");
    EXPECT_EQ(lines[0].at("count"), 1);
    EXPECT_EQ(lines[0].at("level"), "warning");
    clock_.advance(std::chrono::seconds(61));
    EXPECT_EQ(get("/health").status, 200);  // whatever is asked next
    lines = log_->of("wrong_token");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1].at("count"), 29);
    for (const json& line : lines) EXPECT_EQ(line.dump().find("wrong\""), std::string::npos) << "never the token";
}

TEST_F(ChangeGuardTest, uses_sec_fetch_site_without_an_origin) {
    const auto from = [this](const char* site) {
        return post("/settings", {{"notional", 11}}, {{"Host", "127.0.0.1:8010"}, {"Sec-Fetch-Site", site}}).status;
    };
    EXPECT_EQ(from("cross-site"), 403);
    EXPECT_EQ(from("same-site"), 403) << "another port of this machine, for one";
    EXPECT_EQ(from("same-origin"), 200);
    EXPECT_EQ(from("none"), 200);
}

TEST_F(ChangeGuardTest, takes_no_address_for_one_that_only_looks_like_it) {
    for (const char* host : {"[evil]", "[::1].evil.com", "127.0.0.1:x@evil.com", "[::1", "127.0.0.1.evil.com"}) {
        EXPECT_EQ(
            post("/settings", {{"notional", 11}}, {{"Origin", std::string("http://") + host}, {"Host", host}}).status,
            403)
            << host;
    }
    options_.allowed_hosts = {"scanner.example"};
    handler_.reset();
    const std::vector<net::Header> listed{{"Origin", "https://scanner.example"}, {"Host", "scanner.example"}};
    EXPECT_EQ(post("/settings", {{"notional", 11}}, listed).status, 200) << "a name that the operator vouches for";
}

TEST_F(ChangeGuardTest, keeps_bodies_only_of_authorized_changes) {
    options_.api_token = "0123456789abcdef";
    const auto rules = [this](const std::string& method, const std::string& target, std::optional<std::uint64_t> length,
                              std::vector<net::Header> headers = {}) {
        return *handler().body_rules(head(method, target, std::move(headers)), length);
    };
    const auto status = [](const net::BodyRules& rules) { return rules.refusal ? rules.refusal->status : 0; };
    EXPECT_EQ(status(rules("POST", "/health", 1U << 20U)), 405);
    EXPECT_EQ(status(rules("POST", "/nowhere", 1U << 20U)), 404);
    EXPECT_EQ(status(rules("GET", "/rankings", 1U << 20U)), 413);
    EXPECT_EQ(status(rules("OPTIONS", "/settings", 1U << 20U)), 413);
    EXPECT_EQ(status(rules("POST", "/%zz", 1U << 20U)), 400);
    EXPECT_EQ(status(rules("POST", "/settings", 60'000)), 401);
    EXPECT_EQ(status(rules("POST", "/settings", std::nullopt)), 401) << "chunks";
    EXPECT_EQ(status(rules("POST", "/settings", 60'000, bearer("wrong"))), 403);
    EXPECT_EQ(status(rules("POST", "/settings", 65'537, bearer("0123456789abcdef"))), 413);
    EXPECT_EQ(status(rules("POST", "/profiles/apply?name=swing", 65'536, bearer("0123456789abcdef"))), 413);
    EXPECT_EQ(status(rules("DELETE", "/watchlists/x", 65'536, bearer("0123456789abcdef"))), 413);
    const auto kept = rules("POST", "/settings", 65'536, bearer("0123456789abcdef"));
    EXPECT_TRUE(kept.kept);
    EXPECT_EQ(status(kept), 0);
    EXPECT_TRUE(rules("POST", "/alerts/rules:test", 65'536).kept) << "which reads";
    EXPECT_TRUE(rules("POST", "/settings", std::nullopt, bearer("0123456789abcdef")).kept);
    for (const auto& unwanted : {rules("POST", "/settings", 100), rules("POST", "/settings", 100, bearer("wrong")),
                                 rules("GET", "/rankings", 100), rules("POST", "/nowhere", std::nullopt)}) {
        EXPECT_FALSE(unwanted.kept);
        EXPECT_EQ(status(unwanted), 0) << "a short one is read past";
        EXPECT_EQ(unwanted.max_bytes, net::kUnwantedBodyBytes);
    }
    EXPECT_EQ(log_->of("wrong_token").size(), 1U) << "counted when refused, not when looked at";
}

TEST_F(ChangeGuardTest, refuses_members_that_are_there_twice) {
    const auto send_body = [this](const std::string& target, const std::string& body) {
        return problem(send("POST", target, body, {{"Content-Type", "application/json"}}), 422);
    };
    EXPECT_EQ(fault_of(send_body("/settings", R"({"notional":5,"notional":6})"), "notional"),
              "is there more than once");
    EXPECT_EQ(fault_of(send_body("/settings", R"({"notional":5,"n\u006ftional":6})"), "notional"),
              "is there more than once");
    EXPECT_NE(
        fault_of(send_body("/profiles", R"({"name":"p","weights":{"liq.qvol":1,"liq.qvol":2}})"), "weights.liq.qvol"),
        "");
    EXPECT_NE(fault_of(send_body("/watchlists", R"({"a":{"x":1},"b":[{"y":1,"y":2}]})"), "b.y"), "");
    EXPECT_EQ(
        send("POST", "/profiles", R"({"name":"p","weights":{"liq.qvol":1}})", {{"Content-Type", "application/json"}})
            .status,
        200);
}

TEST_F(ChangeGuardTest, makes_no_more_of_anything_when_many_ask_at_once) {
    documents_.slow = true;
    const json weights{{"liq.qvol", 1.0}};
    std::vector<json> lists;
    std::vector<json> profiles;
    std::vector<json> rules;
    for (int i = 0; i < 150; ++i) lists.push_back({{"name", "list " + std::to_string(i)}});
    for (int i = 0; i < 50; ++i) profiles.push_back({{"name", "p" + std::to_string(i)}, {"weights", weights}});
    for (int i = 0; i < 150; ++i) rules.push_back({{"name", "r" + std::to_string(i)}, {"expression", "rank < 3"}});
    const auto made = [](const std::vector<int>& statuses) { return std::ranges::count(statuses, 200); };
    EXPECT_EQ(made(post_together("/watchlists", lists)), kMaxWatchlists);
    EXPECT_EQ(documents_.documents()->watchlists.size(), kMaxWatchlists);
    EXPECT_EQ(made(post_together("/profiles", profiles)), kMaxProfiles);
    EXPECT_EQ(documents_.documents()->presets.size(), kMaxProfiles);
    static_cast<void>(post_together("/alerts/rules", rules));
    EXPECT_EQ(alerts_->rules().size(), alerts::kMaxRules);
}

TEST(Places, are_taken_and_given_back_in_all_and_by_client) {
    Places places(3, 2);
    auto first = places.take(0, "a");
    auto second = places.take(0, "a");
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(places.take(0, "a")) << "its share";
    auto third = places.take(0, "b");
    EXPECT_TRUE(third);
    EXPECT_FALSE(places.take(0, "c")) << "all there are";
    EXPECT_FALSE(places.take());
    first = Places::Place();
    EXPECT_TRUE(places.take(0, "a"));
    auto moved = std::move(second);
    EXPECT_EQ(places.taken(), 2U);
    EXPECT_FALSE(places.take(1)) << "one is taken elsewhere";
    EXPECT_TRUE(places.take(0));
    EXPECT_FALSE(places.take(4));
}

}  // namespace
}  // namespace scanner::api
