#include "engine/scan/scan_loop.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/net/exception.hpp"
#include "scanner/net/race.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::size_t kRecentCycles = 120;
/// Contracts change in bunches, and each change is told by itself.
constexpr std::chrono::seconds kBetweenRenewals{10};

/// True if the exchange was unreachable, so that a probe that is answered justifies an immediate rescan. Other failures
/// came from an exchange that answers, and a probe says little of them.
bool means_unreachable(core::ErrorCode code) {
    return code == core::ErrorCode::network || code == core::ErrorCode::unavailable ||
           code == core::ErrorCode::maintenance;
}

template <class Function>
class Finally {
public:
    explicit Finally(Function function) : function_(std::move(function)) {}
    ~Finally() { function_(); }
    Finally(const Finally&) = delete;
    Finally& operator=(const Finally&) = delete;

private:
    Function function_;
};

/// What `call` gives, its exception as an error. `result` is in a frame that waits for this one.
template <class T>
asio::awaitable<void> store_result(asio::awaitable<core::Result<T>> call, core::Result<T>* result) {
    try {
        *result = co_await std::move(call);
    } catch (...) {
        *result = core::fail(core::ErrorCode::internal, "scan threw: " + net::describe(std::current_exception()));
    }
}

}  // namespace

ScanLoop::ScanLoop(asio::any_io_executor executor, exchange::Exchange& exchange, const core::Clock& clock,
                   MarketState& state, MarketScanOptions options, milliseconds interval, EngineObserver& observer,
                   ScanLoopEvents events, Progress progress)
    : exchange_(exchange),
      clock_(clock),
      scan_(make_market_scan(exchange, clock, state, std::move(options),
                             {.on_universe = events.on_universe, .steps = events.steps})),
      interval_(interval),
      schedule_(interval),
      observer_(observer),
      events_(std::move(events)),
      progress_(std::move(progress)),
      woken_(std::move(executor)) {}

asio::awaitable<void> ScanLoop::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    while (!stopping_ && cancellation.cancelled() == asio::cancellation_type::none) {
        health_.next_scan_at.reset();
        report();
        const auto scanned = co_await scan_once();
        if (stopping_) break;
        const bool unreachable = !scanned && means_unreachable(scanned.error().code());
        co_await pause_before_next(unreachable);
    }
    health_.next_scan_at.reset();
    report();
}

asio::awaitable<core::Result<void>> ScanLoop::scan_once() {
    scanning_ = true;
    const Finally ended([this] { scanning_ = false; });
    const auto began = clock_.steady_now();
    const std::uint64_t requests_before = exchange_.status().requests;
    const core::Result<ScanReport> scan = co_await unless_stopped(scan_->run(progress_));
    const double cycle_ms = std::chrono::duration<double, std::milli>(clock_.steady_now() - began).count();
    if (stopping_) co_return core::fail(core::ErrorCode::cancelled, "stopped");
    count_cycle(cycle_ms);
    core::Result<void> used;
    if (scan) {
        PassReport pass{
            .cycle_ms = cycle_ms, .requests = exchange_.status().requests - requests_before, .health = health_};
        pass.health.failure_streak = 0;
        pass.health.backoff_sec = 0.0;
        co_await reach_ranking(pass);
        used = events_.on_pass(pass);
    } else {
        used = std::unexpected(scan.error());
    }
    if (!used) {
        fail_cycle(used.error(), cycle_ms);
        co_return used;
    }
    schedule_.succeeded();
    failures_.recovered();
    note_missing_inputs(scan->degraded);
    report();
    co_return used;
}

/// What the ranking tells of the work behind it is what it told then.
asio::awaitable<void> ScanLoop::reach_ranking(PassReport& pass) {
    if (events_.steps == nullptr) co_return;
    const std::string told = co_await events_.steps->reach("rank", fmt::format("{} {}", pass.cycle_ms, pass.requests));
    const std::size_t space = told.find(' ');
    if (space == std::string::npos) co_return;
    pass.cycle_ms = core::parse_double(std::string_view(told).substr(0, space)).value_or(pass.cycle_ms);
    const auto requests = core::parse_int(std::string_view(told).substr(space + 1));
    if (requests && *requests >= 0) pass.requests = static_cast<std::uint64_t>(*requests);
}

