#include "scanner/engine/engine.hpp"

#include "engine/ranking_cycle.hpp"
#include "engine/scan/scan_loop.hpp"

#include "scanner/core/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// Why a ranking from before a restart must not be served as live; empty where it may. It comes from a store that
/// others can write, and the clock may have been set back meanwhile: neither its own time nor its numbers' are
/// taken on trust.
std::string why_not_live(const ranking::Ranking& ranking, const EngineOptions& options, core::WallTime now) {
    const auto seconds = [](milliseconds span) { return static_cast<double>(span.count()) / 1000.0; };
    if (ranking.time > now) return fmt::format("dated {:.1f} s ahead of now", seconds(ranking.time - now));
    if (now - ranking.time > options.snapshots_ttl) {
        return fmt::format("made {:.1f} s ago", seconds(now - ranking.time));
    }
    auto youngest = core::WallTime::min();
    for (const ranking::ContractSnapshotPtr& contract : ranking.contracts) {
        youngest = std::max(youngest, contract->data.data_time);
        const milliseconds age = ranking.time - contract->data.data_time;
        if (age >= milliseconds(0) && age <= options.scan.max_price_age) continue;
        return fmt::format("the numbers of {} are dated {:.1f} s before it", contract->data.contract->contract_code,
                           seconds(age));
    }
    if (!ranking.contracts.empty() && now - youngest > options.snapshots_ttl) {
        return fmt::format("its youngest number is {:.1f} s old", seconds(now - youngest));
    }
    return {};
}

RankingCycleOptions cycle_options(const EngineOptions& options) {
    return {.settings = options.ranking,
            .profiles = options.profiles,
            .limits = {.price = options.scan.max_price_age,
                       .candle_interval_minutes = options.scan.candle_interval_minutes},
            .interval = options.interval,
            .snapshots_ttl = options.snapshots_ttl};
}

BoardOptions board_options(const EngineOptions& options) {
    return {.snapshots_ttl = options.snapshots_ttl, .rankings_kept = options.rankings_kept};
}

class EngineImpl final : public Engine {
public:
    EngineImpl(asio::any_io_executor executor, exchange::Exchange& exchange, const core::Clock& clock,
               EngineOptions options, EngineObserver& observer, ScanProgress progress)
        : clock_(clock),
          options_(std::move(options)),
          state_(options_.scan.candle_interval_minutes, options_.scan.candle_count),
          board_(clock, board_options(options_), [&exchange] { return exchange.status(); }),
          cycle_(clock, state_, board_, observer, cycle_options(options_)),
          scan_(std::move(executor), exchange, clock, state_, options_.scan, options_.interval, observer,
                {.on_pass = [this](const PassReport& pass) { return rank(pass); },
                 .on_health = [this](SourceHealth health) { board_.report(std::move(health)); }},
                std::move(progress)) {}

    asio::awaitable<void> run() override { return scan_.run(); }

    asio::awaitable<core::Result<ranking::RankingPtr>> scan_once() override {
        if (auto scanned = co_await scan_.scan_once(); !scanned) co_return std::unexpected(scanned.error());
        co_return board_.current();
    }

    void stop() override { scan_.stop(); }

    RankingBoard& board() override { return board_; }

    void set_options(EngineOptions options) override {
        options_ = std::move(options);
        cycle_.set_options(cycle_options(options_));
        board_.set_options(board_options(options_));
        scan_.set_options(options_.scan, options_.interval);
    }
    const EngineOptions& options() const override { return options_; }

    void restore(ranking::RankingPtr ranking) override {
        if (has_run() || !ranking) return;
        const std::string wrong = why_not_live(*ranking, options_, clock_.now());
        if (!wrong.empty()) {
            core::log(core::LogLevel::warning, "ranking_not_restored", {{"seq", ranking->sequence}, {"detail", wrong}});
        }
        cycle_.restore(std::move(ranking), wrong.empty());
    }

    void continue_after(std::uint64_t sequence) override {
        if (!has_run()) cycle_.continue_after(sequence);
    }

private:
    bool has_run() const { return scan_.health().cycle_count > 0; }

    /// Each pass makes one ranking: the two rhythms are one while the scan is the only source.
    core::Result<void> rank(const PassReport& pass) {
        return cycle_.make({.cycle_ms = pass.cycle_ms, .requests = pass.requests, .health = pass.health},
                           Rhythm::recorded);
    }

    const core::Clock& clock_;
    EngineOptions options_;
    MarketState state_;   // written by the scan, read by the cycle: before both
    RankingBoard board_;  // outlives those that publish on it
    RankingCycle cycle_;
    ScanLoop scan_;  // calls all of the above
};

}  // namespace

std::unique_ptr<Engine> make_engine(asio::any_io_executor executor, exchange::Exchange& exchange,
                                    const core::Clock& clock, EngineOptions options, EngineObserver& observer,
                                    ScanProgress progress) {
    return std::make_unique<EngineImpl>(std::move(executor), exchange, clock, std::move(options), observer,
                                        std::move(progress));
}

}  // namespace scanner::engine
