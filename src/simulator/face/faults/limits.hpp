#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::simulator::face {

/// Which of the exchange's budgets a path is charged to.
enum class LimitClass {
    market,    ///< class A: 800 a second, no headers
    api,       ///< class B: 240 in 3 s, with ratelimit-* headers
    v5,        ///< 240 in 3 s, no headers
    elements,  ///< swap_query_elements: 20 in 2 s
    none,      ///< the simulator's own paths, unknown paths
};
inline constexpr std::size_t kLimitClasses = 5;

/// What a client over its limit gets. HTX documents all of them and no published account mentions one.
enum class OverLimit {
    body,  ///< HTTP 200: 1032, or "request limit" from the market side
    json,  ///< HTTP 429 with the same body
    html,  ///< HTTP 429 with the CDN's page
    none,  ///< no limits
};
[[nodiscard]] std::optional<OverLimit> parse_over_limit(std::string_view text);
[[nodiscard]] std::string_view to_string(OverLimit over);

struct LimitDecision {
    bool allowed = true;
    int limit = 0;
    int remaining = 0;                      ///< after this request
    std::chrono::milliseconds interval{0};  ///< length of the window
    std::chrono::milliseconds until_reset{0};
};

/// Fixed windows per client address and class. Time is an argument. Remembers at most 4096 clients: beyond that all are
/// forgotten, which only ever favours a client.
class RateLimiter {
public:
    /// Nothing for LimitClass::none.
    [[nodiscard]] std::optional<LimitDecision> take(std::string_view address, LimitClass limit_class,
                                                    core::SteadyTime now);
    [[nodiscard]] std::size_t remembered() const { return windows_.size(); }

private:
    struct Window {
        core::SteadyTime begin;
        int used = 0;
    };
    void forget_old(core::SteadyTime now);

    std::map<std::string, Window, std::less<>> windows_;  ///< by class number and address
};

}  // namespace scanner::simulator::face
