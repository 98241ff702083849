#include "api/sample.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/net/request_handler.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// The history routes over a real socket, on a history that a test writes down.
namespace scanner::api {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

/// `total` ranking rows, a second apart; pages by the rows' number.
class FakeHistory final : public storage::History {
public:
    using History::record;
    void record(std::function<storage::HistoryBatch()>) override {}
    std::uint64_t last_sequence() const override { return 0; }

    asio::awaitable<core::Result<storage::RankingsPage>> rankings(storage::RankingsQuery query) override {
        ++pages_read;
        max_rows = std::max(max_rows, query.limit);
        last_query = query;
        if (query.cursor == "wrong")
            co_return core::fail(core::ErrorCode::invalid_input, "cursor: not one of this query's pages");
        if (pages_read > fails_after) co_return core::fail(core::ErrorCode::unavailable, "postgres is away: gone");
        if (page_time > std::chrono::milliseconds(0)) {
            asio::steady_timer timer(co_await asio::this_coro::executor, page_time);
            co_await timer.async_wait(asio::use_awaitable);
        }
        storage::RankingsPage page;
        std::size_t at = query.cursor.empty() ? 0 : std::stoul(query.cursor);
        for (; at < total && page.rows.size() < query.limit; ++at) {
            storage::RankingRow& row = page.rows.emplace_back();
            row.time = test::kNow + std::chrono::seconds(at);
            row.sequence = at + 1;
            row.profile = "scalp";
            row.symbol = "BTC/USDT:USDT";
            row.rank = 1;
            if (query.with_inputs) row.inputs_json = R"({"metrics":{}})";
        }
        if (at < total) page.next = std::to_string(at);
        co_return page;
    }
    asio::awaitable<core::Result<std::optional<storage::RankingAsOf>>> ranking_as_of(core::WallTime time,
                                                                                     std::string profile) override {
        if (pages_read > fails_after) co_return core::fail(core::ErrorCode::timeout, "no answer in time");
        if (time < test::kNow) co_return std::nullopt;
        storage::RankingAsOf ranking;
        ranking.time = test::kNow;
        ranking.sequence = 7;
        ranking.cycle.emplace();
        ranking.cycle->settings_json = R"({"weights":{"scalp":{},"swing":{}}})";
        storage::RankingRow& row = ranking.rows.emplace_back();
        row.symbol = "BTC/USDT:USDT";
        row.profile = profile;
        row.rank = 1;
        co_return ranking;
    }
    asio::awaitable<core::Result<storage::BarsPage>> bars(storage::BarsQuery query) override {
        storage::BarsPage page;
        page.rows.emplace_back().time = query.from;
        co_return page;
    }

