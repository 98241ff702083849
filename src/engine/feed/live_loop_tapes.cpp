#include "engine/feed/ended.hpp"
#include "engine/feed/live_loop.hpp"

#include "scanner/core/log.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

/// What is asked for beside the feed so that its tapes are whole.
namespace scanner::engine {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kFillAgain{2};
/// A tape can stall on a living connection as a book can, and nothing tells of it: each is compared with the exchange's
/// list of trades once in so long, at this part of the pace of books' audits.
constexpr std::chrono::seconds kTapeAuditEvery{15};
constexpr double kTapeAuditPace = 0.5;
constexpr int kAuditedTrades = 200;
constexpr int kFilledTrades = 2'000;
static_assert(kFilledTrades <= market::Tape::kRemembered);

}  // namespace

const FollowedContract* LiveLoop::tape_to_audit() const {
    const core::SteadyTime now = clock_.steady_now();
    const FollowedContract* found = nullptr;
    core::SteadyTime oldest = now - kTapeAuditEvery;
    for (const auto& [code, contract] : source_.followed()) {
        if (!contract.tape_followed || contract.tape_has_hole) continue;
        const auto last = tapes_audited_.find(code);
        const core::SteadyTime at = last == tapes_audited_.end() ? core::SteadyTime() : last->second;
        if (at > oldest) continue;
        oldest = at;
        found = &contract;
    }
    return found;
}

asio::awaitable<void> LiveLoop::audit_tapes() {
    if (auditing_) co_await audit_tape();
    while (!stopping_) {
        const auto wait = std::chrono::duration<double>(1.0 / (kTapeAuditPace * options_.audits_per_sec));
        if (!co_await pause(std::chrono::duration_cast<core::SteadyTime::duration>(wait))) co_return;
        co_await reach("audit_tapes");
        std::erase_if(tapes_audited_, [this](const auto& entry) { return !source_.followed().contains(entry.first); });
        tape_watch_.note(state_.tickers(), source_.followed(), clock_.steady_now());
        auto contract = tape_watch_.next(source_.followed(), clock_.steady_now());
        if (const FollowedContract* const next = contract ? nullptr : tape_to_audit()) contract = next->contract;
        const auto followed = contract ? source_.followed().find(contract->contract_code) : source_.followed().end();
        if (followed == source_.followed().end()) continue;
        auditing_ = {.contract = std::move(contract),
                     .life = followed->second.tape_life,
                     .asked = {.exchange = source_.exchange_now(), .steady = clock_.steady_now()}};
        tapes_audited_[followed->first] = auditing_->asked.steady;
        co_await audit_tape();
    }
}

asio::awaitable<void> LiveLoop::audit_tape() {
    const TapeTask task = *auditing_;
    const Ended ended(auditing_);
    const std::string& code = task.contract->contract_code;
    const auto trades = co_await exchange_.trades(task.contract, kAuditedTrades);
    // A new hole since then is for those who fill it: this list is too short.
    const auto followed = source_.followed().find(code);
    if (!trades || followed == source_.followed().end()) co_return;
    if (followed->second.tape_life != task.life || followed->second.tape_has_hole) co_return;
    const TapeFinding finding = tape_watch_.judge(followed->second, *trades, task.asked, clock_.steady_now());
    if (finding == TapeFinding::stalled) {
        core::log(core::LogLevel::warning, "tape_stalled", {{"contract_code", code}});
        feed_->restart_tape(code, "the exchange lists trades that the tape has not told");
    } else if (finding != TapeFinding::behind) {
        // What is only behind is asked about once more: a trade that was filled in says nothing of its topic any more.
        static_cast<void>(source_.fill_tape(code, *trades, task.life));
    }
}

asio::awaitable<void> LiveLoop::fill_tapes(std::size_t number) {
    if (filling_[number]) co_await fill_tape(number);
    while (!stopping_) {
        if (holes_.empty() && !is_replay()) {
            co_await hole_.wait();
            continue;
        }
        co_await reach("fill " + std::to_string(number));
        if (holes_.empty()) continue;
        const std::string code = std::move(holes_.front());
        holes_.pop_front();
        const auto followed = source_.followed().find(code);
        if (followed == source_.followed().end() || !followed->second.tape_has_hole) continue;
        // Nothing can be closed that stays open at its newer end. Its next subscription is told, and queues it again.
        if (!followed->second.tape_followed) continue;
        filling_[number] = {.contract = followed->second.contract, .life = followed->second.tape_life, .asked = {}};
        co_await fill_tape(number);
    }
}

asio::awaitable<void> LiveLoop::fill_tape(std::size_t number) {
    const TapeTask task = *filling_[number];
    const std::string& code = task.contract->contract_code;
    {
        const Ended ended(filling_[number]);
        const auto trades = co_await exchange_.trades(task.contract, kFilledTrades);
        if (trades && source_.fill_tape(code, *trades, task.life)) {
            ++counted_.tapes_filled;
            co_return;
        }
    }
    if (std::ranges::find(holes_, code) == holes_.end()) holes_.push_back(code);
    static_cast<void>(co_await pause(kFillAgain));
}

}  // namespace scanner::engine
