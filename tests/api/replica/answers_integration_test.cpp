#include "engine/follow/followed_stream.hpp"
#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/api/metrics.hpp"
#include "scanner/api/stream_hub.hpp"
#include "scanner/engine/engine.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Whether replicas answer as the scanner does: its engine on a scripted market, the real publisher, Redis and
/// followers, and the whole interface on both sides. The clock stands still, so that nothing has to be set apart: ages
/// are compared too.
namespace scanner::api {
namespace {

using std::chrono::milliseconds;

/// What a process serves of a board.
struct Face {
    Face(boost::asio::io_context& io, engine::RankingBoard& of, const core::Clock& clock)
        : board(of),
          streams(io.get_executor(), {}, of),
          handler(api::make_api_handler({}, {.engine = of, .metrics = metrics, .clock = clock, .streams = &streams})) {
        board.on_published([this](const ranking::RankingPtr& ranking) { streams.publish(ranking, false); });
        board.on_recorded([this](const ranking::RankingPtr& ranking) { streams.publish(ranking, true); });
    }
    engine::RankingBoard& board;
    api::Metrics metrics{"test"};
    api::Streams streams;
    std::unique_ptr<net::RequestHandler> handler;
};

struct Replica final : test::Follower {
    Replica(boost::asio::io_context& io, std::shared_ptr<storage::RankingStream> stream, const core::Clock& clock)
        : Follower(io, std::move(stream), clock), face(io, board, clock) {}
    Face face;
};

/// Takes pieces of a stream until there have been so many events, then says that the server ends.
class Collector final : public net::BodyWriter {
public:
    explicit Collector(std::size_t wanted) : wanted_(wanted) {}
    boost::asio::awaitable<core::Result<void>> write(std::shared_ptr<const std::string> piece) override {
        if (piece->starts_with("id: ")) events.push_back(*piece);
        if (events.size() >= wanted_ && wake_) wake_();
        co_return core::Result<void>();
    }
    void abort() override {}
    [[nodiscard]] bool stopping() const override { return events.size() >= wanted_; }
    void on_stopping(std::function<void()> wake) override { wake_ = std::move(wake); }

