#include "engine/scripted_exchange.hpp"
#include "ranking/editing.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/engine/engine.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/signals/numbers.hpp"

#include <boost/pfr/core.hpp>
#include <boost/pfr/ops_fields.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <type_traits>

namespace scanner::ranking {
namespace {

using testing::HasSubstr;

RankingPtr a_ranking() {
    boost::asio::io_context io(1);
    test::ScriptedExchange exchange;
    engine::EngineOptions options;
    options.ranking.default_profile = "scalp";
    options.ranking.notional_usdt = 5000;
    options.ranking.max_spread_bps = 8;
    for (const auto& profile : signals::builtin_profiles()) options.profiles.push_back(profile);
    engine::EngineObserver observer;
    const auto engine = engine::make_engine(io.get_executor(), exchange, core::system_clock(), options, observer, {});
    return *test::run_on(io, engine->scan_once());
}

TEST(RankingCodec, what_was_written_is_read_back) {
    const RankingPtr ranking = a_ranking();
    const std::string text = encode_ranking(*ranking);
    const auto read = decode_ranking(text);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(encode_ranking(**read), text);
    EXPECT_EQ((*read)->contract(0).data.candles->size(), 120U) << "the newest ones";
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

/// Gives every member of a block a value of its own, one after the other as the struct has them: the table of numbers,
/// which the codec goes by, is not asked.
template <class Block>
void fill(Block& block, double& last) {
    boost::pfr::for_each_field(block, [&last](auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        if constexpr (std::is_same_v<Member, double> || std::is_same_v<Member, std::optional<double>>) {
            member = last += 0.25;
        } else if constexpr (std::is_same_v<Member, bool>) {
            member = true;
        } else if constexpr (std::is_same_v<Member, signals::VolatilityBucket>) {
            member = signals::VolatilityBucket::high;
        }
    });
}

TEST(RankingCodec, keeps_every_member_that_a_contract_has) {
    Ranking ranking = *a_ranking();
    ContractSnapshot& before = edit_contract(ranking, 0);
    double last = 0.0;
    fill(before.numbers.metrics, last);
    fill(before.numbers.momentum, last);
    fill(before.numbers.execution, last);
    fill(before.numbers.microstructure, last);
    fill(before.numbers.manipulation.features, last);
    fill(ranking.edges[0], last);
    before.numbers.manipulation.manip_score = last += 0.25;
    before.numbers.manipulation.probability = 0.8125;
    const auto read = decode_ranking(encode_ranking(ranking));
    ASSERT_TRUE(read) << read.error().message();
    const signals::ContractNumbers& after = (*read)->contract(0).numbers;
    EXPECT_TRUE(boost::pfr::eq_fields(after.metrics, before.numbers.metrics));
    EXPECT_TRUE(boost::pfr::eq_fields(after.momentum, before.numbers.momentum));
    EXPECT_TRUE(boost::pfr::eq_fields(after.execution, before.numbers.execution));
    EXPECT_TRUE(boost::pfr::eq_fields(after.microstructure, before.numbers.microstructure));
    EXPECT_TRUE(boost::pfr::eq_fields(after.manipulation.features, before.numbers.manipulation.features));
    EXPECT_TRUE(boost::pfr::eq_fields((*read)->edges[0], ranking.edges[0]));
    EXPECT_EQ(after.manipulation.manip_score, before.numbers.manipulation.manip_score);
    EXPECT_EQ(after.manipulation.probability, before.numbers.manipulation.probability);
}

TEST(RankingCodec, reads_what_was_written_before_the_probability_was) {
    std::string text = encode_ranking(*a_ranking());
    const std::string name = "\"probability\":";
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
        text.erase(at, text.find(',', at) + 1 - at);
    }
    const auto read = decode_ranking(text);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ((*read)->contract(0).numbers.manipulation.probability, 0.0);
}

TEST(RankingCodec, refuses_a_probability_out_of_range) {
    Ranking ranking = *a_ranking();
    edit_contract(ranking, 0).numbers.manipulation.probability = 1.5;
    const auto read = decode_ranking(encode_ranking(ranking));
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message(), HasSubstr("probability: not from 0 to 1"));
}

TEST(RankingCodec, takes_a_number_that_the_writer_did_not_know_for_unknown) {
    const RankingPtr ranking = a_ranking();
    std::string text = encode_ranking(*ranking);
    for (const std::string name : {"\"ret_15\":", "\"momentum_edge\":", "\"basis_bps\":"}) {
        text.replace(text.find(name), name.size(), "\"older_" + name.substr(1));
    }
    const auto read = decode_ranking(text);
    ASSERT_TRUE(read) << read.error().message();
    const signals::NumbersView view = (*read)->numbers_view(0);
    EXPECT_EQ(signals::known<&signals::Metrics::ret_15>(view), std::nullopt);
    EXPECT_EQ(signals::known<&signals::Edges::momentum_edge>(view), std::nullopt);
    EXPECT_EQ(signals::known<&signals::Metrics::basis_bps>(view), std::nullopt);
    EXPECT_TRUE(signals::known<&signals::Metrics::ret_1>(view));
    const std::size_t spread = text.find("\"spread_bps\":");
    text.replace(spread, 2, "\"x");
    EXPECT_FALSE(decode_ranking(text)) << "what is never null must be there";
}

TEST(RankingCodec, what_is_unknown_stays_unknown) {
    Ranking ranking = *a_ranking();
    ContractSnapshot& snapshot = edit_contract(ranking, 0);
    snapshot.numbers.unknown.add(signals::find_number("ret_15").value());
    snapshot.numbers.unknown.add(signals::find_number("feature_oi_delta").value());
    snapshot.numbers.metrics.listed_days = 3.25;
    snapshot.notes = {"a note"};
    market::Contract contract = *snapshot.data.contract;
    contract.listed_at = *core::parse_time("2026-11-22T16:00:00Z");
    snapshot.data.contract = std::make_shared<const market::Contract>(contract);
    ranking.settings.min_listed_days = 2.0;
    const auto read = decode_ranking(encode_ranking(ranking));
    ASSERT_TRUE(read) << read.error().message();
    const ContractSnapshot& after = (*read)->contract(0);
    EXPECT_EQ(after.numbers.unknown, snapshot.numbers.unknown);
    EXPECT_EQ(after.numbers.metrics.listed_days, 3.25);
    EXPECT_EQ(after.notes, snapshot.notes);
    EXPECT_EQ(after.data.contract->listed_at, contract.listed_at);
    EXPECT_EQ((*read)->settings.min_listed_days, 2.0);
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

/// What is said of the text with `from` replaced by `to`; empty when it is read.
std::string complaint(std::string text, std::string_view from, std::string_view to, const RankingLimits& limits = {}) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) return "not in the text";
    text.replace(at, from.size(), to);
    const auto read = decode_ranking(text, {}, limits);
    return read ? "" : read.error().message();
}

