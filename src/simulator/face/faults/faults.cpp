#include "simulator/face/faults/faults.hpp"

#include "simulator/face/random.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace scanner::simulator::face {
namespace {

using std::chrono::milliseconds;

bool holds_for_contracts(FaultKind kind) {
    return kind == FaultKind::stale_book || kind == FaultKind::vanish || kind == FaultKind::stale_candles ||
           kind == FaultKind::resized || kind == FaultKind::relisted;
}

bool is_for_websockets(FaultKind kind) {
    return kind >= FaultKind::ws_drop_version;
}

/// Which of its times on it is, from 0.
std::uint64_t cycle_of(const FaultSpec& fault, milliseconds elapsed) {
    if (!fault.on || !fault.off) return 0;
    return static_cast<std::uint64_t>((elapsed - fault.after) / (*fault.on + *fault.off));
}

bool is_bulk_v1(std::string_view path) {
    return path == "/linear-swap-api/v1/swap_batch_funding_rate" || path == "/linear-swap-api/v1/swap_open_interest";
}

bool is_corruption(FaultKind kind) {
    return kind == FaultKind::truncated || kind == FaultKind::malformed || kind == FaultKind::non_finite;
}

bool matches(const FaultSpec& fault, const FaultTarget& target) {
    if (!fault.path.empty() && !target.path.contains(fault.path)) return false;
    if (fault.kind == FaultKind::bulk_404 && !is_bulk_v1(target.path)) return false;
    // A spoilt row of a bulk answer is found by its code later on.
    if (fault.kind == FaultKind::non_finite && target.contract.empty()) return true;
    return fault.contract.empty() || fault.contract == target.contract;
}

}  // namespace

bool scheduled_on(const FaultSpec& fault, milliseconds elapsed) {
    const milliseconds since = elapsed - fault.after;
    if (since < milliseconds(0)) return false;
    if (fault.on && fault.off) return since % (*fault.on + *fault.off) < *fault.on;
    if (fault.on) return since < *fault.on;
    return !fault.off || since >= *fault.off;
}

std::optional<milliseconds> on_until(const FaultSpec& fault, milliseconds elapsed) {
    if (!fault.on || !scheduled_on(fault, elapsed)) return std::nullopt;
    const milliseconds since = elapsed - fault.after;
    return *fault.on - (fault.off ? since % (*fault.on + *fault.off) : since);
}

FaultSet::FaultSet(std::uint64_t seed, std::vector<FaultSpec> faults, core::SteadyTime since)
    : seed_(seed), since_(since) {
    entries_.reserve(faults.size());
    for (FaultSpec& fault : faults) entries_.push_back({.fault = std::move(fault)});
}

milliseconds FaultSet::elapsed(core::SteadyTime now) const {
    return std::chrono::floor<milliseconds>(now - since_);
}

FaultVerdict FaultSet::decide(const FaultTarget& target, core::SteadyTime now) {
    FaultVerdict verdict;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        const FaultSpec& fault = entry.fault;
        if (holds_for_contracts(fault.kind) || is_for_websockets(fault.kind)) continue;
        if (!scheduled_on(fault, elapsed(now)) || !matches(fault, target)) continue;
        const std::uint64_t draw = mix(mix(seed_, i), entry.asked++);
        if (unit(draw) >= fault.rate) continue;
        ++entry.hits;
        if (fault.kind == FaultKind::slow) {
            verdict.delay = std::max(verdict.delay, fault.delay);
        } else if (fault.kind == FaultKind::clock_skew) {
            verdict.skew += fault.offset;
        } else if (fault.kind == FaultKind::cached) {
            verdict.cached = true;
        } else if (is_corruption(fault.kind)) {
            if (!verdict.corruption) verdict.corruption = fault;
        } else if (!verdict.replacement) {
            verdict.replacement = fault;
        }
        verdict.draw = mix(draw);
    }
    return verdict;
}

bool FaultSet::holds_for(FaultKind kind, std::string_view contract, core::SteadyTime now) const {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const FaultSpec& fault = entries_[i].fault;
        if (fault.kind != kind || !scheduled_on(fault, elapsed(now))) continue;
        if (!fault.contract.empty() && fault.contract != contract) continue;
        if (unit(mix(mix(seed_, i), hash_text(contract))) < fault.rate) return true;
    }
    return false;
}

bool FaultSet::any_on(FaultKind kind, core::SteadyTime now) const {
    return std::ranges::any_of(entries_, [&](const Entry& entry) {
        return entry.fault.kind == kind && scheduled_on(entry.fault, elapsed(now));
    });
}

template <class Draw>
std::optional<FaultStrike> FaultSet::first_strike(FaultKind kind, const FaultTarget& target, core::SteadyTime now,
                                                  Draw draw) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        if (entry.fault.kind != kind) continue;
        if (!scheduled_on(entry.fault, elapsed(now)) || !matches(entry.fault, target)) continue;
        const std::uint64_t drawn = draw(entry, mix(seed_, i));
        if (unit(drawn) >= entry.fault.rate) continue;
        ++entry.hits;
        return FaultStrike{.fault = &entry.fault, .draw = mix(drawn)};
    }
    return std::nullopt;
}

std::optional<FaultStrike> FaultSet::strike(FaultKind kind, const FaultTarget& target, core::SteadyTime now) {
    return first_strike(kind, target, now, [](Entry& entry, std::uint64_t seed) { return mix(seed, entry.asked++); });
}

std::optional<FaultStrike> FaultSet::strike_for(FaultKind kind, const FaultTarget& target, std::uint64_t key,
                                                core::SteadyTime now) {
    return first_strike(kind, target, now, [this, key, now](Entry& entry, std::uint64_t seed) {
        return mix(mix(seed, cycle_of(entry.fault, elapsed(now))), key);
    });
}

bool FaultSet::any_for_websockets() const {
    return std::ranges::any_of(entries_, [](const Entry& entry) { return is_for_websockets(entry.fault.kind); });
}

std::vector<FaultSet::State> FaultSet::states(core::SteadyTime now) const {
    std::vector<State> states;
    states.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        states.push_back({.fault = entry.fault, .on = scheduled_on(entry.fault, elapsed(now)), .hits = entry.hits});
    }
    return states;
}

}  // namespace scanner::simulator::face
