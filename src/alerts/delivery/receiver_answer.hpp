#pragma once

#include "scanner/core/url.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What a webhook's receiver answers, for people. It is hostile text, and may repeat what it was sent. Pure.
namespace scanner::alerts {

/// What no message may repeat of a webhook's address and its secret, the longest first: credentials, the path as a
/// whole, and what in it or in the query is long enough to be a key.
[[nodiscard]] std::vector<std::string> secrets_of(const core::Url& url, std::string_view signing_secret);

/// The front of an answer, at most 200 bytes: `secrets` hidden, blanks collapsed, what acts on a reader spelled out.
[[nodiscard]] std::string answer_excerpt(std::string_view body, std::span<const std::string> secrets);

/// The wait that Telegram ("parameters": {"retry_after": 5}) and Discord ("retry_after": 0.75) ask for in a body.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after_in(std::string_view body);

}  // namespace scanner::alerts
