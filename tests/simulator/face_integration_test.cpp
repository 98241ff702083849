// The real program from outside: every endpoint, every kind of fault.
#include "simulator/face/faults/faults.hpp"
#include "simulator/face/routes.hpp"
#include "simulator/face_process.hpp"
#include "support/raw_client.hpp"

#include "scanner/core/clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <thread>

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::string_view kTickers = "/linear-swap-ex/market/detail/batch_merged";
constexpr std::string_view kDepth = "/linear-swap-ex/market/depth?contract_code=BTC-USDT&type=step0";

class FaceProgram : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        process_ =
            std::make_unique<test::SimulatorProcess>(std::vector<std::string>{"--contracts", "40", "--seed", "5"});
        client_ = std::make_unique<test::BlockingClient>();
    }
    static void TearDownTestSuite() {
        client_.reset();
        process_.reset();
    }
    void SetUp() override { set_faults("[]"); }

    static core::Result<net::ClientResponse> get(std::string_view target) {
        return client_->get(process_->url(target));
    }
    static json get_json(std::string_view target) {
        const auto answer = get(target);
        EXPECT_TRUE(answer) << target << ": " << (answer ? "" : answer.error().message());
        return answer ? json::parse(answer->body, nullptr, false) : json();
    }
    static void set_faults(std::string body) {
        const auto answer =
            client_->send({.method = "POST", .url = process_->url("/_simulator/faults"), .body = std::move(body)});
        ASSERT_TRUE(answer) << answer.error().message();
        ASSERT_EQ(answer->status, 200) << answer->body;
    }
    static void set_fault(const std::string& text) { set_faults("[\"" + text + "\"]"); }
    static std::string raw(std::string_view target) {
        scanner::test::RawClient client(process_->port());
        client.send("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        return client.read_all();
    }

    static std::unique_ptr<test::SimulatorProcess> process_;
    static std::unique_ptr<test::BlockingClient> client_;
};
std::unique_ptr<test::SimulatorProcess> FaceProgram::process_;
std::unique_ptr<test::BlockingClient> FaceProgram::client_;

TEST_F(FaceProgram, every_endpoint_answers_ok) {
    static const std::map<std::string_view, std::string_view> kNeeds{
        {"/linear-swap-api/v3/swap_liquidation_orders", "?contract=BTC-USDT&trade_type=0"},
        {"/linear-swap-api/v1/swap_his_open_interest", "?contract_code=BTC-USDT&period=60min&amount_type=1"},
        {"/linear-swap-ex/market/depth", "?contract_code=BTC-USDT&type=step0"},
        {"/linear-swap-ex/market/history/trade", "?contract_code=BTC-USDT&size=10"}};
    for (const Route& route : routes()) {
        const auto need = kNeeds.find(route.path);
        std::string target(route.path);
        target += need != kNeeds.end() ? need->second : "?contract_code=BTC-USDT&period=60min&size=10";
        const json answer = get_json(target);
        ASSERT_TRUE(answer.is_object()) << target;
        const bool ok = answer.value("status", "") == "ok" || answer.value("code", 0) == 200;
        EXPECT_TRUE(ok) << target << ": " << answer.dump().substr(0, 200);
    }
}

