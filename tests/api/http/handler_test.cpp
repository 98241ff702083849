#include "scanner/api/handler.hpp"

#include "api/response_header.hpp"
#include "api/sample.hpp"
#include "support/run_coroutine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::api {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

class Api : public testing::Test {
protected:
    void SetUp() override {
        options_.version = "1.2.3";
        engine_.listed = test::sample_universe();
        engine_.publish(test::make_ranking(6, test::kNow - seconds(15)));
        engine_.publish(test::make_ranking(7, test::kNow));
    }
    net::ServerResponse ask(const std::string& method, const std::string& target,
                            std::vector<net::Header> headers = {}) {
        if (handler_ == nullptr) handler_ = make_api_handler(options_, ports_);
        net::ServerRequest request;
        request.method = method;
        request.target = target;
        request.headers = std::move(headers);
        return scanner::test::run_on(io_, handler_->handle(std::move(request)));
    }
    net::ServerResponse get(const std::string& target, std::vector<net::Header> headers = {}) {
        return ask("GET", target, std::move(headers));
    }
    static std::string header(const net::ServerResponse& response, std::string_view name) {
        return test::header_of(response, name);
    }
    /// Everything that is sent of an answer, but for the server's own lines.
    static std::string sent(const net::ServerResponse& response) {
        std::string text = std::to_string(response.status) + '\n';
        for (const net::Header& line : response.headers) text += line.name + ": " + line.value + "\r\n";
        if (response.rendered_headers) text += *response.rendered_headers;
        if (response.body) text += *response.body;
        return text;
    }
    static json body(const net::ServerResponse& response) {
        EXPECT_NE(response.body, nullptr);
        return response.body == nullptr ? json() : json::parse(*response.body);
    }
    /// A well-formed problem of that status.
    static json problem(const net::ServerResponse& response, int status) {
        EXPECT_EQ(response.status, status);
        EXPECT_EQ(header(response, "Content-Type"), "application/problem+json");
        EXPECT_EQ(header(response, "ETag"), "");
        json what = body(response);
        EXPECT_EQ(what["status"], status);
        EXPECT_TRUE(what["type"].is_string() && what["title"].is_string() && what["detail"].is_string());
        return what;
    }

    boost::asio::io_context io_{1};
    core::ManualClock clock_{test::kNow};
    test::FakeEngine engine_;
    Metrics metrics_{"1.2.3"};
    ApiOptions options_;
    ApiPorts ports_{.engine = engine_, .metrics = metrics_, .clock = clock_};
    std::unique_ptr<net::RequestHandler> handler_;
};

TEST_F(Api, answers_every_route_with_and_without_a_trailing_slash) {
    for (const std::string path : {"/health", "/ready", "/healthz/details", "/symbols", "/rankings", "/opportunities",
                                   "/symbol/btc/inspect", "/symbols/btc/inspect", "/metrics"}) {
        const auto plain = get(path);
        EXPECT_EQ(plain.status, 200) << path;
        EXPECT_FALSE(header(plain, "ETag").empty()) << path;
        EXPECT_EQ(header(plain, "Cache-Control"), "no-cache") << path;
        EXPECT_EQ(header(plain, "Vary"), "Accept-Encoding") << path;
        EXPECT_EQ(get(path + "/").status, 200) << path;
        EXPECT_EQ(ask("HEAD", path).status, 200) << path;
        const auto unknown = problem(get(path + "?surely_unknown=1"), 422);
        EXPECT_EQ(unknown["errors"][0]["loc"], json::parse(R"(["query","surely_unknown"])")) << path;
        EXPECT_EQ(get(path + "?_bust=1").status, 200) << path;
    }
    EXPECT_EQ(*get("/health").body, R"({"status":"ok"})");
}

TEST_F(Api, head_has_the_headers_of_get) {
    const auto got = get("/rankings");
    const auto head = ask("HEAD", "/rankings");
    EXPECT_EQ(header(got, "ETag"), header(head, "ETag"));
    EXPECT_EQ(header(got, "Content-Type"), header(head, "Content-Type"));
    EXPECT_EQ(got.body, head.body);  // the server sends its length and keeps the rest
}

