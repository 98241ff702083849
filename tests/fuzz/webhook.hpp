#pragma once

#include "alerts/delivery/chat_message.hpp"
#include "alerts/delivery/webhook.hpp"
#include "alerts/outbox.hpp"
#include "fuzz/check.hpp"

#include "scanner/core/names.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace scanner::fuzz {

/// "status line, header lines, empty line, body", loosely.
inline net::ClientResponse read_answer(std::string_view input) {
    net::ClientResponse answer;
    bool first = true;
    while (!input.empty()) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        const std::string_view line = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
        if (std::exchange(first, false)) {
            static_cast<void>(std::from_chars(line.data(), line.data() + line.size(), answer.status));
            continue;
        }
        if (line.empty()) break;
        const std::size_t colon = std::min(line.find(':'), line.size());
        const std::string_view value = colon < line.size() ? line.substr(colon + 1) : std::string_view();
        answer.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
    }
    answer.body = std::string(input);
    return answer;
}

/// What receivers of webhooks answer, and what a restart finds in the outbox.
inline void webhook(std::string_view input) {
    const net::ClientResponse answer = read_answer(input);
    const auto now = core::from_unix_ms(1'795'325'040'000);
    const alerts::WebhookTarget target{.url = "https://h/hook", .secrets = {"/hook"}};
    const bool success = answer.status >= 200 && answer.status < 300;
    const alerts::WebhookOutcome outcome = alerts::webhook_outcome(answer, target, now);
    require((outcome.kind == alerts::WebhookOutcome::Kind::delivered) == success, "2xx alone is delivered");
    require(success || !outcome.error.empty(), "a failure has a reason");
    require(!outcome.retry_after || outcome.retry_after->count() >= 0, "no wait is negative");

    require(outcome.error.size() < 300 && outcome.error.find("/hook") == std::string::npos,
            "an error is short and tells no secret");
    require(core::is_visible_text(outcome.error), "an error acts on nothing");
    require(!outcome.retry_after || *outcome.retry_after <= std::chrono::hours(1), "a wait has a bound");
    static_cast<void>(alerts::recognised_format(input));

    const std::string front(input.substr(0, 400));
    const alerts::Alert alert{.rule = front, .symbol = front, .time = now, .payload_json = std::string(input)};
    for (const auto format :
         {core::WebhookFormat::discord, core::WebhookFormat::slack, core::WebhookFormat::telegram}) {
        const auto message = nlohmann::json::parse(
            alerts::render_chat_message(format, "1", "https://h/{contract_code}&x", alert, now), nullptr, false);
        require(message.is_object(), "a message is JSON");
        const std::string text = message.at(format == core::WebhookFormat::discord ? "content" : "text");
        require(text.size() <= 1'900 && core::is_visible_text(text), "a message is short and acts on nothing");
    }

    if (const auto key = alerts::webhook_key(input)) {
        require(alerts::webhook_signature(*key, "msg_1", now, input).starts_with("v1,"), "a signature has its version");
    }
    if (const auto state = alerts::decode_state(input, {})) {
        const std::string kept = alerts::encode_state(*state);
        const auto again = alerts::decode_state(kept, {});
        require(again.has_value() && alerts::encode_state(*again) == kept, "a saved state is read back");
    }
}

}  // namespace scanner::fuzz