void ScanLoop::stop() {
    stopping_ = true;
    woken_.notify();
}

void ScanLoop::renew_contracts() {
    scan_->expire_contracts();
    const auto now = clock_.steady_now();
    if (renewed_ && now - *renewed_ < kBetweenRenewals) return;  // the next pass will
    renewed_ = now;
    hurry_ = true;
    woken_.notify();
}

void ScanLoop::set_options(MarketScanOptions options, milliseconds interval) {
    scan_->set_options(std::move(options));
    interval_ = interval;
    schedule_.set_interval(interval);
    report();
}

/// Runs it against `stop`, which abandons it: cancelled then.
template <class T>
asio::awaitable<core::Result<T>> ScanLoop::unless_stopped(asio::awaitable<core::Result<T>> call) {
    core::Result<T> result = core::fail(core::ErrorCode::cancelled, "stopped");
    co_await net::race(store_result(std::move(call), &result), stop_requested());
    co_return result;
}

asio::awaitable<bool> ScanLoop::stop_requested() {
    while (!stopping_) {
        if (co_await woken_.wait() == net::Event::Outcome::cancelled) co_return false;
    }
    co_return true;
}

/// Waits out the schedule's pause. While backing off, a probe each interval tells when the exchange is back, and where
/// it never was away, whether it gives what a cycle begins with.
asio::awaitable<void> ScanLoop::pause_before_next(bool unreachable) {
    const auto until = clock_.steady_now() + schedule_.pause();
    health_.next_scan_at = clock_.now() + schedule_.pause();
    report();
    while (!stopping_) {
        const auto left = until - clock_.steady_now();
        const bool hurry = std::exchange(hurry_, false) && schedule_.failure_streak() == 0;
        if (left <= core::SteadyTime::duration::zero() || hurry) co_return;
        const auto waited = co_await woken_.wait_for(std::min<core::SteadyTime::duration>(left, interval_));
        if (waited == net::Event::Outcome::cancelled) co_return;
        if (stopping_ || schedule_.failure_streak() == 0 || clock_.steady_now() >= until) continue;
        const auto back = co_await exchange_.probe();
        unreachable = unreachable || !back;
        if (!back || stopping_) continue;
        if (unreachable || co_await unless_stopped(exchange_.tickers())) co_return;
    }
}

void ScanLoop::count_cycle(double cycle_ms) {
    ++health_.cycle_count;
    health_.last_cycle_ms = cycle_ms;
    std::vector<double>& recent = health_.recent_cycle_ms;
    if (recent.size() == kRecentCycles) recent.erase(recent.begin());
    recent.push_back(cycle_ms);
}

void ScanLoop::fail_cycle(const core::Error& error, double cycle_ms) {
    schedule_.failed();
    health_.last_error = error.message();
    report();
    failures_.failed(core::to_string(error.code()), {{"error", error.message()}, {"cycle_ms", cycle_ms}});
    observer_.on_cycle_error(error, cycle_ms);
}

/// One line when an input begins to be missing, one when it is back. `degraded`: "funding: …".
void ScanLoop::note_missing_inputs(const std::vector<std::string>& degraded) {
    std::set<std::string_view> missing;
    for (const std::string& text : degraded) {
        const std::string_view input = std::string_view(text).substr(0, text.find(':'));
        missing.insert(input);
        missing_inputs_.try_emplace(std::string(input), "input_missing")
            .first->second.failed(input, {{"detail", text}});
    }
    for (auto& [input, failure] : missing_inputs_) {
        if (!missing.contains(input)) failure.recovered();
    }
}

void ScanLoop::report() {
    health_.failure_streak = schedule_.failure_streak();
    health_.backoff_sec = std::chrono::duration<double>(schedule_.backoff()).count();
    events_.on_health(health_);
}

}  // namespace scanner::engine
