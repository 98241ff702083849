#include "engine/feed/feed_source.hpp"
#include "engine/feed/live_book_copy.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The feed for those who look at a contract, of the scan or outside of it.
namespace scanner::engine {
namespace {

using exchange::BookState;

/// What is read of a contract for one who looks is good for others for so long: there may be many.
constexpr std::chrono::milliseconds kSharedLook{100};

}  // namespace

void FeedSource::end_looks() {
    if (looks_.expire(clock_.steady_now())) note_looks();
}

/// What others look at is no consequence of what the market does, so it is told before anything follows from it.
void FeedSource::note_looks() {
    if (events_.on_looks) {
        std::vector<std::string> codes;
        for (const auto& contract : looks_.contracts()) codes.push_back(contract->contract_code);
        events_.on_looks(codes);
    }
    want_universe();
}

void FeedSource::set_looks(const std::vector<std::string>& contract_codes) {
    looks_.clear();
    for (const std::string& code : contract_codes) {
        const auto listed = std::ranges::find_if(state_.contracts(),
                                                 [&](const auto& contract) { return contract->contract_code == code; });
        if (listed != state_.contracts().end()) static_cast<void>(looks_.look(*listed, clock_.steady_now()));
    }
    want_universe();
}

LiveReadingPtr FeedSource::look(const std::shared_ptr<const market::Contract>& contract) {
    if (feed_ == nullptr || contract == nullptr || !is_there()) return nullptr;
    const core::SteadyTime now = clock_.steady_now();
    const std::string& code = contract->contract_code;
    const FollowedContract* followed = find(code);
    // Of one that is not traded no book comes, however long one waits.
    const bool on_demand =
        followed == nullptr ? contract->status == market::ContractStatus::listed : followed->on_demand;
    if (on_demand && looks_.look(contract, now)) {
        note_looks();
        followed = find(code);
    }
    if (followed == nullptr) return nullptr;
    Following& following = following_.at(code);
    const bool told = followed->book == BookState::live || !following.newest.newest().empty();
    if (followed->on_demand && !told) return nullptr;
    if (following.looked == nullptr || now - following.looked_at >= kSharedLook) {
        following.looked = std::make_shared<const LiveReading>(read(code, *followed, following));
        following.looked_at = now;
    }
    return following.looked;
}

LiveReading FeedSource::read(const std::string& code, const FollowedContract& contract, Following& following) {
    LiveReading reading;
    reading.number = ++readings_;
    reading.read_at = clock_.now();
    const core::WallTime now = exchange_now();
    const auto input = [&](core::WallTime time, std::string_view subscription) {
        const auto age = std::max(now - time, std::chrono::milliseconds(0));
        return market::InputReading{.state = market::InputState::live,
                                    .time = time,
                                    .true_at = reading.read_at - age,
                                    .source = InputSource::feed,
                                    .subscription = subscription};
    };
    reading.book_input.subscription = subscription_of(contract);
    if (const auto* const live = contract.is_current() ? book(code) : nullptr; live != nullptr) {
        reading.book = copy_of(*live, contract.confirmed_at);
        reading.book_input = input(contract.confirmed_at, reading.book_input.subscription);
        reading.ladder = following.flow.ladder(now);
    }
    reading.flow = following.flow.numbers(now);
    const std::span<const market::Trade> trades = following.newest.newest();
    reading.trades.assign(trades.begin(), trades.end());
    reading.tape_complete = !contract.tape_has_hole;
    reading.incomplete_since = following.tape.incomplete_since();
    reading.tape_input.subscription = contract.tape_has_hole ? "incomplete" : "live";
    if (following.price.time) {
        reading.tape_input = input(*following.price.time, reading.tape_input.subscription);
    }
    return reading;
}

}  // namespace scanner::engine