TEST(RankingCodec, every_number_has_its_range) {
    const RankingPtr ranking = a_ranking();
    const std::string text = encode_ranking(*ranking);
    const std::string time = std::to_string(core::to_unix_ms(ranking->time));
    ASSERT_EQ(complaint(text, "\"seq\":1,", "\"seq\":9007199254740991,"), "");
    for (const char* const seq :
         {"0", "-1", "9007199254740992", "9223372036854775807", "18446744073709551615", "1e3", "1.5"})
        EXPECT_THAT(complaint(text, "\"seq\":1,", fmt::format("\"seq\":{},", seq)), HasSubstr("seq")) << seq;
    for (const char* const other : {"9223372036854775807", "-9223372036854775808", "253402300800000", "-1"})
        EXPECT_THAT(complaint(text, "\"time_ms\":" + time, fmt::format("\"time_ms\":{}", other)), HasSubstr("time"))
            << other;
    struct Change {
        const char* field;
        const char* value;
    };
    for (const auto& [field, value] : {Change{"requests", "-1"},
                                       {"requests", "18446744073709551615"},
                                       {"cycle_ms", "-1"},
                                       {"notional_usdt", "-1"},
                                       {"notional_usdt", "1e13"},
                                       {"min_qvol_usdt", "-0.5"},
                                       {"max_spread_bps", "9e18"},
                                       {"next_scan_at_ms", "1"},
                                       {"funding_interval_hours", "4294967297"},
                                       {"contract_size", "0"},
                                       {"price_tick", "-1"},
                                       {"last", "-1"},
                                       {"book_time_ms", "9223372036854775807"},
                                       {"data_time_ms", "253402300799999"},
                                       {"fetch_latency_ms", "-1"},
                                       {"turnover_24h", "1e300"},
                                       {"running_candles", "-1"},
                                       {"running_candles", "2"},
                                       {"spread_bps", "1e31"}}) {
        const std::string name = fmt::format("\"{}\":", field);
        const std::size_t begin = text.find(name) + name.size();
        const std::string before = text.substr(begin, text.find_first_of(",}", begin) - begin);
        EXPECT_NE(complaint(text, name + before, name + value), "") << field << " = " << value;
    }
}

