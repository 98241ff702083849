#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/rules/rule_fields.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace scanner::alerts {

/// A rule that fired for a contract.
struct Alert {
    std::string rule;
    std::string symbol;          ///< unified
    core::WallTime time;         ///< of the cycle
    std::uint64_t sequence = 0;  ///< of the cycle
    std::string payload_json;    ///< the object `payload` of the message
};

/// A name for the alert that depends on rule, contract and time alone: the same after a restart, in every attempt to
/// deliver it and when a dead letter is sent again. Receivers drop what they have seen.
[[nodiscard]] std::string alert_id(std::string_view rule, std::string_view symbol, core::WallTime time);

/// The object `payload`: the contract's place and numbers in the cycle under `profile`, and what of `rule` it met, with
/// the values at that moment.
[[nodiscard]] std::string render_payload(const ranking::Ranking& ranking, std::string_view profile,
                                         const rules::RuleSubject& subject, const rules::Rule& rule);

/// What is published and posted: {id, rule, symbol, ts, payload{…}}.
[[nodiscard]] std::string render_message(const Alert& alert);

}  // namespace scanner::alerts
