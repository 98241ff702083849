#include "storage/history/bar_builder.hpp"
#include "storage/history/cursor.hpp"
#include "storage/history_samples.hpp"
#include "storage/postgres/postgres_text.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <optional>

namespace scanner::storage {
namespace {

using samples::kStart;
using std::chrono::minutes;
using namespace std::string_view_literals;

std::vector<ClosedCandle> candles(int count) {
    std::vector<ClosedCandle> made;
    for (int i = 0; i < count; ++i) made.push_back(samples::candle(1, kStart + minutes(i), "BTC/USDT:USDT", 100.0 + i));
    return made;
}

TEST(BarBuilder, gathers_minutes_into_bars_that_begin_at_multiples_of_the_interval) {
    // 05:24 to 05:31: bars of 05:20, 05:25 and 05:30.
    const auto bars = build_bars(minutes(5), candles(8), {});
    ASSERT_EQ(bars.size(), 3U);
    EXPECT_EQ(core::format_time(bars[0].time), "2026-11-22T05:20:00.000Z");
    EXPECT_EQ(bars[0].minutes, 1);
    EXPECT_EQ(core::format_time(bars[1].time), "2026-11-22T05:25:00.000Z");
    EXPECT_EQ(bars[1].minutes, 5);
    ASSERT_TRUE(bars[1].candle);
    EXPECT_EQ(bars[1].candle->open_time, bars[1].time);
    EXPECT_EQ(bars[1].candle->open, 100.0);   // of 05:25
    EXPECT_EQ(bars[1].candle->close, 105.0);  // of 05:29
    EXPECT_EQ(bars[1].candle->high, 107.0);
    EXPECT_EQ(bars[1].candle->low, 99.0);
    EXPECT_EQ(bars[1].candle->base_volume, 50.0);
    EXPECT_FALSE(bars[1].numbers);
    EXPECT_EQ(bars[2].minutes, 2);
}

TEST(BarBuilder, takes_the_last_minutes_numbers_and_the_worst_of_its_manipulation) {
    std::vector<MinuteAggregate> numbers;
    for (int i = 0; i < 3; ++i) {
        numbers.push_back(samples::minute(static_cast<std::uint64_t>(i) + 1, kStart + minutes(1 + i), "BTC", 10.0 + i));
        numbers.back().manip_score = i == 0 ? 70.0 : 3.0;
    }
    numbers[2].funding_8h_pct.reset();
    const auto bars = build_bars(minutes(15), {}, std::move(numbers));
    ASSERT_EQ(bars.size(), 1U);
    ASSERT_TRUE(bars[0].numbers);
    EXPECT_EQ(bars[0].numbers->close, 12.0);
    EXPECT_EQ(bars[0].numbers->funding_8h_pct, std::nullopt);
    EXPECT_EQ(bars[0].numbers->manip_score, 70.0);
    EXPECT_EQ(bars[0].numbers->manip_flags, (std::vector<std::string>{"flag_0", "flag_1"}));
    EXPECT_EQ(bars[0].numbers->samples, 3);
    EXPECT_EQ(bars[0].minutes, 0);
    EXPECT_FALSE(bars[0].candle);
}

TEST(BarBuilder, prefers_this_programs_row_where_an_older_service_wrote_the_minute_too) {
    std::vector<ClosedCandle> both{samples::candle(9, kStart, "BTC", 5.0), samples::candle(0, kStart, "BTC", 4.0)};
    const auto bars = build_bars(minutes(1), std::move(both), {});
    ASSERT_EQ(bars.size(), 1U);
    EXPECT_EQ(bars[0].candle->close, 5.0);
    EXPECT_EQ(bars[0].minutes, 1);
}

TEST(Cursor, gives_back_any_text_and_needs_no_escaping_in_a_url) {
    const std::vector<std::string> parts{"17", "a.b~c/d:e %", "", "币安/USDT:USDT"};
    const std::string cursor = make_cursor("r", parts);
    EXPECT_EQ(cursor.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-"),
              std::string::npos)
        << cursor;
    EXPECT_EQ(read_cursor("r", cursor, 4), parts);
}

TEST(Cursor, refuses_what_is_none) {
    EXPECT_FALSE(read_cursor("b", make_cursor("r", {"1"}), 1));
    EXPECT_FALSE(read_cursor("r", make_cursor("r", {"1"}), 2));
    EXPECT_FALSE(read_cursor("r", "r.~zz", 1));
    EXPECT_FALSE(read_cursor("r", "r.~00", 1));
    EXPECT_FALSE(read_cursor("r", "r.~ff", 1));
    EXPECT_FALSE(read_cursor("r", "r.1 or 1=1", 2));
    EXPECT_FALSE(read_cursor("r", "r." + std::string(2'000, 'x'), 1));
    EXPECT_FALSE(read_cursor("r", "", 0));
}

TEST(PostgresText, writes_elements_of_arrays) {
    std::string out;
    append_array_element(out, "a\"b\\c,{d}"sv);
    out += ',';
    append_array_element(out, SqlValue());
    out += ',';
    append_array_element(out, "NULL"sv);
    out += ',';
    const std::vector<std::optional<double>> numbers{1.5, std::nullopt};
    append_array_element(out, Reals(numbers));
    EXPECT_EQ(out, "\"a\\\"b\\\\c,{d}\",NULL,\"NULL\",\"{1.5,NULL}\"");
}

TEST(PostgresText, writes_fields_bare) {
    const auto field = [](const SqlValue& value) -> std::optional<std::string> {
        std::string out;
        return append_field(out, value) ? std::optional(out) : std::nullopt;
    };
    EXPECT_EQ(field("a\"b\\c\t{d}"sv), "a\"b\\c\t{d}");
    EXPECT_EQ(field(""sv), "");
    EXPECT_EQ(field(SqlValue()), std::nullopt);
    EXPECT_EQ(field(false), "f");
    EXPECT_EQ(field(std::int64_t{-5}), "-5");
    EXPECT_EQ(field(0.1), "0.1");
    EXPECT_EQ(field(std::numeric_limits<double>::quiet_NaN()), std::nullopt);
    EXPECT_EQ(field(kStart), "2026-11-22T05:24:00.000Z");
    EXPECT_EQ(field(JsonText{"[1]"}), "[1]");
    EXPECT_THROW(static_cast<void>(field("a\0b"sv)), SqlError);
}

TEST(PostgresText, gives_values_as_parameters) {
    const std::vector<std::optional<double>> numbers{0.1, std::nullopt, -3.0};
    const std::vector<SqlValue> values{"?2"sv, std::int64_t{7},     SqlValue(),     0.1,
                                       kStart, JsonText{"{\"a\"}"}, Reals(numbers), true};
    const BoundStatement bound =
        with_parameters("a = ?1 AND b > ?2 AND c = ?1 AND d = ?3 AND (e, f, g, h) = (?5, ?6, ?7, ?8)", values);
    EXPECT_EQ(bound.text,
              "a = $1 AND b > $2::bigint AND c = $1 AND d = NULL AND (e, f, g, h) = ($3::timestamptz, $4::jsonb, "
              "$5::float8[], $6::boolean)")
        << "of those that are named only";
    EXPECT_EQ(bound.values,
              (std::vector<std::string>{"?2", "7", "2026-11-22T05:24:00.000Z", "{\"a\"}", "{0.1,NULL,-3}", "t"}));
    EXPECT_THROW(static_cast<void>(with_parameters("?9", values)), SqlError);
    const std::vector<SqlValue> nul{"a\0b"sv};
    EXPECT_THROW(static_cast<void>(with_parameters("?1", nul)), SqlError);
}

TEST(PostgresText, reads_arrays_of_numbers) {
    using Numbers = std::vector<std::optional<double>>;
    EXPECT_EQ(parse_reals("{0.1,NULL,-3,1e-300}"), (Numbers{0.1, std::nullopt, -3.0, 1e-300}));
    EXPECT_EQ(parse_reals("{NaN,Infinity,1x,}"), (Numbers{std::nullopt, std::nullopt, std::nullopt, std::nullopt}));
    EXPECT_EQ(parse_reals("{}"), Numbers());
    EXPECT_EQ(parse_reals(""), Numbers());
    EXPECT_EQ(parse_reals("1,2"), Numbers());
}

TEST(PostgresText, defines_with_literals) {
    EXPECT_EQ(time_literal(kStart), "'2026-11-22T05:24:00.000Z'::timestamptz");
}

TEST(PostgresText, completes_the_connection_string) {
    EXPECT_EQ(with_connection_defaults("postgresql://h/d"),
              "postgresql://h/d?connect_timeout=3&application_name=market-scanner");
    EXPECT_EQ(with_connection_defaults("postgresql://h/d?connect_timeout=9"),
              "postgresql://h/d?connect_timeout=9&application_name=market-scanner");
}

}  // namespace
}  // namespace scanner::storage
