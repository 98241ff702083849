#include "scanner/net/retry.hpp"

#include "scanner/core/random.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

namespace scanner::net {

bool is_retryable(core::ErrorCode code) noexcept {
    using core::ErrorCode;
    switch (code) {
        case ErrorCode::timeout:
        case ErrorCode::network:
        case ErrorCode::http_status:
        case ErrorCode::rate_limited:
        case ErrorCode::malformed: return true;
        case ErrorCode::invalid_input:
        case ErrorCode::not_found:
        case ErrorCode::cancelled:
        case ErrorCode::maintenance:
        case ErrorCode::exchange_rejected:
        case ErrorCode::unavailable:
        case ErrorCode::conflict:
        case ErrorCode::io:
        case ErrorCode::internal: return false;
    }
    return false;
}

bool is_retryable_status(int status) noexcept {
    switch (status) {
        case 408:
        case 425:
        case 429:
        case 500:
        case 502:
        case 503:
        case 504: return true;
        default: return false;
    }
}

RandomUnit make_random_unit(std::uint64_t seed) {
    // Shared: std::function copies its target, and copies must not repeat the same numbers.
    return [random = std::make_shared<core::Random>(seed)] { return random->uniform(); };
}

Backoff::Backoff(BackoffOptions options, RandomUnit random) : options_(options), random_(std::move(random)) {}

std::optional<std::chrono::milliseconds> Backoff::next() {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    if (options_.max_attempts > 0 && failed_ >= options_.max_attempts - 1) {
        failed_ = options_.max_attempts;
        return std::nullopt;
    }
    // 2^30 times any sensible base is past any sensible cap, and the count of an endless series must not overflow.
    const Milliseconds ceiling =
        std::min<Milliseconds>(options_.cap, Milliseconds(options_.base) * std::ldexp(1.0, std::min(failed_, 30)));
    failed_ = std::min(failed_ + 1, 1'000'000);
    const Milliseconds floor = options_.floor;
    const Milliseconds delay = floor + std::max(Milliseconds(0), ceiling - floor) * random_();
    return std::chrono::round<std::chrono::milliseconds>(delay);
}

std::optional<std::chrono::milliseconds> Backoff::next(core::ErrorCode code) {
    if (!is_retryable(code)) return std::nullopt;
    return next();
}

}  // namespace scanner::net
