#include "scanner/alerts/edges.hpp"

#include "alerts/saved_numbers.hpp"

#include "scanner/core/json_writer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace scanner::alerts {
namespace {

using core::ErrorCode;
using nlohmann::json;

constexpr int kFormat = 1;

void time_field(core::JsonWriter& out, std::string_view name, const std::optional<core::WallTime>& time) {
    if (time) out.field(name, core::to_unix_ms(*time));
}

/// Nothing for an absent member; throws json::exception for one of another type.
std::optional<core::WallTime> read_time(const json& from, const char* name) {
    const auto found = from.find(name);
    if (found == from.end()) return std::nullopt;
    return saved_time(*found);
}

}  // namespace

AlertEdges::RuleStates& AlertEdges::prepare(const Rule& rule, core::WallTime now) {
    RuleStates& states = rules_[rule.name];
    if (states.fingerprint != rule.fingerprint) {
        states_ -= states.contracts.size();
        states = {.fingerprint = rule.fingerprint, .last_step = now, .contracts = {}};
        changed_ = true;
    }
    const bool went_back = now < states.last_step;
    const bool gap = went_back || now - states.last_step > options_.max_gap;
    for (auto& [code, state] : states.contracts) {
        if (gap) {
            state.true_since.reset();
            state.false_since.reset();
        }
        if (state.last_fired && *state.last_fired > now) state.last_fired = now;
        if (state.seen > now) state.seen = now;
    }
    states.last_step = now;
    return states;
}

bool AlertEdges::observe(State& state, const Rule& rule, bool holds, bool may_fire, core::WallTime now) {
    state.seen = now;
    if (!holds) {
        state.true_since.reset();
        if (!state.fired) return false;
        if (!state.false_since) {
            state.false_since = now;
        } else if (now - *state.false_since >= rule.hold) {
            state.fired = false;
            state.false_since.reset();
        }
        return false;
    }
    state.false_since.reset();
    if (!state.true_since) state.true_since = now;
    const bool cooled = !state.last_fired || now - *state.last_fired >= rule.cooldown;
    if (state.fired || !cooled || !may_fire || now - *state.true_since < rule.hold) return false;
    state.fired = true;
    state.last_fired = now;
    return true;
}

std::vector<std::size_t> AlertEdges::step(const Rule& rule, std::span<const Observation> observations,
                                          core::WallTime now, std::size_t max_alerts) {
    RuleStates& states = prepare(rule, now);
    std::vector<std::size_t> fired;
    std::string code;
    for (std::size_t i = 0; i < observations.size(); ++i) {
        code = observations[i].contract_code;
        auto found = states.contracts.find(code);
        if (found == states.contracts.end()) {
            if (!observations[i].holds) continue;  // armed and quiet: nothing to remember
            found = states.contracts.emplace(code, State{}).first;
            ++states_;
        }
        const State before = found->second;
        if (observe(found->second, rule, observations[i].holds, fired.size() < max_alerts, now)) fired.push_back(i);
        State after = found->second;
        after.seen = before.seen;
        changed_ |= after != before;
    }
    forget_quiet(states, rule, now);
    if (states_ > options_.max_states) evict_oldest();
    return fired;
}

void AlertEdges::forget_quiet(RuleStates& states, const Rule& rule, core::WallTime now) {
    for (auto next = states.contracts.begin(); next != states.contracts.end();) {
        State& state = next->second;
        if (state.seen != now && (state.true_since || state.false_since)) {  // not ranked in this cycle
            state.true_since.reset();
            state.false_since.reset();
            changed_ = true;
        }
        const bool cooled = !state.last_fired || now - *state.last_fired >= rule.cooldown;
        const bool quiet = !state.fired && !state.true_since && cooled;
        const bool old = now - state.seen > options_.forget_after;
        if (!quiet && !old) {
            ++next;
            continue;
        }
        next = states.contracts.erase(next);
        --states_;
        changed_ = true;
    }
}

void AlertEdges::evict_oldest() {
    struct Place {
        core::WallTime seen;
        RuleStates* rule;
        std::string code;
    };
    std::vector<Place> places;
    for (auto& [name, states] : rules_) {
        for (auto& [code, state] : states.contracts) places.push_back({state.seen, &states, code});
    }
    std::ranges::sort(
        places, [](const Place& a, const Place& b) { return a.seen != b.seen ? a.seen < b.seen : a.code < b.code; });
    for (const Place& place : places) {
        if (states_ <= options_.max_states) break;
        place.rule->contracts.erase(place.code);
        --states_;
    }
    changed_ = true;
}

void AlertEdges::keep_only(std::span<const std::string> names) {
    for (auto next = rules_.begin(); next != rules_.end();) {
        if (std::ranges::find(names, next->first) != names.end()) {
            ++next;
            continue;
        }
        states_ -= next->second.contracts.size();
        next = rules_.erase(next);
        changed_ = true;
    }
}

std::string AlertEdges::save() const {
    core::JsonWriter out(256 + states_ * 96);
    out.begin_object().field("format", kFormat).key("rules").begin_object();
    for (const auto& [name, states] : rules_) {
        out.key(name).begin_object();
        out.field("fingerprint", states.fingerprint).field("last_step", core::to_unix_ms(states.last_step));
        out.key("contracts").begin_object();
        for (const auto& [code, state] : states.contracts) {
            out.key(code).begin_object().field("rung", state.fired);
            time_field(out, "true_since", state.true_since);
            time_field(out, "false_since", state.false_since);
            time_field(out, "last_rung", state.last_fired);
            time_field(out, "seen", state.seen);
            out.end_object();
        }
        out.end_object().end_object();
    }
    return out.end_object().end_object().take();
}

core::Result<AlertEdges> AlertEdges::load(std::string_view text, EdgeOptions options) {
    AlertEdges edges(options);
    try {
        const json document = json::parse(text);
        if (saved_number<int>(document.at("format")) != kFormat) {
            return core::fail(ErrorCode::malformed, "alert state: another format");
        }
        for (const auto& [name, from] : document.at("rules").items()) {
            RuleStates& states = edges.rules_[name];
            states.fingerprint = saved_number<std::uint64_t>(from.at("fingerprint"));
            states.last_step = saved_time(from.at("last_step"));
            for (const auto& [code, kept] : from.at("contracts").items()) {
                State state;
                state.fired = kept.at("rung").get<bool>();
                state.true_since = read_time(kept, "true_since");
                state.false_since = read_time(kept, "false_since");
                state.last_fired = read_time(kept, "last_rung");
                state.seen = saved_time(kept.at("seen"));
                states.contracts.emplace(code, state);
                ++edges.states_;
            }
        }
    } catch (const json::exception& error) {
        return core::fail(ErrorCode::malformed, std::string("alert state: ") + error.what());
    }
    if (edges.states_ > options.max_states) edges.evict_oldest();
    edges.changed_ = false;
    return edges;
}

}  // namespace scanner::alerts
