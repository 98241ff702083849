#include "scanner/engine/ranking_board.hpp"

#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <ranges>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace scanner::engine {

using std::chrono::milliseconds;

std::string_view to_string(AuditResult result) noexcept {
    switch (result) {
        case AuditResult::agrees: return "agrees";
        case AuditResult::moved: return "moved";
        case AuditResult::differs: return "differs";
        case AuditResult::failed: return "failed";
        case AuditResult::unanswered: return "unanswered";
    }
    std::unreachable();
}

RankingBoard::RankingBoard(const core::Clock& clock, BoardOptions options,
                           std::function<exchange::ExchangeStatus()> exchange_status)
    : clock_(clock), options_(options), exchange_status_(std::move(exchange_status)) {}

ranking::RankingPtr RankingBoard::Shelf::find(std::uint64_t sequence) const {
    // The newest first: a later epoch may count anew.
    const auto newest_first = std::views::reverse(kept);
    const auto found = std::ranges::find(newest_first, sequence, [](const auto& ranking) { return ranking->sequence; });
    return found == newest_first.end() ? nullptr : *found;
}

void RankingBoard::Shelf::keep(const ranking::RankingPtr& ranking, std::size_t max_kept) {
    kept.push_back(ranking);
    while (kept.size() > std::max<std::size_t>(max_kept, 1)) kept.pop_front();
}

void RankingBoard::Shelf::tell(const ranking::RankingPtr& ranking) const {
    for (const Listener& listener : listeners) listener(ranking);
}

void RankingBoard::publish(Publication publication) {
    const ranking::RankingPtr ranking = std::move(publication.ranking);
    const bool is_relisted = publication.universe != nullptr && publication.universe != universe_;
    universe_ = std::move(publication.universe);
    source_ = std::move(publication.health);
    last_success_ = ranking->time;
    remember_symbols(ranking, is_relisted);
    show(ranking, ranking->time);
    if (publication.recorded) recorded_.keep(ranking, options_.rankings_kept);
    published_.tell(ranking);
    if (publication.recorded) recorded_.tell(ranking);
}

void RankingBoard::restore(ranking::RankingPtr ranking) {
    show(ranking, clock_.now());
    recorded_.keep(ranking, options_.rankings_kept);
}

void RankingBoard::show(const ranking::RankingPtr& ranking, core::WallTime at) {
    shown_at_ = at;
    shown_at_steady_ = clock_.steady_now();
    published_.keep(ranking, options_.rankings_kept);
}

ranking::RankingPtr RankingBoard::by_sequence(std::uint64_t sequence) const {
    ranking::RankingPtr found = published_.find(sequence);
    return found ? found : recorded_.find(sequence);
}

core::WallTime RankingBoard::now() const {
    const core::WallTime wall = clock_.now();
    if (published_.kept.empty()) return wall;
    return std::max(wall, shown_at_ + std::chrono::floor<milliseconds>(clock_.steady_now() - shown_at_steady_));
}

HealthDetails RankingBoard::health() const {
    HealthDetails details;
    details.last_cycle_ms = source_.last_cycle_ms;
    details.last_success = last_success_;
    details.last_error = source_.last_error;
    details.failure_streak = source_.failure_streak;
    details.cycle_count = source_.cycle_count;
    details.backoff_sec = source_.backoff_sec;
    details.recent_cycle_ms = source_.recent_cycle_ms;
    details.exchange = exchange_status_();
    if (feed_health_) details.feed = feed_health_();
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

void RankingBoard::remember_symbols(const ranking::RankingPtr& ranking, bool is_relisted) {
    if (is_relisted) {
        std::set<std::string_view> listed;
        for (const UniverseEntry& entry : *universe_) listed.insert(entry.contract->symbol);
        std::erase_if(seen_, [&](const auto& seen) { return !listed.contains(seen.first); });
        remembered_ = nullptr;
    }
    // Both are in the order of the codes, and most contracts are the very same object in both.
    const auto code_of = [](const ranking::ContractSnapshotPtr& snapshot) -> const std::string& {
        return snapshot->data.contract->contract_code;
    };
    const std::span<const ranking::ContractSnapshotPtr> before(
        remembered_ ? std::span(remembered_->contracts) : std::span<const ranking::ContractSnapshotPtr>());
    std::size_t at = 0;
    for (const ranking::ContractSnapshotPtr& each : ranking->contracts) {
        if (at < before.size() && before[at] == each) {
            ++at;
            continue;
        }
        remember(*each);
        while (at < before.size() && code_of(before[at]) <= code_of(each)) ++at;
    }
    remembered_ = ranking;
}

void RankingBoard::remember(const ranking::ContractSnapshot& snapshot) {
    SymbolHealth& seen = seen_[snapshot.data.contract->symbol];
    seen.symbol = snapshot.data.contract->symbol;
    seen.latency_ms = snapshot.data.fetch_latency_ms;
    seen.last_seen = snapshot.data.data_time;
    seen.volatility_bucket = signals::known_bucket(snapshot.numbers);
}

}  // namespace scanner::engine
