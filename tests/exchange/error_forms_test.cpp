#include "exchange/answers.hpp"
#include "exchange/htx/decode_bulk.hpp"
#include "exchange/htx/decode_contract.hpp"
#include "exchange/htx/decode_health.hpp"

#include <gtest/gtest.h>

#include <string>

// Every way in which HTX is known to say no, told apart.
namespace scanner::exchange {
namespace {

using core::ErrorCode;
using rest::Answer;

struct Form {
    std::string name;
    int http_status;
    std::string body;
    ErrorCode code;
    std::string says;  ///< part of the message
};

void PrintTo(const Form& form, std::ostream* out) {
    *out << form.name;
}

class ErrorForms : public testing::TestWithParam<Form> {};

TEST_P(ErrorForms, are_distinguished_by_every_decoder) {
    const auto& form = GetParam();
    const Answer answer{.http_status = form.http_status, .body = form.body};
    rest::JsonParser parser;
    const auto funding = htx::decode_funding(parser, answer);
    ASSERT_FALSE(funding);
    EXPECT_EQ(funding.error().code(), form.code) << funding.error().message();
    EXPECT_NE(funding.error().message().find(form.says), std::string::npos) << funding.error().message();

    const auto book = htx::decode_order_book(parser, answer, test::btc());
    ASSERT_FALSE(book);
    EXPECT_EQ(book.error().code(), form.code);
    const auto heartbeat = htx::decode_heartbeat(parser, answer);
    ASSERT_FALSE(heartbeat);
    EXPECT_EQ(heartbeat.error().code(), form.code);
}

std::string market_error(std::string_view message) {
    return R"({"ts":1790677541023,"status":"error","err-code":"invalid-parameter","err-msg":")" + std::string(message) +
           R"("})";
}

std::string api_error(int code, std::string_view message) {
    return R"({"status":"error","err_code":)" + std::to_string(code) + R"(,"err_msg":")" + std::string(message) +
           R"(","ts":1790677541023})";
}

const Form kForms[] = {
    {"market_bad_contract", 200, market_error("contract_code data error or empty"), ErrorCode::not_found,
     "contract_code data error"},
    {"market_invalid_symbol", 200, market_error("invalid symbol"), ErrorCode::not_found, "invalid symbol"},
    {"market_invalid_symbol_two_spaces", 200, test::kInvalidSymbol, ErrorCode::not_found, "invalid symbol"},
    {"market_invalid_size", 200, market_error("invalid size"), ErrorCode::exchange_rejected, "invalid size"},
    {"market_invalid_type", 200, market_error("invalid type:step99"), ErrorCode::exchange_rejected, "step99"},
    {"market_too_fast", 200, market_error("request limit"), ErrorCode::rate_limited, "request limit"},
    {"api_too_fast", 200, test::kTooFast, ErrorCode::rate_limited, "1032"},
    {"api_too_fast_as_text", 200, R"({"status":"error","err_code":"1032","err_msg":"x"})", ErrorCode::rate_limited,
     "1032"},
    {"api_unknown_contract", 200, test::kUnknownContract, ErrorCode::not_found, "1014"},
    {"api_unknown_symbol", 200, api_error(1013, "This contract symbol doesnt exist."), ErrorCode::not_found, "1013"},
    {"api_input_error", 200, api_error(1030, "Input error."), ErrorCode::exchange_rejected, "1030"},
    {"api_busy", 200, api_error(1004, "System busy."), ErrorCode::unavailable, "1004"},
    {"api_not_ready", 200, api_error(1000, "System is not ready."), ErrorCode::unavailable, "1000"},
    {"api_maintenance", 200, api_error(1431, "In maintenance."), ErrorCode::maintenance, "1431"},
    {"api_access_key", 200, api_error(403, "invalid ID"), ErrorCode::exchange_rejected, "403"},
    {"v5_empty_field", 200,
     R"({"code":1066,"message":"The contract_code field cannot be empty. Please re-enter.","ts":1790677541023})",
     ErrorCode::exchange_rejected, "1066"},
    {"v5_unknown_contract", 200,
     R"({"code":1067,"message":"The contract_code field is invalid. Please re-enter.","data":null})",
     ErrorCode::not_found, "1067"},
    {"v5_other_field", 200, R"({"code":1067,"message":"The limit field is invalid. Please re-enter."})",
     ErrorCode::exchange_rejected, "limit field"},
    {"v5_code_as_text", 200, R"({"code":"1032","message":"too fast"})", ErrorCode::rate_limited, "1032"},
    {"maintain", 200, test::kMaintain, ErrorCode::maintenance, "maintenance"},
    {"spring_404", 404, test::kSpring404, ErrorCode::exchange_rejected, "404 Not Found"},
    {"spring_404_with_200", 200, test::kSpring404, ErrorCode::exchange_rejected, "swap_batch_funding_rate"},
    {"html_404", 404, test::kHtml, ErrorCode::exchange_rejected, "HTTP 404"},
    {"forbidden", 403, "", ErrorCode::exchange_rejected, "HTTP 403"},
    {"redirect", 302, "", ErrorCode::exchange_rejected, "HTTP 302"},
    {"too_many_json", 429, test::kTooFast, ErrorCode::rate_limited, "429"},
    {"too_many_html", 429, test::kHtml, ErrorCode::rate_limited, "429"},
    {"too_many_empty", 429, "", ErrorCode::rate_limited, "429"},
    {"gateway_html", 502, test::kHtml, ErrorCode::http_status, "HTTP 502"},
    {"gateway_empty", 503, "", ErrorCode::http_status, "HTTP 503"},
    {"gateway_maintain", 503, test::kMaintain, ErrorCode::maintenance, "HTTP 503"},
    {"gateway_rate_limit_json", 503, test::kTooFast, ErrorCode::rate_limited, "HTTP 503"},
    {"cdn_520", 520, test::kHtml, ErrorCode::http_status, "HTTP 520"},
    {"request_timeout", 408, "", ErrorCode::http_status, "HTTP 408"},
    {"server_error_with_ok_inside", 500, test::kFunding, ErrorCode::http_status, "HTTP 500"},
    {"bad_request_json", 400, market_error("invalid size"), ErrorCode::exchange_rejected, "HTTP 400"},
    {"html_200", 200, test::kHtml, ErrorCode::malformed, "in place of JSON"},
    {"empty_200", 200, "", ErrorCode::malformed, "empty body"},
    {"blank_200", 200, " \r\n\t", ErrorCode::malformed, "empty body"},
    {"array_200", 200, "[1,2]", ErrorCode::malformed, "no JSON object"},
    {"text_200", 200, "upstream gone", ErrorCode::malformed, "no JSON object"},
    {"bad_utf8", 200, "{\"status\":\"\xff\"}", ErrorCode::malformed, "no JSON object"},
    {"no_status", 200, R"({"data":[],"ts":1790677541023})", ErrorCode::malformed, "status: missing"},
    {"status_null", 200, R"({"status":null,"data":[]})", ErrorCode::malformed, "status"},
    {"status_object", 200, R"({"status":{"a":1}})", ErrorCode::malformed, "status"},
    {"status_unknown_word", 200, R"({"status":"paused"})", ErrorCode::exchange_rejected, "paused"},
    {"ok_without_data", 200, R"({"status":"ok","ts":1790677541023})", ErrorCode::malformed, "missing"},
};

