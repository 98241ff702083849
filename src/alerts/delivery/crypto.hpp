#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The little cryptography of webhooks, from libcrypto. Pure.
namespace scanner::alerts {

/// 32 bytes.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view message);
[[nodiscard]] std::string sha256(std::string_view message);

/// RFC 4648 with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// The standard alphabet, padded or not; nothing for anything else.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace scanner::alerts
