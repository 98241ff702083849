#include "simulator/face/faults/limits.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;

struct Limit {
    int requests;
    std::chrono::milliseconds interval;
};

constexpr std::array<Limit, kLimitClasses> kLimits{{{800, 1'000ms}, {240, 3'000ms}, {240, 3'000ms}, {20, 2'000ms}, {}}};
constexpr std::array<std::pair<std::string_view, OverLimit>, 4> kNames{
    {{"1032", OverLimit::body}, {"429", OverLimit::json}, {"429-html", OverLimit::html}, {"none", OverLimit::none}}};
constexpr std::size_t kMaxWindows = 4'096 * kLimitClasses;

}  // namespace

std::optional<OverLimit> parse_over_limit(std::string_view text) {
    const auto found = std::ranges::find(kNames, text, &std::pair<std::string_view, OverLimit>::first);
    if (found == kNames.end()) return std::nullopt;
    return found->second;
}

std::string_view to_string(OverLimit over) {
    const auto found = std::ranges::find(kNames, over, &std::pair<std::string_view, OverLimit>::second);
    return found == kNames.end() ? "none" : found->first;
}

std::optional<LimitDecision> RateLimiter::take(std::string_view address, LimitClass limit_class, core::SteadyTime now) {
    if (limit_class == LimitClass::none) return std::nullopt;
    const auto number = static_cast<std::size_t>(limit_class);
    const Limit& limit = kLimits.at(number);
    std::string key(1, static_cast<char>('0' + number));
    key += address;
    if (windows_.size() >= kMaxWindows && !windows_.contains(key)) forget_old(now);
    Window& window = windows_.try_emplace(std::move(key), Window{.begin = now}).first->second;
    if (now - window.begin >= limit.interval) window = Window{.begin = now};
    LimitDecision decision{.limit = limit.requests, .interval = limit.interval};
    decision.allowed = window.used < limit.requests;
    if (decision.allowed) ++window.used;
    decision.remaining = limit.requests - window.used;
    decision.until_reset = std::chrono::ceil<std::chrono::milliseconds>(window.begin + limit.interval - now);
    return decision;
}

void RateLimiter::forget_old(core::SteadyTime now) {
    std::erase_if(windows_, [now](const auto& entry) { return now - entry.second.begin >= 3s; });
    if (windows_.size() >= kMaxWindows) windows_.clear();
}

}  // namespace scanner::simulator::face
