// The real program's WebSockets, and every ws-* fault as a client meets it.
#include "simulator/face_process.hpp"
#include "simulator/feed_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <utility>
#include <vector>

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::FeedClient;
using test::FollowedBook;

constexpr std::string_view kBook = "market.BTC-USDT.depth.size_150.high_freq";

class FeedProgram : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        process_ = std::make_unique<test::SimulatorProcess>(
            std::vector<std::string>{"--contracts", "30", "--seed", "5", "--over-limit", "none"});
        http_ = std::make_unique<test::BlockingClient>();
    }
    static void TearDownTestSuite() {
        http_.reset();
        process_.reset();
    }
    void SetUp() override { set_faults("[]"); }

    /// Tries again while the simulator has not yet noticed that the clients of an earlier test are gone.
    static FeedClient connect(const std::string& target = "/linear-swap-ws") {
        for (int tries = 0;; ++tries) {
            FeedClient client(process_->port(), target);
            if (client.status() != 503 || tries == 100) return client;
            std::this_thread::sleep_for(200ms);
        }
    }
    static json get(std::string_view target) {
        const auto answer = http_->get(process_->url(target));
        return answer ? json::parse(answer->body, nullptr, false) : json();
    }
    static void set_faults(std::string body) {
        const auto answer =
            http_->send({.method = "POST", .url = process_->url("/_simulator/faults"), .body = std::move(body)});
        ASSERT_TRUE(answer) << answer.error().message();
        ASSERT_EQ(answer->status, 200) << answer->body;
    }
    static void set_fault(const std::string& text) { set_faults("[\"" + text + "\"]"); }
    static json truth(std::int64_t matching_id) {
        return get("/_simulator/book?contract_code=BTC-USDT&mrid=" + std::to_string(matching_id));
    }
    /// What takes the frames of BTC's book into `book`.
    static std::function<void(const json&)> into(FollowedBook& book) {
        return [&book](const json& message) {
            if (message.value("ch", "") == kBook) book.take(message.at("tick"));
        };
    }
    /// Follows the book of BTC until `done`.
    static FollowedBook follow(FeedClient& client, const std::function<bool(const FollowedBook&)>& done) {
        FollowedBook book;
        EXPECT_TRUE(client.listen_until([&] { return done(book); }, into(book)));
        return book;
    }
    static FollowedBook follow(FeedClient& client, int updates = 5) {
        return follow(client, [updates](const FollowedBook& book) { return book.updates >= updates; });
    }

    static std::unique_ptr<test::SimulatorProcess> process_;
    static std::unique_ptr<test::BlockingClient> http_;
};
std::unique_ptr<test::SimulatorProcess> FeedProgram::process_;
std::unique_ptr<test::BlockingClient> FeedProgram::http_;

TEST_F(FeedProgram, a_followed_book_is_the_simulators_own) {
    auto client = connect();
    ASSERT_TRUE(client.connected());
    client.subscribe(std::string(kBook));
    FollowedBook book;
    int compared = 0;
    const auto compare = [&](const json& message) {
        if (message.value("ch", "") != kBook) return;
        book.take(message.at("tick"));
        if (book.updates % 10 != 1) return;
        EXPECT_TRUE(book.is(truth(book.matching_id)));
        ++compared;
    };
    EXPECT_TRUE(client.listen_until([&book] { return book.updates > 40; }, compare));
    EXPECT_EQ(book.snapshots, 1);
    EXPECT_EQ(book.gaps + book.duplicates, 0);
    EXPECT_GT(compared, 3);
    EXPECT_FALSE(client.ended());
}

TEST_F(FeedProgram, rest_shows_the_same_book_under_the_same_matching_id) {
    auto client = connect();
    client.subscribe(std::string(kBook));
    follow(client);
    int same = 0;
    for (int i = 0; i < 5; ++i) {
        const json rest = get("/linear-swap-ex/market/depth?contract_code=BTC-USDT&type=step0").at("tick");
        const json shown = truth(rest.at("mrid"));
        same += shown.at("bids") == rest.at("bids") && shown.at("asks") == rest.at("asks") ? 1 : 0;
        client.listen(200ms);
    }
    EXPECT_EQ(same, 5);
}

