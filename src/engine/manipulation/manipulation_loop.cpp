#include "engine/manipulation/manipulation_loop.hpp"

#include "scanner/net/deadline.hpp"

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
constexpr std::size_t kTradeReaders = 4;
constexpr int kPolledTrades = 1'000;
constexpr std::chrono::milliseconds kStopGrace{300};

}  // namespace

ManipulationLoop::ManipulationLoop(asio::any_io_executor executor, exchange::Exchange& exchange,
                                   const core::Clock& clock, MarketState& state, ManipulationParts parts,
                                   std::function<bool()> followed)
    : exchange_(exchange),
      clock_(clock),
      state_(state),
      parts_(std::move(parts)),
      followed_(std::move(followed)),
      executor_(std::move(executor)) {}

asio::awaitable<void> ManipulationLoop::start() {
    stopping_ = false;
    // Another scanner may have gone on since the last term: what it saved is newer than what is here.
    watch_.begin_anew();
    counted_.resumed = false;
    saved_all_.reset();
    asked_open_.reset();
    if (parts_.states) co_await restore();
    tasks_ = std::make_unique<net::TaskGroup>(executor_, [](std::string_view task, std::string_view what) {
        core::log(core::LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
    });
    bool started = tasks_->spawn("detectors", tick());
    for (std::size_t i = 0; i < kTradeReaders && parts_.trade_reads_per_sec > 0.0; ++i) {
        started = started && tasks_->spawn("poll_trades", poll_trades());
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
    auto changes = watch_.take_changes(exchange_now(), clock_.now());
    std::ranges::move(changes, std::back_inserter(untold_));
    co_await save_and_tell();
}

core::WallTime ManipulationLoop::exchange_now() const {
    return state_.exchange_clock().between_passes(clock_.now(), clock_.steady_now()).value_or(clock_.now());
}

asio::awaitable<void> ManipulationLoop::restore() {
    auto states = co_await parts_.states()->read();
    if (!states) {
        core::log(core::LogLevel::warning, "detectors_begin_afresh", {{"error", states.error().message()}});
        co_return;
    }
    counted_.restored = watch_.restore(std::move(*states), clock_.now());
}

asio::awaitable<void> ManipulationLoop::resume() {
    if (watch_.is_resumed() || !parts_.open_episodes || !passed(asked_open_, kAskOpenEvery)) co_return;
    asked_open_ = clock_.steady_now();
    if (auto open = co_await parts_.open_episodes()) {
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
    while (co_await net::sleep_for(kTick)) {
        if (state_.universe().empty()) continue;
        co_await resume();
        observe();
        auto changes = watch_.take_changes(exchange_now(), clock_.now());
        std::ranges::move(changes, std::back_inserter(untold_));
        if (passed(saved_all_, kSaveEvery) || (!untold_.empty() && passed(saved_told_, kSaveToldEvery))) {
            co_await save_and_tell();
        }
        choose_reads();
    }
}

asio::awaitable<void> ManipulationLoop::save_and_tell() {
    auto count = static_cast<std::ptrdiff_t>(untold_.size());  // of these the state that is saved knows
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
    // stop() does not wait for ever for a tick: the other of the two may have told them meanwhile.
    count = std::min(count, static_cast<std::ptrdiff_t>(untold_.size()));
    if (count == 0) co_return;
    std::vector<storage::EpisodeRecord> telling(std::make_move_iterator(untold_.begin()),
                                                std::make_move_iterator(untold_.begin() + count));
    untold_.erase(untold_.begin(), untold_.begin() + count);
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

asio::awaitable<void> ManipulationLoop::poll_trades() {
    constexpr std::chrono::milliseconds kLook{50};
    while (co_await net::sleep_for(kLook)) {
        while (!stopping_ && !due_.empty()) {
            std::string code = std::move(due_.front());
            due_.pop_front();
            co_await read_trades(std::move(code));
        }
    }
}

asio::awaitable<void> ManipulationLoop::read_trades(std::string contract_code) {
    const ContractStatePtr held = state_.find(contract_code);
    if (held == nullptr) co_return;
    tapes_[contract_code].read = clock_.steady_now();
    core::WallTime at = exchange_now();
    ++counted_.trade_reads;
    const auto trades = co_await exchange_.trades(held->contract, kPolledTrades);
    // A tape that cannot be read goes on where it ended, or has a hole by then.
    if (!trades || trades->empty() || followed_()) co_return;
    PolledTape& tape = tapes_[contract_code];
    const auto first_new =
        std::ranges::find_if(*trades, [&tape](const market::Trade& trade) { return trade.trade_id > tape.newest_id; });
    const std::span<const market::Trade> fresh(first_new, trades->end());
    const bool whole = tape.newest_id > 0 && first_new != trades->begin();
    if (!whole && !fresh.empty()) watch_.on_tape_hole(*held->contract, fresh.front().time);
    for (const market::Trade& trade : fresh) {
        tape.newest_id = std::max(tape.newest_id, trade.trade_id);
        at = std::max(at, trade.time);
    }
    if (whole) {
        watch_.on_trades(*held->contract, fresh, at);
    } else {
        watch_.on_tape_filled(*held->contract, fresh, at);  // a feed may have told some of them
    }
}

ManipulationStatus ManipulationLoop::status() const {
    ManipulationStatus status = counted_;
    watch_.fill(status);
    return status;
}

}  // namespace scanner::engine
