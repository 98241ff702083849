#include "storage/spool/batch_codec.hpp"

#include "fuzz/spool_batch.hpp"
#include "storage/history_samples.hpp"

#include "scanner/core/bytes.hpp"

#include <gtest/gtest.h>

namespace scanner::storage {
namespace {

using samples::kStart;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(BatchCodec, gives_back_every_field) {
    HistoryBatch batch = samples::cycle(77, kStart);
    batch.rankings[0].rank.reset();
    batch.rankings[1].slip_bps.reset();
    batch.minutes[0].funding_8h_pct.reset();
    batch.alerts.push_back(
        {.rule = "r", .symbol = "s", .time = kStart, .sequence = 77, .payload_json = std::string("{\"a\":\0}", 7)});
    const auto again = decode_batch(encode_batch(batch));
    ASSERT_TRUE(again) << again.error().message();
    ASSERT_TRUE(again->cycle);
    EXPECT_EQ(again->cycle->sequence, 77U);
    EXPECT_EQ(again->cycle->time, kStart);
    EXPECT_EQ(again->cycle->default_profile, "scalp");
    EXPECT_EQ(again->cycle->cycle_ms, 12.5);
    EXPECT_EQ(again->cycle->requests, 40U);
    EXPECT_EQ(again->cycle->scanned, 2U);
    EXPECT_EQ(again->cycle->ranked, 4U);
    EXPECT_TRUE(again->cycle->simulated);
    EXPECT_EQ(again->cycle->settings_json, batch.cycle->settings_json);
    ASSERT_EQ(again->rankings.size(), 4U);
    EXPECT_EQ(again->rankings[0].rank, std::nullopt);
    EXPECT_EQ(again->rankings[1].rank, 2);
    EXPECT_EQ(again->rankings[1].slip_bps, std::nullopt);
    EXPECT_EQ(again->rankings[3].profile, "swing");
    EXPECT_EQ(again->rankings[3].last_price, 0.000012345678901);
    ASSERT_EQ(again->inputs.size(), 2U);
    const ContractInputs& inputs = again->inputs[1];
    EXPECT_EQ(inputs.symbol, "ETH/USDT:USDT");
    EXPECT_EQ(inputs.time, kStart);
    EXPECT_EQ(inputs.sequence, 77U);
    ASSERT_TRUE(inputs.schema);
    EXPECT_EQ(*inputs.schema, *samples::inputs_schema());
    EXPECT_EQ(inputs.schema, again->inputs[0].schema) << "once a batch";
    EXPECT_EQ(inputs.numbers, (std::vector<std::optional<double>>{1'795'325'040'000.0, 0.1 + 0.2, std::nullopt}));
    EXPECT_EQ(inputs.texts_json, batch.inputs[1].texts_json);
    EXPECT_EQ(inputs.inputs_json, "");
    ASSERT_EQ(again->minutes.size(), 2U);
    EXPECT_EQ(again->minutes[0].funding_8h_pct, std::nullopt);
    EXPECT_EQ(again->minutes[1].basis_bps, -3.0);
    EXPECT_EQ(again->minutes[1].manip_flags, batch.minutes[1].manip_flags);
    EXPECT_EQ(again->minutes[1].last_sequence, 77U);
    ASSERT_EQ(again->candles.size(), 2U);
    EXPECT_EQ(again->candles[0].open_time, kStart - minutes(1));
    EXPECT_EQ(again->candles[0].sequence, 77U);
    ASSERT_EQ(again->alerts.size(), 1U);
    EXPECT_EQ(again->alerts[0].payload_json, batch.alerts[0].payload_json);
}

TEST(BatchCodec, keeps_what_is_unknown_of_a_minute_unknown) {
    HistoryBatch batch;
    batch.minutes.push_back(samples::minute(1, kStart, "NEW/USDT:USDT", 2.0));
    batch.minutes[0].ret_15.reset();
    batch.minutes[0].atr_pct.reset();
    const auto again = decode_batch(encode_batch(batch));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->minutes[0].ret_15, std::nullopt);
    EXPECT_EQ(again->minutes[0].atr_pct, std::nullopt);
    EXPECT_EQ(again->minutes[0].ret_1, batch.minutes[0].ret_1);
}

/// What a spool holds that the version before left behind.
TEST(BatchCodec, reads_a_batch_of_the_first_version) {
    std::string raw;
    core::ByteWriter out(raw);
    out.u8(0);  // no cycle
    out.u32(0);
    out.u32(0);
    out.u32(1);  // one minute
    out.text("BTC/USDT:USDT");
    out.i64(core::to_unix_ms(kStart));
    for (const double value : {100.0, 0.5, 1.5, 2e5, -0.1, 0.75, 12.0}) out.real(value);
    out.maybe(0.01);
    out.maybe(std::nullopt);
    out.maybe(-3.0);
    out.u32(1);
    out.text("scam_wick");
    out.i64(2);
    out.u64(6);
    out.u64(7);
    out.u32(0);
    out.u32(0);
    const auto batch = decode_batch(fuzz::stored_batch(raw, 1));
    ASSERT_TRUE(batch) << batch.error().message();
    ASSERT_EQ(batch->minutes.size(), 1U);
    const MinuteAggregate& minute = batch->minutes[0];
    EXPECT_EQ(minute.close, 100.0);
    EXPECT_EQ(minute.atr_pct, 0.5);
    EXPECT_EQ(minute.spread_bps, 1.5);
    EXPECT_EQ(minute.top5_depth_usdt, 2e5);
    EXPECT_EQ(minute.ret_1, -0.1);
    EXPECT_EQ(minute.ret_15, 0.75);
    EXPECT_EQ(minute.manip_score, 12.0);
    EXPECT_EQ(minute.funding_8h_pct, 0.01);
    EXPECT_EQ(minute.open_interest, std::nullopt);
    EXPECT_EQ(minute.basis_bps, -3.0);
    EXPECT_EQ(minute.manip_flags, std::vector<std::string>{"scam_wick"});
    EXPECT_EQ(minute.last_sequence, 7U);
}

/// The version before wrote inputs as JSON.
TEST(BatchCodec, reads_a_batch_of_the_second_version) {
    std::string raw;
    core::ByteWriter out(raw);
    out.u8(0);   // no cycle
    out.u32(0);  // no rankings
    out.u32(1);  // inputs of one contract
    out.i64(core::to_unix_ms(kStart));
    out.u64(7);
    out.text("BTC/USDT:USDT");
    out.text(R"({"metrics":{"atr_pct":0.5}})");
    for (int i = 0; i < 3; ++i) out.u32(0);
    const auto batch = decode_batch(fuzz::stored_batch(raw, 2));
    ASSERT_TRUE(batch) << batch.error().message();
    ASSERT_EQ(batch->inputs.size(), 1U);
    EXPECT_EQ(batch->inputs[0].symbol, "BTC/USDT:USDT");
    EXPECT_EQ(batch->inputs[0].sequence, 7U);
    EXPECT_EQ(batch->inputs[0].inputs_json, R"({"metrics":{"atr_pct":0.5}})");
    EXPECT_EQ(batch->inputs[0].schema, nullptr);
    // A batch that is written again keeps it.
    const auto again = decode_batch(encode_batch(*batch));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->inputs.at(0).inputs_json, batch->inputs[0].inputs_json);
    EXPECT_EQ(again->inputs.at(0).schema, nullptr);
}

