#include "api/history/history_queries.hpp"

#include "scanner/net/request_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scanner::api {
namespace {

using testing::HasSubstr;

const core::WallTime kNow = *core::parse_time("2026-11-22T05:24:00.123Z");

net::QueryParameters params(std::string_view query) {
    return *net::parse_query(query);
}
HistoryContext context(std::string_view accept = "") {
    return {.now = kNow, .accept = accept};
}

TEST(HistoryQueries, cover_the_last_day_by_default) {
    const auto query = parse_history_rankings(params(""), context());
    ASSERT_TRUE(query);
    EXPECT_EQ(query->to, kNow);
    EXPECT_EQ(query->from, kNow - std::chrono::hours(24));
    EXPECT_EQ(query->format, HistoryFormat::json);
    EXPECT_EQ(query->limit, 1'000U);
    EXPECT_EQ(query->profile, std::nullopt);
    EXPECT_FALSE(query->with_inputs);
}

TEST(HistoryQueries, take_every_parameter) {
    const auto query = parse_history_rankings(
        params("from=2026-11-21&to=2026-11-21T12:00:00%2B02:00&profile=swing&symbol=btc&inputs=1&limit=20&cursor=r.1"),
        context());
    ASSERT_TRUE(query) << query.error().detail;
    EXPECT_EQ(core::format_time(query->from), "2026-11-21T00:00:00.000Z");
    EXPECT_EQ(core::format_time(query->to), "2026-11-21T10:00:00.000Z");
    EXPECT_EQ(query->profile, "swing");
    EXPECT_EQ(query->symbol, "BTC/USDT:USDT");
    EXPECT_TRUE(query->with_inputs);
    EXPECT_EQ(query->limit, 20U);
    EXPECT_EQ(query->cursor, "r.1");
}

TEST(HistoryQueries, stream_everything_as_ndjson_or_csv_without_a_limit) {
    const auto stream = parse_history_rankings(params("format=csv"), context());
    ASSERT_TRUE(stream);
    EXPECT_EQ(stream->format, HistoryFormat::csv);
    EXPECT_EQ(stream->limit, std::nullopt);
    const auto page = parse_history_rankings(params("format=ndjson&limit=5000"), context());
    ASSERT_TRUE(page);
    EXPECT_EQ(page->limit, 5'000U);
    const auto by_header = parse_history_bars(params("symbol=eth"), context("application/x-ndjson"));
    ASSERT_TRUE(by_header);
    EXPECT_EQ(by_header->format, HistoryFormat::ndjson);
    EXPECT_EQ(by_header->limit, std::nullopt);
    const auto parameter_first = parse_history_bars(params("symbol=eth&format=json"), context("text/csv"));
    ASSERT_TRUE(parameter_first);
    EXPECT_EQ(parameter_first->format, HistoryFormat::json);
}

TEST(HistoryQueries, know_what_clients_accept) {
    EXPECT_EQ(preferred_format(""), HistoryFormat::json);
    EXPECT_EQ(preferred_format("*/*"), HistoryFormat::json);
    EXPECT_EQ(preferred_format("text/html, application/xhtml+xml"), HistoryFormat::json);
    EXPECT_EQ(preferred_format("text/csv"), HistoryFormat::csv);
    EXPECT_EQ(preferred_format("TEXT/CSV; charset=utf-8"), HistoryFormat::csv);
    EXPECT_EQ(preferred_format("application/json;q=0.5, text/csv;q=0.9, */*;q=0.1"), HistoryFormat::csv);
    EXPECT_EQ(preferred_format("application/x-ndjson, text/csv"), HistoryFormat::ndjson);
    EXPECT_EQ(preferred_format("text/csv;q=0"), HistoryFormat::json);
    EXPECT_EQ(preferred_format(";;,,;q=x"), HistoryFormat::json);
}

TEST(HistoryQueries, understand_times_as_people_write_them) {
    const auto text = [](std::string_view given) {
        const auto time = parse_history_time(given);
        return time ? core::format_time(*time) : "";
    };
    EXPECT_EQ(text("2026-11-22"), "2026-11-22T00:00:00.000Z");
    EXPECT_EQ(text("2026-11-22T05:24:00Z"), "2026-11-22T05:24:00.000Z");
    EXPECT_EQ(text("2026-11-22T05:24:00.5+01:00"), "2026-11-22T04:24:00.500Z");
    EXPECT_EQ(text("2026-11-22T05:24:00 01:00"), "2026-11-22T04:24:00.000Z") << "a plus sign that was not escaped";
    EXPECT_EQ(text("yesterday"), "");
    EXPECT_EQ(text("2026-13-01"), "");
    EXPECT_EQ(text(""), "");
}

TEST(HistoryQueries, name_everything_that_is_wrong) {
    const auto rankings = parse_history_rankings(
        params("from=soon&to=2026-99-01&symbol=%2F%2F&inputs=perhaps&limit=5001&format=xml&simbol=btc"), context());
    ASSERT_FALSE(rankings);
    EXPECT_EQ(rankings.error().status, 422);
    EXPECT_EQ(rankings.error().errors.size(), 7U) << rankings.error().detail;
    EXPECT_THAT(rankings.error().detail, HasSubstr("2026-11-22T05:24:00Z"));
    const auto bars = parse_history_bars(params("interval=2m"), context());
    ASSERT_FALSE(bars);
    EXPECT_THAT(bars.error().detail, HasSubstr("interval: expected one of 1m, 5m, 15m, 1h"));
    EXPECT_THAT(bars.error().detail, HasSubstr("symbol: is needed"));
    const auto backwards = parse_history_bars(params("symbol=btc&from=2026-11-22&to=2026-11-21"), context());
    ASSERT_FALSE(backwards);
    EXPECT_THAT(backwards.error().detail, HasSubstr("to: the range ends before it begins"));
    EXPECT_FALSE(parse_history_rankings(params("inputs=1&format=csv"), context()));
    EXPECT_FALSE(parse_history_rankings(params("inputs=1&limit=501"), context()));
}

TEST(HistoryQueries, know_the_intervals) {
    const std::pair<const char*, int> intervals[] = {{"1m", 1}, {"5m", 5}, {"15m", 15}, {"1h", 60}};
    for (const auto& [name, minutes] : intervals) {
        const auto query = parse_history_bars(params("symbol=btc&interval=" + std::string(name)), context());
        ASSERT_TRUE(query);
        EXPECT_EQ(query->interval, std::chrono::minutes(minutes));
    }
}

TEST(HistoryQueries, ask_for_a_ranking_of_the_past) {
    const auto query = parse_as_of(
        params("as_of=2026-11-21T05:00:00Z&profile=news&top=3&page=2&page_size=2&symbols=btc,eth&fields=symbol,score"),
        context());
    ASSERT_TRUE(query) << query.error().detail;
    EXPECT_EQ(core::format_time(query->time), "2026-11-21T05:00:00.000Z");
    EXPECT_EQ(query->profile, "news");
    EXPECT_EQ(query->symbols, (std::vector<std::string>{"BTC-USDT", "ETH-USDT"}));
    EXPECT_EQ(query->fields, (std::vector<std::string_view>{"symbol", "score"}));
    const auto plain = parse_as_of(params("as_of=2026-11-21"), context());
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->profile, "scalp");
    EXPECT_EQ(plain->top, 12);
    const auto wrong = parse_as_of(params("as_of=now&min_qvol=1&sort=score&fields=nothing"), context());
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().errors.size(), 4U) << wrong.error().detail;
    EXPECT_THAT(wrong.error().detail, HasSubstr("min_qvol: has no place beside as_of"));
}

}  // namespace
}  // namespace scanner::api
