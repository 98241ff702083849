#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace scanner::alerts {

struct EdgeOptions {
    /// After a longer gap between cycles, every duration (`hold`) starts again.
    std::chrono::milliseconds max_gap{120'000};
    /// The state of a contract that was not seen for this long is dropped.
    std::chrono::milliseconds forget_after{std::chrono::hours(24)};
    /// States of all rules together; beyond that, those unseen for longest are dropped.
    std::size_t max_states = 50'000;
};

/// Decides when a condition that holds in a cycle fires. Pure: time is an argument. One thread.
///
/// Per rule and contract: it fires when the condition has held, in every cycle, for `hold` (without one: in this cycle)
/// and it is armed and the cooldown since it last fired is over. Firing disarms it. It is armed again once the
/// condition has been false for `hold`, and in two cycles at least: a dip of a single cycle does not fire twice. A
/// condition that becomes true again within the cooldown, and still holds when it is over, fires then.
///
/// A cycle in which the contract is not ranked neither fires nor arms, and restarts `hold`. Wall time that steps back
/// restarts `hold` and cannot lengthen a cooldown.
class AlertEdges {
public:
    /// What identifies a rule and decides when it fires. Another `fingerprint` (of what the condition is) starts it
    /// afresh; hold and cooldown may change meanwhile.
    struct Rule {
        std::string name;
        std::uint64_t fingerprint = 0;
        std::chrono::milliseconds hold{0};
        std::chrono::milliseconds cooldown{0};
    };
    struct Observation {
        std::string_view contract_code;
        bool holds = false;
    };

    explicit AlertEdges(EdgeOptions options = {}) : options_(options) {}

    /// One cycle of one rule: indices of the observations that fire, in their order, at most `max_alerts` (the others
    /// fire in a later cycle).
    [[nodiscard]] std::vector<std::size_t> step(const Rule& rule, std::span<const Observation> observations,
                                                core::WallTime now, std::size_t max_alerts);
    /// Forgets every rule that is not among `names`.
    void keep_only(std::span<const std::string> names);

    /// The whole state as JSON, and back. Damaged text is malformed, and nothing of it is used.
    [[nodiscard]] std::string save() const;
    [[nodiscard]] static core::Result<AlertEdges> load(std::string_view json, EdgeOptions options);

    /// True after a change that a restart must not lose; `clear_changed` once it was saved.
    [[nodiscard]] bool changed() const { return changed_; }
    void clear_changed() { changed_ = false; }
    [[nodiscard]] std::size_t size() const { return states_; }

private:
    struct State {
        bool fired = false;                         // disarmed
        std::optional<core::WallTime> true_since;   // in every cycle since then
        std::optional<core::WallTime> false_since;  // likewise, while disarmed
        std::optional<core::WallTime> last_fired;
        core::WallTime seen;

        friend bool operator==(const State&, const State&) = default;
    };
    struct RuleStates {
        std::uint64_t fingerprint = 0;
        core::WallTime last_step;
        std::unordered_map<std::string, State> contracts;
    };

    RuleStates& prepare(const Rule& rule, core::WallTime now);
    static bool observe(State& state, const Rule& rule, bool holds, bool may_fire, core::WallTime now);
    void forget_quiet(RuleStates& states, const Rule& rule, core::WallTime now);
    void evict_oldest();

    EdgeOptions options_;
    std::map<std::string, RuleStates, std::less<>> rules_;
    std::size_t states_ = 0;
    bool changed_ = false;
};

}  // namespace scanner::alerts