/// The version before knew every score of a minute, and no episodes.
TEST(BatchCodec, reads_a_batch_of_the_third_version) {
    std::string raw;
    core::ByteWriter out(raw);
    out.u8(0);                               // no cycle
    for (int i = 0; i < 3; ++i) out.u32(0);  // rankings, schemas, inputs
    out.u32(1);                              // one minute
    out.text("BTC/USDT:USDT");
    out.i64(core::to_unix_ms(kStart));
    for (const double value : {100.0, 1.5, 2e5, 12.0}) out.real(value);
    for (int i = 0; i < 6; ++i) out.maybe(std::nullopt);
    out.u32(0);
    out.i64(2);
    out.u64(6);
    out.u64(7);
    out.u32(0);
    out.u32(0);
    const auto batch = decode_batch(fuzz::stored_batch(raw, 3));
    ASSERT_TRUE(batch) << batch.error().message();
    ASSERT_EQ(batch->minutes.size(), 1U);
    EXPECT_EQ(batch->minutes[0].manip_score, 12.0);
    EXPECT_EQ(batch->minutes[0].top5_depth_usdt, 2e5);
    EXPECT_EQ(batch->minutes[0].last_sequence, 7U);
    EXPECT_TRUE(batch->episodes.empty());
}

/// The version before had no authors.
TEST(BatchCodec, reads_a_batch_of_the_fourth_version) {
    std::string raw;
    core::ByteWriter out(raw);
    out.u8(0);                               // no cycle
    for (int i = 0; i < 7; ++i) out.u32(0);  // rankings, schemas, inputs, minutes, candles, alerts, episodes
    const auto batch = decode_batch(fuzz::stored_batch(raw, 4));
    ASSERT_TRUE(batch) << batch.error().message();
    EXPECT_EQ(batch->author, Author());
    EXPECT_FALSE(decode_batch(fuzz::stored_batch(raw, 5)));
    out.u64(3);
    out.u64(77);
    const auto newer = decode_batch(fuzz::stored_batch(raw, 5));
    ASSERT_TRUE(newer) << newer.error().message();
    EXPECT_EQ(newer->author, (Author{.epoch = 3, .sequence = 77}));
}