TEST_F(FaceProgram, headers_are_the_exchanges) {
    const auto index = get("/linear-swap-api/v1/swap_index");
    ASSERT_TRUE(index);
    EXPECT_EQ(net::find_header(index->headers, "server"), "openresty");
    EXPECT_EQ(net::find_header(index->headers, "eo-cache-status"), "MISS");
    EXPECT_EQ(net::find_header(index->headers, "content-encoding"), "gzip");
    EXPECT_EQ(net::find_header(index->headers, "ratelimit-limit"), "240");
    EXPECT_EQ(net::find_header(index->headers, "x-simulated"), "");
    EXPECT_EQ(get("/nope")->status, 404);
    EXPECT_THAT(raw(kTickers), ::testing::StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(FaceProgram, lists_agree_with_each_other) {
    std::set<std::string> active;
    for (const auto& row : get_json("/linear-swap-api/v1/swap_contract_info").at("data")) {
        if (row.at("contract_status") == 1) active.insert(row.at("contract_code"));
    }
    EXPECT_EQ(active.size(), 40U);
    const auto codes_of = [](const json& rows) {
        std::set<std::string> codes;
        for (const auto& row : rows) codes.insert(row.at("contract_code"));
        return codes;
    };
    const auto tickers = codes_of(get_json(kTickers).at("ticks"));
    const auto funding = codes_of(get_json("/linear-swap-api/v1/swap_batch_funding_rate").at("data"));
    const auto interest = codes_of(get_json("/linear-swap-api/v1/swap_open_interest").at("data"));
    const auto index = codes_of(get_json("/linear-swap-api/v1/swap_index").at("data"));
    for (const std::string& code : active) {
        for (const auto* list : {&tickers, &funding, &interest, &index}) EXPECT_TRUE(list->contains(code)) << code;
    }
    EXPECT_GT(interest.size(), tickers.size()) << "delisted contracts live on there";
    EXPECT_GT(index.size(), tickers.size());
}

TEST_F(FaceProgram, a_day_of_a_contract_hangs_together) {
    const json kline = get_json("/linear-swap-ex/market/history/kline?contract_code=BTC-USDT&period=1min&size=200");
    ASSERT_EQ(kline.at("data").size(), 200U);
    std::int64_t before = 0;
    for (const auto& candle : kline.at("data")) {
        if (before != 0) EXPECT_EQ(candle.at("id").get<std::int64_t>() - before, 60);
        before = candle.at("id");
        EXPECT_EQ(candle.at("vol").get<std::int64_t>() % 2, 0) << "both sides are counted";
        EXPECT_GE(candle.at("high").get<double>(), candle.at("low").get<double>());
    }
    const json book = get_json(kDepth).at("tick");
    ASSERT_GE(book.at("bids").size(), 50U);
    EXPECT_LT(book.at("bids")[0][0].get<double>(), book.at("asks")[0][0].get<double>());
    const std::int64_t age =
        get_json("/api/v1/timestamp").at("ts").get<std::int64_t>() - book.at("ts").get<std::int64_t>();
    EXPECT_GE(age, 0);
    const std::int64_t off =
        core::to_unix_ms(core::system_clock().now()) - get_json("/api/v1/timestamp").at("ts").get<std::int64_t>();
    EXPECT_LT(std::abs(off), 5'000) << "at speed 1 simulated time is wall time";
}

TEST_F(FaceProgram, the_book_goes_on_by_itself) {
    std::set<std::int64_t> times;
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (times.size() < 4 && std::chrono::steady_clock::now() < deadline) {
        times.insert(get_json(kDepth).at("tick").at("ts").get<std::int64_t>());
        std::this_thread::sleep_for(20ms);  // 800 a second are allowed
    }
    EXPECT_GE(times.size(), 4U);
}

TEST_F(FaceProgram, faults_that_replace_the_answer) {
    set_fault("429");
    EXPECT_EQ(get(kTickers)->status, 429);
    EXPECT_THAT(get("/linear-swap-api/v1/swap_index")->body, HasSubstr("1032"));
    set_fault("429-html");
    EXPECT_THAT(get(kTickers)->body, HasSubstr("<html>"));
    set_fault("1032");
    EXPECT_EQ(get(kTickers)->status, 200);
    EXPECT_THAT(get(kTickers)->body, HasSubstr("request limit"));
    set_fault("5xx:status=504");
    EXPECT_EQ(get(kTickers)->status, 504);
    EXPECT_THAT(get(kTickers)->body, HasSubstr("Gateway Time-out"));
    set_fault("maintenance");
    EXPECT_EQ(get(kTickers)->body, R"({"status":"maintain"})");
    EXPECT_EQ(get_json("/heartbeat/").at("data").at("linear_swap_heartbeat"), 0);
    set_fault("empty");
    EXPECT_EQ(get(kTickers)->body, "");
    set_fault("404-bulk");
    EXPECT_EQ(get("/linear-swap-api/v1/swap_open_interest")->status, 404);
    EXPECT_EQ(get_json("/v5/market/open_interest?contract_code=BTC-USDT").at("code"), 200);
    EXPECT_EQ(get_json("/v5/market/funding_rate?contract_code=BTC-USDT,ETH-USDT").at("data").size(), 2U);
}

TEST_F(FaceProgram, connections_that_end_early) {
    set_fault("reset");
    EXPECT_EQ(raw(kTickers), "");
    EXPECT_FALSE(get(kTickers));
    set_fault("truncated");
    const std::string cut = raw(kTickers);
    EXPECT_THAT(cut, HasSubstr("HTTP/1.1 200 OK"));
    EXPECT_FALSE(get(kTickers)) << "less than was announced is an error to a client";
    set_faults("[]");
    EXPECT_TRUE(get(kTickers)) << "and the program is still there";
}

TEST_F(FaceProgram, bodies_that_are_not_what_they_should_be) {
    set_fault("malformed");
    int wrong = 0;
    for (int i = 0; i < 10; ++i) {
        const json answer = json::parse(get(kTickers)->body, nullptr, false);
        wrong += answer.is_discarded() || !answer.is_object() || !answer.at("ticks").is_array() ? 1 : 0;
    }
    EXPECT_EQ(wrong, 10);
    set_fault("non-finite");
    for (int i = 0; i < 10; ++i) {
        EXPECT_THAT(get(kDepth)->body, ::testing::AnyOf(HasSubstr("NaN"), HasSubstr("1e999")));
    }
}

TEST_F(FaceProgram, slow_answers_do_not_hold_up_others) {
    set_fault("slow:delay=1500ms:path=depth");
    const auto slow = get(kDepth);
    ASSERT_TRUE(slow);
    EXPECT_GE(slow->elapsed, 1'500ms);
    scanner::test::RawClient waiting(process_->port());
    waiting.send("GET " + std::string(kDepth) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto quick = get(kTickers);
    ASSERT_TRUE(quick);
    EXPECT_LT(quick->elapsed, 1'500ms);
}

TEST_F(FaceProgram, stale_books_vanished_contracts_and_a_wrong_clock) {
    set_fault("stale-book:contract=BTC-USDT");
    const auto first = get_json(kDepth).at("tick");
    std::this_thread::sleep_for(900ms);  // two renewals of a live book
    EXPECT_EQ(get_json(kDepth).at("tick"), first);
    set_fault("vanish:contract=BTC-USDT");
    EXPECT_EQ(get_json(kDepth).at("err-msg"), "invalid symbol");
    EXPECT_THAT(get("/linear-swap-api/v1/swap_contract_info")->body, ::testing::Not(HasSubstr("\"BTC-USDT\"")));
    set_fault("clock-skew:offset=-1h");
    const std::int64_t ts = get_json("/api/v1/timestamp").at("ts");
    EXPECT_NEAR(static_cast<double>(core::to_unix_ms(core::system_clock().now()) - ts), 3'600'000.0, 10'000.0);
}

TEST_F(FaceProgram, schedules_switch_faults_by_themselves) {
    set_fault("5xx:on=400ms");
    EXPECT_EQ(get(kTickers)->status, 503);
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (get(kTickers)->status != 200) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        std::this_thread::sleep_for(20ms);
    }
}

TEST_F(FaceProgram, the_simulators_own_paths) {
    const json status = get_json("/_simulator/status");
    EXPECT_EQ(status.at("simulated"), true);
    EXPECT_EQ(status.at("contracts"), 40);
    EXPECT_EQ(status.at("seed"), 5);
    set_fault("slow:rate=0.5:delay=2s");
    EXPECT_EQ(get_json("/_simulator/faults")[0].at("text"), "slow:rate=0.5:delay=2s");
    const auto labels = get("/_simulator/labels?since=0");
    ASSERT_TRUE(labels);
    EXPECT_EQ(labels->status, 200);
    scanner::test::RawClient follower(process_->port());
    follower.send("GET /_simulator/labels?follow=true HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(follower.read_until("\r\n\r\n"), HasSubstr("application/x-ndjson"));
}

TEST(FaceProgramLimits, class_b_runs_out_after_240_in_three_seconds) {
    const test::SimulatorProcess process({"--contracts", "5", "--over-limit", "429"});
    test::BlockingClient client;
    int refused = 0;
    for (int i = 0; i < 900 && refused == 0; ++i) {
        const auto answer = client.get(process.url("/api/v1/timestamp"));
        ASSERT_TRUE(answer);
        refused += answer->status == 429 ? 1 : 0;
        if (answer->status == 429) EXPECT_EQ(net::find_header(answer->headers, "ratelimit-remaining"), "0");
    }
    EXPECT_EQ(refused, 1) << "900 requests in a row take less than three windows";
}

TEST(FaceProgramLatency, is_added_to_every_answer_of_the_exchange) {
    const test::SimulatorProcess process({"--contracts", "5", "--latency-ms", "300", "--fault", "empty:path=bbo"});
    test::BlockingClient client;
    const auto answer = client.get(process.url("/api/v1/timestamp"));
    ASSERT_TRUE(answer);
    EXPECT_GE(answer->elapsed, 300ms);
    EXPECT_EQ(client.get(process.url("/linear-swap-ex/market/bbo"))->body, "");
}

TEST(FaceProgramStop, signals_end_it_cleanly_also_under_a_stream) {
    for (const int signal : {SIGTERM, SIGINT}) {
        test::SimulatorProcess process({"--contracts", "5"});
        scanner::test::RawClient follower(process.port());
        follower.send("GET /_simulator/labels?follow=true HTTP/1.1\r\nHost: x\r\n\r\n");
        follower.read_until("\r\n\r\n");
        EXPECT_EQ(process.stop(signal), 0);
    }
}

TEST(FaceProgramUsage, a_bad_command_line_is_exit_code_2) {
    const int status = std::system(SCANNER_BIN_DIR "/htx-simulator --port x --fault nope 2>/dev/null");
    EXPECT_EQ(WEXITSTATUS(status), 2);
    EXPECT_EQ(std::system(SCANNER_BIN_DIR "/htx-simulator --help >/dev/null"), 0);
}

}  // namespace
}  // namespace scanner::simulator::face