TEST_F(FeedProgram, topics_begin_and_end_with_acknowledgements) {
    auto client = connect();
    client.send({{"sub", "market.btc-usdt.detail"}, {"id", 7}});
    const auto acknowledged = client.find([](const json& m) { return m.contains("subbed"); });
    ASSERT_TRUE(acknowledged);
    EXPECT_EQ(acknowledged->at("subbed"), "market.BTC-USDT.detail");
    EXPECT_EQ(acknowledged->at("id"), 7);
    ASSERT_TRUE(client.find([](const json& m) { return m.value("ch", "") == "market.BTC-USDT.detail"; }));
    client.send({{"unsub", "market.BTC-USDT.detail"}, {"id", "u"}});
    const auto ended = client.find([](const json& m) { return m.contains("unsubbed"); });
    ASSERT_TRUE(ended);
    EXPECT_FALSE(client.find([](const json& m) { return m.contains("ch"); }, 1'200ms)) << "it has ended";
    client.send({{"unsub", "market.BTC-USDT.detail"}, {"id", "u"}});
    EXPECT_EQ(client.next().value().at("err-code"), "bad-request");
    client.send({{"sub", "market.BTC-USDT.depth.size_400.high_freq"}, {"id", "e"}});
    EXPECT_EQ(client.next().value().at("err-msg"), "invalid topic market.BTC-USDT.depth.size_400.high_freq");
    client.send_text("nonsense");
    EXPECT_EQ(client.next().value().at("err-msg"), "not json, is not json string");
    client.send({{"ping", 5}});
    EXPECT_FALSE(client.next(300ms)) << "a client's pings are not answered";
}

TEST_F(FeedProgram, versions_go_on_when_a_topic_is_subscribed_again) {
    auto client = connect();
    client.subscribe(std::string(kBook));
    const FollowedBook first = follow(client);
    client.send({{"unsub", kBook}, {"id", "u"}});
    ASSERT_TRUE(client.find([](const json& m) { return m.contains("unsubbed"); }));
    client.subscribe(std::string(kBook));
    const auto again = client.find([](const json& m) { return m.value("ch", "") == kBook; });
    ASSERT_TRUE(again);
    EXPECT_EQ(again->at("tick").at("event"), "snapshot");
    EXPECT_GT(again->at("tick").at("version").get<std::int64_t>(), first.version);
    auto other = connect();
    other.subscribe(std::string(kBook));
    const auto theirs = other.find([](const json& m) { return m.value("ch", "") == kBook; });
    ASSERT_TRUE(theirs);
    EXPECT_NE(theirs->at("tick").at("version"), again->at("tick").at("version"))
        << "versions of two connections have nothing to do with each other";
}

TEST_F(FeedProgram, every_kind_of_market_topic_says_something) {
    auto client = connect();
    const std::vector<std::string> topics{"market.BTC-USDT.bbo",
                                          "market.BTC-USDT.detail",
                                          "market.BTC-USDT.trade.detail",
                                          "market.BTC-USDT.kline.1min",
                                          "market.BTC-USDT.depth.step0",
                                          "market.BTC-USDT.depth.step6",
                                          "market.BTC-USDT.depth.size_20.high_freq"};
    for (const std::string& topic : topics) client.send({{"sub", topic}, {"id", "x"}});
    std::set<std::string> heard;
    client.find([&](const json& message) {
        if (message.contains("ch")) heard.insert(message.at("ch"));
        return heard.size() == topics.size();
    });
    EXPECT_EQ(heard, std::set<std::string>(topics.begin(), topics.end()));
    client.send({{"req", "market.BTC-USDT.kline.1min"}, {"id", "k"}});
    const auto candles = client.find([](const json& m) { return m.contains("rep"); });
    ASSERT_TRUE(candles);
    EXPECT_EQ(candles->at("data").size(), 2'000U);
    client.send({{"req", "market.BTC-USDT.trade.detail"}, {"size", 20}, {"id", "t"}});
    const auto trades = client.find([](const json& m) { return m.contains("rep"); });
    ASSERT_TRUE(trades);
    EXPECT_LE(trades->at("data").size(), 20U);
    EXPECT_TRUE(trades->at("data").at(0).at("price").is_string());
}

TEST_F(FeedProgram, the_index_socket) {
    auto client = connect("/ws_index");
    const std::vector<std::string> topics{"market.BTC-USDT.index.1min", "market.BTC-USDT.mark_price.5min",
                                          "market.BTC-USDT.premium_index.1min", "market.BTC-USDT.estimated_rate.1min",
                                          "market.BTC-USDT.basis.1min.open"};
    for (const std::string& topic : topics) client.send({{"sub", topic}, {"id", "x"}});
    std::map<std::string, int> heard;
    const auto heard_often = [&] {
        return std::ranges::count_if(heard, [](const auto& topic) { return topic.second > 2; });
    };
    client.listen_until([&] { return std::cmp_equal(heard_often(), topics.size()); },
                        [&heard](const json& message) {
                            if (message.contains("ch")) ++heard[message.at("ch")];
                        });
    EXPECT_EQ(heard.size(), topics.size());
    for (const auto& [topic, count] : heard) EXPECT_GE(count, 3) << topic;
    client.send({{"sub", "market.BTC-USDT.bbo"}, {"id", "x"}});
    EXPECT_TRUE(client.find([](const json& m) { return m.value("status", "") == "error"; }));
}

TEST_F(FeedProgram, suspended_contracts_are_acknowledged_and_silent) {
    std::string suspended;
    for (const auto& row : get("/linear-swap-api/v1/swap_contract_info").at("data")) {
        if (row.at("contract_status") == 3) suspended = row.at("contract_code");
    }
    ASSERT_FALSE(suspended.empty());
    auto client = connect();
    for (const std::string_view kind :
         {".depth.size_150.high_freq", ".trade.detail", ".detail", ".kline.1min", ".bbo"}) {
        client.subscribe("market." + suspended + std::string(kind));
    }
    int acknowledged = 0;
    const auto hear = [&acknowledged](const json& message) {
        EXPECT_FALSE(message.contains("ch")) << message.dump();
        acknowledged += message.contains("subbed") ? 1 : 0;
    };
    EXPECT_TRUE(client.listen_until([&acknowledged] { return acknowledged == 5; }, hear));
    client.listen(1'200ms, hear);
    EXPECT_EQ(acknowledged, 5);
}

TEST_F(FeedProgram, notifications) {
    auto client = connect("/linear-swap-notification");
    client.send({{"op", "sub"}, {"cid", "1"}, {"topic", "public.*.funding_rate"}});
    const auto acknowledged = client.next();
    ASSERT_TRUE(acknowledged);
    EXPECT_EQ(acknowledged->at("err-code"), 0);
    const auto first = client.next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->at("topic"), "public.*.funding_rate");
    EXPECT_GT(first->at("data").size(), 30U) << "every contract, suspended and delisted ones too";
    const auto refused = [&client](json message) {
        client.send(std::move(message));
        const auto answer = client.find([](const json& m) { return m.contains("err-code"); });
        return answer ? answer->at("err-code").get<int>() : -1;
    };
    EXPECT_EQ(refused({{"op", "sub"}, {"topic", "public.*.funding_rate"}}), 2'014);
    EXPECT_EQ(refused({{"op", "sub"}, {"topic", "public.BTC-USDT.funding_rate"}}), 2'014) << "under the asterisk";
    EXPECT_EQ(refused({{"op", "unsub"}, {"topic", "public.BTC-USDT.funding_rate"}}), 2'012);
    EXPECT_EQ(refused({{"op", "sub"}, {"topic", "public.NOPE-USDT.funding_rate"}}), 2'011);
    EXPECT_EQ(refused({{"op", "sub"}, {"topic", "public.BTC-USDT.weather"}}), 2'010);
    EXPECT_EQ(refused({{"op", "sub"}, {"topic", "orders.*"}}), 2'002);
    EXPECT_EQ(refused({{"op", "sub"}}), 2'040);
    std::set<std::string> later;
    client.listen_until([&later] { return later.size() >= 30 && later.contains("public.BTC-USDT.funding_rate"); },
                        [&later](const json& message) {
                            if (message.value("op", "") == "notify") later.insert(message.at("topic"));
                        });
    EXPECT_TRUE(later.contains("public.BTC-USDT.funding_rate"));
    EXPECT_GE(later.size(), 30U) << "each contract by itself every five seconds";
    EXPECT_EQ(refused({{"op", "unsub"}, {"topic", "public.*.funding_rate"}}), 0);
    client.send({{"op", "sub"}, {"topic", "public.*.contract_info"}});
    const auto info = client.find([](const json& m) { return m.contains("event"); });
    ASSERT_TRUE(info);
    EXPECT_EQ(info->at("event"), "init");
    set_fault("resize:contract=BTC-USDT");
    const auto update = client.find([](const json& m) { return m.value("event", "") == "update"; });
    ASSERT_TRUE(update);
    EXPECT_EQ(update->at("topic"), "public.BTC-USDT.contract_info");
}

TEST_F(FeedProgram, paths_that_are_not_there) {
    for (const std::string_view path : {"/ws", "/linear-swap-ws2", "/_simulator/status"}) {
        auto client = connect(std::string(path));
        EXPECT_FALSE(client.connected());
        EXPECT_EQ(client.status(), 404) << path;
    }
}

TEST_F(FeedProgram, who_never_answers_pings_is_closed) {
    auto client = connect();
    client.answer_pings(false);
    client.listen(120s);
    EXPECT_TRUE(client.ended());
    EXPECT_EQ(client.pings(), 4);
    EXPECT_EQ(client.socket().close_code(), 1'003);
    EXPECT_EQ(client.socket().close_reason(), "ping check expired");
}

TEST_F(FeedProgram, more_than_256_connections_are_refused) {
    // Each of these clients has a loop of its own, which takes four files.
    rlimit files{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = std::max(files.rlim_cur, std::min<rlim_t>(files.rlim_max, 4'096));
    if (::setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur < 2'000) GTEST_SKIP() << "too few open files";
    std::vector<FeedClient> clients;
    while (clients.size() < 300) {
        clients.emplace_back(process_->port(), "/ws_index");
        if (!clients.back().connected()) break;
    }
    EXPECT_GT(clients.size(), 250U) << "some of those before may not be gone yet";
    EXPECT_LE(clients.size(), 257U);
    EXPECT_EQ(clients.back().status(), 503);
}

// -- faults

TEST_F(FeedProgram, fault_drop_version) {
    set_fault("ws-drop-version:rate=0.2:contract=BTC-USDT");
    auto client = connect();
    client.subscribe(std::string(kBook));
    follow(client, [](const FollowedBook& book) { return book.gaps > 2; });
}

TEST_F(FeedProgram, fault_duplicate) {
    set_fault("ws-duplicate:rate=0.2");
    auto client = connect();
    client.subscribe(std::string(kBook));
    const FollowedBook book = follow(client, [](const FollowedBook& followed) { return followed.duplicates > 2; });
    EXPECT_EQ(book.gaps, 0);
}

TEST_F(FeedProgram, fault_stall_and_what_comes_after_it) {
    auto client = connect();
    client.subscribe(std::string(kBook));
    FollowedBook book = follow(client);
    int frames = 0;
    const auto take = [&](const json& message) {
        frames += message.contains("ch") ? 1 : 0;
        into(book)(message);
    };
    set_fault("ws-stall:contract=BTC-USDT");
    // What was on its way comes first, however slow this machine is.
    for (int before = -1, rounds = 0; frames != before && rounds < 30; ++rounds) {
        before = frames;
        client.listen(1s, take);
    }
    frames = 0;
    const int pings = client.pings();
    for (int rounds = 0; client.pings() == pings && rounds < 80; ++rounds) client.listen(250ms, take);
    EXPECT_EQ(frames, 0);
    EXPECT_GT(client.pings(), pings) << "the socket lives";
    EXPECT_FALSE(client.ended());
    set_faults("[]");
    bool same = false;
    for (int rounds = 0; !same && rounds < 10; ++rounds) {
        client.listen(1s, take);
        same = frames > 0 && book.is(truth(book.matching_id));
    }
    EXPECT_TRUE(same) << "one change tells all that was missed";
    EXPECT_EQ(book.snapshots, 1);
    EXPECT_EQ(book.gaps, 0);
}

TEST_F(FeedProgram, fault_half_open) {
    auto client = connect();
    client.subscribe(std::string(kBook));
    follow(client);
    set_fault("ws-half-open");
    // The book changes all the time: two seconds without it are the fault.
    int before = -1;
    for (int rounds = 0; client.frames() != before && rounds < 30; ++rounds) {
        before = client.frames();
        client.listen(2s);
    }
    client.subscribe("market.ETH-USDT.bbo");
    client.listen(6s);
    EXPECT_EQ(client.frames(), before) << "not even a ping";
    EXPECT_FALSE(client.ended());
}

TEST_F(FeedProgram, fault_disconnect) {
    auto client = connect();
    client.subscribe(std::string(kBook));
    set_fault("ws-disconnect");
    client.listen(60s);
    EXPECT_TRUE(client.ended());
    EXPECT_FALSE(client.socket().close_code()) << "without a close";
}

TEST_F(FeedProgram, a_connection_has_a_thousand_topics_and_no_more) {
    auto client = connect("/ws_index");
    int subscribed = 0;
    std::string refused;
    const auto hear = [&](const json& message) {
        subscribed += message.contains("subbed") ? 1 : 0;
        if (message.value("status", "") == "error") refused = message.at("err-msg");
    };
    std::vector<std::string> topics;
    const std::vector<std::string> periods{"1min", "5min", "15min", "30min", "60min", "4hour", "1day", "1week", "1mon"};
    for (const json& row : get("/linear-swap-api/v1/swap_contract_info").at("data")) {
        const std::string prefix = "market." + row.at("contract_code").get<std::string>();
        for (const std::string kind : {".index.", ".mark_price.", ".premium_index.", ".estimated_rate."}) {
            for (const auto& period : periods) topics.push_back(prefix + kind + period);
        }
    }
    for (const auto& topic : topics) client.send({{"sub", topic}, {"id", "s"}});
    EXPECT_TRUE(client.listen_until([&] { return refused == "too many topics"; }, hear)) << subscribed;
    client.send({{"unsub", topics[0]}, {"id", "u"}});
    client.send({{"sub", topics.back()}, {"id", "s"}});
    EXPECT_TRUE(client.listen_until([&] { return subscribed == 1'001; }, hear)) << "what has left gave its place up";
}

TEST_F(FeedProgram, fault_refuse) {
    set_fault("ws-refuse:status=502:path=/linear-swap-ws");
    auto refused = connect();
    EXPECT_FALSE(refused.connected());
    EXPECT_EQ(refused.status(), 502);
    EXPECT_TRUE(connect("/ws_index").connected());
}

TEST_F(FeedProgram, fault_slow) {
    auto client = connect();
    client.subscribe(std::string(kBook));
    follow(client);
    set_fault("ws-slow:delay=2s");
    client.listen(1s);
    const auto began = std::chrono::steady_clock::now();
    client.send({{"sub", "market.ETH-USDT.detail"}, {"id", "late"}});
    ASSERT_TRUE(client.find([](const json& m) { return m.value("id", json()) == "late"; }));
    EXPECT_GE(std::chrono::steady_clock::now() - began, 1'900ms);
}

TEST_F(FeedProgram, fault_garbage) {
    set_fault("ws-garbage:rate=0.5");
    auto client = connect();
    client.subscribe(std::string(kBook));
    EXPECT_TRUE(client.listen_until([&client] { return client.unreadable() > 5; }));
}

TEST_F(FeedProgram, fault_bomb) {
    set_fault("ws-bomb:rate=0.1");
    auto client = connect();
    client.subscribe(std::string(kBook));
    for (int i = 0; i < 300 && client.largest() < (32U << 20U); ++i) client.listen(200ms);
    EXPECT_GT(client.largest(), 32U << 20U);
}

TEST_F(FeedProgram, fault_wrong_book) {
    set_fault("ws-wrong-book:rate=0.3");
    auto client = connect();
    client.subscribe(std::string(kBook));
    // A wrong level may become right again by a later change: look more than once.
    const FollowedBook book = follow(client, [](const FollowedBook& followed) {
        return followed.updates > 0 && followed.updates % 10 == 0 && !followed.is(truth(followed.matching_id));
    });
    EXPECT_EQ(book.gaps, 0) << "nothing about the versions shows it";
}

}  // namespace
}  // namespace scanner::simulator::face