TEST(BatchCodec, a_batch_says_whose_it_is_and_so_do_its_cycle_and_alerts) {
    HistoryBatch batch = samples::cycle(77, kStart);
    batch.author = {.epoch = 3, .sequence = 77};
    batch.alerts.push_back({.rule = "r", .symbol = "BTC/USDT:USDT", .time = kStart, .payload_json = "{}"});
    auto again = decode_batch(encode_batch(batch));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->author, batch.author);
    std::vector<HistoryBatch> batches;
    batches.push_back(std::move(*again));
    batches.push_back(samples::cycle(78, kStart));
    const MergedBatch merged = merge_batches(std::move(batches));
    EXPECT_EQ(merged.cycles.at(0).epoch, 3U);
    EXPECT_EQ(merged.alerts.at(0).epoch, 3U);
    EXPECT_EQ(merged.cycles.at(1).epoch, 0U);
}

TEST(BatchCodec, gives_back_episodes_and_scores_that_nothing_told) {
    HistoryBatch batch;
    batch.minutes.push_back(samples::minute(1, kStart, "NEW/USDT:USDT", 2.0));
    batch.minutes[0].manip_score.reset();
    batch.episodes.push_back({.id = "NEW-USDT.scam_wick.1",
                              .revision = 9,
                              .symbol = "NEW/USDT:USDT",
                              .flag = "scam_wick",
                              .kind = "simulated",
                              .phase = "over",
                              .start = kStart,
                              .end = kStart + minutes(1),
                              .probability = 0.5,
                              .severity = 80.0,
                              .simulated = true,
                              .details_json = "{}",
                              .context_json = "[]"});
    batch.episodes.push_back(batch.episodes.front());
    batch.episodes.back().end.reset();
    const auto again = decode_batch(encode_batch(batch));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->minutes[0].manip_score, std::nullopt);
    ASSERT_EQ(again->episodes.size(), 2U);
    const EpisodeRecord& episode = again->episodes[0];
    EXPECT_EQ(episode.id, "NEW-USDT.scam_wick.1");
    EXPECT_EQ(episode.revision, 9U);
    EXPECT_EQ(episode.phase, "over");
    EXPECT_EQ(episode.end, kStart + minutes(1));
    EXPECT_EQ(episode.severity, 80.0);
    EXPECT_TRUE(episode.simulated);
    EXPECT_EQ(episode.context_json, "[]");
    EXPECT_EQ(again->episodes[1].end, std::nullopt);
}

