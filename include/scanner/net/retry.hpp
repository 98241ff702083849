#pragma once

#include "scanner/core/error.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace scanner::net {

/// Whether the same request may well succeed a moment later: timeout, network, malformed (answers cut short),
/// rate_limited and http_status. Adapters give permanent statuses their own names (404 not_found, 400 invalid_input,
/// 401/403 exchange_rejected). Not maintenance (it lasts), not unavailable (the breaker decides when), not cancelled.
[[nodiscard]] bool is_retryable(core::ErrorCode code) noexcept;
/// The same for a bare HTTP status: 408, 425, 429, 500, 502, 503, 504.
[[nodiscard]] bool is_retryable_status(int status) noexcept;

/// Uniform in [0, 1).
using RandomUnit = std::function<double()>;
/// A pseudo-random source; not for secrets. One thread.
[[nodiscard]] RandomUnit make_random_unit(std::uint64_t seed);

struct BackoffOptions {
    int max_attempts = 3;  ///< the first one included; 0: no end (reconnecting)
    std::chrono::milliseconds base{200};
    std::chrono::milliseconds cap{5'000};
    /// Never shorter than this, for peers that a jitter near zero would hammer.
    std::chrono::milliseconds floor{0};
};

/// Exponential back-off with full jitter: the n-th delay is uniform between `floor` and min(cap, base * 2^(n-1))
/// (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015). Pure apart from the random source.
class Backoff {
public:
    Backoff(BackoffOptions options, RandomUnit random);

    /// After a failed attempt: how long to wait before the next one; nothing when it was the last.
    [[nodiscard]] std::optional<std::chrono::milliseconds> next();
    /// The same, and nothing as well for an error that is not worth another attempt.
    [[nodiscard]] std::optional<std::chrono::milliseconds> next(core::ErrorCode code);
    /// After a success, for endless use.
    void reset() { failed_ = 0; }
    /// Attempts that failed since the start or the last reset.
    [[nodiscard]] int failed_attempts() const { return failed_; }

private:
    BackoffOptions options_;
    RandomUnit random_;
    int failed_ = 0;
};

}  // namespace scanner::net
