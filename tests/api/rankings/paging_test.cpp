#include "api/response_header.hpp"
#include "api/sample.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/engine/ranking_board.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Paging while rankings are published more often than they are recorded.
namespace scanner::api {
namespace {

using nlohmann::json;
using std::chrono::seconds;

class Paging : public testing::Test {
protected:
    void publish(std::uint64_t sequence, bool recorded) {
        auto ranking = test::make_ranking(sequence, clock_.now());
        board_.publish({.ranking = std::make_shared<const ranking::Ranking>(std::move(ranking)),
                        .universe = std::make_shared<const std::vector<engine::UniverseEntry>>(test::sample_universe()),
                        .health = {},
                        .recorded = recorded});
        clock_.advance(seconds(1));
    }
    net::ServerResponse get(const std::string& target) {
        net::ServerRequest request;
        request.method = "GET";
        request.target = target;
        return scanner::test::run_on(io_, handler_->handle(std::move(request)));
    }
    json body(const std::string& target) {
        const net::ServerResponse response = get(target);
        EXPECT_EQ(response.status, 200) << target;
        return response.body == nullptr ? json() : json::parse(*response.body);
    }
    std::uint64_t sequence_of(const std::string& target) { return body(target).at("seq").get<std::uint64_t>(); }

    boost::asio::io_context io_{1};
    core::ManualClock clock_{test::kNow};
    engine::RankingBoard board_{clock_, {}, [] { return exchange::ExchangeStatus(); }};
    Metrics metrics_{"1.2.3"};
    ApiOptions options_;
    ApiPorts ports_{.engine = board_, .metrics = metrics_, .clock = clock_};
    std::unique_ptr<net::RequestHandler> handler_ = make_api_handler(options_, ports_);
};

TEST_F(Paging, is_not_disturbed_by_what_is_published_and_not_recorded) {
    publish(11, true);
    const json first = body("/rankings?page_size=2");
    for (std::uint64_t sequence = 12; sequence < 26; ++sequence) {
        publish(sequence, false);
        EXPECT_EQ(sequence_of("/rankings?page_size=2"), 11U) << "the first page stays as well";
        EXPECT_EQ(sequence_of("/rankings?page=1&top=3"), 11U);
        EXPECT_EQ(sequence_of("/rankings"), sequence) << "who asks for no pages gets the newest";
        EXPECT_EQ(sequence_of("/rankings?top=1&fields=symbol"), sequence);
    }
    const json second = body("/rankings?page_size=2&page=2&seq=" + first.at("seq").dump());
    EXPECT_EQ(second.at("seq"), 11U);
    EXPECT_EQ(second.at("total"), first.at("total"));
    EXPECT_EQ(first.at("items").at(1).at("rank"), 2);
    EXPECT_EQ(second.at("items").at(0).at("rank"), 3);
    publish(26, true);
    EXPECT_EQ(sequence_of("/rankings?page_size=2"), 26U);
    EXPECT_EQ(sequence_of("/rankings?page_size=2&page=2&seq=11"), 11U) << "and who has begun may go on";
}

TEST_F(Paging, finds_the_four_newest_published_and_the_four_newest_recorded) {
    for (std::uint64_t sequence = 1; sequence <= 30; ++sequence) publish(sequence, sequence % 6 == 0);
    publish(31, false);
    std::vector<std::uint64_t> found;
    for (std::uint64_t sequence = 1; sequence <= 31; ++sequence) {
        const net::ServerResponse response = get("/rankings?fields=symbol&seq=" + std::to_string(sequence));
        if (response.status == 200) {
            EXPECT_EQ(test::header_of(response, "X-Scan-Seq"), std::to_string(sequence));
            found.push_back(sequence);
        } else {
            EXPECT_EQ(response.status, 404) << sequence;
        }
    }
    EXPECT_EQ(found, (std::vector<std::uint64_t>{12, 18, 24, 28, 29, 30, 31}));
}

TEST_F(Paging, takes_the_newest_when_no_recorded_one_is_fresh) {
    publish(1, false);
    EXPECT_EQ(sequence_of("/rankings?page_size=2"), 1U) << "none was recorded yet";
    publish(2, true);
    clock_.advance(seconds(91));
    publish(3, false);
    EXPECT_EQ(sequence_of("/rankings?page_size=2"), 3U);
}

}  // namespace
}  // namespace scanner::api
