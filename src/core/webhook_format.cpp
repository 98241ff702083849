#include "scanner/core/webhook_format.hpp"

namespace scanner::core {

std::string_view to_string(WebhookFormat format) noexcept {
    switch (format) {
        case WebhookFormat::automatic: return "auto";
        case WebhookFormat::standard: return "standard";
        case WebhookFormat::discord: return "discord";
        case WebhookFormat::slack: return "slack";
        case WebhookFormat::telegram: return "telegram";
    }
    return "auto";
}

}  // namespace scanner::core
