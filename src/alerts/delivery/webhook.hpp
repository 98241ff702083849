#pragma once

#include "scanner/alerts/alert.hpp"
#include "scanner/alerts/alert_types.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/core/webhook_format.hpp"
#include "scanner/net/http_client.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Webhooks: in the form of the Standard Webhooks specification (standardwebhooks.com), or as a chat wants them. Pure.
namespace scanner::alerts {

/// The key that `secret` stands for: after "whsec_" it is base64, as the specification has it; any other text is the
/// key itself. invalid_input for "whsec_" with something else after it.
[[nodiscard]] core::Result<std::string> webhook_key(std::string_view secret);

/// The value of webhook-signature: "v1," and the base64 of HMAC-SHA256(key, "{id}.{unix seconds}.{body}").
[[nodiscard]] std::string webhook_signature(std::string_view key, std::string_view id, core::WallTime sent,
                                            std::string_view body);

struct WebhookTarget {
    std::string url;
    std::string key;  ///< empty: not signed
    std::chrono::milliseconds timeout{10'000};
    bool public_only = true;                                     ///< refuse private, loopback and link-local addresses
    core::WebhookFormat format = core::WebhookFormat::standard;  ///< never automatic
    std::string chat_id;                                         ///< Telegram's
    std::string contract_page;                                   ///< AlertOptions::contract_page
    std::vector<std::string> secrets;                            ///< what no message may repeat, the longest first
};

/// The form that an address asks for: Discord's, Slack's and Telegram's by the path that only they have, whatever the
/// host (they are reached by relays as well), any other standard.
[[nodiscard]] core::WebhookFormat recognised_format(std::string_view url);

/// The webhook that `options` describe. invalid_input, naming the setting, when the secret cannot be used or
/// Telegram's address names no chat.
[[nodiscard]] core::Result<WebhookTarget> make_webhook_target(const AlertOptions& options);

/// One attempt to post `alert` under its stable id, at `now`. Only the standard form has an id, a time and a signature
/// in its headers.
[[nodiscard]] net::ClientRequest webhook_request(const WebhookTarget& target, const Alert& alert, core::WallTime now);

/// How an attempt ended.
struct WebhookOutcome {
    enum class Kind { delivered, retry, give_up };
    Kind kind = Kind::retry;
    std::string error;   ///< for people, with the front of what the receiver answered; empty when delivered
    std::string reason;  ///< the same in a word or two that stay the same: "HTTP 429", "timeout"
    std::optional<std::chrono::milliseconds>
        retry_after;  ///< the least wait that the receiver asked for, within an hour
};
/// 2xx is delivered. What could not be sent at all, and 4xx but for 408, 425 and 429, is given up: the same message
/// would be refused again. Everything else is tried again, redirects (which are not followed) included.
[[nodiscard]] WebhookOutcome webhook_outcome(const core::Result<net::ClientResponse>& answer,
                                             const WebhookTarget& target, core::WallTime now);

}  // namespace scanner::alerts