TEST(BatchCodec, refuses_inputs_of_a_schema_that_is_not_there) {
    std::string raw;
    core::ByteWriter out(raw);
    out.u8(0);
    out.u32(0);
    out.u32(0);  // no schemas
    out.u32(1);
    out.i64(core::to_unix_ms(kStart));
    out.u64(7);
    out.text("BTC/USDT:USDT");
    out.u32(0);  // of the first
    EXPECT_FALSE(decode_batch(fuzz::stored_batch(raw, 3)));
}

TEST(BatchCodec, refuses_what_it_did_not_write) {
    const std::string bytes = encode_batch(samples::cycle(1, kStart));
    EXPECT_EQ(decode_batch("").error().code(), core::ErrorCode::malformed);
    EXPECT_EQ(decode_batch("\x06" + bytes.substr(1)).error().code(), core::ErrorCode::malformed);
    for (std::size_t length = 1; length < bytes.size(); length += 7)
        EXPECT_FALSE(decode_batch(bytes.substr(0, length))) << length;
    EXPECT_FALSE(decode_batch(std::string("\x01\xff\xff\xff\xff", 5) + bytes.substr(5)));  // 4 GiB, it says
}

TEST(BatchCodec, a_damaged_length_costs_no_memory) {
    std::string bytes = encode_batch(samples::cycle(1, samples::kStart));
    bytes[4] = '\x1f';  // half a gigabyte
    const auto batch = decode_batch(bytes);
    ASSERT_FALSE(batch);
    EXPECT_NE(batch.error().message().find("longer than its bytes can hold"), std::string::npos);
}

TEST(MergeBatches, makes_one_row_of_a_minute) {
    std::vector<HistoryBatch> batches;
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
        HistoryBatch batch;
        batch.minutes.push_back(
            samples::minute(sequence, kStart, "BTC/USDT:USDT", 100.0 + static_cast<double>(sequence)));
        batch.minutes.back().manip_score = sequence == 2 ? 60.0 : 5.0;
        batches.push_back(std::move(batch));
    }
    batches[2].minutes.push_back(samples::minute(3, kStart + minutes(1), "BTC/USDT:USDT", 1.0));
    const MergedBatch merged = merge_batches(std::move(batches));
    ASSERT_EQ(merged.minutes.size(), 2U);
    const MinuteAggregate& minute = merged.minutes[0];
    EXPECT_EQ(minute.close, 103.0);
    EXPECT_EQ(minute.manip_score, 60.0);
    EXPECT_EQ(minute.manip_flags, (std::vector<std::string>{"flag_0", "flag_1"}));
    EXPECT_EQ(minute.samples, 3);
    EXPECT_EQ(minute.first_sequence, 1U);
    EXPECT_EQ(minute.last_sequence, 3U);
}

TEST(MergeBatches, adds_nothing_that_is_there_already) {
    MinuteAggregate minute = samples::minute(4, kStart, "BTC/USDT:USDT", 100.0);
    merge_minute(minute, samples::minute(5, kStart, "BTC/USDT:USDT", 101.0));
    merge_minute(minute, samples::minute(5, kStart, "BTC/USDT:USDT", 999.0));
    merge_minute(minute, samples::minute(4, kStart, "BTC/USDT:USDT", 998.0));
    EXPECT_EQ(minute.close, 101.0);
    EXPECT_EQ(minute.samples, 2);
}

TEST(MergeBatches, keeps_the_later_candle_and_every_cycle_and_ranking) {
    std::vector<HistoryBatch> batches{samples::cycle(1, kStart), samples::cycle(2, kStart + seconds(15))};
    const MergedBatch merged = merge_batches(std::move(batches));
    EXPECT_EQ(merged.cycles.size(), 2U);
    EXPECT_EQ(merged.rankings.size(), 8U);
    EXPECT_EQ(merged.inputs.size(), 4U);
    ASSERT_EQ(merged.candles.size(), 2U);
    EXPECT_EQ(merged.candles[0].close, 52.0);
}

}  // namespace
}  // namespace scanner::storage
