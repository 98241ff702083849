#include "exchange/htx/answer_fields.hpp"

#include "scanner/core/names.hpp"
#include "scanner/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

// Which kind of answer it is, before anything is read from it.
namespace scanner::exchange::htx {

using core::Error;
using core::ErrorCode;
using rest::describe;
using rest::to_integer;
using simdjson::dom::element;

namespace {

/// Blanks collapsed ("invalid  symbol" is one of HTX's spellings), controls and overrides of writing direction spelled
/// out, cut to a length fit for a log line.
std::string tidy(std::string_view text) {
    static constexpr std::size_t kMaxBytes = 200;
    std::string out;
    for (const char c : text) {
        const bool blank = static_cast<unsigned char>(c) <= 0x20;
        if (blank && (out.empty() || out.back() == ' ')) continue;
        const bool starts_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
        if (out.size() >= kMaxBytes && starts_character) break;
        out.push_back(blank ? ' ' : c);
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return core::visible_text(out);
}

std::string field_text(simdjson::dom::object root, std::initializer_list<std::string_view> spellings) {
    for (const auto key : spellings) {
        element value;
        if (root.at_key(key).get(value) != simdjson::SUCCESS || value.is_null()) continue;
        std::string_view text;
        return value.get_string().get(text) == simdjson::SUCCESS ? tidy(text) : tidy(describe(value));
    }
    return {};
}

ErrorCode classify(std::string_view code, std::string_view message) {
    const auto says = [&message](std::string_view part) { return message.find(part) != std::string_view::npos; };
    if (code == "1032" || code == "429" || says("request limit") || says("exceeded the limit")) {
        return ErrorCode::rate_limited;
    }
    if (code == "1431" || says("maintenance") || says("maintain")) return ErrorCode::maintenance;
    if (code == "1013" || code == "1014" || says("invalid symbol") || says("contract_code data error")) {
        return ErrorCode::not_found;
    }
    // v5 knows no other word for a contract that it does not have.
    if (code == "1067" && says("contract_code")) return ErrorCode::not_found;
    static constexpr std::string_view kBusy[] = {"1000", "1001", "1002", "1003", "1004", "1046"};
    if (std::ranges::find(kBusy, code) != std::end(kBusy)) return ErrorCode::unavailable;
    return ErrorCode::exchange_rejected;
}

Error error_envelope(simdjson::dom::object root) {
    const auto code = field_text(root, {"err-code", "err_code", "code"});
    const auto message = field_text(root, {"err-msg", "err_msg", "message", "msg"});
    return {classify(code, core::lower_case(message)),
            fmt::format("the exchange answered error {}: {}", code.empty() ? "without a code" : code,
                        message.empty() ? "(no message)" : message)};
}

/// v5 has no "status" but {"code":200,…}.
std::optional<Error> judge_without_status(simdjson::dom::object root) {
    element code;
    if (root.at_key("code").get(code) == simdjson::SUCCESS) {
        if (to_integer(code) == 200) return std::nullopt;
        return error_envelope(root);
    }
    if (!field_text(root, {"err-code", "err_code"}).empty()) return error_envelope(root);
    return Error(ErrorCode::malformed, "status: missing");
}

/// Statuses that may pass by themselves are http_status, which is worth a retry; the others are final.
ErrorCode classify_http(std::int64_t status) {
    if (status == 429) return ErrorCode::rate_limited;
    return status >= 500 || status == 408 || status == 425 ? ErrorCode::http_status : ErrorCode::exchange_rejected;
}

/// What is wrong according to the envelope; nothing where it claims success.
std::optional<Error> judge(simdjson::dom::object root) {
    element status;
    if (root.at_key("status").get(status) != simdjson::SUCCESS) return judge_without_status(root);
    std::string_view text;
    if (status.get_string().get(text) == simdjson::SUCCESS) {
        if (text == "ok") return std::nullopt;
        if (text == "error") return error_envelope(root);
        if (core::lower_case(text).starts_with("maint")) {
            return Error(ErrorCode::maintenance, "the exchange is under maintenance");
        }
        return Error(ErrorCode::exchange_rejected, fmt::format("the exchange answered status \"{}\"", tidy(text)));
    }
    if (const auto number = to_integer(status)) {  // the web framework's own error page, "status":404
        return Error(classify_http(*number), fmt::format("the exchange answered status {} {} for {}", *number,
                                                         field_text(root, {"error"}), field_text(root, {"path"})));
    }
    return Error(ErrorCode::malformed, fmt::format("status: {} is neither text nor a number", describe(status)));
}

std::string why_not_json(std::string_view body, simdjson::error_code error) {
    if (body.empty()) return "empty body";
    if (body.front() == '<') return fmt::format("a page of {} bytes in place of JSON", body.size());
    return fmt::format("no JSON object in {} bytes: {}", body.size(), simdjson::error_message(error));
}

}  // namespace

core::Result<simdjson::dom::object> open_answer(JsonParser& parser, const Answer& answer) {
    if (answer.http_status == 429) return core::fail(ErrorCode::rate_limited, "HTTP 429");
    const bool success = answer.http_status >= 200 && answer.http_status < 300;
    const auto body = core::trimmed(answer.body, core::kWhitespace);

    element root;
    simdjson::dom::object object;
    simdjson::error_code error = simdjson::EMPTY;
    if (!body.empty()) error = parser.impl().parser.parse(body.data(), body.size()).get(root);
    if (error == simdjson::SUCCESS) error = root.get_object().get(object);
    if (error != simdjson::SUCCESS) {
        const auto why = why_not_json(body, error);
        if (success) return core::fail(ErrorCode::malformed, why);
        return core::fail(classify_http(answer.http_status), fmt::format("HTTP {} with {}", answer.http_status, why));
    }

    const auto problem = judge(object);
    if (success) {
        if (problem) return std::unexpected(*problem);
        return object;
    }
    const auto status = fmt::format("HTTP {}", answer.http_status);
    if (!problem) return core::fail(classify_http(answer.http_status), status);
    // The HTTP status says more than an envelope that we cannot place.
    const bool vague = problem->code() == ErrorCode::malformed || problem->code() == ErrorCode::exchange_rejected;
    if (vague) {
        return core::fail(classify_http(answer.http_status), fmt::format("{}: {}", status, problem->message()));
    }
    return std::unexpected(problem->within(status));
}

}  // namespace scanner::exchange::htx
