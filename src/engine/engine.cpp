#include "scanner/engine/engine.hpp"

#include "engine/cycle_log.hpp"
#include "engine/ranker.hpp"

#include "scanner/core/log.hpp"
#include "scanner/engine/scan_schedule.hpp"
#include "scanner/net/exception.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::size_t kRecentCycles = 120;

/// After such a failure the first answered probe is reason enough to scan again. After others it says little: they came
/// from an exchange that answers.
bool means_unreachable(core::ErrorCode code) {
    return code == core::ErrorCode::network || code == core::ErrorCode::unavailable ||
           code == core::ErrorCode::maintenance;
}

class EngineImpl final : public Engine {
public:
    EngineImpl(asio::any_io_executor executor, exchange::Exchange& exchange, const core::Clock& clock,
               EngineOptions options, EngineObserver& observer, ScanProgress progress)
        : exchange_(exchange),
          clock_(clock),
          options_(std::move(options)),
          observer_(observer),
          progress_(std::move(progress)),
          scan_(make_market_scan(exchange, clock, options_.scan)),
          schedule_(options_.interval),
          pause_(executor) {}

    asio::awaitable<void> run() override {
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!stopping_) {
            next_scan_at_.reset();
            const auto ranking = co_await scan_once();
            if (stopping_) break;
            const bool unreachable = !ranking && means_unreachable(ranking.error().code());
            co_await pause_before_next(unreachable);
        }
        next_scan_at_.reset();
    }

    asio::awaitable<core::Result<ranking::RankingPtr>> scan_once() override {
        const auto began = clock_.steady_now();
        const std::uint64_t requests_before = exchange_.status().requests;
        core::Result<ScanResult> scan = co_await unless_stopped(scan_->run(progress_));
        const double cycle_ms = std::chrono::duration<double, std::milli>(clock_.steady_now() - began).count();
        if (stopping_) co_return core::fail(core::ErrorCode::cancelled, "stopped");
        last_cycle_ms_ = cycle_ms;
        ++cycle_count_;
        recent_cycle_ms_.push_back(cycle_ms);
        if (recent_cycle_ms_.size() > kRecentCycles) recent_cycle_ms_.pop_front();
        if (scan) scan = unless_outdated(std::move(*scan));
        if (!scan) {
            fail_cycle(scan.error(), cycle_ms);
            co_return std::unexpected(scan.error());
        }
        co_return publish(std::move(*scan), cycle_ms, exchange_.status().requests - requests_before);
    }

    void stop() override {
        stopping_ = true;
        stop_signal_.emit(asio::cancellation_type::terminal);
        pause_.cancel();
    }

    void subscribe(std::function<void(ranking::RankingPtr)> listener) override {
        listeners_.push_back(std::move(listener));
    }

    void set_options(EngineOptions options) override {
        options_ = std::move(options);
        scan_->set_options(options_.scan);
        schedule_.set_interval(options_.interval);
    }
    const EngineOptions& options() const override { return options_; }

    void restore(ranking::RankingPtr ranking) override {
        if (cycle_count_ > 0 || !ranking) return;
        sequence_ = std::max(sequence_, ranking->sequence);
        if (const auto wrong = why_not_live(*ranking); !wrong.empty()) {
            core::log(core::LogLevel::warning, "ranking_not_restored", {{"seq", ranking->sequence}, {"detail", wrong}});
            return;
        }
        ranker_.restore(*ranking);
        keep(std::move(ranking), clock_.now());
    }

    void continue_after(std::uint64_t sequence) override {
        if (cycle_count_ == 0) sequence_ = std::max(sequence_, sequence);
    }

    ranking::RankingPtr current() const override { return kept_.empty() ? nullptr : kept_.back(); }

    ranking::RankingPtr by_sequence(std::uint64_t sequence) const override {
        const auto found = std::find_if(kept_.begin(), kept_.end(),
                                        [&](const ranking::RankingPtr& kept) { return kept->sequence == sequence; });
        return found == kept_.end() ? nullptr : *found;
    }

    /// The wall clock, but never less than the time that has passed since the newest ranking: a clock that is set back
    /// does not make old numbers young.
    core::WallTime now() const override {
        const core::WallTime wall = clock_.now();
        if (kept_.empty()) return wall;
        return std::max(wall, newest_at_ + std::chrono::floor<milliseconds>(clock_.steady_now() - newest_kept_at_));
    }
    milliseconds snapshots_ttl() const override { return options_.snapshots_ttl; }
    std::optional<core::WallTime> next_scan_at() const override { return next_scan_at_; }

    HealthDetails health() const override {
        HealthDetails details;
        details.last_cycle_ms = last_cycle_ms_;
        details.last_success = last_success_;
        details.last_error = last_error_;
        details.failure_streak = schedule_.failure_streak();
        details.cycle_count = cycle_count_;
        details.backoff_sec = std::chrono::duration<double>(schedule_.backoff()).count();
        details.recent_cycle_ms.assign(recent_cycle_ms_.begin(), recent_cycle_ms_.end());
        details.exchange = exchange_.status();
        for (const auto& [symbol, seen] : seen_) {
            SymbolHealth health = seen;
            const auto age = seen.last_seen.transform([&](core::WallTime time) {
                return std::max(std::chrono::duration<double>(now() - time), std::chrono::duration<double>::zero());
            });
            health.age_sec = age.transform(&std::chrono::duration<double>::count);
            health.is_stale = !age || *age > options_.snapshots_ttl;
            details.symbols.push_back(std::move(health));
        }
        return details;
    }

    std::vector<UniverseEntry> universe() const override { return universe_; }

