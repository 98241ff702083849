#include "scanner/engine/history_feed.hpp"

#include "ranking/editing.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/signals/numbers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::engine {
namespace {

using std::chrono::seconds;

const core::WallTime kNow = *core::parse_time("2026-11-22T05:24:30Z");

/// Makes each batch at once and keeps it.
class KeptHistory final : public storage::History {
public:
    using History::record;
    void record(std::function<storage::HistoryBatch()> make) override { batches.push_back(make()); }
    std::uint64_t last_sequence() const override { return 0; }
    boost::asio::awaitable<core::Result<storage::RankingsPage>> rankings(storage::RankingsQuery) override {
        co_return storage::RankingsPage();
    }
    boost::asio::awaitable<core::Result<std::optional<storage::RankingAsOf>>> ranking_as_of(core::WallTime,
                                                                                            std::string) override {
        co_return std::nullopt;
    }
    boost::asio::awaitable<core::Result<storage::BarsPage>> bars(storage::BarsQuery) override {
        co_return storage::BarsPage();
    }

    std::vector<storage::HistoryBatch> batches;
};

ranking::ContractSnapshot snapshot(const std::string& base, int closed, std::int64_t interval_ms = 60'000) {
    market::Contract contract;
    contract.contract_code = base + "-USDT";
    contract.symbol = base + "/USDT:USDT";
    ranking::ContractSnapshot made;
    made.data.contract = std::make_shared<const market::Contract>(contract);
    made.data.ticker.last = 101.5;
    auto book = std::make_shared<market::OrderBook>();
    book->bids = {{101.0, 1.0}};
    made.data.order_book = std::move(book);
    auto candles = std::make_shared<std::vector<market::Candle>>();
    for (int i = 0; i <= closed; ++i) candles->push_back({interval_ms * (1'000 + i), 1.0, 2.0, 0.5, 1.5, 7.0});
    made.data.candles = std::move(candles);
    made.data.closed_candles = static_cast<std::size_t>(closed);
    made.numbers.metrics.qvol_usdt = 5e7;
    made.numbers.metrics.atr_pct = 0.25;
    made.numbers.metrics.basis_bps = -2.0;
    made.numbers.manipulation.manip_score = 66.0;
    made.numbers.manipulation.manip_flags = {"scam_wick", "wall"};
    made.numbers.manipulation.contributions = {{"bias", -2.5}};
    return made;
}

std::shared_ptr<ranking::Ranking> ranking(std::uint64_t sequence, int closed) {
    auto made = std::make_shared<ranking::Ranking>();
    made->sequence = sequence;
    made->time = kNow + seconds(15 * (sequence - 1));
    made->requests = 33;
    made->settings.default_profile = "scalp";
    made->settings.notional_usdt = 5'000.0;
    made->profiles.assign(signals::builtin_profiles().begin(), signals::builtin_profiles().end());
    for (const char* const base : {"AAA", "BBB"}) {
        made->contracts.push_back(std::make_shared<const ranking::ContractSnapshot>(snapshot(base, closed)));
        made->edges.push_back({.liquidity_edge = 0.75});
    }
    made->ranked["scalp"] = {{.contract = 1, .score = 12.5, .rank = 1}, {.contract = 0, .score = 3.25, .rank = 2}};
    made->ranked["swing"] = {};
    made->excluded_by_reason["volume"] = 4;
    return made;
}

/// As a reader of history is shown them.
std::string shown(const storage::ContractInputs& inputs) {
    EXPECT_TRUE(inputs.schema);
    EXPECT_EQ(inputs.numbers.size(), inputs.schema->numbers());
    return storage::render_inputs(*inputs.schema, *inputs.schema, inputs.numbers, inputs.texts_json, inputs.symbol);
}

TEST(HistoryFeed, writes_a_header_for_every_cycle_also_one_that_ranked_nothing) {
    auto empty = ranking(9, 3);
    empty->ranked.clear();
    empty->contracts.clear();
    empty->edges.clear();
    const auto batch = history_batch(*empty);
    ASSERT_TRUE(batch.cycle);
    EXPECT_EQ(batch.cycle->sequence, 9U);
    EXPECT_EQ(batch.cycle->time, kNow + seconds(120));
    EXPECT_EQ(batch.cycle->scanned, 0U);
    EXPECT_EQ(batch.cycle->ranked, 0U);
    EXPECT_EQ(batch.cycle->requests, 33U);
    EXPECT_NE(batch.cycle->settings_json.find(R"("notional_usdt":5000)"), std::string::npos);
    EXPECT_NE(batch.cycle->settings_json.find(R"("swing":{"liq.qvol":)"), std::string::npos);
    EXPECT_NE(batch.cycle->settings_json.find(R"("excluded":{"volume":4})"), std::string::npos);
}

TEST(HistoryFeed, writes_every_place_and_what_it_was_computed_from) {
    const auto batch = history_batch(*ranking(1, 3));
    ASSERT_EQ(batch.rankings.size(), 2U);
    EXPECT_EQ(batch.rankings[0].symbol, "BBB/USDT:USDT");
    EXPECT_EQ(batch.rankings[0].profile, "scalp");
    EXPECT_EQ(batch.rankings[0].rank, 1);
    EXPECT_EQ(batch.rankings[0].score, 12.5);
    EXPECT_EQ(batch.rankings[0].last_price, 101.5);
    EXPECT_EQ(batch.rankings[0].qvol_usdt, 5e7);
    EXPECT_EQ(batch.rankings[0].manip_score, 66.0);
    ASSERT_EQ(batch.inputs.size(), 2U) << "once a contract, not once a profile";
    const std::string inputs = shown(batch.inputs[0]);
    for (const char* part :
         {R"("contract_code":"AAA-USDT")", R"("last_price":101.5)", R"("best_bid":101)", R"("best_ask":null)",
          R"("atr_pct":0.25)", R"("funding_8h_pct":null)", R"("basis_bps":-2)", R"("liquidity_edge":0.75)",
          R"("manip_flags":["scam_wick","wall"])", R"("contributions":{"bias":-2.5})"})
        EXPECT_NE(inputs.find(part), std::string::npos) << part << " in " << inputs;
}

TEST(HistoryFeed, shows_inputs_as_the_version_before_wrote_them) {
    auto made = ranking(1, 3);
    ranking::ContractSnapshot& changed = edit_contract(*made, 0);
    changed.data.contract = std::make_shared<const market::Contract>([&] {
        market::Contract contract = *changed.data.contract;
        contract.contract_code = "1000AAA-USDT";
        contract.listed_at = kNow - std::chrono::days(30);
        return contract;
    }());
    changed.data.data_time = kNow;
    changed.data.funding_rate = -0.00025;
    changed.notes = {"a \"note\""};
    changed.numbers.manipulation.flag_details = {{.flag = "scam_wick", .severity = 25.0}};
    const std::string inputs = shown(history_batch(*made).inputs[0]);
    EXPECT_EQ(inputs.substr(0, inputs.find(R"(,"metrics")")),
              R"({"contract_code":"1000AAA-USDT","last_price":101.5,"best_bid":101,"best_ask":null,"index_price":null,)"
              R"("funding_rate":-0.00025,"funding_interval_hours":8,"listed_at":"2026-10-23T05:24:30.000Z",)"
              R"("data_time":"2026-11-22T05:24:30.000Z")");
    const std::size_t manipulation = inputs.find(R"("manipulation":)");
    ASSERT_NE(manipulation, std::string::npos);
    EXPECT_EQ(inputs.substr(manipulation, inputs.find(R"("features")") - manipulation),
              R"("manipulation":{"manip_score":66,"probability":0,"manip_flags":["scam_wick","wall"],)");
    EXPECT_TRUE(
        inputs.ends_with(R"("contributions":{"bias":-2.5},"severities":{"scam_wick":25}},"notes":["a \"note\""]})"))
        << inputs;
    EXPECT_EQ(history_batch(*made).inputs[1].texts_json, R"({"manipulation.manip_flags":["scam_wick","wall"]})")
        << "nothing that the symbol says";
}

TEST(HistoryFeed, keeps_what_was_not_measured_as_unknown) {
    auto made = ranking(1, 3);
    ranking::ContractSnapshot& changed = edit_contract(*made, 0);
    signals::ContractNumbers& numbers = changed.numbers;
    numbers.metrics.ret_15 = 0.25;
    for (const auto number : {signals::find_number("ret_15").value(), signals::find_number("rsi14").value(),
                              signals::find_number("feature_oi_delta").value()}) {
        numbers.unknown.add(number);
    }
    made->edges[0].unknown = signals::unknown_edges(numbers.unknown);
    changed.notes = {"unknown after 3 closed candles"};
    const auto batch = history_batch(*made);
    EXPECT_EQ(batch.minutes[0].ret_15, std::nullopt);
    EXPECT_EQ(batch.minutes[0].ret_1, 0.0);
    EXPECT_EQ(batch.minutes[1].ret_15, 0.0);
    const std::string inputs = shown(batch.inputs[0]);
    for (const char* part :
         {R"("ret_15":null)", R"("momentum_edge":null)", R"("rsi14":null)", R"("oi_delta":null)",
          R"("notes":["unknown after 3 closed candles"])", R"("listed_at":null)", R"("funding_interval_hours":8)"})
        EXPECT_NE(inputs.find(part), std::string::npos) << part << " in " << inputs;
}

TEST(HistoryFeed, writes_the_minute_of_every_scanned_contract) {
    const auto batch = history_batch(*ranking(3, 3));
    ASSERT_EQ(batch.minutes.size(), 2U);
    const storage::MinuteAggregate& minute = batch.minutes[1];
    EXPECT_EQ(minute.symbol, "BBB/USDT:USDT");
    EXPECT_EQ(core::format_time(minute.minute), "2026-11-22T05:25:00.000Z");
    EXPECT_EQ(minute.close, 101.5);
    EXPECT_EQ(minute.atr_pct, 0.25);
    EXPECT_EQ(minute.funding_8h_pct, std::nullopt);
    EXPECT_EQ(minute.manip_flags, (std::vector<std::string>{"scam_wick", "wall"}));
    EXPECT_EQ(minute.samples, 1);
    EXPECT_EQ(minute.first_sequence, 3U);
    EXPECT_EQ(minute.last_sequence, 3U);
}

TEST(HistoryFeed, writes_a_candle_once_when_it_has_closed) {
    KeptHistory history;
    const auto feed = make_history_feed(history);
    feed->accept(ranking(1, 3));
    feed->accept(ranking(2, 3));
    feed->accept(ranking(3, 5));
    ASSERT_EQ(history.batches.size(), 3U);
    EXPECT_EQ(history.batches[0].candles.size(), 6U);
    EXPECT_EQ(history.batches[1].candles.size(), 0U);
    ASSERT_EQ(history.batches[2].candles.size(), 4U);
    const storage::ClosedCandle& candle = history.batches[2].candles[0];
    EXPECT_EQ(candle.symbol, "AAA/USDT:USDT");
    EXPECT_EQ(core::to_unix_ms(candle.open_time), 60'000 * 1'003);
    EXPECT_EQ(candle.high, 2.0);
    EXPECT_EQ(candle.base_volume, 7.0);
    EXPECT_EQ(candle.sequence, 3U);
}

TEST(HistoryFeed, keeps_minutes_only) {
    KeptHistory history;
    const auto feed = make_history_feed(history);
    auto fives = ranking(1, 3);
    fives->contracts = {std::make_shared<const ranking::ContractSnapshot>(snapshot("AAA", 3, 300'000))};
    fives->edges.resize(1);
    fives->ranked.clear();
    feed->accept(fives);
    EXPECT_TRUE(history.batches.at(0).candles.empty());
}

TEST(HistoryFeed, ignores_a_sequence_without_a_cycle) {
    KeptHistory history;
    const auto feed = make_history_feed(history);
    feed->accept(nullptr);
    feed->accept(std::make_shared<ranking::Ranking>());
    EXPECT_TRUE(history.batches.empty());
}

}  // namespace
}  // namespace scanner::engine
