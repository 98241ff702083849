#include "api/answers/ranked_answers.hpp"

#include "api/answers/envelope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace scanner::api {

int retry_after_sec(const engine::EngineView& engine) {
    constexpr int kUnknown = 5;
    constexpr int kMax = 60;
    const auto next = engine.next_scan_at();
    if (!next) return kUnknown;
    const auto wait = std::chrono::ceil<std::chrono::seconds>(*next - engine.now()) + std::chrono::seconds(1);
    return static_cast<int>(std::clamp<std::int64_t>(wait.count(), 1, kMax));
}

Problem cycle_not_kept(std::uint64_t wanted, std::uint64_t newest) {
    return {.status = 404,
            .type = "cycle-not-kept",
            .title = "Cycle not kept",
            .detail = fmt::format("Cycle {} is no longer available (newest: {}). Restart from page 1 without seq.",
                                  wanted, newest)};
}

std::expected<ranking::RankingPtr, Problem> RankedAnswers::fresh_ranking() const {
    ranking::RankingPtr ranking = ports_.engine.current();
    if (ranking != nullptr && ports_.engine.is_fresh(*ranking)) return ranking;
    return std::unexpected(nothing_fresh(ranking.get()));
}

Problem RankedAnswers::nothing_fresh(const ranking::Ranking* newest) const {
    std::string detail = "The first cycle has not finished yet.";
    if (newest != nullptr) {
        const auto seconds = [](std::chrono::milliseconds span) { return static_cast<double>(span.count()) / 1000.0; };
        detail = fmt::format(
            "The newest ranking, cycle {}, is {:.1f} s old; nothing older than {:.1f} s is served as "
            "live.",
            newest->sequence, seconds(ports_.engine.age(*newest)), seconds(ports_.engine.snapshots_ttl()));
    }
    if (const auto health = ports_.engine.health(); health.failure_streak > 0 && !health.last_error.empty()) {
        detail += fmt::format(
            " The last {} failed: {}",
            health.failure_streak == 1 ? std::string("cycle") : fmt::format("{} cycles", health.failure_streak),
            health.last_error);
    }
    return not_ready(std::move(detail), retry_after_sec(ports_.engine));
}

std::shared_ptr<Rendered> RankedAnswers::cached(const ranking::Ranking& ranking, std::string_view route,
                                                const std::string& query, const std::function<Rendered()>& render) {
    // The time tells apart cycles of the same number, should a sequence ever begin anew.
    std::string key = fmt::format("{}|{}|{}|{}", route, ranking.sequence, core::to_unix_ms(ranking.time), query);
    if (ports_.replay != nullptr) key += fmt::format("|{}", ports_.replay->jumps());
    auto found = cache_.find(key);
    ports_.metrics.on_cache_lookup("rendered", found != nullptr);
    if (found != nullptr) return found;
    auto made = std::make_shared<Rendered>(ports_.replay == nullptr ? render() : told_as_replay(render()));
    keep(key, made);
    return made;
}

std::shared_ptr<Rendered> RankedAnswers::cached_by_etag(Rendered rendered) {
    if (ports_.replay != nullptr) rendered = told_as_replay(std::move(rendered));
    const std::string key = "body|" + rendered.etag();
    auto found = cache_.find(key);
    ports_.metrics.on_cache_lookup("rendered", found != nullptr);
    if (found != nullptr) return found;
    auto made = std::make_shared<Rendered>(std::move(rendered));
    keep(key, made);
    return made;
}

void RankedAnswers::keep(const std::string& key, const std::shared_ptr<Rendered>& rendered) {
    if (const ranking::RankingPtr newest = ports_.engine.current();
        newest != nullptr && newest->sequence != tidied_for_) {
        tidied_for_ = newest->sequence;
        cache_.forget([this](const ScanStamp& stamp) { return ports_.engine.by_sequence(stamp.sequence) == nullptr; });
    }
    cache_.insert(key, rendered);
}

}  // namespace scanner::api
