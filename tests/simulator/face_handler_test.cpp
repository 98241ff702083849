#include "simulator/face/encode/gzip.hpp"
#include "simulator/face/face.hpp"
#include "simulator/face_fake_market.hpp"
#include "support/run_coroutine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <utility>

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;
using test::FakeMarket;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kFunding = "/linear-swap-api/v1/swap_batch_funding_rate";
constexpr std::string_view kTickers = "/linear-swap-ex/market/detail/batch_merged";
constexpr std::string_view kDepth = "/linear-swap-ex/market/depth?contract_code=BTC-USDT&type=step0";

class FaceHandler : public ::testing::Test {
protected:
    void start(std::initializer_list<std::string_view> faults = {}, OverLimit over_limit = OverLimit::body) {
        auto market = std::make_unique<FakeMarket>();
        market_ = market.get();
        market_->books[FakeMarket::btc].bids = {{771'050, 20}};
        market_->books[FakeMarket::btc].asks = {{771'051, 7'980}};
        market_->tickers[FakeMarket::btc].last = 77'105.0;
        world_ = std::make_unique<World>(std::move(market), 1, 1.0, clock_.now(), clock_);
        FaceOptions options{.over_limit = over_limit, .status = {.version = "test"}};
        for (const std::string_view fault : faults) options.faults.push_back(*parse_fault(fault));
        face_ = make_face(std::move(options), *world_, clock_);
    }
    net::ServerResponse send(std::string method, std::string_view target, std::string body = {},
                             std::vector<net::Header> headers = {}) {
        net::ServerRequest request{.method = std::move(method),
                                   .target = std::string(target),
                                   .headers = std::move(headers),
                                   .body = std::move(body),
                                   .remote_address = "10.0.0.1"};
        return scanner::test::run_coroutine(face_->handle(std::move(request)));
    }
    net::ServerResponse get(std::string_view target) { return send("GET", target); }
    static std::string_view header(const net::ServerResponse& response, std::string_view name) {
        return net::find_header(response.headers, name);
    }

    core::ManualClock clock_{test::kNow};
    FakeMarket* market_ = nullptr;
    std::unique_ptr<World> world_;
    std::unique_ptr<Face> face_;
};

TEST_F(FaceHandler, class_b_answers_carry_the_limit_and_market_data_does_not) {
    start();
    const auto funding = get(kFunding);
    EXPECT_EQ(funding.status, 200);
    EXPECT_EQ(header(funding, "content-type"), "application/json");
    EXPECT_EQ(header(funding, "eo-cache-status"), "MISS");
    EXPECT_EQ(header(funding, "ratelimit-limit"), "240");
    EXPECT_EQ(header(funding, "ratelimit-interval"), "3000");
    EXPECT_EQ(header(funding, "ratelimit-remaining"), "239");
    EXPECT_EQ(header(funding, "ratelimit-reset"), std::to_string(test::kNowMs + 3'000));
    EXPECT_EQ(header(get("/heartbeat/"), "ratelimit-remaining"), "238");
    EXPECT_EQ(header(get(kTickers), "ratelimit-limit"), "");
}

TEST_F(FaceHandler, beyond_the_limit_the_body_says_so_until_the_window_ends) {
    start();
    for (int i = 0; i < 240; ++i) ASSERT_THAT(*get("/api/v1/timestamp").body, HasSubstr("ok"));
    const auto refused = get("/api/v1/timestamp");
    EXPECT_EQ(refused.status, 200);
    EXPECT_THAT(*refused.body, HasSubstr(R"("err_code":1032)"));
    EXPECT_EQ(header(refused, "ratelimit-remaining"), "0");
    clock_.advance(3s);
    EXPECT_THAT(*get("/api/v1/timestamp").body, HasSubstr("ok"));
    for (int i = 0; i < 800; ++i) get(kTickers);
    EXPECT_THAT(*get(kTickers).body, HasSubstr(R"("err-msg":"request limit")"));
}

TEST_F(FaceHandler, the_limit_has_http_429_forms_and_can_be_off) {
    for (const auto& [mode, status, part] :
         {std::tuple{OverLimit::json, 429, "1032"}, std::tuple{OverLimit::html, 429, "<html>"},
          std::tuple{OverLimit::none, 200, "ok"}}) {
        start({}, mode);
        for (int i = 0; i < 240; ++i) get("/api/v1/timestamp");
        const auto answer = get("/api/v1/timestamp");
        EXPECT_EQ(answer.status, status);
        EXPECT_THAT(*answer.body, HasSubstr(part));
    }
}

TEST_F(FaceHandler, unknown_paths_and_methods_are_springs) {
    start();
    const auto unknown = get("/linear-swap-api/v1/nope?x=1");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_THAT(*unknown.body, HasSubstr(R"("status":404,"error":"Not Found","path":"/linear-swap-api/v1/nope"})"));
    EXPECT_EQ(get("/heartbeat").status, 404) << "the trailing slash is needed";
    EXPECT_EQ(send("POST", kTickers).status, 405);
}

TEST_F(FaceHandler, gzip_only_for_those_who_accept_it) {
    start();
    const auto packed = send("GET", kTickers, {}, {{"Accept-Encoding", "gzip, deflate"}});
    EXPECT_EQ(header(packed, "content-encoding"), "gzip");
    EXPECT_THAT(*packed.body, StartsWith("\x1f\x8b"));
    const auto plain = get(kTickers);
    EXPECT_EQ(header(plain, "content-encoding"), "");
    EXPECT_THAT(*plain.body, StartsWith("{"));
    EXPECT_LT(packed.body->size(), plain.body->size());
}

TEST_F(FaceHandler, bulk_answers_are_kept_for_50_ms) {
    start();
    const auto first = get(kTickers);
    clock_.advance(49ms);
    EXPECT_EQ(get(kTickers).body, first.body) << "the same bytes, not an equal copy";
    clock_.advance(2ms);
    const auto fresh = get(kTickers);
    EXPECT_NE(fresh.body, first.body);
    EXPECT_THAT(*fresh.body, HasSubstr(std::to_string(test::kNowMs + 51)));
}

TEST_F(FaceHandler, replacing_faults_take_the_place_of_the_answer) {
    start({"5xx:status=502:path=depth", "empty:path=bbo", "maintenance:path=kline", "404-bulk", "429:path=merged"});
    EXPECT_EQ(get(kDepth).status, 502);
    EXPECT_EQ(header(get(kDepth), "content-type"), "text/html");
    EXPECT_EQ(*get("/linear-swap-ex/market/bbo").body, "");
    EXPECT_EQ(*get("/linear-swap-ex/market/history/kline").body, R"({"status":"maintain"})");
    EXPECT_EQ(get(kFunding).status, 404);
    EXPECT_EQ(get(kTickers).status, 429);
    EXPECT_THAT(*get("/v5/market/funding_rate?contract_code=BTC-USDT").body, HasSubstr(R"("code":200)"));
}

TEST_F(FaceHandler, maintenance_ends_and_the_heartbeat_says_when) {
    start({"maintenance:on=10s"});
    clock_.advance(4s);
    EXPECT_EQ(*get(kTickers).body, R"({"status":"maintain"})");
    EXPECT_THAT(*get("/heartbeat/").body,
                HasSubstr(R"("linear_swap_heartbeat":0,"linear_swap_estimated_recovery_time":)" +
                          std::to_string(test::kNowMs + 10'000)));
    clock_.advance(6s);
    EXPECT_THAT(*get(kTickers).body, HasSubstr(R"("status":"ok")"));
    EXPECT_THAT(*get("/heartbeat/").body, HasSubstr(R"("linear_swap_heartbeat":1)"));
}

TEST_F(FaceHandler, a_truncated_answer_announces_what_it_does_not_send) {
    start({"truncated"});
    const auto answer = get(kTickers);
    EXPECT_EQ(answer.declared_length, answer.body->size() * 2 + (*answer.declared_length % 2));
    EXPECT_TRUE(answer.close);
}

TEST_F(FaceHandler, spoilt_bodies_do_not_stay) {
    start({"non-finite:on=1s"});
    EXPECT_THAT(*get(kTickers).body, ::testing::AnyOf(HasSubstr("NaN"), HasSubstr("1e999")));
    clock_.advance(1s);
    EXPECT_THAT(*get(kTickers).body, Not(HasSubstr("NaN")));
    EXPECT_TRUE(nlohmann::json::accept(*get(kTickers).body));
}

TEST_F(FaceHandler, a_vanished_contract_is_back_when_the_fault_is_over) {
    start({"vanish:contract=BTC-USDT:on=1s"});
    EXPECT_THAT(*get(kTickers).body, Not(HasSubstr(R"("BTC-USDT")")));
    EXPECT_THAT(*get(kDepth).body, HasSubstr("invalid symbol"));
    clock_.advance(1s);
    EXPECT_THAT(*get(kTickers).body, HasSubstr(R"("BTC-USDT")"));
    EXPECT_THAT(*get(kDepth).body, HasSubstr(R"("status":"ok")"));
}

TEST_F(FaceHandler, a_stale_book_stands_still_while_the_clock_goes_on) {
    start({"stale-book:contract=BTC-USDT:on=10s"});
    const auto tick_ts = [&] {
        return nlohmann::json::parse(*get(kDepth).body).at("tick").at("ts").get<std::int64_t>();
    };
    const auto step = [&](std::chrono::milliseconds by) {
        clock_.advance(by);
        market_->books[FakeMarket::btc].time = clock_.now() - 1ms;
    };
    const std::int64_t before = tick_ts();
    step(5s);
    EXPECT_EQ(tick_ts(), before);
    step(6s);
    EXPECT_GT(tick_ts(), before + 10'000);
}

TEST_F(FaceHandler, a_skewed_clock_shows_in_every_ts) {
    start({"clock-skew:offset=-1h"});
    EXPECT_THAT(*get("/api/v1/timestamp").body, HasSubstr(std::to_string(test::kNowMs - 3'600'000)));
    EXPECT_THAT(*get(kTickers).body, HasSubstr(R"("ts":)" + std::to_string(test::kNowMs - 3'600'000)));
}

TEST_F(FaceHandler, a_cache_gives_the_same_answer_until_it_is_gone) {
    start({"cached:path=batch_merged"});
    const std::string first = *get(kTickers).body;
    const std::string funding = *get(kFunding).body;
    clock_.advance(10s);
    market_->tickers[FakeMarket::btc].last = 80'000.0;
    EXPECT_EQ(*get(kTickers).body, first);
    EXPECT_NE(*get(kFunding).body, funding) << "another path";
    EXPECT_EQ(send("POST", "/_simulator/faults", "[]").status, 200);
    EXPECT_THAT(*get(kTickers).body, HasSubstr("80000"));
}

TEST_F(FaceHandler, a_contract_of_another_size_is_one_everywhere) {
    const auto size_of = [&] {
        const auto list = nlohmann::json::parse(*get("/linear-swap-api/v1/swap_contract_info").body);
        for (const auto& row : list.at("data")) {
            if (row.at("contract_code") == "BTC-USDT") return row.at("contract_size").get<double>();
        }
        return 0.0;
    };
    start();
    const double before = size_of();
    start({"resize:contract=BTC-USDT"});
    EXPECT_DOUBLE_EQ(size_of(), 10 * before);
}

TEST_F(FaceHandler, a_contract_listed_again_has_its_dead_row_first) {
    start({"relist:contract=BTC-USDT"});
    const auto list = nlohmann::json::parse(*get("/linear-swap-api/v1/swap_contract_info").body);
    std::vector<int> statuses;
    for (const auto& row : list.at("data")) {
        if (row.at("contract_code") == "BTC-USDT") statuses.push_back(row.at("contract_status").get<int>());
    }
    EXPECT_THAT(statuses, testing::ElementsAre(8, 1));
}

TEST_F(FaceHandler, faults_are_replaced_while_running) {
    start({"reset"});
    EXPECT_THAT(*get("/_simulator/faults").body, HasSubstr(R"("kind":"reset")"));
    const auto posted = send("POST", "/_simulator/faults", R"(["429:path=depth"])");
    EXPECT_EQ(posted.status, 200);
    EXPECT_THAT(*posted.body, Not(HasSubstr("reset")));
    EXPECT_EQ(get(kDepth).status, 429);
    EXPECT_THAT(*get("/_simulator/faults").body, HasSubstr(R"("hits":1)"));
    EXPECT_EQ(send("POST", "/_simulator/faults", R"(["wat"])").status, 400);
    EXPECT_EQ(get(kDepth).status, 429) << "a bad list changes nothing";
    send("POST", "/_simulator/faults", "[]");
    EXPECT_EQ(get(kDepth).status, 200);
}

TEST_F(FaceHandler, labels_since_a_time) {
    start();
    market_->truths = {{.time = test::kNow - 5s, .contract_code = "BTC-USDT", .kind = "pump"},
                       {.time = test::kNow - 1s, .contract_code = "BTC-USDT", .kind = "wash"}};
    const auto all = get("/_simulator/labels");
    EXPECT_EQ(header(all, "content-type"), "application/x-ndjson");
    EXPECT_THAT(*all.body, ::testing::AllOf(HasSubstr("pump"), HasSubstr("wash")));
    EXPECT_THAT(*get("/_simulator/labels?since=" + std::to_string(test::kNowMs - 5'000)).body, Not(HasSubstr("pump")));
    EXPECT_EQ(get("/_simulator/labels?since=never").status, 400);
}

TEST_F(FaceHandler, the_status_counts) {
    start({"empty:path=bbo"});
    get(kTickers);
    get("/linear-swap-ex/market/bbo");
    const auto status = nlohmann::json::parse(*get("/_simulator/status").body);
    EXPECT_EQ(status.at("simulated"), true);
    EXPECT_EQ(status.at("requests"), 2);
    EXPECT_EQ(status.at("faults"), 1);
    EXPECT_EQ(get("/_simulator/other").status, 404);
    const auto faster = send("POST", "/_simulator/speed", R"({"speed":2.5})");
    EXPECT_EQ(faster.status, 200);
    EXPECT_EQ(nlohmann::json::parse(*faster.body).at("speed"), 2.5);
    for (const auto* const wrong : {"", "2", "{}", R"({"speed":"2"})", R"({"speed":0})", R"({"speed":1001})"}) {
        EXPECT_EQ(send("POST", "/_simulator/speed", wrong).status, 400) << wrong;
    }
    EXPECT_EQ(get("/_simulator/speed").status, 405);
}

TEST(FaceWorld, plays_at_its_speed_and_never_backwards) {
    core::ManualClock clock(test::kNow);
    World world(std::make_unique<FakeMarket>(), 1, 10.0, clock.now(), clock);
    clock.advance(500ms);
    EXPECT_EQ(world.lag(), 5s);
    world.play(1h);
    EXPECT_EQ(world.market().now(), test::kNow + 5s);
    EXPECT_EQ(world.lag(), 0s);
    clock.step_wall(-10s);
    world.play(1h);
    EXPECT_EQ(world.market().now(), test::kNow + 5s);
    clock.step_wall(10s);
    clock.advance(1s);
    world.play(0ms);
    EXPECT_EQ(world.market().now(), test::kNow + 5'200ms) << "one slice when there is no time for more";
    world.set_speed(2.0);
    EXPECT_EQ(world.lag(), 9'800ms) << "what has passed stays";
    clock.advance(1s);
    EXPECT_EQ(world.lag(), 11'800ms);
}

TEST(FaceGzip, headers_that_accept_it) {
    EXPECT_TRUE(accepts_gzip("gzip, deflate, br"));
    EXPECT_TRUE(accepts_gzip("deflate, GZIP;q=0.5"));
    EXPECT_TRUE(accepts_gzip("*"));
    EXPECT_FALSE(accepts_gzip("gzip;q=0"));
    EXPECT_FALSE(accepts_gzip("gzip;q=0.000, deflate"));
    EXPECT_FALSE(accepts_gzip("identity"));
    EXPECT_FALSE(accepts_gzip(""));
}

}  // namespace
}  // namespace scanner::simulator::face
