#include "scanner/net/rate_budget.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <string_view>

namespace scanner::net {
namespace {

using core::SteadyTime;
using std::chrono::milliseconds;

struct WindowHeaders {
    std::int64_t limit;
    std::int64_t remaining;
    milliseconds interval;
    milliseconds reset;
};

std::optional<std::int64_t> bounded(const std::vector<Header>& headers, std::string_view name, std::int64_t least,
                                    std::int64_t most) {
    const auto value = core::parse_int(find_header(headers, name));
    if (!value || *value < least || *value > most) return std::nullopt;
    return value;
}

std::optional<WindowHeaders> parse_window(const std::vector<Header>& headers, milliseconds longest) {
    constexpr std::int64_t kMaxRequests = 1'000'000'000;
    constexpr std::int64_t kYear2286Ms = 10'000'000'000'000;
    const auto limit = bounded(headers, "ratelimit-limit", 1, kMaxRequests);
    const auto remaining = bounded(headers, "ratelimit-remaining", 0, kMaxRequests);
    const auto interval = bounded(headers, "ratelimit-interval", 1, longest.count());
    const auto reset = bounded(headers, "ratelimit-reset", 1, kYear2286Ms);
    if (!limit || !remaining || !interval || !reset) return std::nullopt;
    return WindowHeaders{*limit, *remaining, milliseconds(*interval), milliseconds(*reset)};
}

}  // namespace

RateBudget::RateBudget(Options options)
    : options_(options),
      spacing_(
          std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(1.0 / options.per_second))),
      tolerance_(std::max(SteadyTime::duration(0), std::chrono::seconds(1) - spacing_)) {}

SteadyTime RateBudget::own_time(SteadyTime now) const {
    return std::max(now, paused_until_) - paused_;
}

std::optional<RateBudget::Ticket> RateBudget::acquire(SteadyTime now, SteadyTime latest) {
    SteadyTime slot = std::max({own_time(now), next_ - tolerance_, last_slot_});
    Window* const window = window_ ? &*window_ : nullptr;
    const auto in_window = [&] { return window != nullptr && due(Ticket(slot)) < window->end; };
    if (in_window() && window->remaining <= window->reserve) slot = window->end - paused_;
    if (due(Ticket(slot)) > latest) return std::nullopt;
    if (in_window()) --window->remaining;
    next_ = std::max(next_, slot) + spacing_;
    last_slot_ = slot;
    return Ticket(slot);
}

SteadyTime RateBudget::due(const Ticket& ticket) const {
    return std::max(ticket.slot_ + paused_, paused_until_);
}

void RateBudget::observe(const std::vector<Header>& headers, SteadyTime now) {
    const auto seen = parse_window(headers, options_.max_pause);
    if (!seen) return;
    const std::int64_t reserve = seen->limit / 10;
    std::int64_t remaining = seen->remaining;
    if (window_ && now < window_->end) {
        if (seen->reset < window_->reset) return;  // overtaken by a newer answer
        // Within a window the service's count only falls; ours includes what is still under way.
        if (seen->reset == window_->reset) remaining = std::min(remaining, window_->remaining);
    }
    window_ = Window{seen->reset, remaining, reserve, window_end(seen->reset, seen->interval, now)};
    // Not `remaining`: what was reserved but not sent yet is within the limit and may go.
    if (seen->remaining <= reserve) pause_until(window_->end, now);
}

// The service's clock is not ours. A window has at most `interval` left when its answer arrives, so the difference of
// the clocks is at least reset - interval - now; the highest such bound is the closest, and errs towards waiting
// longer.
SteadyTime RateBudget::window_end(milliseconds reset, milliseconds interval, SteadyTime now) {
    const auto now_ms = std::chrono::floor<milliseconds>(now.time_since_epoch());
    const milliseconds at_least = reset - interval - now_ms;
    const auto end = [&] { return SteadyTime(reset - *clock_offset_) + milliseconds(1); };  // + 1: now was cut to ms
    if (!clock_offset_ || *clock_offset_ < at_least) clock_offset_ = at_least;
    // Over before it was announced: the service's clock was set back (or the answer took long). Learn it anew.
    if (end() <= now) clock_offset_ = at_least;
    return end();
}

void RateBudget::penalise(SteadyTime now) {
    pause_until(now + options_.penalty, now);
}

// The own clock stands still meanwhile: everything already reserved moves back by the pause and stays spread out, and
// the bucket does not fill up for a burst at the end of it.
void RateBudget::pause_until(SteadyTime until, SteadyTime now) {
    const SteadyTime from = std::max(now, paused_until_);
    const SteadyTime to = std::min(until, now + options_.max_pause);
    if (to <= from) return;
    paused_ += to - from;
    paused_until_ = to;
}

double RateBudget::available(SteadyTime now) const {
    if (now < paused_until_) return 0.0;
    using Seconds = std::chrono::duration<double>;
    const Seconds backlog = std::max(SteadyTime::duration(0), next_ - own_time(now));
    double free = (Seconds(tolerance_ + spacing_) - backlog) / Seconds(spacing_);
    if (window_ && now < window_->end)
        free = std::min(free, static_cast<double>(window_->remaining - window_->reserve));
    return std::clamp(free, 0.0, std::max(1.0, options_.per_second));
}

}  // namespace scanner::net
