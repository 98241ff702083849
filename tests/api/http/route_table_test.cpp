#include "api/http/route_table.hpp"

#include "api/http/dispatcher.hpp"
#include "api/operator/operator_fixture.hpp"
#include "api/replay/fakes.hpp"
#include "api/status/openapi.hpp"

#include "scanner/core/text.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Every route that there is, against what it declares.
namespace scanner::api {
namespace {

using nlohmann::json;
using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;

constexpr const char* kToken = "0123456789abcdef";

/// A history whose database is away.
class AbsentHistory final : public storage::History {
public:
    template <class T>
    using Async = boost::asio::awaitable<core::Result<T>>;
    using History::record;
    void record(std::function<storage::HistoryBatch()>) override {}
    [[nodiscard]] std::uint64_t last_sequence() const override { return 0; }
    Async<storage::RankingsPage> rankings(storage::RankingsQuery) override { co_return away(); }
    Async<std::optional<storage::RankingAsOf>> ranking_as_of(core::WallTime, std::string) override { co_return away(); }
    Async<storage::BarsPage> bars(storage::BarsQuery) override { co_return away(); }

private:
    static std::unexpected<core::Error> away() { return core::fail(core::ErrorCode::unavailable, "away"); }
};

/// A ledger whose database is away.
class AbsentLedger final : public storage::EpisodeLedger {
public:
    template <class T>
    using Async = boost::asio::awaitable<core::Result<T>>;
    void record_episodes(std::vector<storage::EpisodeRecord> /*episodes*/) override {}
    Async<storage::EpisodesPage> episodes(storage::EpisodesQuery /*query*/) override { co_return away(); }
    Async<storage::Episode> episode(std::string /*id*/) override { co_return away(); }
    Async<storage::Episode> judge(std::string /*id*/, storage::Disposition /*disposition*/,
                                  std::optional<std::int64_t> /*expected*/) override {
        co_return away();
    }
    Async<std::vector<storage::FlagDispositions>> dispositions(core::WallTime /*from*/,
                                                               core::WallTime /*to*/) override {
        co_return away();
    }

private:
    static std::unexpected<core::Error> away() { return core::fail(core::ErrorCode::unavailable, "away"); }
};

class RouteTableTest : public test::OperatorApi {
protected:
    /// The whole table: there is no port that is not there.
    std::vector<ApiRoute> all_routes() {
        handler();
        streams_ = std::make_unique<Streams>(io_.get_executor(), StreamOptions(), engine_);
        ports_.streams = streams_.get();
        ports_.history = &history_;
        ports_.episodes = &ledger_;
        ports_.recordings = &recordings_;
        ports_.replay = &replay_;
        guard_ = std::make_unique<ChangeGuard>(options_);
        table_ = std::make_unique<RouteTable>(options_, ports_, *guard_);
        return table_->routes();
    }
    Dispatcher dispatcher(std::vector<ApiRoute> routes) { return {options_, ports_, *guard_, std::move(routes)}; }

    /// A target that the route matches.
    static std::string target_of(const ApiRoute& route) {
        std::string target = route.pattern.text();
        const std::size_t open = target.find('{');
        if (open != std::string::npos) target.replace(open, target.find('}') - open + 1, "btc");
        return target;
    }
    static net::ServerRequest request_to(const ApiRoute& route, const std::string& query = "") {
        net::ServerRequest request;
        request.method = route.method;
        request.target = target_of(route) + query;
        request.remote_address = "127.0.0.9";
        if (route.body) {
            request.headers.push_back({"Content-Type", "application/json"});
            request.body = "{}";
        }
        return request;
    }
    net::ServerResponse ask(Dispatcher& dispatcher, net::ServerRequest request) {
        return scanner::test::run_on(io_, dispatcher.dispatch(std::move(request)));
    }
    int status(Dispatcher& dispatcher, const ApiRoute& route, const std::string& token) {
        net::ServerRequest request = request_to(route);
        if (!token.empty()) request.headers.push_back({"Authorization", "Bearer " + token});
        return ask(dispatcher, std::move(request)).status;
    }
    static Handler answering_empty() {
        return {.parse = nullptr,
                .answer = [](Call&, ParsedQuery&) -> Reply { return Outcome(ActionAnswer{.json = "{}"}); }};
    }
    /// Every method but GET changes something, but for the one that only tries a rule.
    static bool changes_something(const ApiRoute& route) {
        return route.method != "GET" && route.pattern.text() != "/alerts/rules:test";
    }
    static std::string name_of(const ApiRoute& route) { return std::string(route.method) + ' ' + route.pattern.text(); }
    json document(Dispatcher& dispatcher) {
        net::ServerRequest request;
        request.method = "GET";
        request.target = "/openapi.json";
        return ok(ask(dispatcher, std::move(request)));
    }

