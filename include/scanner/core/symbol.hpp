#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::core {

/// The unified symbol of a linear swap: "BTC-USDT" becomes "BTC/USDT:USDT".
/// A code of another form (a dated future) is returned unchanged.
[[nodiscard]] std::string unified_symbol(std::string_view contract_code);

/// The contract code that a client may have meant: understands "BTC/USDT:USDT", "BTC/USDT", "BTC-USDT", "btc_usdt",
/// "BTCUSDT" and "btc", in any case and percent-encoded. Always upper case for ASCII; other UTF-8 (four live codes are
/// Chinese) is kept. Nothing for an empty, overlong (> 64 bytes), control-character or otherwise impossible name. The
/// result does not imply that the contract exists.
[[nodiscard]] std::optional<std::string> parse_symbol(std::string_view text);

/// What is wrong with `code` as an exchange's code for a contract; nothing when parse_symbol() understands it as
/// itself, so that whatever is listed can be asked for. The text never holds the code's own characters.
[[nodiscard]] std::optional<std::string> contract_code_fault(std::string_view code);

/// Up to `most` of `known` that look like `wanted` (small edit distance or common prefix), nearest first.
[[nodiscard]] std::vector<std::string> nearest_names(std::string_view wanted, std::span<const std::string> known,
                                                     std::size_t most = 3);

}  // namespace scanner::core