    std::size_t total = 0;
    std::size_t fails_after = 1'000'000;  ///< pages
    std::size_t pages_read = 0;
    std::chrono::milliseconds page_time{0};  ///< that reading a page takes
    std::size_t max_rows = 0;
    storage::RankingsQuery last_query;
};

asio::awaitable<void> stop_server(net::HttpServer& server) {
    co_await server.stop(std::chrono::seconds(1));
}

class HistoryRoutes : public testing::Test {
protected:
    void SetUp() override {
        engine_.publish(test::make_ranking());
        ApiOptions options;
        options.version = "1.2.3";
        options.base_path = base_path_;
        handler_ =
            make_api_handler(options, {.engine = engine_, .metrics = metrics_, .clock = clock_, .history = &history_});
        net::HttpServerOptions served;
        served.base_path = base_path_;
        served.rate_window = std::chrono::milliseconds(500);
        served.max_unsent_bytes = 16U << 10U;
        auto server = net::make_http_server(io_.get_executor(), served, *handler_);
        ASSERT_TRUE(server) << server.error().message();
        server_ = std::move(*server);
    }
    void TearDown() override {
        if (server_ != nullptr) scanner::test::run_on(io_, stop_server(*server_));
    }
    core::Result<net::ClientResponse> send(std::string method, const std::string& target,
                                           std::vector<net::Header> headers = {}) {
        net::ClientRequest request;
        request.method = std::move(method);
        request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + target;
        request.headers = std::move(headers);
        request.timeout = std::chrono::seconds(20);
        return scanner::test::run_on(io_, client_->send(std::move(request)), std::chrono::seconds(60));
    }
    core::Result<net::ClientResponse> get(const std::string& target, std::vector<net::Header> headers = {}) {
        return send("GET", target, std::move(headers));
    }
    /// Asks for the whole history as CSV, and reads nothing of it.
    std::unique_ptr<asio::ip::tcp::socket> start_export(const char* source = "127.0.0.1") {
        auto socket = std::make_unique<asio::ip::tcp::socket>(io_, asio::ip::tcp::v4());
        socket->set_option(asio::socket_base::receive_buffer_size(16'384));
        socket->bind({asio::ip::make_address(source), 0});
        socket->connect({asio::ip::address_v4::loopback(), server_->port()});
        const std::string request = "GET /history/rankings?format=csv HTTP/1.1\r\nHost: test\r\n\r\n";
        asio::write(*socket, asio::buffer(request));
        return socket;
    }
    static std::string header(const net::ClientResponse& response, std::string_view name) {
        return std::string(net::find_header(response.headers, name));
    }

    std::string base_path_;
    asio::io_context io_{1};
    core::ManualClock clock_{test::kNow};
    test::FakeEngine engine_;
    Metrics metrics_{"1.2.3"};
    FakeHistory history_;
    std::unique_ptr<net::RequestHandler> handler_;
    std::unique_ptr<net::HttpServer> server_;
    std::unique_ptr<net::HttpClient> client_ = net::make_curl_client(io_.get_executor(), {});
};

TEST_F(HistoryRoutes, page_with_a_cursor) {
    history_.total = 25;
    std::string target = "/history/rankings?limit=10&symbol=btc";
    std::size_t rows = 0;
    int pages = 0;
    while (!target.empty()) {
        const auto answer = get(target);
        ASSERT_TRUE(answer) << answer.error().message();
        ASSERT_EQ(answer->status, 200) << answer->body;
        EXPECT_FALSE(header(*answer, "ETag").empty());
        const json body = json::parse(answer->body);
        rows += body.at("items").size();
        const std::string link = header(*answer, "Link");
        EXPECT_EQ(link.empty(), body.at("next_cursor").is_null());
        engine_.time += std::chrono::minutes(1);
        target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
        ASSERT_LE(++pages, 3);
    }
    EXPECT_EQ(rows, 25U);
    EXPECT_EQ(history_.last_query.to, test::kNow) << "the range of the first page, whatever the time is meanwhile";
    EXPECT_EQ(history_.last_query.symbol, "BTC/USDT:USDT");
}

class HistoryRoutesBehindAProxy : public HistoryRoutes {
protected:
    HistoryRoutesBehindAProxy() { base_path_ = "/scanner"; }
};

TEST_F(HistoryRoutesBehindAProxy, page_by_addresses_that_its_clients_know) {
    history_.total = 25;
    for (const char* path : {"/scanner/history/rankings", "/history/rankings"}) {
        const auto first = get(std::string(path) + "?limit=10");
        ASSERT_TRUE(first) << first.error().message();
        const std::string link = header(*first, "Link");
        ASSERT_TRUE(link.starts_with("</scanner/history/rankings?")) << link;
        const auto next = get(link.substr(1, link.find('>') - 1));
        ASSERT_TRUE(next) << next.error().message();
        EXPECT_EQ(next->status, 200) << next->body;
    }
    const auto document = get("/scanner/openapi.json");
    ASSERT_TRUE(document) << document.error().message();
    EXPECT_EQ(json::parse(document->body).at("servers").at(0).at("url"), "/scanner");
}

TEST_F(HistoryRoutes, stream_any_range_a_page_at_a_time) {
    history_.total = 25'300;
    const auto answer = get("/history/rankings?from=2020-01-01", {{"Accept", "application/x-ndjson"}});
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(header(*answer, "Content-Type"), "application/x-ndjson");
    EXPECT_EQ(std::ranges::count(answer->body, '\n'), 25'300);
    EXPECT_EQ(json::parse(answer->body.substr(answer->body.rfind('\n', answer->body.size() - 2) + 1)).at("seq"),
              25'300);
    EXPECT_EQ(history_.max_rows, 1'000U);
    EXPECT_EQ(history_.pages_read, 26U);
    const auto csv = get("/history/rankings?format=csv");
    ASSERT_TRUE(csv);
    EXPECT_THAT(header(*csv, "Content-Type"), HasSubstr("text/csv"));
    EXPECT_EQ(std::ranges::count(csv->body, '\n'), 25'301);
    EXPECT_EQ(csv->body.find("ts,seq"), 0U);
    EXPECT_EQ(csv->body.rfind("ts,seq"), 0U) << "one header";
}

TEST_F(HistoryRoutes, a_reader_that_stops_reading_stops_the_reading) {
    history_.total = 10'000'000;
    const auto reader = start_export();
    // Until nothing moves any more: what was read then waits in buffers of fixed size.
    std::size_t before = 0;
    int still = 0;
    for (int i = 0; i < 1'000 && still < 20; ++i) {
        io_.restart();
        io_.run_for(std::chrono::milliseconds(20));
        still = history_.pages_read > 0 && history_.pages_read == before ? still + 1 : 0;
        before = history_.pages_read;
    }
    EXPECT_GE(history_.pages_read, 1U);
    EXPECT_LT(history_.pages_read, 200U) << "of ten thousand";
}

TEST_F(HistoryRoutes, say_when_the_store_is_away) {
    history_.fails_after = 0;
    for (const char* target : {"/history/rankings", "/history/rankings?format=csv"}) {
        const auto answer = get(target);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 503);
        EXPECT_EQ(header(*answer, "Content-Type"), "application/problem+json");
        EXPECT_FALSE(header(*answer, "Retry-After").empty());
        const json problem = json::parse(answer->body);
        EXPECT_EQ(problem.at("type"), "urn:market-scanner:problem:history-unavailable");
        EXPECT_THAT(problem.at("detail").get<std::string>(), HasSubstr("/healthz/details says why"));
        EXPECT_THAT(answer->body, Not(HasSubstr("postgres"))) << "what the driver says is the log's";
    }
    history_.pages_read = 1;
    const auto late = get("/rankings?as_of=2026-11-22T06:00:00Z");
    ASSERT_TRUE(late);
    EXPECT_EQ(late->status, 503);
    EXPECT_THAT(late->body, HasSubstr("history-timeout"));
}

TEST_F(HistoryRoutes, a_stream_that_cannot_be_finished_does_not_pass_for_a_whole_one) {
    history_.total = 5'000;
    history_.fails_after = 2;
    const auto answer = get("/history/rankings?format=ndjson");
    ASSERT_FALSE(answer) << "its last chunk never came";
    EXPECT_THAT(answer.error().code(), testing::AnyOf(core::ErrorCode::network, core::ErrorCode::malformed));
}

TEST_F(HistoryRoutes, refuse_what_is_wrong) {
    const auto cursor = get("/history/rankings?cursor=wrong");
    ASSERT_TRUE(cursor);
    EXPECT_EQ(cursor->status, 422);
    EXPECT_EQ(json::parse(cursor->body).at("errors")[0].at("loc"), (json{"query", "cursor"}));
    EXPECT_EQ(get("/history/bars")->status, 422);
    EXPECT_EQ(get("/history")->status, 404);
    EXPECT_EQ(send("POST", "/history/bars")->status, 405);
}

TEST_F(HistoryRoutes, show_the_ranking_as_it_stood) {
    const auto answer = get("/rankings?as_of=2026-11-22T06:00:00Z&profile=swing");
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->status, 200) << answer->body;
    EXPECT_EQ(json::parse(answer->body).at("seq"), 7);
    const auto again =
        get("/rankings?as_of=2026-11-22T06:00:00Z&profile=swing", {{"If-None-Match", header(*answer, "ETag")}});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->status, 304);
    EXPECT_EQ(get("/rankings?as_of=2026-11-22T06:00:00Z&profile=nobodys")->status, 422);
    EXPECT_EQ(get("/rankings?as_of=2020-01-01")->status, 404);
    EXPECT_EQ(json::parse(get("/rankings")->body).at("items").size(), 4U) << "the present is another matter";
}

TEST_F(HistoryRoutes, answer_head_without_running_the_export) {
    history_.total = 5'000;
    const auto answer = send("HEAD", "/history/rankings?format=csv");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(history_.pages_read, 1U);
}

TEST_F(HistoryRoutes, bound_how_many_exports_run) {
    history_.total = 10'000'000;
    std::vector<std::unique_ptr<asio::ip::tcp::socket>> readers;
    for (int i = 0; i < 8; ++i) readers.push_back(start_export());
    int status = 0;
    for (int i = 0; i < 500 && status != 503; ++i) status = get("/history/bars?symbol=btc&format=csv")->status;
    EXPECT_EQ(status, 503);
    EXPECT_EQ(get("/history/rankings?limit=10")->status, 200) << "a page is always to be had";
    readers.clear();
    for (int i = 0; i < 500 && status != 200; ++i) status = get("/history/bars?symbol=btc&format=csv")->status;
    EXPECT_EQ(status, 200);
}

TEST_F(HistoryRoutes, bound_exports_that_are_all_asked_for_at_once) {
    history_.total = 10'000'000;
    history_.page_time = std::chrono::milliseconds(300);
    std::vector<std::unique_ptr<asio::ip::tcp::socket>> readers;
    for (int i = 0; i < 24; ++i) readers.push_back(start_export());
    io_.restart();
    io_.run_for(std::chrono::milliseconds(250));
    EXPECT_EQ(history_.pages_read, 8U) << "the others were refused before the first page was there";
}

TEST_F(HistoryRoutes, let_one_client_have_a_share_of_the_exports) {
    history_.total = 10'000'000;
    std::vector<std::unique_ptr<asio::ip::tcp::socket>> readers;
    for (int i = 0; i < 20; ++i) readers.push_back(start_export("127.0.0.2"));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(get("/history/rankings?limit=10")->status, 200);
    EXPECT_EQ(get("/history/bars?symbol=btc&format=csv")->status, 200) << "there is room for others";
    std::size_t refused = 0;
    for (const auto& reader : readers) {
        std::string head(12, '\0');
        asio::read(*reader, asio::buffer(head));
        if (head == "HTTP/1.1 503") ++refused;
    }
    EXPECT_EQ(refused, 18U) << "two of the twenty run";
}

TEST_F(HistoryRoutes, end_exports_whose_readers_take_next_to_nothing) {
    history_.total = 10'000'000;
    std::vector<std::unique_ptr<asio::ip::tcp::socket>> readers;
    for (int i = 0; i < 8; ++i) readers.push_back(start_export());
    int status = 0;
    for (int i = 0; i < 500 && status != 503; ++i) status = get("/history/bars?symbol=btc&format=csv")->status;
    ASSERT_EQ(status, 503);
    std::array<char, 256> piece{};
    for (int i = 0; i < 1'500 && status != 200; ++i) {
        for (const auto& reader : readers) {
            boost::system::error_code ignored;
            reader->non_blocking(true, ignored);
            reader->read_some(asio::buffer(piece), ignored);  // 10 kB a second
        }
        io_.restart();
        io_.run_for(std::chrono::milliseconds(25));
        if (i % 20 == 0) status = get("/history/bars?symbol=btc&format=csv")->status;
    }
    EXPECT_EQ(status, 200) << "their places are free again";
}

}  // namespace
}  // namespace scanner::api