    AbsentHistory history_;
    AbsentLedger ledger_;
    test::FakeRecordings recordings_;
    test::FakeReplay replay_;
    std::unique_ptr<Streams> streams_;
    std::unique_ptr<ChangeGuard> guard_;
    std::unique_ptr<RouteTable> table_;
};

TEST_F(RouteTableTest, refuses_changes_without_the_token_whatever_their_handlers_do) {
    options_.api_token = kToken;
    int called = 0;
    std::vector<ApiRoute> careless = all_routes();
    for (ApiRoute& route : careless) {
        route.handler = {.parse = nullptr, .answer = [&called](Call&, ParsedQuery&) -> Reply {
                             ++called;
                             return Outcome(ActionAnswer{.json = R"({"status":"changed"})"});
                         }};
    }
    Dispatcher dispatcher = this->dispatcher(std::move(careless));
    int changes = 0;
    for (const ApiRoute& route : dispatcher.routes()) {
        if (!changes_something(route)) continue;
        SCOPED_TRACE(name_of(route));
        ++changes;
        EXPECT_EQ(status(dispatcher, route, ""), 401);
        EXPECT_THAT(status(dispatcher, route, "wrong"), AnyOf(403, 429));
        EXPECT_EQ(called, 0);
        const auto rules = dispatcher.body_rules(request_to(route), 10);
        EXPECT_FALSE(rules.kept) << "nothing is read of a body that may not change anything";
        EXPECT_EQ(status(dispatcher, route, kToken), 200);
        EXPECT_EQ(std::exchange(called, 0), 1);
    }
    EXPECT_EQ(changes, 18);
}

TEST_F(RouteTableTest, is_closed_where_a_route_declares_nothing) {
    options_.api_token = kToken;
    static_cast<void>(all_routes());
    std::vector<ApiRoute> routes;
    routes.push_back({.method = "GET", .pattern = PathPattern("/new"), .label = "/new", .handler = answering_empty()});
    Dispatcher dispatcher = this->dispatcher(std::move(routes));
    const ApiRoute& route = dispatcher.routes().front();
    EXPECT_EQ(status(dispatcher, route, ""), 401);
    EXPECT_EQ(status(dispatcher, route, kToken), 200);
    net::ServerRequest with_parameter = request_to(route, "?x=1");
    with_parameter.headers.push_back({"Authorization", std::string("Bearer ") + kToken});
    EXPECT_EQ(ask(dispatcher, std::move(with_parameter)).status, 422);
}

TEST_F(RouteTableTest, is_described_whole_and_as_it_declares) {
    Dispatcher dispatcher = this->dispatcher(all_routes());
    const json openapi = document(dispatcher);
    const json& paths = openapi.at("paths");
    std::set<std::string> served;
    for (const ApiRoute& route : dispatcher.routes()) {
        SCOPED_TRACE(name_of(route));
        const std::string method = core::lower_case(route.method);
        ASSERT_TRUE(paths.contains(route.pattern.text()) && paths.at(route.pattern.text()).contains(method));
        const json& operation = paths.at(route.pattern.text()).at(method);
        served.insert(method + ' ' + route.pattern.text());
        EXPECT_FALSE(operation.contains("x-undocumented"));
        EXPECT_EQ(operation.contains("security"), route.access == Access::token);
        EXPECT_EQ(operation.contains("requestBody"), route.body.has_value());
        bool has_parameters = false;
        bool has_versions = false;
        for (const json& parameter : operation.value("parameters", json::array())) {
            has_parameters |= parameter.value("in", "") == "query";
            has_versions |= parameter.value("$ref", "") == "#/components/parameters/IfMatch";
        }
        EXPECT_EQ(has_versions, route.versions);
        // The heartbeat is a WebSocket without parameters, which a plain request is told whatever it asks.
        if (route.pattern.text() != "/stream") EXPECT_EQ(has_parameters, static_cast<bool>(route.handler.parse));
    }
    for (const OpenApiPart& part : openapi_parts()) {
        if (part.name.starts_with("examples/")) continue;
        const json content = json::parse(part.text);
        for (const auto& [path, operations] : content.value("paths", json::object()).items()) {
            for (const auto& [method, operation] : operations.items()) {
                std::string described = method;
                described.append(" ").append(path);
                EXPECT_THAT(served, Contains(described)) << "described, and no class has it";
            }
        }
    }
}

TEST_F(RouteTableTest, is_in_the_handbook) {
    std::ifstream file(std::string(SCANNER_SOURCE_DIR) + "/docs/api.md");
    const std::string docs{std::istreambuf_iterator<char>(file), {}};
    for (const ApiRoute& route : all_routes()) EXPECT_THAT(docs, HasSubstr(route.pattern.text() + '`'));
}

TEST_F(RouteTableTest, refuses_unknown_parameters_everywhere) {
    Dispatcher dispatcher = this->dispatcher(all_routes());
    for (const ApiRoute& route : dispatcher.routes()) {
        SCOPED_TRACE(name_of(route));
        const int status = ask(dispatcher, request_to(route, "?surely_unknown=1")).status;
        EXPECT_EQ(status, route.label == "/stream" || route.label == "/stream/rankings" ? 426 : 422);
    }
}

TEST_F(RouteTableTest, gives_a_handler_what_its_parser_made_and_nothing_that_it_refused) {
    int called = 0;
    std::vector<ApiRoute> routes = all_routes();
    for (ApiRoute& route : routes) {
        // Its own parser stays.
        route.handler.answer = [&called](Call&, ParsedQuery& query) -> Reply {
            ++called;
            EXPECT_TRUE(query.has_value());
            return Outcome(ActionAnswer{.json = "{}"});
        };
    }
    Dispatcher dispatcher = this->dispatcher(std::move(routes));
    int parsing = 0;
    for (const ApiRoute& route : dispatcher.routes()) {
        if (!route.handler.parse || route.label == "/stream" || route.label == "/stream/rankings") continue;
        SCOPED_TRACE(name_of(route));
        ++parsing;
        const json what = problem(ask(dispatcher, request_to(route, "?surely_unknown=1")), 422);
        EXPECT_THAT(what.at("detail").get<std::string>(), HasSubstr("surely_unknown"));
        EXPECT_EQ(called, 0);
        const std::string right = route.label == "/history/bars"     ? "?symbol=btc"
                                  : route.label == "/profiles/apply" ? "?name=scalp"
                                                                     : "";
        EXPECT_EQ(ask(dispatcher, request_to(route, right)).status, 200);
        EXPECT_EQ(std::exchange(called, 0), 1);
    }
    EXPECT_EQ(parsing, 12);
}

TEST_F(RouteTableTest, reads_if_match_only_where_there_are_versions) {
    std::vector<ApiRoute> routes = all_routes();
    bool asked = false;
    for (ApiRoute& route : routes) {
        route.handler = {.parse = nullptr, .answer = [&asked](Call& call, ParsedQuery&) -> Reply {
                             asked = call.precondition.asked();
                             return Outcome(ActionAnswer{.json = "{}"});
                         }};
    }
    Dispatcher dispatcher = this->dispatcher(std::move(routes));
    int versioned = 0;
    for (const ApiRoute& route : dispatcher.routes()) {
        SCOPED_TRACE(name_of(route));
        EXPECT_TRUE(!route.versions || route.access == Access::token);
        versioned += route.versions ? 1 : 0;
        net::ServerRequest request = request_to(route);
        request.headers.push_back({"If-Match", "\"x\""});
        EXPECT_EQ(ask(dispatcher, std::move(request)).status, 200);
        EXPECT_EQ(std::exchange(asked, false), route.versions);
    }
    EXPECT_EQ(versioned, 9);
}

TEST_F(RouteTableTest, waits_for_the_operators_documents_where_it_needs_them) {
    Dispatcher dispatcher = this->dispatcher(all_routes());
    documents_.change([](storage::OperatorDocuments& next) { next.loaded = false; });
    int waiting = 0;
    for (const ApiRoute& route : dispatcher.routes()) {
        if (!route.documents) continue;
        SCOPED_TRACE(name_of(route));
        ++waiting;
        const json what = problem(ask(dispatcher, request_to(route)), 503);
        EXPECT_EQ(what.at("type"), "urn:market-scanner:problem:store-unavailable");
    }
    EXPECT_EQ(waiting, 14);
}

TEST_F(RouteTableTest, judges_a_body_before_the_handler_sees_it) {
    int called = 0;
    std::vector<ApiRoute> routes = all_routes();
    for (ApiRoute& route : routes) {
        route.handler = {.parse = nullptr, .answer = [&called](Call& call, ParsedQuery&) -> Reply {
                             ++called;
                             EXPECT_TRUE(call.body != nullptr && call.body->is_object());
                             return Outcome(ActionAnswer{.json = "{}"});
                         }};
    }
    Dispatcher dispatcher = this->dispatcher(std::move(routes));
    int with_body = 0;
    for (const ApiRoute& route : dispatcher.routes()) {
        if (!route.body) continue;
        SCOPED_TRACE(name_of(route));
        ++with_body;
        const auto with = [&](std::string body, const char* type) {
            net::ServerRequest request = request_to(route);
            request.headers = {{"Content-Type", type}};
            request.body = std::move(body);
            return ask(dispatcher, std::move(request)).status;
        };
        EXPECT_EQ(with("{}", "text/plain"), 415);
        EXPECT_EQ(with("{", "application/json"), 400);
        EXPECT_EQ(with("[]", "application/json"), 422);
        EXPECT_EQ(with(std::string(route.body->max_bytes + 1, ' '), "application/json"), 413);
        EXPECT_EQ(called, 0);
        EXPECT_EQ(with("{}", "application/json"), 200);
        EXPECT_EQ(std::exchange(called, 0), 1);
    }
    EXPECT_EQ(with_body, 9);
}

}  // namespace
}  // namespace scanner::api
