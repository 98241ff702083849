#include "engine/manipulation/manipulation_loop.hpp"

#include "engine/feed/ended.hpp"

#include "scanner/engine/recorded_detectors.hpp"
#include "scanner/net/deadline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::seconds kSaveEvery{60};
/// Of contracts with news for the ledger, which waits for it.
constexpr std::chrono::seconds kSaveToldEvery{1};
constexpr std::chrono::seconds kAskOpenEvery{2};
constexpr int kPolledTrades = 1'000;
constexpr std::chrono::milliseconds kStopGrace{300};

}  // namespace

ManipulationLoop::ManipulationLoop(asio::any_io_executor executor, exchange::Exchange& exchange,
                                   const core::Clock& clock, MarketState& state, ManipulationParts parts,
                                   std::function<bool()> followed, net::StepLog* steps)
    : exchange_(exchange),
      steps_(steps),
      clock_(clock),
      state_(state),
      parts_(std::move(parts)),
      followed_(std::move(followed)),
      reading_(kTradeReaders),
      executor_(std::move(executor)) {}

asio::awaitable<void> ManipulationLoop::start() {
    stopping_ = false;
    saved_all_.reset();
    if (!std::exchange(loaded_, false)) {
        // Another scanner may have gone on since the last term: what it saved is newer than what is here.
        watch_.begin_anew();
        counted_.resumed = false;
        asked_open_.reset();
        reading_.assign(kTradeReaders, std::nullopt);
        if (parts_.states) co_await restore();
    }
    tasks_ = std::make_unique<net::TaskGroup>(executor_, [](std::string_view task, std::string_view what) {
        core::log(core::LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
    });
    bool started = tasks_->spawn("detectors", tick());
    for (std::size_t i = 0; i < kTradeReaders && parts_.trade_reads_per_sec > 0.0; ++i) {
        started = started && tasks_->spawn("poll_trades", poll_trades(i));
    }
    if (!started) core::log(core::LogLevel::error, "detectors_not_started");
    co_return;
}

asio::awaitable<void> ManipulationLoop::stop() {
    stopping_ = true;
    if (tasks_) {
        if (const auto ended = co_await tasks_->shutdown(kStopGrace); !ended) {
            core::log(core::LogLevel::error, "detectors_not_ended", {{"error", ended.error().message()}});
        }
    }
    if (is_replay()) co_return;  // the recording's own end was a step of it
    step(kTickStep, {}, kEnd);
    take_changes();
    co_await save_and_tell();
}

asio::awaitable<std::string> ManipulationLoop::reach(std::string name) {
    if (steps_ == nullptr) co_return std::string();
    co_return co_await steps_->reach(name, {});
}

void ManipulationLoop::step(std::string_view name, std::string_view contract, std::string_view detail) {
    if (steps_ != nullptr) steps_->step(name, contract, detail);
}

/// False when cancelled. In a replay the next step is waited for instead.
asio::awaitable<bool> ManipulationLoop::pause(core::SteadyTime::duration time) {
    if (is_replay()) co_return !stopping_;
    co_return (co_await net::sleep_for(time)).has_value();
}

core::WallTime ManipulationLoop::exchange_now() const {
    return state_.exchange_clock().between_passes(clock_.now(), clock_.steady_now()).value_or(clock_.now());
}

asio::awaitable<void> ManipulationLoop::restore() {
    asking_ = true;
    auto states = co_await parts_.states()->read();
    asking_ = false;
    if (states) {
        for (const storage::DetectorState& state : *states) {
            step(kStateStep, state.contract_code, encode_recorded(state));
        }
    }
    step(kRestoredStep, {}, states ? std::string() : states.error().message());
    if (!states) {
        core::log(core::LogLevel::warning, "detectors_begin_afresh", {{"error", states.error().message()}});
        co_return;
    }
    counted_.restored = watch_.restore(std::move(*states), clock_.now());
}

asio::awaitable<void> ManipulationLoop::resume() {
    if (watch_.is_resumed() || !parts_.open_episodes || !passed(asked_open_, kAskOpenEvery)) co_return;
    asked_open_ = clock_.steady_now();
    asking_ = true;
    auto open = co_await parts_.open_episodes();
    asking_ = false;
    if (open) {
        for (const storage::Episode& episode : *open) step(kOpenEpisodeStep, {}, encode_recorded(episode.record));
    }
    step(kOpenStep, {}, open ? std::string() : open.error().message());
    if (open) {
        watch_.resume(std::move(*open), clock_.now());
        counted_.resumed = true;
    } else if (open.error().code() != core::ErrorCode::unavailable) {
        core::log(core::LogLevel::warning, "ledger_not_resumed", {{"error", open.error().message()}});
    }
}

bool ManipulationLoop::passed(const std::optional<core::SteadyTime>& since, std::chrono::seconds least) const {
    return !since || clock_.steady_now() - *since >= least;
}

asio::awaitable<void> ManipulationLoop::tick() {
    while (co_await pause(kTick)) {
        if (state_.universe().empty() && !is_replay()) continue;
        const std::string recorded = co_await reach(std::string(kTickStep));
        if (stopping_) co_return;
        if (recorded == kEnd) {
            take_changes();
            tell(untold_.size());
            continue;
        }
        co_await resume();
        observe();
        take_changes();
        // Before anything is waited for: all of it happens at the moment of the step.
        choose_reads();
        if (is_replay()) {
            tell(untold_.size());
        } else if (passed(saved_all_, kSaveEvery) || (!untold_.empty() && passed(saved_told_, kSaveToldEvery))) {
            co_await save_and_tell();
        }
    }
}

void ManipulationLoop::take_changes() {
    auto changes = watch_.take_changes(exchange_now(), clock_.now());
    std::ranges::move(changes, std::back_inserter(untold_));
}

asio::awaitable<void> ManipulationLoop::save_and_tell() {
    const std::size_t count = untold_.size();  // of these the state that is saved knows
    const bool all = stopping_ || passed(saved_all_, kSaveEvery);
    saved_told_ = clock_.steady_now();
    if (all) saved_all_ = saved_told_;
    if (parts_.states) {
        auto states =
            watch_.take_states(clock_.now(), all ? ManipulationWatch::Changed::all : ManipulationWatch::Changed::told);
        std::uint64_t bytes = 0;
        for (const storage::DetectorState& state : states) bytes += state.bytes.size();
        const std::size_t number = states.size();
        const auto saved = number == 0 ? core::Result<void>() : co_await parts_.states()->write(std::move(states));
        if (saved) {
            counted_.saves += number == 0 ? 0U : 1U;
            counted_.saved_states += number;
            counted_.saved_bytes += bytes;
            not_saved_.recovered();
        } else {
            watch_.not_saved();
            saved_all_.reset();
            ++counted_.failed_saves;
            not_saved_.failed(core::to_string(saved.error().code()), {{"error", saved.error().message()}});
        }
    }
    tell(count);
}

/// The first `count`. stop() does not wait for ever for a tick: the other of the two may have told them meanwhile.
void ManipulationLoop::tell(std::size_t count) {
    const auto end = untold_.begin() + static_cast<std::ptrdiff_t>(std::min(count, untold_.size()));
    if (end == untold_.begin()) return;
    std::vector<storage::EpisodeRecord> telling(std::make_move_iterator(untold_.begin()), std::make_move_iterator(end));
    untold_.erase(untold_.begin(), end);
    parts_.record(std::move(telling));
}

// -- trades, where no feed tells them ---------------------------------------------------------------------------------

void ManipulationLoop::choose_reads() {
    if (followed_()) {
        tapes_.clear();  // what the feed tells is not asked for, so that a tape that is polled later begins afresh
        return;
    }
    if (!due_.empty()) return;
    std::vector<TradeReadCandidate> candidates;
    for (const ContractStatePtr& held : state_.universe()) {
        const market::Ticker& ticker = held->ticker.value;
        PolledTape& tape = tapes_[held->contract->contract_code];
        const core::WallTime at = held->ticker.exchange_time;
        if (tape.turnover_at && at > *tape.turnover_at) {
            // What leaves the 24 hours meanwhile makes this too small, never too large.
            tape.grown = std::max(0.0, ticker.turnover_24h - tape.turnover);
            tape.over = at - *tape.turnover_at;
        }
        if (!tape.turnover_at || at > *tape.turnover_at) {
            tape.turnover = ticker.turnover_24h;
            tape.turnover_at = at;
        }
        candidates.push_back({.contract_code = held->contract->contract_code,
                              .turnover_24h = ticker.turnover_24h,
                              .turnover_grown = tape.grown,
                              .over = tape.over,
                              .read = tape.read});
    }
    const auto most = static_cast<std::size_t>(std::max(1.0, parts_.trade_reads_per_sec));
    for (std::string& code : choose_trade_reads(candidates, clock_.steady_now(), most)) {
        due_.push_back(std::move(code));
    }
    std::erase_if(tapes_, [this](const auto& entry) { return state_.find(entry.first) == nullptr; });
}

asio::awaitable<void> ManipulationLoop::poll_trades(std::size_t number) {
    constexpr std::chrono::milliseconds kLook{50};
    if (reading_[number]) co_await read_trades(number);
    while (co_await pause(kLook)) {
        while (!stopping_ && (!due_.empty() || is_replay())) {
            co_await reach(fmt::format("{}{}", kReadStep, number));
            if (stopping_) co_return;
            if (due_.empty()) continue;
            const std::string code = std::move(due_.front());
            due_.pop_front();
            const ContractStatePtr held = state_.find(code);
            if (held == nullptr) continue;
            tapes_[code].read = clock_.steady_now();
            reading_[number] = {.contract = held->contract, .at = exchange_now()};
            ++counted_.trade_reads;
            co_await read_trades(number);
        }
    }
}

asio::awaitable<void> ManipulationLoop::read_trades(std::size_t number) {
    const TradesTask task = *reading_[number];
    const Ended ended(reading_[number]);
    const market::Contract& contract = *task.contract;
    core::WallTime at = task.at;
    const auto trades = co_await exchange_.trades(task.contract, kPolledTrades);
    // A tape that cannot be read goes on where it ended, or has a hole by then.
    if (!trades || trades->empty() || followed_()) co_return;
    PolledTape& tape = tapes_[contract.contract_code];
    const auto first_new =
        std::ranges::find_if(*trades, [&tape](const market::Trade& trade) { return trade.trade_id > tape.newest_id; });
    const std::span<const market::Trade> fresh(first_new, trades->end());
    const bool whole = tape.newest_id > 0 && first_new != trades->begin();
    if (!whole && !fresh.empty()) watch_.on_tape_hole(contract, fresh.front().time);
    for (const market::Trade& trade : fresh) {
        tape.newest_id = std::max(tape.newest_id, trade.trade_id);
        at = std::max(at, trade.time);
    }
    if (whole) {
        watch_.on_trades(contract, fresh, at);
    } else {
        watch_.on_tape_filled(contract, fresh, at);  // a feed may have told some of them
    }
}

ManipulationStatus ManipulationLoop::status() const {
    ManipulationStatus status = counted_;
    watch_.fill(status);
    return status;
}

}  // namespace scanner::engine