TEST_F(Api, sends_the_same_bytes_to_every_reader) {
    const auto first = get("/rankings?top=3");
    const auto second = get("/rankings/?top=3&profile=scalp");
    EXPECT_EQ(first.body.get(), second.body.get());
    EXPECT_THAT(*get("/metrics").body, HasSubstr("scanner_cache_hits_total{cache=\"rendered\"} 1\n"));
    EXPECT_THAT(*get("/metrics").body, HasSubstr("scanner_cache_misses_total{cache=\"rendered\"} 1\n"));
    EXPECT_NE(get("/rankings?top=2").body.get(), first.body.get());
}

struct RepeatedRequest {
    const char* method;
    const char* target;
    std::vector<net::Header> headers;
};

TEST_F(Api, answers_a_repeated_target_as_one_that_is_new) {
    options_.cors_origins = {"https://panel.example"};
    const std::string tag = header(get("/rankings"), "ETag");
    const std::vector<RepeatedRequest> requests{
        {.method = "GET", .target = "/rankings"},
        {.method = "HEAD", .target = "/rankings"},
        {.method = "GET", .target = "/rankings", .headers = {{"If-None-Match", tag}}},
        {.method = "HEAD", .target = "/rankings", .headers = {{"If-None-Match", tag}}},
        {.method = "GET", .target = "/rankings", .headers = {{"Accept-Encoding", "gzip"}}},
        {.method = "GET", .target = "/rankings", .headers = {{"Origin", "https://panel.example"}}},
        {.method = "GET", .target = "/rankings", .headers = {{"Origin", "https://evil.example"}}},
        {.method = "GET", .target = "/rankings?format=csv&top=3"},
        {.method = "GET", .target = "/opportunities"},
        {.method = "POST", .target = "/rankings"},
        {.method = "OPTIONS", .target = "/rankings"},
    };
    const auto expect_same_as_new = [&](const char* when) {
        for (const RepeatedRequest& request : requests) {
            ask("GET", request.target);  // from here on it is known
            const auto again = ask(request.method, request.target, request.headers);
            const auto kept = std::exchange(handler_, nullptr);
            EXPECT_EQ(sent(again), sent(ask(request.method, request.target, request.headers)))
                << when << ": " << request.method << ' ' << request.target;
        }
    };
    expect_same_as_new("in its cycle");
    EXPECT_EQ(get("/rankings", {{"If-None-Match", tag}}).status, 304);
    engine_.time += seconds(10);
    expect_same_as_new("later");

    engine_.publish(test::make_ranking(8, engine_.time));
    EXPECT_EQ(header(get("/rankings"), "X-Scan-Seq"), "8");
    EXPECT_EQ(get("/rankings", {{"If-None-Match", tag}}).status, 200);
    expect_same_as_new("in a new cycle");

    get("/rankings");
    engine_.time += seconds(91);
    problem(get("/rankings"), 503);
    problem(get("/opportunities"), 503);
    expect_same_as_new("when nothing is fresh");
}

