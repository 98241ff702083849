#include "scanner/core/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <vector>

namespace scanner::core {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr WallTime kTime = from_unix_ms(1'795'325'040'123);

std::string json_line(std::initializer_list<LogField> fields) {
    return format_log_json({.level = LogLevel::info, .event = "e", .fields = {fields.begin(), fields.size()}}, kTime);
}
std::string text_line(std::initializer_list<LogField> fields) {
    return format_log_text({.level = LogLevel::warning, .event = "e", .fields = {fields.begin(), fields.size()}},
                           kTime);
}

class ListSink final : public LogSink {
public:
    void write(const LogRecord& record) override {
        lines.push_back(std::string(to_string(record.level)) + " " + format_log_json(record, kTime));
    }
    std::vector<std::string> lines;
};

/// Sends records into a list while it lives.
class Log : public testing::Test {
protected:
    void SetUp() override {
        previous_ = set_log_sink(sink_);
        set_log_level(LogLevel::info);
    }
    void TearDown() override {
        set_log_sink(previous_);
        set_log_level(LogLevel::warning);
    }
    std::shared_ptr<ListSink> sink_ = std::make_shared<ListSink>();

private:
    std::shared_ptr<LogSink> previous_;
};

TEST(LogLine, is_one_json_object) {
    const std::string name = "BTC";
    EXPECT_EQ(json_line({{"cycle_ms", 12.5},
                         {"ranked", 40},
                         {"big", std::uint64_t{18'446'744'073'709'551'615U}},
                         {"ok", true},
                         {"symbol", name},
                         {"none", nullptr},
                         {"maybe", std::optional<double>()},
                         {"some", std::optional<int>(3)},
                         {"excluded", RawJson{R"({"volume":3})"}}}),
              R"({"event":"e","level":"info","timestamp":"2026-11-22T05:24:00.123Z","cycle_ms":12.5,"ranked":40,)"
              R"("big":18446744073709551615,"ok":true,"symbol":"BTC","none":null,"maybe":null,"some":3,)"
              R"("excluded":{"volume":3}})");
}

TEST(LogLine, stays_one_valid_line_whatever_is_logged) {
    EXPECT_THAT(json_line({{"x", std::numeric_limits<double>::quiet_NaN()}}), HasSubstr(R"("x":null)"));
    EXPECT_THAT(json_line({{"x", "a\nb\xFF"}}), HasSubstr("\"x\":\"a\\nb\uFFFD\""));
    EXPECT_THAT(json_line({{"x", RawJson{"{\n\"a\":1\r\n}"}}}), HasSubstr("\"x\":{ \"a\":1  }"));
    EXPECT_THAT(json_line({{"x", RawJson{""}}}), HasSubstr(R"x("x":"(0 bytes of JSON)")x"));
}

TEST(LogLine, cuts_what_is_huge) {
    const std::string huge(1'000'000, 'x');
    const std::string line = json_line({{"body", huge}});
    EXPECT_LT(line.size(), 9'000U);
    EXPECT_THAT(line, HasSubstr("…(1000000 bytes)"));
    EXPECT_THAT(json_line({{"body", RawJson{huge}}}), HasSubstr(R"x("body":"(1000000 bytes of JSON)")x"));
}

TEST(LogLine, does_not_cut_inside_a_character) {
    for (std::size_t shift = 0; shift < 3; ++shift) {
        std::string text(shift, 'x');
        while (text.size() < 9'000) text += "龙";
        EXPECT_THAT(json_line({{"x", text}}), testing::Not(HasSubstr("\uFFFD")));
    }
}

TEST(LogLine, as_text_is_short_and_quotes_where_needed) {
    EXPECT_EQ(text_line({{"symbol", "BTC-USDT"}, {"error", "no route"}, {"n", 3}, {"empty", ""}}),
              R"(05:24:00.123 WARNING  e symbol=BTC-USDT error="no route" n=3 empty="")");
    EXPECT_EQ(text_line({{"x", "a\x1B[2Jb"}}), R"(05:24:00.123 WARNING  e x="a\u001b[2Jb")")
        << "no escape codes to terminals";
}

TEST(LogLine, holds_nothing_that_acts_on_a_terminal) {
    const std::string hostile = "A\u009B31mB\u202EC";
    EXPECT_EQ(text_line({{"symbol", hostile}}), R"(05:24:00.123 WARNING  e symbol="A\u009b31mB\u202eC")");
    EXPECT_THAT(json_line({{"symbol", hostile}}), HasSubstr(R"("symbol":"A\u009b31mB\u202eC")"));
    const std::string raw = "{\"" + hostile + "\":1}";
    EXPECT_THAT(json_line({{"excluded", RawJson{raw}}}), HasSubstr(R"("excluded":{"A\u009b31mB\u202eC":1})"));
    EXPECT_THAT(text_line({{"excluded", RawJson{raw}}}), HasSubstr(R"(excluded={"A\u009b31mB\u202eC":1})"));
    EXPECT_EQ(text_line({{"symbol", "哈基米-USDT"}}), "05:24:00.123 WARNING  e symbol=哈基米-USDT");
}

TEST(LogLevels, are_read_in_any_case) {
    EXPECT_EQ(parse_log_level("INFO"), LogLevel::info);
    EXPECT_EQ(parse_log_level("Warn"), LogLevel::warning);
    EXPECT_EQ(parse_log_level("off"), LogLevel::off);
    EXPECT_EQ(parse_log_level("loud"), std::nullopt);
    EXPECT_EQ(parse_log_level(""), std::nullopt);
}

TEST_F(Log, drops_what_is_below_the_level) {
    log(LogLevel::debug, "quiet");
    log(LogLevel::info, "heard");
    set_log_level(LogLevel::off);
    log(LogLevel::critical, "never");
    log(LogLevel::off, "never");
    EXPECT_THAT(sink_->lines, ElementsAre(HasSubstr("info {\"event\":\"heard\"")));
}

TEST_F(Log, survives_a_sink_that_throws) {
    struct ThrowingSink final : LogSink {
        void write(const LogRecord&) override { throw std::runtime_error("full"); }
    };
    set_log_sink(std::make_shared<ThrowingSink>());
    log(LogLevel::error, "e");
    set_log_sink(sink_);
    log(LogLevel::error, "after");
    EXPECT_EQ(sink_->lines.size(), 1U);
}

TEST_F(Log, says_a_repeated_failure_when_it_starts_and_when_it_is_over) {
    RepeatedFailure failure("redis_lost");
    failure.recovered();
    EXPECT_THAT(sink_->lines, IsEmpty());
    failure.failed("network", {{"host", "r1"}});
    failure.failed("network");
    failure.failed("network");
    EXPECT_EQ(failure.failures(), 3U);
    failure.recovered();
    failure.recovered();
    EXPECT_THAT(sink_->lines, ElementsAre(HasSubstr(R"(warning {"event":"redis_lost")"),
                                          HasSubstr(R"(info {"event":"redis_lost_over")")));
    EXPECT_THAT(sink_->lines[0], HasSubstr(R"("reason":"network","host":"r1")"));
    EXPECT_THAT(sink_->lines[1], HasSubstr(R"("failures":3)"));
}

TEST_F(Log, says_a_repeated_failure_again_when_its_reason_changes) {
    RepeatedFailure failure("scan_failed", LogLevel::error);
    failure.failed("timeout");
    failure.failed("maintenance");
    failure.failed("maintenance");
    EXPECT_THAT(sink_->lines,
                ElementsAre(HasSubstr(R"("reason":"timeout")"), HasSubstr(R"("reason":"maintenance","failures":2)")));
}

TEST(LogText, spares_people_long_json) {
    const std::string long_json = "[" + std::string(500, ' ') + "]";
    EXPECT_THAT(text_line({{"flagged", RawJson{long_json}}}), HasSubstr("flagged=(502 bytes of JSON)"));
    EXPECT_THAT(text_line({{"excluded", RawJson{R"({"volume":3})"}}}), HasSubstr(R"(excluded={"volume":3})"));
    EXPECT_THAT(json_line({{"flagged", RawJson{long_json}}}), HasSubstr(long_json));
}

}  // namespace
}  // namespace scanner::core