private:
    /// Runs it in a coroutine of its own, so that `stop` can abandon it whoever awaits it.
    template <class T>
    asio::awaitable<core::Result<T>> unless_stopped(asio::awaitable<core::Result<T>> call) {
        const auto executor = co_await asio::this_coro::executor;
        auto [error, result] = co_await asio::co_spawn(
            executor, std::move(call),
            asio::bind_cancellation_slot(stop_signal_.slot(), asio::as_tuple(asio::use_awaitable)));
        if (error) co_return core::fail(core::ErrorCode::internal, "scan threw: " + net::describe(error));
        co_return std::move(result);
    }

    /// Why a ranking from before a restart must not be served as live; empty where it may. It comes from a store that
    /// others can write, and the clock may have been set back meanwhile: neither its own time nor its numbers' are
    /// taken on trust.
    std::string why_not_live(const ranking::Ranking& ranking) const {
        const core::WallTime now = clock_.now();
        const auto seconds = [](milliseconds span) { return static_cast<double>(span.count()) / 1000.0; };
        if (ranking.time > now) return fmt::format("dated {:.1f} s ahead of now", seconds(ranking.time - now));
        if (now - ranking.time > options_.snapshots_ttl) {
            return fmt::format("made {:.1f} s ago", seconds(now - ranking.time));
        }
        auto youngest = core::WallTime::min();
        for (const ranking::ContractSnapshot& contract : ranking.contracts) {
            youngest = std::max(youngest, contract.data.data_time);
            const milliseconds age = ranking.time - contract.data.data_time;
            if (age >= milliseconds(0) && age <= options_.scan.max_price_age) continue;
            return fmt::format("the numbers of {} are dated {:.1f} s before it", contract.data.contract->contract_code,
                               seconds(age));
        }
        if (!ranking.contracts.empty() && now - youngest > options_.snapshots_ttl) {
            return fmt::format("its youngest number is {:.1f} s old", seconds(now - youngest));
        }
        return {};
    }

    /// A cycle may take so long that its numbers are too old to be served when it ends.
    core::Result<ScanResult> unless_outdated(ScanResult scan) const {
        auto youngest = core::WallTime::min();
        for (const market::MarketData& data : scan.data) youngest = std::max(youngest, data.data_time);
        const auto oldest_allowed = clock_.now() - options_.snapshots_ttl;
        if (youngest >= oldest_allowed) return scan;
        const auto late = std::chrono::duration<double>(oldest_allowed - youngest + options_.snapshots_ttl).count();
        return core::fail(core::ErrorCode::timeout,
                          fmt::format("the cycle took so long that its youngest number is {:.1f} s old", late));
    }

    void fail_cycle(const core::Error& error, double cycle_ms) {
        schedule_.failed();
        last_error_ = error.message();
        failures_.failed(core::to_string(error.code()), {{"error", error.message()}, {"cycle_ms", cycle_ms}});
        observer_.on_cycle_error(error, cycle_ms);
    }

    ranking::RankingPtr publish(ScanResult scan, double cycle_ms, std::uint64_t requests) {
        schedule_.succeeded();
        failures_.recovered();
        note_missing_inputs(scan.degraded);
        const core::WallTime made_at = clock_.now();
        remember_universe(scan);
        auto ranking = std::make_shared<ranking::Ranking>(
            ranker_.rank(std::move(scan), options_.ranking, options_.profiles, {++sequence_, made_at}));
        ranking->cycle_ms = cycle_ms;
        ranking->requests = requests;
        ranking->next_scan_at = made_at + options_.interval;
        last_success_ = made_at;
        remember_symbols(*ranking);
        keep(ranking, made_at);
        log_cycle(*ranking);
        observer_.on_cycle(*ranking);
        for (const auto& listener : listeners_) listener(ranking);
        return ranking;
    }

    /// One line when an input begins to be missing, one when it is back. `degraded`: "funding: …".
    void note_missing_inputs(const std::vector<std::string>& degraded) {
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

    /// `now`: by the wall clock.
    void keep(ranking::RankingPtr ranking, core::WallTime now) {
        newest_at_ = now;
        newest_kept_at_ = clock_.steady_now();
        kept_.push_back(std::move(ranking));
        while (kept_.size() > std::max<std::size_t>(options_.rankings_kept, 1)) kept_.pop_front();
    }

    void remember_universe(const ScanResult& scan) {
        std::unordered_map<std::string_view, const ranking::Exclusion*> excluded;
        for (const ranking::Exclusion& exclusion : scan.exclusions) excluded[exclusion.contract_code] = &exclusion;
        universe_.clear();
        for (const auto& contract : scan.listed) {
            UniverseEntry entry;
            entry.contract = contract;
            if (const auto found = scan.tickers.find(contract->contract_code); found != scan.tickers.end()) {
                const market::Ticker& ticker = found->second;
                entry.turnover_24h = ticker.turnover_24h;
                entry.last_price = ticker.last;
                entry.ticker_time = ticker.time;
            }
            const auto reason = excluded.find(contract->contract_code);
            entry.scanned = reason == excluded.end();
            if (!entry.scanned) {
                entry.reason = reason->second->reason;
                entry.detail = reason->second->detail;
            }
            universe_.push_back(std::move(entry));
        }
        std::sort(universe_.begin(), universe_.end(), [](const UniverseEntry& a, const UniverseEntry& b) {
            return a.contract->contract_code < b.contract->contract_code;
        });
    }

    void remember_symbols(const ranking::Ranking& ranking) {
        std::set<std::string_view> listed;
        for (const UniverseEntry& entry : universe_) listed.insert(entry.contract->symbol);
        std::erase_if(seen_, [&](const auto& seen) { return !listed.contains(seen.first); });
        for (const ranking::ContractSnapshot& snapshot : ranking.contracts) {
            SymbolHealth& seen = seen_[snapshot.data.contract->symbol];
            seen.symbol = snapshot.data.contract->symbol;
            seen.latency_ms = snapshot.data.fetch_latency_ms;
            seen.last_seen = snapshot.data.data_time;
            const bool bucket_known = !snapshot.numbers.unknown.has(signals::Number::volatility_bucket);
            seen.volatility_bucket =
                bucket_known ? std::optional(snapshot.numbers.microstructure.volatility_bucket) : std::nullopt;
        }
    }

    /// Waits out the schedule's pause. While backing off, a probe each interval tells when the exchange is back, and
    /// where it never was away, whether it gives what a cycle begins with.
    asio::awaitable<void> pause_before_next(bool unreachable) {
        const auto until = clock_.steady_now() + schedule_.pause();
        next_scan_at_ = clock_.now() + schedule_.pause();
        while (!stopping_) {
            const auto left = until - clock_.steady_now();
            if (left <= core::SteadyTime::duration::zero()) co_return;
            pause_.expires_after(std::min<core::SteadyTime::duration>(left, options_.interval));
            co_await pause_.async_wait(asio::as_tuple(asio::use_awaitable));
            if (stopping_ || schedule_.failure_streak() == 0 || clock_.steady_now() >= until) continue;
            const auto back = co_await exchange_.probe();
            unreachable = unreachable || !back;
            if (!back || stopping_) continue;
            if (unreachable || co_await unless_stopped(exchange_.tickers())) co_return;
        }
    }

    exchange::Exchange& exchange_;
    const core::Clock& clock_;
    EngineOptions options_;
    EngineObserver& observer_;
    ScanProgress progress_;
    std::unique_ptr<MarketScan> scan_;
    ScanSchedule schedule_;
    Ranker ranker_;
    asio::steady_timer pause_;
    asio::cancellation_signal stop_signal_;
    bool stopping_ = false;

    std::uint64_t sequence_ = 0;
    std::deque<ranking::RankingPtr> kept_;
    core::WallTime newest_at_;         // when the newest was kept, by the wall clock
    core::SteadyTime newest_kept_at_;  // and by the one that nobody sets
    std::vector<std::function<void(ranking::RankingPtr)>> listeners_;
    std::vector<UniverseEntry> universe_;
    std::map<std::string, SymbolHealth> seen_;

    std::optional<double> last_cycle_ms_;
    std::optional<core::WallTime> last_success_;
    std::optional<core::WallTime> next_scan_at_;
    std::string last_error_;
    std::uint64_t cycle_count_ = 0;
    std::deque<double> recent_cycle_ms_;
    core::RepeatedFailure failures_{"scan_cycle_failed"};
    std::map<std::string, core::RepeatedFailure> missing_inputs_;  // by input
};

}  // namespace

std::unique_ptr<Engine> make_engine(asio::any_io_executor executor, exchange::Exchange& exchange,
                                    const core::Clock& clock, EngineOptions options, EngineObserver& observer,
                                    ScanProgress progress) {
    return std::make_unique<EngineImpl>(std::move(executor), exchange, clock, std::move(options), observer,
                                        std::move(progress));
}

}  // namespace scanner::engine
