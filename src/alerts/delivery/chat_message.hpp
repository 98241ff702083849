#pragma once

#include "scanner/alerts/alert.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/core/webhook_format.hpp"

#include <string>
#include <string_view>

/// Alerts for people in a chat: which rule fired for which contract, where it stands, why, and when. Pure.
namespace scanner::alerts {

/// The body of a post in Discord's, Slack's or Telegram's form (`format` is one of these): plain text within the
/// length that each takes, in which no name chosen by others can mention anyone or format anything. What an alert of an
/// older version lacks is left out. An alert that is sent late says so. `contract_page`: see AlertOptions.
[[nodiscard]] std::string render_chat_message(core::WebhookFormat format, std::string_view chat_id,
                                              std::string_view contract_page, const Alert& alert, core::WallTime now);

}  // namespace scanner::alerts
