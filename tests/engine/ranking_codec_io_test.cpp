#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/engine/engine.hpp"
#include "scanner/engine/ranking_codec.hpp"

#include <gtest/gtest.h>

namespace scanner::engine {
namespace {

RankingPtr a_ranking() {
    boost::asio::io_context io(1);
    test::ScriptedExchange exchange;
    EngineOptions options;
    options.ranking.default_profile = "scalp";
    options.ranking.notional_usdt = 5000;
    options.ranking.max_spread_bps = 8;
    for (const auto& profile : signals::builtin_profiles()) options.profiles.push_back(profile);
    EngineObserver nobody;
    const auto engine = make_engine(io.get_executor(), exchange, core::system_clock(), options, nobody, {});
    return *test::run_on(io, engine->scan_once());
}

TEST(RankingCodec, what_was_written_is_read_back) {
    const RankingPtr ranking = a_ranking();
    const std::string text = encode_ranking(*ranking);
    const auto read = decode_ranking(text);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(encode_ranking(**read), text);
    EXPECT_EQ((*read)->contracts.front().data.candles->size(), 120U) << "the newest ones";
    EXPECT_EQ((*read)->sequence, ranking->sequence);
    EXPECT_EQ((*read)->time, ranking->time);
    ASSERT_EQ((*read)->contracts.size(), ranking->contracts.size());
    const auto& before = ranking->ranked.at("news");
    const auto& after = (*read)->ranked.at("news");
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(after[i].contract, before[i].contract);
        EXPECT_DOUBLE_EQ(after[i].score, before[i].score);
        EXPECT_EQ(after[i].components, before[i].components);
    }
    EXPECT_DOUBLE_EQ((*read)->find("AAA-USDT")->numbers.metrics.slip_bps,
                     ranking->find("AAA-USDT")->numbers.metrics.slip_bps);
    EXPECT_EQ((*read)->find("AAA-USDT")->data.order_book->bids.size(), 10U);
}

TEST(RankingCodec, hostile_text_is_refused_and_never_crashes) {
    const std::string text = encode_ranking(*a_ranking());
    EXPECT_FALSE(decode_ranking(""));
    EXPECT_FALSE(decode_ranking("[]"));
    EXPECT_FALSE(decode_ranking(R"({"format":2})"));
    for (std::size_t cut = 0; cut < text.size(); cut += 397) EXPECT_FALSE(decode_ranking(text.substr(0, cut)));
    for (std::size_t at = 0; at < text.size(); at += 601) {
        for (const char other : {'x', '9', '-', '"', '{', ']'}) {
            std::string changed = text;
            changed[at] = other;
            static_cast<void>(decode_ranking(changed));
        }
    }
}

TEST(RankingCodec, the_order_of_a_profile_stands_alone) {
    const RankingPtr ranking = a_ranking();
    const std::string order = encode_profile_order(*ranking, "scalp");
    EXPECT_NE(order.find(R"("profile":"scalp","items":[{"symbol":")"), std::string::npos) << order;
    EXPECT_NE(encode_profile_order(*ranking, "unknown").find(R"("items":[])"), std::string::npos);
}

}  // namespace
}  // namespace scanner::engine
