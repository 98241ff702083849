#include "alerts/webhook.hpp"

#include "alerts/crypto.hpp"

#include "scanner/core/numeric.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scanner::alerts {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::chrono::hours kMostRetryAfter{1};

std::int64_t unix_seconds(core::WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// Retry-After as a number of seconds; dates are not worth their parsing here.
std::optional<std::chrono::milliseconds> retry_after(const net::ClientResponse& answer) {
    const auto seconds = core::parse_int(net::find_header(answer.headers, "retry-after"));
    if (!seconds || *seconds < 0) return std::nullopt;
    const auto most = std::chrono::duration_cast<std::chrono::seconds>(kMostRetryAfter).count();
    return std::chrono::seconds(std::min(*seconds, most));
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

net::ClientRequest webhook_request(const WebhookTarget& target, std::string_view id, std::string body,
                                   core::WallTime now) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = target.url;
    request.headers = {{"Content-Type", "application/json"},
                       {"webhook-id", std::string(id)},
                       {"webhook-timestamp", std::to_string(unix_seconds(now))}};
    if (!target.key.empty()) {
        request.headers.push_back({"webhook-signature", webhook_signature(target.key, id, now, body)});
    }
    request.body = std::move(body);
    request.timeout = target.timeout;
    request.max_body_bytes = 64U << 10U;
    request.public_address_only = target.public_only;
    return request;
}

WebhookOutcome webhook_outcome(const core::Result<net::ClientResponse>& answer) {
    using Kind = WebhookOutcome::Kind;
    if (!answer) {
        const core::ErrorCode code = answer.error().code();
        // An answer that is too long or garbled came from a receiver that may well have taken the alert; the attempt is
        // repeated under the same id.
        const bool hopeless = code == core::ErrorCode::invalid_input || code == core::ErrorCode::exchange_rejected;
        return {.kind = hopeless ? Kind::give_up : Kind::retry, .error = answer.error().message()};
    }
    if (answer->status >= 200 && answer->status < 300) return {.kind = Kind::delivered};
    if (answer->status == 410) return {.kind = Kind::give_up, .error = "HTTP 410: the receiver wants no more"};
    return {.kind = Kind::retry, .error = fmt::format("HTTP {}", answer->status), .retry_after = retry_after(*answer)};
}

}  // namespace scanner::alerts
