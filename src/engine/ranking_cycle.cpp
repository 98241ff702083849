#include "engine/ranking_cycle.hpp"

#include "engine/cycle_log.hpp"

#include "scanner/core/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace scanner::engine {
namespace {

/// Reasons of contracts that would have been read, had all been well.
constexpr std::array<std::string_view, 6> kNotRead{"fetch_failed", "malformed",          "stale_ticker",
                                                   "stale_book",   "price_outside_book", "stale_candles"};

core::Error nothing_read(const MarketReading& reading) {
    for (const ranking::Exclusion& exclusion : reading.exclusions) {
        if (std::ranges::find(kNotRead, exclusion.reason) != kNotRead.end()) {
            return {core::ErrorCode::unavailable,
                    fmt::format("no contract could be read; {}: {}", exclusion.contract_code, exclusion.detail)};
        }
    }
    return {core::ErrorCode::unavailable, "no contract passes SCANNER_SYMBOLS and SCANNER_UNIVERSE"};
}

}  // namespace

RankingCycle::RankingCycle(const core::Clock& clock, MarketState& state, RankingBoard& board, EngineObserver& observer,
                           RankingCycleOptions options)
    : clock_(clock), state_(state), board_(board), observer_(observer), options_(std::move(options)) {}

core::Result<void> RankingCycle::make(RankingWork work, Rhythm rhythm) {
    MarketReading reading = state_.read(clock_.now(), clock_.steady_now(), options_.limits);
    if (reading.data.empty()) return std::unexpected(nothing_read(reading));
    const core::WallTime made_at = clock_.now();
    auto youngest = core::WallTime::min();
    for (const ranking::MarketDataPtr& data : reading.data) youngest = std::max(youngest, data->data_time);
    if (made_at - youngest > options_.snapshots_ttl) {
        // A pass may take so long that its numbers are too old to be served when it ends.
        const std::chrono::duration<double> age = made_at - youngest;
        return core::fail(core::ErrorCode::timeout,
                          fmt::format("the cycle took so long that its youngest number is {:.1f} s old", age.count()));
    }
    next_change_at_ = reading.next_change_at;
    renew_universe(reading.exclusions);
    const bool recorded = rhythm == Rhythm::recorded;
    std::vector<std::shared_ptr<const signals::DetectorVerdict>> verdicts;
    if (verdicts_) {
        for (const auto& data : reading.data) verdicts.push_back(verdicts_(data->contract->contract_code));
    }
    auto ranking = std::make_shared<ranking::Ranking>(
        ranker_.rank({.data = std::move(reading.data),
                      .exclusions = std::move(reading.exclusions),
                      .flow = std::move(reading.flow),
                      .verdicts = std::move(verdicts)},
                     options_.settings, options_.profiles,
                     {.sequence = ++sequence_, .time = made_at, .recorded = recorded, .interval = options_.interval}));
    ranking->epoch = epoch_;
    ranking->cycle_ms = work.cycle_ms;
    ranking->requests = work.requests;
    ranking->next_scan_at = made_at + options_.published_interval.value_or(options_.interval);
    board_.publish({.ranking = ranking, .universe = universe_, .health = std::move(work.health), .recorded = recorded});
    if (recorded) {
        log_cycle(*ranking);
        observer_.on_cycle(*ranking);
    }
    return {};
}

void RankingCycle::restore(ranking::RankingPtr ranking, bool live) {
    continue_after(ranking->sequence);
    if (!live) return;
    ranker_.restore(*ranking);
    // Another one's rankings may have been shown until now, and newer ones.
    if (const auto shown = board_.current(); !shown || shown->sequence < ranking->sequence)
        board_.restore(std::move(ranking));
}

void RankingCycle::continue_after(std::uint64_t sequence) {
    sequence_ = std::max(sequence_, sequence);
}

void RankingCycle::save(core::CheckpointWriter& archive) const {
    archive(sequence_, next_change_at_);
    ranker_.save(archive);
}

void RankingCycle::load(core::CheckpointReader& archive) {
    archive(sequence_, next_change_at_);
    ranker_.load(archive);
    universe_.reset();
}

void RankingCycle::renew_universe(const std::vector<ranking::Exclusion>& exclusions) {
    if (universe_ != nullptr && universe_of_ == state_.listing() && excluded_ == exclusions) return;
    universe_of_ = state_.listing();
    excluded_ = exclusions;
    std::unordered_map<std::string_view, const ranking::Exclusion*> excluded;
    for (const ranking::Exclusion& exclusion : exclusions) excluded[exclusion.contract_code] = &exclusion;
    std::vector<UniverseEntry> entries;
    entries.reserve(state_.contracts().size());
    for (const auto& contract : state_.contracts()) {
        UniverseEntry& entry = entries.emplace_back();
        entry.contract = contract;
        const auto found = state_.tickers().find(contract->contract_code);
        if (found != state_.tickers().end()) {
            const market::Ticker& ticker = found->second;
            entry.turnover_24h = ticker.turnover_24h;
            entry.last_price = ticker.last;
            entry.ticker_time = ticker.time;
        }
        const auto reason = excluded.find(contract->contract_code);
        entry.scanned = reason == excluded.end();
        if (entry.scanned) continue;
        entry.reason = reason->second->reason;
        entry.detail = reason->second->detail;
    }
    std::ranges::sort(entries, {},
                      [](const UniverseEntry& entry) { return std::string_view(entry.contract->contract_code); });
    universe_ = std::make_shared<const std::vector<UniverseEntry>>(std::move(entries));
}

}  // namespace scanner::engine
