#include "engine/exchange_clock.hpp"

#include <algorithm>
#include <array>

namespace scanner::engine {
namespace {

using std::chrono::milliseconds;

/// How far apart answers may be that agree: they took so long to arrive, at the worst.
constexpr milliseconds kAgreement{5'000};
/// Answers of one kind and half of another: no kind decides alone, nor a few of many books.
constexpr double kQuorum = 1.5;
constexpr double kOfFew = 0.75;  // of one or two kinds, where there are no more
constexpr double kOwnWeight = 0.5;
constexpr double kRounding = 1e-9;  // a hundred hundredths make one
/// How fast the exchange's clock may run behind ours before that counts as being late: more than any clock drifts.
constexpr int kSlowestRate = 1'000;  // 1 ms in so many
constexpr milliseconds kSteadily{1'000};
constexpr std::chrono::seconds kSetBackAfter{10};

milliseconds since_start(core::SteadyTime time) {
    return std::chrono::floor<milliseconds>(time.time_since_epoch());
}

}  // namespace

void ExchangeClock::note(TimeSource source, core::WallTime exchange_time, core::SteadyTime received) {
    samples_.push_back({source, exchange_time.time_since_epoch() - since_start(received)});
}

/// The latest of the answers' offsets within reach of which they have the quorum; the middle one when they are all at
/// odds.
std::optional<ExchangeClock::Offset> ExchangeClock::agreed(core::WallTime own, core::SteadyTime now) const {
    if (samples_.empty()) return std::nullopt;
    std::array<int, 8> of_kind{};
    for (const Sample& sample : samples_) ++of_kind[static_cast<std::size_t>(sample.source)];
    const auto kinds = std::ranges::count_if(of_kind, [](int count) { return count > 0; });
    const double quorum = std::min(kQuorum, kOfFew * static_cast<double>(kinds));
    const Offset own_offset = own.time_since_epoch() - since_start(now);

    std::vector<Sample> latest_first = samples_;
    std::ranges::sort(latest_first, std::ranges::greater(), &Sample::offset);
    for (auto from = latest_first.begin(); from != latest_first.end(); ++from) {
        double weight = std::chrono::abs(own_offset - from->offset) <= kAgreement ? kOwnWeight : 0.0;
        for (auto at = from; at != latest_first.end() && from->offset - at->offset <= kAgreement; ++at) {
            weight += 1.0 / of_kind[static_cast<std::size_t>(at->source)];
            if (weight + kRounding >= quorum) return from->offset;
        }
    }
    return latest_first[latest_first.size() / 2].offset;
}

std::optional<ExchangeClock::Offset> ExchangeClock::held(core::SteadyTime now) const {
    if (!held_) return std::nullopt;
    return *held_ - std::chrono::floor<milliseconds>(now - held_at_) / kSlowestRate;
}

void ExchangeClock::take(Offset offset, core::SteadyTime now) {
    held_ = offset;
    held_at_ = now;
}

std::optional<core::WallTime> ExchangeClock::provisional(core::WallTime own, core::SteadyTime now) const {
    const auto offset = std::max(held(now), agreed(own, now));
    if (!offset) return std::nullopt;
    return core::WallTime(*offset + since_start(now));
}

std::optional<core::WallTime> ExchangeClock::between_passes(core::WallTime own, core::SteadyTime now) const {
    const auto settled = held(now);
    return settled ? core::WallTime(*settled + since_start(now)) : provisional(own, now);
}

core::WallTime ExchangeClock::end_pass(core::WallTime own, core::SteadyTime now) {
    const auto said = agreed(own, now);
    samples_.clear();
    const auto expected = held(now);
    if (said && (!expected || *said >= *expected - kAgreement)) {
        take(expected ? std::max(*said, *expected) : *said, now);
        behind_.reset();
    } else if (said) {
        const bool steadily = behind_ && std::chrono::abs(*said - *behind_) <= kSteadily;
        if (!steadily) {
            behind_ = said;
            behind_since_ = now;
        } else if (now - behind_since_ >= kSetBackAfter) {
            take(*said, now);
            behind_.reset();
        }
    }
    const auto settled = held(now);
    return settled ? core::WallTime(*settled + since_start(now)) : own;
}

}  // namespace scanner::engine
