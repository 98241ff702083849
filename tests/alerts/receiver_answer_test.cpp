#include "alerts/delivery/receiver_answer.hpp"

#include "scanner/core/names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace scanner::alerts {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> secrets(const std::string& url, std::string_view key = "") {
    return secrets_of(*core::parse_url(url), key);
}

TEST(AnswerExcerpt, quotes_the_receiver) {
    EXPECT_EQ(answer_excerpt(R"({"message": "Cannot send an empty message", "code": 50006})", {}),
              R"({"message": "Cannot send an empty message", "code": 50006})");
    EXPECT_EQ(answer_excerpt(" <html>\r\n\t<h1>no</h1>\n ", {}), "<html> <h1>no</h1>");
    EXPECT_EQ(answer_excerpt("", {}), "");
    EXPECT_EQ(answer_excerpt(" \n", {}), "");
}

TEST(AnswerExcerpt, is_short_and_harmless_to_show) {
    EXPECT_EQ(answer_excerpt(std::string(5'000, 'x'), {}), std::string(200, 'x') + "…");
    std::string chinese;
    for (int i = 0; i < 200; ++i) chinese += "龙";
    const std::string cut = answer_excerpt(chinese, {});
    EXPECT_LE(cut.size(), 203U);
    EXPECT_TRUE(core::is_visible_text(cut));
    EXPECT_EQ(answer_excerpt("a\u009B31mb\u202Ec\x1B[2J\xFF", {}), "a\\u009b31mb\\u202ec [2J\uFFFD");
}

TEST(AnswerExcerpt, does_not_repeat_what_is_secret) {
    const std::string url = "https://user:pa%20ss@hooks.example.com/api/webhooks/123456789/t0ken-Abc?key=k3y&thread=77";
    const auto hidden = secrets(url, "whsec_c2VjcmV0");
    for (const char* echo : {"no route POST /api/webhooks/123456789/t0ken-Abc?key=k3y&thread=77", "bad t0ken-Abc",
                             "wrong key k3y", "user has not pa ss", "id 123456789", "key whsec_c2VjcmV0", "pa%20ss"}) {
        const std::string shown = answer_excerpt(echo, hidden);
        for (const char* secret : {"t0ken", "k3y", "pa ss", "pa%20", "123456789", "c2Vj"}) {
            EXPECT_THAT(shown, Not(HasSubstr(secret))) << echo;
        }
        EXPECT_THAT(shown, HasSubstr("***"));
    }
    const auto telegram =
        secrets("https://api.telegram.org/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/sendMessage?chat_id=-100");
    EXPECT_EQ(
        answer_excerpt("110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw: chat -100 not found in sendMessage", telegram),
        "***: chat -100 not found in sendMessage");
    EXPECT_EQ(answer_excerpt("POST /api/webhooks/1/abc", secrets("http://h/api/webhooks/1/abc")), "POST ***");
}

TEST(RetryAfterIn, reads_telegrams_and_discords_bodies) {
    EXPECT_EQ(retry_after_in(R"({"ok":false,"error_code":429,"parameters":{"retry_after":5}})"), milliseconds(5'000));
    EXPECT_EQ(retry_after_in(R"({"message":"You are being rate limited.","retry_after":0.7501,"global":false})"),
              milliseconds(751));
    for (const char* body : {"", "{}", "[]", "{\"retry_after\":", R"({"retry_after":"5"})", R"({"retry_after":-1})",
                             R"({"retry_after":1e999})", R"({"parameters":3,"x":"retry_after"})"}) {
        EXPECT_FALSE(retry_after_in(body)) << body;
    }
}

}  // namespace
}  // namespace scanner::alerts