INSTANTIATE_TEST_SUITE_P(Facts, ErrorForms, testing::ValuesIn(kForms),
                         [](const auto& info) { return info.param.name; });

TEST(ErrorMessages, are_cut_to_a_length_fit_for_a_log_line) {
    rest::JsonParser parser;
    const auto body = market_error(std::string(5'000, 'x'));
    const auto funding = htx::decode_funding(parser, test::ok(body));
    ASSERT_FALSE(funding);
    EXPECT_LT(funding.error().message().size(), 400U);
}

TEST(ErrorMessages, hold_nothing_that_acts_on_a_terminal_or_a_page) {
    rest::JsonParser parser;
    for (const std::string& body :
         {market_error("\u009B31mred\u202Eder\u2066"), std::string("{\"status\":\"\u009B31mred\u202Eder\u2066\"}")}) {
        const auto refused = htx::decode_funding(parser, test::ok(body));
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message().find(R"(\u009b31mred\u202eder\u2066)"), std::string::npos)
            << refused.error().message();
    }
    const auto wrong = htx::decode_funding(parser, test::ok("{\"status\":\"ok\",\"ts\":\"\u009B31m\",\"data\":[]}"));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().message().find("\u009B"), std::string::npos) << wrong.error().message();
}

TEST(Heartbeat, is_read_without_its_frozen_clock) {
    rest::JsonParser parser;
    const auto up = htx::decode_heartbeat(parser, test::ok(test::kHeartbeat));
    ASSERT_TRUE(up) << up.error().message();
    EXPECT_TRUE(up->working);
    EXPECT_FALSE(up->estimated_recovery);

    const auto down = htx::decode_heartbeat(parser, test::ok(test::kHeartbeatDown));
    ASSERT_TRUE(down) << down.error().message();
    EXPECT_FALSE(down->working);
    ASSERT_TRUE(down->estimated_recovery);
    EXPECT_EQ(core::to_unix_ms(*down->estimated_recovery), 1790700000000);
}

}  // namespace
}  // namespace scanner::exchange