TEST_F(Api, counts_a_repeated_target_as_one_that_is_new) {
    const std::string tag = header(get("/rankings"), "ETag");
    get("/rankings");
    get("/rankings", {{"If-None-Match", tag}});
    const std::string text = *get("/metrics").body;
    EXPECT_THAT(text, HasSubstr("scanner_cache_hits_total{cache=\"rendered\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("scanner_cache_misses_total{cache=\"rendered\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_http_requests_total{route=\"/rankings\",status=\"200\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("scanner_http_requests_total{route=\"/rankings\",status=\"304\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_http_request_duration_seconds_count{route=\"/rankings\"} 3\n"));
}

/// One list, which its owner may change.
class OneWatchlist final : public operators::WatchlistSource {
public:
    [[nodiscard]] std::vector<std::string> names() const override { return {"mine"}; }
    [[nodiscard]] std::optional<std::vector<std::string>> contracts(std::string_view name) const override {
        if (name != "mine") return std::nullopt;
        return codes;
    }
    std::vector<std::string> codes{"BTC-USDT"};
};

TEST_F(Api, reads_a_watchlist_anew_for_each_request) {
    OneWatchlist list;
    ports_.watchlists = &list;
    EXPECT_EQ(body(get("/rankings?watchlist=mine"))["items"].size(), 1U);
    list.codes = {"BTC-USDT", "ETH-USDT"};
    EXPECT_EQ(body(get("/rankings?watchlist=mine"))["items"].size(), 2U);
    handler_ = nullptr;
}

TEST_F(Api, forgets_a_bound_cycle_with_the_engine) {
    EXPECT_EQ(get("/rankings?seq=6").status, 200);
    EXPECT_EQ(get("/rankings?seq=6").status, 200);
    engine_.kept.erase(engine_.kept.begin());
    problem(get("/rankings?seq=6"), 404);
}

TEST_F(Api, tells_age_when_it_serves) {
    const auto at_once = get("/rankings");
    EXPECT_EQ(header(at_once, "X-Scan-Seq"), "7");
    EXPECT_EQ(header(at_once, "X-Scan-Ts"), "2026-11-22T05:24:00.123Z");
    EXPECT_EQ(header(at_once, "X-Data-Age-Ms"), "1500");
    engine_.time += seconds(10);
    const auto later = get("/rankings");
    EXPECT_EQ(header(later, "X-Data-Age-Ms"), "11500");
    EXPECT_EQ(later.body.get(), at_once.body.get());
    EXPECT_EQ(header(later, "ETag"), header(at_once, "ETag"));
    engine_.time = test::kNow - seconds(100);  // a clock that was stepped back: nothing tells how old the ranking is
    problem(get("/rankings"), 503);
}

TEST_F(Api, honours_if_none_match) {
    const std::string tag = header(get("/rankings"), "ETag");
    const auto same = get("/rankings", {{"If-None-Match", tag}});
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.body, nullptr);
    EXPECT_EQ(header(same, "ETag"), tag);
    EXPECT_EQ(header(same, "X-Scan-Seq"), "7");
    EXPECT_EQ(header(same, "Content-Type"), "");
    EXPECT_EQ(get("/rankings", {{"If-None-Match", "\"other\""}, {"If-None-Match", tag}}).status, 304);
    EXPECT_EQ(get("/rankings", {{"If-None-Match", "*"}}).status, 304);
    EXPECT_EQ(get("/rankings", {{"If-None-Match", "\"other\""}}).status, 200);
    EXPECT_EQ(get("/rankings?top=1", {{"If-None-Match", tag}}).status, 200);
    engine_.publish(test::make_ranking(8, test::kNow));
    EXPECT_EQ(get("/rankings", {{"If-None-Match", tag}}).status, 200);
}

TEST_F(Api, packs_for_clients_that_accept_it) {
    const auto plain = get("/rankings");
    const auto packed = get("/rankings", {{"Accept-Encoding", "gzip, br"}});
    EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
    EXPECT_LT(packed.body->size(), plain.body->size() / 2);
    EXPECT_NE(header(packed, "ETag"), header(plain, "ETag"));
    EXPECT_EQ(get("/rankings", {{"Accept-Encoding", "gzip"}}).body.get(), packed.body.get());
    EXPECT_EQ(header(get("/rankings", {{"Accept-Encoding", "gzip;q=0"}}), "Content-Encoding"), "");
    EXPECT_EQ(header(get("/health", {{"Accept-Encoding", "gzip"}}), "Content-Encoding"), "");  // too short
    const std::string tag = header(packed, "ETag");
    EXPECT_EQ(get("/rankings", {{"Accept-Encoding", "gzip"}, {"If-None-Match", tag}}).status, 304);
    EXPECT_EQ(get("/rankings", {{"If-None-Match", tag}}).status, 200);  // has only the packed bytes
    const auto symbols = get("/symbols", {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(get("/symbols", {{"Accept-Encoding", "gzip"}}).body.get(), symbols.body.get());
}

TEST_F(Api, binds_pages_to_a_cycle) {
    const auto older = get("/rankings?seq=6&page_size=2&page=2");
    EXPECT_EQ(older.status, 200);
    EXPECT_EQ(body(older)["seq"], 6);
    EXPECT_EQ(header(older, "X-Scan-Seq"), "6");
    const json gone = problem(get("/rankings?seq=5"), 404);
    EXPECT_THAT(gone["detail"].get<std::string>(), HasSubstr("newest: 7"));
    problem(get("/rankings?seq=8"), 404);
    EXPECT_EQ(problem(get("/rankings?seq=5&top=0"), 422)["errors"][0]["loc"][1], "top");
}

TEST_F(Api, serves_nothing_stale_as_live) {
    engine_.time += seconds(91);
    engine_.next = engine_.time + std::chrono::milliseconds(4'200);
    engine_.details.failure_streak = 2;
    engine_.details.last_error = "tickers: timed out";
    for (const char* path : {"/rankings", "/opportunities", "/symbol/btc/inspect", "/ready", "/rankings?seq=6"}) {
        const auto response = get(path);
        const json what = problem(response, 503);
        EXPECT_EQ(header(response, "Retry-After"), "6") << path;
        EXPECT_THAT(what["detail"].get<std::string>(), HasSubstr("91.0 s old")) << path;
        EXPECT_THAT(what["detail"].get<std::string>(), HasSubstr("tickers: timed out")) << path;
    }
    EXPECT_EQ(get("/health").status, 200);
    const auto details = get("/healthz/details");
    EXPECT_EQ(details.status, 200);
    EXPECT_EQ(body(details)["ranking"]["fresh"], false);
    EXPECT_EQ(problem(get("/rankings?top=0"), 422)["status"], 422);
    engine_.time = test::kNow + seconds(90);
    EXPECT_EQ(get("/rankings").status, 200);
}

TEST_F(Api, says_that_nothing_is_there_yet) {
    engine_.kept.clear();
    engine_.listed.clear();
    engine_.next.reset();
    for (const char* path : {"/rankings", "/opportunities", "/symbol/btc/inspect", "/ready", "/symbols"}) {
        const auto response = get(path);
        problem(response, 503);
        EXPECT_EQ(header(response, "Retry-After"), "5") << path;
    }
    EXPECT_EQ(get("/health").status, 200);
    EXPECT_EQ(get("/metrics").status, 200);
    EXPECT_TRUE(body(get("/healthz/details"))["ranking"].is_null());
}

TEST_F(Api, understands_every_spelling_of_a_contract) {
    for (const char* name : {"BTC%2FUSDT:USDT", "BTC/USDT:USDT", "BTC%2FUSDT%3AUSDT", "BTC-USDT", "BTCUSDT", "btc",
                             "btc_usdt", "BTC/USDT"}) {
        const auto response = get(std::string("/symbol/") + name + "/inspect?mode=card");
        EXPECT_EQ(response.status, 200) << name;
        EXPECT_EQ(body(response)["contract_code"], "BTC-USDT") << name;
    }
}

TEST_F(Api, tells_an_unknown_contract_from_one_outside_of_the_scan) {
    const json unknown = problem(get("/symbol/BTCC/inspect"), 404);
    EXPECT_EQ(unknown["type"], "urn:market-scanner:problem:unknown-contract");
    EXPECT_THAT(unknown.at("suggestions").dump(), HasSubstr("BTC-USDT"));
    const json outside = problem(get("/symbol/OLD-USDT/inspect"), 404);
    EXPECT_EQ(outside["type"], "urn:market-scanner:problem:contract-not-scanned");
    EXPECT_THAT(outside["detail"].get<std::string>(), HasSubstr("inactive (suspended)"));
    EXPECT_EQ(get("/symbol/THIN-USDT/inspect").status, 200);  // scanned, though the score rejects it
    problem(get("/symbol/%3Cscript%3E/inspect"), 404);
    problem(get("/symbol/" + std::string(500, 'x') + "/inspect"), 404);
}

TEST_F(Api, names_near_routes) {
    const json what = problem(get("/rankngs"), 404);
    EXPECT_THAT(what.at("suggestions").dump(), HasSubstr("/rankings"));
    problem(get("/"), 404);
    problem(get("/symbol//inspect"), 404);
}

TEST_F(Api, refuses_other_methods_with_allow) {
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "BREW", "get"}) {
        const auto response = ask(method, "/rankings");
        problem(response, 405);
        EXPECT_EQ(header(response, "Allow"), "GET, HEAD, OPTIONS") << method;
    }
    problem(ask("POST", "/nowhere"), 404);
}

struct HostileCase {
    const char* target;
    int status;
};

TEST_F(Api, withstands_hostile_targets) {
    for (const HostileCase& test : std::vector<HostileCase>{
             {"/rankings?top=%", 400},
             {"/rankings?top=%00", 400},
             {"/rankings?top=1%0d%0aX-Evil:1", 400},
             {"/rankings?top=%ff", 400},
             {"/../etc/passwd", 400},
             {"/symbol/%2e%2e/inspect", 400},
             {"/symbol/%2e%2e%2f%2e%2e/inspect", 400},
             {"rankings", 400},
             {"/rankings?top=1&top=2", 422},
             {"/rankings?min_qvol=nan", 422},
             {"/rankings?min_qvol=1e999", 422},
             {"/rankings?notional=inf", 422},
             {"/rankings?top=-1", 422},
             {"/rankings?page=99999999999999999999", 422},
             {"/rankings?sort=__proto__", 422},
             {"/rankings?top", 422},
             {"/rankings?page=9223372036854775807&page_size=100", 200},
             {"/rankings?&&&", 200},
             {"http://elsewhere/rankings?top=1", 200},
         }) {
        const auto response = get(test.target);
        EXPECT_EQ(response.status, test.status) << test.target;
        ASSERT_NE(response.body, nullptr);
        EXPECT_TRUE(json::accept(*response.body)) << test.target;
    }
    EXPECT_EQ(get("/rankings?x=" + std::string(9'000, 'a')).status, 414);
}

TEST_F(Api, answers_preflights_of_allowed_origins) {
    options_.cors_origins = {"https://panel.example"};
    const auto preflight =
        ask("OPTIONS", "/rankings", {{"Origin", "https://panel.example"}, {"Access-Control-Request-Method", "GET"}});
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(header(preflight, "Access-Control-Allow-Origin"), "https://panel.example");
    EXPECT_EQ(header(preflight, "Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(header(preflight, "Allow"), "GET, HEAD, OPTIONS");
    const auto stranger =
        ask("OPTIONS", "/rankings", {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "GET"}});
    EXPECT_EQ(header(stranger, "Access-Control-Allow-Origin"), "");
    const auto read = get("/rankings", {{"Origin", "https://panel.example"}});
    EXPECT_EQ(header(read, "Access-Control-Allow-Origin"), "https://panel.example");
    EXPECT_EQ(header(get("/nowhere", {{"Origin", "https://panel.example"}}), "Access-Control-Allow-Origin"),
              "https://panel.example");
    EXPECT_EQ(ask("OPTIONS", "/nowhere").status, 404);
}

TEST_F(Api, has_no_cors_headers_by_default) {
    EXPECT_EQ(header(get("/rankings", {{"Origin", "https://panel.example"}}), "Access-Control-Allow-Origin"), "");
    EXPECT_EQ(ask("OPTIONS", "/rankings").status, 204);
}

TEST_F(Api, says_that_the_market_is_simulated) {
    EXPECT_EQ(header(get("/rankings"), "X-Market"), "");
    auto settings = test::make_settings();
    settings.simulated = true;
    engine_.publish(test::make_ranking(8, test::kNow, settings));
    for (const char* path : {"/rankings", "/opportunities", "/symbol/btc/inspect", "/symbols", "/healthz/details"}) {
        const auto response = get(path);
        EXPECT_EQ(header(response, "X-Market"), "simulated") << path;
        EXPECT_EQ(body(response)["simulated"], true) << path;
    }
    EXPECT_EQ(header(get("/health"), "X-Market"), "simulated");
    EXPECT_EQ(header(get("/nowhere"), "X-Market"), "simulated");
}

TEST_F(Api, hides_metrics_when_they_are_off) {
    options_.metrics_enabled = false;
    problem(get("/metrics"), 404);
    EXPECT_EQ(get("/rankings").status, 200);
}

TEST_F(Api, counts_answers_by_route_never_by_a_clients_text) {
    get("/rankings");
    get("/symbols/eth/inspect");
    get("/rankings?top=0");
    get("/evil\"} 1");
    const std::string text = *get("/metrics").body;
    EXPECT_THAT(text, HasSubstr("scanner_http_requests_total{route=\"/rankings\",status=\"200\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_http_requests_total{route=\"/rankings\",status=\"422\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_http_requests_total{route=\"/symbol/{symbol}/inspect\",status=\"200\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("scanner_http_requests_total{route=\"unmatched\",status=\"404\"} 1\n"));
    EXPECT_THAT(text, testing::Not(HasSubstr("evil")));
}

TEST_F(Api, refuses_websockets_where_there_are_none) {
    get("/health");
    net::ServerRequest request;
    request.method = "GET";
    request.target = "/rankings";
    auto refused = handler_->refuse_websocket(request);
    ASSERT_TRUE(refused);
    problem(*refused, 400);
    request.target = "/stream/nothing";
    problem(*handler_->refuse_websocket(request), 404);
}

TEST_F(Api, makes_problems_of_the_servers_own_errors) {
    get("/health");
    EXPECT_EQ(problem(handler_->protocol_error(413, "At most 1 MiB."), 413)["detail"], "At most 1 MiB.");
    EXPECT_EQ(header(handler_->protocol_error(503, "Too many connections."), "Retry-After"), "1");
}

}  // namespace
}  // namespace scanner::api
