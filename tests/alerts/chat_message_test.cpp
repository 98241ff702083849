#include "alerts/delivery/chat_message.hpp"

#include "rules/subject.hpp"

#include "scanner/rules/rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace scanner::alerts {
namespace {

namespace test = rules::test;

using core::WebhookFormat;
using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kContractPage = "https://alpha.example/swap#contract_code={contract_code}&type=cross";
constexpr WebhookFormat kChats[]{WebhookFormat::discord, WebhookFormat::slack, WebhookFormat::telegram};

Alert fired(const std::string& name = "wick hunt", bool simulated = false) {
    auto ranking = std::make_shared<ranking::Ranking>(*test::make_ranking(
        {{.rank = 4, .rank_delta = 11, .score = 27.41234, .manip_score = 72.5, .flags = {"scam_wick"}}}, test::kNow,
        9));
    ranking->settings.simulated = simulated;
    const rules::RuleSubject subject = ranking::cycle_item(*ranking, ranking->ranked.at("scalp").front());
    const auto rule =
        rules::Rule::compile(R"(manip_score >= 60 and "scam_wick" in flags and not rank > 10 or rank == 99)");
    EXPECT_TRUE(rule);
    return {.rule = name,
            .symbol = "BTC/USDT:USDT",
            .time = test::kNow,
            .sequence = 9,
            .payload_json = render_payload(*ranking, "scalp", subject, *rule)};
}

json message(WebhookFormat format, const Alert& alert, std::chrono::seconds later = std::chrono::seconds(1)) {
    return json::parse(render_chat_message(format, "-100123", kContractPage, alert, test::kNow + later));
}
std::string text(WebhookFormat format, const Alert& alert, std::chrono::seconds later = std::chrono::seconds(1)) {
    return message(format, alert, later).at(format == WebhookFormat::discord ? "content" : "text");
}

TEST(ChatMessage, says_what_a_trader_wants_to_know) {
    EXPECT_EQ(text(WebhookFormat::telegram, fired()),
              "wick hunt: BTC/USDT:USDT\n"
              "Rank 4 (up 11), score 27.4123 under scalp, last price 77105.5 USDT\n"
              "Why: manip_score >= 60 (72.5), \"scam_wick\" in flags\n"
              "Manipulation score 72.5: scam_wick\n"
              "2026-11-22 05:24:00 UTC\n"
              "https://alpha.example/swap#contract_code=BTC-USDT&type=cross");
}

TEST(ChatMessage, has_each_receivers_form) {
    const json discord = message(WebhookFormat::discord, fired());
    EXPECT_EQ(discord.at("allowed_mentions"), json::parse(R"({"parse":[]})"));
    EXPECT_EQ(discord.at("flags"), 4);
    EXPECT_THAT(discord.at("content").get<std::string>(), HasSubstr(R"(Why: manip\_score \>= 60 \(72.5\))"));
    const json slack = message(WebhookFormat::slack, fired());
    EXPECT_EQ(slack.at("mrkdwn"), false);
    EXPECT_THAT(slack.at("text").get<std::string>(), HasSubstr("manip_score &gt;= 60"));
    EXPECT_THAT(slack.at("text").get<std::string>(), EndsWith("BTC-USDT&amp;type=cross"));
    EXPECT_EQ(message(WebhookFormat::telegram, fired()).at("chat_id"), "-100123");
}

TEST(ChatMessage, lets_no_name_mention_or_format_anything) {
    const Alert alert = fired("@everyone <!channel> **x** [y](http://z) <@1> & \u202Eq");
    const std::string discord = text(WebhookFormat::discord, alert);
    EXPECT_THAT(discord, HasSubstr(R"(\@everyone \<!channel\> \*\*x\*\* \[y\]\(http://z\) \<\@1\> & \\u202eq: BTC)"));
    const std::string slack = text(WebhookFormat::slack, alert);
    EXPECT_THAT(slack, HasSubstr("&lt;!channel&gt; **x**"));
    EXPECT_THAT(slack, Not(HasSubstr("<!")));
    for (const WebhookFormat format : kChats) EXPECT_THAT(text(format, alert), Not(HasSubstr("\u202E")));
}

TEST(ChatMessage, says_when_it_is_late_and_when_nothing_is_real) {
    EXPECT_THAT(text(WebhookFormat::slack, fired(), std::chrono::minutes(7)),
                HasSubstr("05:24:00 UTC, sent 7 min later"));
    EXPECT_THAT(text(WebhookFormat::slack, fired(), std::chrono::hours(5)), HasSubstr("sent 5 h later"));
    const std::string simulated = text(WebhookFormat::slack, fired("x", true));
    EXPECT_THAT(simulated, HasSubstr("(simulated exchange)"));
    EXPECT_THAT(simulated, Not(HasSubstr("alpha.example")));
}

TEST(ChatMessage, makes_do_with_what_an_alert_says) {
    Alert bare{.rule = "r", .symbol = "龙虾/USDT:USDT", .time = test::kNow};
    for (const char* payload : {"", "null", "[]", "{", R"({"rank":null,"score":"x","conditions":[1,{}],"flags":3})"}) {
        bare.payload_json = payload;
        EXPECT_EQ(text(WebhookFormat::telegram, bare).substr(0, 20), "r: 龙虾/USDT:USDT\n") << payload;
    }
    bare.payload_json = R"({"rank":2,"rank_delta":-3,"expression":"rank == 2"})";
    EXPECT_THAT(text(WebhookFormat::telegram, bare), HasSubstr("Rank 2 (down 3)\nWhy: rank == 2\n"));
}

TEST(ChatMessage, keeps_within_what_a_receiver_takes) {
    Alert long_one{.rule = std::string(64, '*'), .symbol = std::string(200, '_'), .time = test::kNow};
    json payload = {{"contract_code", std::string(64, 'A')},
                    {"expression", std::string(2'000, '*')},
                    {"manipulation_flags", json(std::vector<std::string>(50, "____________"))}};
    long_one.payload_json = payload.dump();
    for (const WebhookFormat format : kChats) {
        const std::string body = text(format, long_one);
        EXPECT_LE(body.size(), 1'900U);
        EXPECT_THAT(body, HasSubstr("Why"));
    }
    std::string chinese;
    for (int i = 0; i < 600; ++i) chinese += "龙";
    payload["expression"] = chinese;
    long_one.payload_json = payload.dump();
    for (const WebhookFormat format : kChats) EXPECT_THAT(text(format, long_one), Not(HasSubstr("\uFFFD")));
}

}  // namespace
}  // namespace scanner::alerts
