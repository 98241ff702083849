#pragma once

#include <string_view>

namespace scanner::core {

/// What a webhook's receiver understands.
enum class WebhookFormat {
    automatic,  ///< chosen by the address
    standard,   ///< the scanner's own message, signed as Standard Webhooks has it
    discord,
    slack,
    telegram,
};
/// "auto", "standard", …: as the setting spells it.
[[nodiscard]] std::string_view to_string(WebhookFormat format) noexcept;

}  // namespace scanner::core