    std::vector<std::string> events;

private:
    std::size_t wanted_;
    std::function<void()> wake_;
};

class ReplicaAnswers : public test::FollowedStream {
protected:
    ReplicaAnswers() {
        exchange_.exchange_now = clock_.now();
        exchange_.codes = {"AAA-USDT", "BBB-USDT", "CCC-USDT", "DDD-USDT", "EEE-USDT"};
        engine_->board().on_published([this](const ranking::RankingPtr& ranking) { publish(ranking); });
    }
    static engine::EngineOptions engine_options() {
        engine::EngineOptions options;
        options.ranking.default_profile = "scalp";
        options.ranking.notional_usdt = 5'000;
        options.ranking.max_spread_bps = 50;
        for (const auto& profile : signals::builtin_profiles()) options.profiles.push_back(profile);
        return options;
    }
    void publish(const ranking::RankingPtr& ranking) {
        publisher_->publish({.ranking = ranking,
                             .universe = engine_->board().shared_universe(),
                             .health = engine_->board().source(),
                             .recorded = true});
    }
    Replica& add_replica() { return follow<Replica>(clock_); }
    /// A cycle of a market that has moved; every replica has it afterwards.
    void cycle() {
        clock_.advance(milliseconds(1'000));
        exchange_.exchange_now = clock_.now();
        exchange_.last *= 1.0007;
        exchange_.level_size += 3.0;
        const auto made = test::run_on(io_, engine_->scan_once());
        ASSERT_TRUE(made) << made.error().message();
        for (const auto& replica : followers_) {
            ASSERT_TRUE(run_until([&] { return replica->sequence() == (*made)->sequence; }))
                << replica->follower->status().problem;
        }
    }
    net::ServerResponse ask(Face& face, std::string target, std::vector<net::Header> headers = {}) {
        return test::run_on(io_, face.handler->handle({.method = "GET",
                                                       .target = std::move(target),
                                                       .headers = std::move(headers),
                                                       .remote_address = "127.0.0.1"}));
    }
    static std::string written(const net::ServerResponse& response) {
        std::string text = std::to_string(response.status) + "\n";
        for (const net::Header& header : response.headers) text += header.name + ": " + header.value + "\n";
        if (response.rendered_headers) text += *response.rendered_headers;
        return text + "\n" + (response.body ? *response.body : std::string());
    }
    /// What a client gets that was last told `last_id`.
    std::vector<std::string> events(Face& face, const std::string& last_id, std::size_t count) {
        std::vector<net::Header> headers;
        if (!last_id.empty()) headers.push_back({"Last-Event-ID", last_id});
        const net::ServerResponse response = ask(face, "/stream/events?top=3", std::move(headers));
        EXPECT_TRUE(response.stream);
        Collector collector(count);
        test::run_on(io_, response.stream(collector));
        return collector.events;
    }

    core::ManualClock clock_{core::from_unix_ms(1'790'000'000'000)};
    test::ScriptedExchange exchange_;
    engine::EngineObserver observer_;
    std::unique_ptr<engine::Engine> engine_ =
        engine::make_engine(io_.get_executor(), exchange_, clock_, engine_options(), observer_, {});
    Face scanner_{io_, engine_->board(), clock_};
};

TEST_F(ReplicaAnswers, are_the_scanner_s_byte_for_byte) {
    Replica& replica = add_replica();
    for (int i = 0; i < 3; ++i) cycle();
    Replica& late = add_replica();
    cycle();
    std::vector<std::string> targets{"/ready",
                                     "/symbols",
                                     "/fields",
                                     "/exchange",
                                     "/symbol/AAA-USDT/inspect",
                                     "/symbol/BBB/inspect?profile=news&card=1",
                                     "/symbol/NOPE-USDT/inspect",
                                     "/rankings?profile=none",
                                     "/rankings?format=csv",
                                     "/rankings?format=ndjson",
                                     "/rankings.csv",
                                     "/rankings.ndjson"};
    const std::string sequence = std::to_string(engine_->board().current()->sequence);
    for (const std::string route : {"/rankings", "/opportunities"}) {
        for (const std::string query : {"",
                                        "?top=2",
                                        "?top=100",
                                        "?profile=swing",
                                        "?profile=news&top=3",
                                        "?notional=250000",
                                        "?notional=1000",
                                        "?notional=77777.5&profile=swing",
                                        "?max_spread_bps=0.5",
                                        "?min_qvol_usdt=1e9",
                                        "?include_carry=0",
                                        "?include_funding=0",
                                        "?include_basis=0",
                                        "?symbols=AAA-USDT,CCC-USDT",
                                        "?explain=1",
                                        "?sort=-ret_15",
                                        "?fields=symbol,score,slip_bps",
                                        "?inputs=1",
                                        "?offset=2&top=2",
                                        "?format=csv",
                                        "?format=ndjson",
                                        "?unknown=1"}) {
            targets.push_back(route + query);
        }
        targets.push_back(route + "?seq=" + sequence);
    }
    std::size_t bytes = 0;
    std::size_t answered = 0;
    for (const std::string& target : targets) {
        for (const std::string accept : {"application/json", "text/csv", "application/x-ndjson"}) {
            const auto wanted = ask(scanner_, target, {{"Accept", accept}});
            for (Replica* each : {&replica, &late}) {
                EXPECT_EQ(written(ask(each->face, target, {{"Accept", accept}})), written(wanted)) << target;
            }
            bytes += written(wanted).size();
            answered += wanted.status == 200 ? 1U : 0U;
        }
    }
    // A cycle from before a replica began is not there, as it is not there after a restart of the scanner.
    EXPECT_EQ(written(ask(replica.face, "/rankings?seq=1")), written(ask(scanner_, "/rankings?seq=1")));
    EXPECT_EQ(ask(late.face, "/rankings?seq=1").status, 404);
    EXPECT_GT(answered, targets.size()) << "most of these are sound questions";
    EXPECT_GT(bytes, 100'000U);
    EXPECT_EQ(events(scanner_, "", 1), events(late.face, "", 1));
}

/// SCANNER_TEST_MOVES: more of them than a test that runs with every change has time for.
TEST_F(ReplicaAnswers, a_client_that_moves_between_replicas_misses_no_number) {
    Replica& one = add_replica();
    Replica& two = add_replica();
    const char* const asked = std::getenv("SCANNER_TEST_MOVES");
    const int moves = asked == nullptr ? 20 : std::atoi(asked);
    cycle();
    std::string last_id = std::to_string(engine_->board().current()->sequence);
    std::uint64_t expected = engine_->board().current()->sequence;
    for (int move = 0; move < moves; ++move) {
        const std::size_t between = 1 + static_cast<std::size_t>(move % 3);
        for (std::size_t i = 0; i < between; ++i) cycle();
        for (const std::string& event : events(move % 2 == 0 ? one.face : two.face, last_id, between)) {
            last_id = event.substr(4, event.find('\n') - 4);
            ASSERT_EQ(last_id, std::to_string(++expected)) << "move " << move;
        }
        ASSERT_EQ(expected, engine_->board().current()->sequence) << "move " << move;
    }
}

}  // namespace
}  // namespace scanner::api
