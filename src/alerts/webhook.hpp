#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/net/http_client.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// Webhooks in the form of the Standard Webhooks specification (standardwebhooks.com). Pure.
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
    bool public_only = true;  ///< refuse to connect to private, loopback and link-local addresses
};

/// One attempt to post `body` under the stable `id`, at `now`.
[[nodiscard]] net::ClientRequest webhook_request(const WebhookTarget& target, std::string_view id, std::string body,
                                                 core::WallTime now);

/// How an attempt ended.
struct WebhookOutcome {
    enum class Kind { delivered, retry, give_up };
    Kind kind = Kind::retry;
    std::string error;                                     ///< for people; empty when delivered
    std::optional<std::chrono::milliseconds> retry_after;  ///< the least wait that the receiver asked for
};
/// 2xx is delivered; 410 (the receiver wants no more) and what could not be sent at all is given up; everything else is
/// tried again, redirects (which are not followed) included.
[[nodiscard]] WebhookOutcome webhook_outcome(const core::Result<net::ClientResponse>& answer);

}  // namespace scanner::alerts
