#include "alerts/delivery/webhook.hpp"

#include "alerts/delivery/chat_message.hpp"
#include "alerts/delivery/crypto.hpp"
#include "alerts/delivery/receiver_answer.hpp"

#include "scanner/core/url.hpp"
#include "scanner/net/request_target.hpp"
#include "scanner/net/retry_after.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scanner::alerts {
namespace {

using core::WebhookFormat;

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::chrono::milliseconds kMaxRetryAfter = std::chrono::hours(1);

std::int64_t unix_seconds(core::WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        if (slash != 0) segments.push_back(path.substr(0, slash));
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return segments;
}

/// "/api/webhooks/ID/TOKEN", with a version behind "api" or none; "/slack" behind it takes Slack's form.
std::optional<WebhookFormat> discord_form(std::vector<std::string_view> path) {
    if (path.size() > 1 && path[0] == "api" && path[1].starts_with('v') && is_number(path[1].substr(1))) {
        path.erase(path.begin() + 1);
    }
    if (path.size() < 4 || path[0] != "api" || path[1] != "webhooks" || !is_number(path[2])) return std::nullopt;
    if (path.size() == 4) return WebhookFormat::discord;
    return path.size() == 5 && path[4] == "slack" ? std::optional(WebhookFormat::slack) : std::nullopt;
}

/// "/services/T…/B…/…".
bool is_slack(std::string_view host, const std::vector<std::string_view>& path) {
    if (path.empty() || path[0] != "services") return false;
    if (host == "hooks.slack.com" || host == "hooks.slack-gov.com") return true;
    const auto is_id = [](std::string_view text, char kind) {
        return text.size() > 1 && text.front() == kind &&
               std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
    };
    return path.size() == 4 && is_id(path[1], 'T') && is_id(path[2], 'B');
}

/// "/bot123:ABC/sendMessage".
bool is_telegram(const std::vector<std::string_view>& path) {
    if (path.size() != 2 || !path[0].starts_with("bot") || path[1] != "sendMessage") return false;
    const std::size_t colon = path[0].find(':');
    return colon != std::string_view::npos && is_number(path[0].substr(3, colon - 3)) && colon + 1 < path[0].size();
}

std::string chat_of(const core::Url& url) {
    const auto query = net::parse_query(url.query);
    if (!query) return {};
    return std::string(net::find_parameter(*query, "chat_id").value_or(""));
}

/// Telegram says it in the body, and Discord there as well.
std::optional<std::chrono::milliseconds> asked_wait(const net::ClientResponse& answer, core::WallTime now) {
    const auto by_header = net::retry_after(answer.headers, now);
    const auto by_body = retry_after_in(answer.body);
    if (!by_header && !by_body) return std::nullopt;
    const auto none = std::chrono::milliseconds(0);
    return std::min(kMaxRetryAfter, std::max(by_header.value_or(none), by_body.value_or(none)));
}

}  // namespace

core::Result<std::string> webhook_key(std::string_view secret) {
    if (!secret.starts_with(kSecretPrefix)) return std::string(secret);
    auto key = from_base64(secret.substr(kSecretPrefix.size()));
    if (!key || key->empty()) {
        return core::fail(core::ErrorCode::invalid_input, "after 'whsec_' the secret must be base64");
    }
    return std::move(*key);
}

std::string webhook_signature(std::string_view key, std::string_view id, core::WallTime sent, std::string_view body) {
    return "v1," + to_base64(hmac_sha256(key, fmt::format("{}.{}.{}", id, unix_seconds(sent), body)));
}

WebhookFormat recognised_format(std::string_view text) {
    const auto url = core::parse_url(text);
    if (!url) return WebhookFormat::standard;
    const std::vector<std::string_view> path = segments_of(url->path);
    if (const auto form = discord_form(path)) return *form;
    if (is_slack(url->host, path)) return WebhookFormat::slack;
    return is_telegram(path) ? WebhookFormat::telegram : WebhookFormat::standard;
}

core::Result<WebhookTarget> make_webhook_target(const AlertOptions& options) {
    WebhookTarget target{.url = options.webhook_url,
                         .timeout = options.webhook_timeout,
                         .public_only = !options.webhook_allow_private,
                         .format = options.webhook_format,
                         .contract_page = options.contract_page};
    auto key = webhook_key(options.webhook_secret);
    if (!key) return std::unexpected(key.error().within("SCANNER_ALERT_WEBHOOK_SECRET"));
    target.key = std::move(*key);
    if (target.url.empty()) return target;
    if (target.format == WebhookFormat::automatic) target.format = recognised_format(target.url);
    const auto url = core::parse_url(target.url);
    if (!url) return std::unexpected(url.error().within("SCANNER_ALERT_WEBHOOK_URL"));
    target.secrets = secrets_of(*url, options.webhook_secret);
    if (target.format == WebhookFormat::telegram) {
        target.chat_id = chat_of(*url);
        if (target.chat_id.empty()) {
            return core::fail(core::ErrorCode::invalid_input,
                              "SCANNER_ALERT_WEBHOOK_URL: Telegram has to be told the chat, in the query: "
                              "https://api.telegram.org/bot…/sendMessage?chat_id=…");
        }
    }
    return target;
}

net::ClientRequest webhook_request(const WebhookTarget& target, const Alert& alert, core::WallTime now) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = target.url;
    request.headers = {{"Content-Type", "application/json"}};
    if (target.format == WebhookFormat::standard) {
        const std::string id = alert_id(alert.rule, alert.symbol, alert.time);
        request.body = render_message(alert);
        request.headers.push_back({"webhook-id", id});
        request.headers.push_back({"webhook-timestamp", std::to_string(unix_seconds(now))});
        if (!target.key.empty()) {
            request.headers.push_back({"webhook-signature", webhook_signature(target.key, id, now, request.body)});
        }
    } else {
        request.body = render_chat_message(target.format, target.chat_id, target.contract_page, alert, now);
    }
    request.timeout = target.timeout;
    request.max_body_bytes = 64U << 10U;
    request.public_address_only = target.public_only;
    return request;
}

WebhookOutcome webhook_outcome(const core::Result<net::ClientResponse>& answer, const WebhookTarget& target,
                               core::WallTime now) {
    using Kind = WebhookOutcome::Kind;
    if (!answer) {
        const core::ErrorCode code = answer.error().code();
        // An answer that is too long or garbled came from a receiver that may well have taken the alert; the attempt is
        // repeated under the same id.
        const bool hopeless = code == core::ErrorCode::invalid_input || code == core::ErrorCode::exchange_rejected;
        return {.kind = hopeless ? Kind::give_up : Kind::retry,
                .error = answer.error().message(),
                .reason = std::string(core::to_string(code))};
    }
    const int status = answer->status;
    if (status >= 200 && status < 300) return {.kind = Kind::delivered};
    WebhookOutcome outcome{.reason = fmt::format("HTTP {}", status)};
    outcome.error = outcome.reason;
    if (status >= 300 && status < 400) outcome.error += ": a redirect, which is not followed";
    if (status == 410) outcome.error += ": the receiver wants no more";
    if (const std::string said = answer_excerpt(answer->body, target.secrets); !said.empty()) {
        outcome.error += ": " + said;
    }
    const bool final = status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
    outcome.kind = final ? Kind::give_up : Kind::retry;
    if (!final) outcome.retry_after = asked_wait(*answer, now);
    return outcome;
}

}  // namespace scanner::alerts