TEST(RankingCodec, what_was_made_ahead_of_the_clock_is_refused) {
    const RankingPtr ranking = a_ranking();
    const std::string text = encode_ranking(*ranking);
    RankingLimits limits;
    limits.now = ranking->time - RankingLimits::kMaxAhead;
    EXPECT_TRUE(decode_ranking(text, {}, limits)) << "two clocks are never the same";
    limits.now -= std::chrono::milliseconds(1);
    const auto refused = decode_ranking(text, {}, limits);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("ahead of the clock"));
}

TEST(RankingCodec, rejects_rankings_of_other_installations) {
    const RankingPtr ranking = a_ranking();
    const RankingOrigin mine{.exchange = "htx", .installation = "a"};
    const std::string text = encode_ranking(*ranking, mine);
    EXPECT_TRUE(decode_ranking(text, mine));
    for (const RankingOrigin& other : {RankingOrigin{.exchange = "http://127.0.0.1:1", .installation = "a"},
                                       RankingOrigin{.exchange = "htx", .installation = "b"}, RankingOrigin{}}) {
        const auto refused = decode_ranking(text, other);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), core::ErrorCode::conflict);
    }
}

TEST(RankingCodec, sizes_and_depths_are_bounded_before_they_cost_anything) {
    const RankingLimits few{.max_contracts = 10};
    EXPECT_THAT(decode_ranking(std::string(few.max_bytes() + 1, ' '), {}, few).error().message(), HasSubstr("bytes"));
    EXPECT_THAT(decode_ranking(std::string(1'000'000, '['), {}, few).error().message(), HasSubstr("nested"));
    EXPECT_FALSE(decode_ranking(R"({"a":)" + std::string(1'000'000, '{'), {}, few));
    std::string wide = "[";
    for (std::size_t i = 0; i <= few.max_values(); ++i) wide += "1,";
    EXPECT_THAT(decode_ranking(wide + "1]", {}, few).error().message(), HasSubstr("values"));
    EXPECT_THAT(decode_ranking(encode_ranking(*a_ranking()), {}, {.max_contracts = 1}).error().message(),
                HasSubstr("contracts"));
}

TEST(RankingCodec, the_order_of_a_profile_stands_alone) {
    const RankingPtr ranking = a_ranking();
    const std::string order = encode_profile_order(*ranking, "scalp");
    EXPECT_NE(order.find(R"("profile":"scalp","items":[{"symbol":")"), std::string::npos) << order;
    EXPECT_NE(encode_profile_order(*ranking, "unknown").find(R"("items":[])"), std::string::npos);
}

}  // namespace
}  // namespace scanner::ranking
