#include "signals/flow/recovery.hpp"

#include <algorithm>

namespace scanner::signals::flow {

void Recovery::end_quarter(const BookWatch& book, const TradeWindow& tape, Quarter ended) {
    const BookMark& before = book.mark(ended);
    const BookMark& after = book.mark(ended + 1);
    const std::uint64_t life = before.life == after.life ? before.life : 0;
    const bool tape_known = tape.is_known_since(ended);
    const Traded& traded = tape.of(ended);
    follow(bids_,
           {.touch = before.bid_touch,
            .taken = traded.sold,
            .depth_before = before.bid_depth,
            .depth_after = after.bid_depth},
           life, tape_known, ended);
    follow(asks_,
           {.touch = before.ask_touch,
            .taken = traded.bought,
            .depth_before = before.ask_depth,
            .depth_after = after.ask_depth},
           life, tape_known, ended);
}

void Recovery::follow(std::optional<Shock>& shock, const Side& side, std::uint64_t life, bool tape_known,
                      Quarter ended) {
    if (shock && shock->life != life) shock.reset();  // the book was lost
    if (life == 0) return;
    if (!shock && tape_known && side.taken > 0.0 && side.taken >= side.touch / 2.0) {
        shock = Shock{.began = ended, .life = life, .depth = side.depth_before};
    }
    if (!shock) return;
    const std::int64_t took = ended + 1 - shock->began;
    if (side.depth_after < 0.8 * shock->depth && took < kMinute) return;
    recovered_[next_] = {.seen = ended, .quarters = took};
    next_ = (next_ + 1) % kKept;
    shock.reset();
}

void Recovery::fill(FlowNumbers& numbers, Quarter now) const {
    std::array<std::int64_t, kKept> took{};
    std::size_t count = 0;
    for (const Recovered& each : recovered_) {
        if (each.quarters > 0 && each.seen > now - kHour) took[count++] = each.quarters;
    }
    if (count == 0) return;
    const auto middle = took.begin() + static_cast<std::ptrdiff_t>(count / 2);
    const auto end = took.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(took.begin(), middle, end);
    auto twice = 2 * *middle;
    if (count % 2 == 0) twice = *middle + *std::max_element(took.begin(), middle);
    numbers.recovery_ms = static_cast<double>(twice * kQuarterMs) / 2.0;
}

std::optional<Quarter> Recovery::next_change(Quarter now) const {
    std::optional<Quarter> oldest;
    for (const Recovered& each : recovered_) {
        if (each.quarters > 0 && each.seen > now - kHour) oldest = std::min(oldest.value_or(each.seen), each.seen);
    }
    return oldest ? std::optional(*oldest + kHour) : std::nullopt;
}

}  // namespace scanner::signals::flow
