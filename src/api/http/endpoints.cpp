#include "api/http/endpoints.hpp"

#include "api/http/envelope.hpp"
#include "api/rankings/opportunities_view.hpp"
#include "api/rankings/queries.hpp"
#include "api/rankings/rankings_view.hpp"
#include "api/status/status_views.hpp"

#include "scanner/core/symbol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace scanner::api {
namespace {

/// Seconds until asking again makes sense: the next cycle's start and a moment for it, within a minute.
int retry_after_sec(const engine::EngineView& engine) {
    constexpr int kUnknown = 5;
    constexpr int kMost = 60;
    const auto next = engine.next_scan_at();
    if (!next) return kUnknown;
    const auto wait = std::chrono::ceil<std::chrono::seconds>(*next - engine.now()) + std::chrono::seconds(1);
    return static_cast<int>(std::clamp<std::int64_t>(wait.count(), 1, kMost));
}

Problem cycle_not_kept(std::uint64_t wanted, std::uint64_t newest) {
    return {.status = 404,
            .type = "cycle-not-kept",
            .title = "Cycle not kept",
            .detail = fmt::format("Cycle {} is not kept (any longer); the newest is {}. Begin again with page 1 and "
                                  "without seq.",
                                  wanted, newest)};
}

std::vector<StoreSample> store_samples(const std::vector<StoreHealth>& stores) {
    std::vector<StoreSample> samples;
    samples.reserve(stores.size());
    for (const StoreHealth& store : stores) {
        samples.push_back({.name = store.name,
                           .usable = store.state == "ready" || store.state == "embedded",
                           .backlog = store.backlog,
                           .backlog_age_sec = store.backlog_age_sec,
                           .dropped = store.dropped});
    }
    return samples;
}

}  // namespace

Endpoints::Endpoints(const ApiOptions& options, const engine::EngineView& engine, Metrics& metrics,
                     const core::Clock& clock)
    : options_(options),
      engine_(engine),
      metrics_(metrics),
      clock_(clock),
      started_(clock.steady_now()),
      cache_({.entries = options.rendered_entries, .bytes = options.rendered_bytes}),
      alive_(std::make_shared<Rendered>(std::string(kJsonType), R"({"status":"ok"})", std::nullopt)) {}

std::vector<Route<Handler>> Endpoints::routes() {
    std::vector<Route<Handler>> routes;
    const auto get = [&](std::string_view pattern, std::string_view label, Outcome (Endpoints::*answer)(const Call&)) {
        routes.push_back(
            {.method = "GET",
             .pattern = PathPattern(pattern),
             .label = label,
             .handler = MemoryHandler([this, answer](const Call& call) { return (this->*answer)(call); })});
    };
    get("/health", "/health", &Endpoints::health);
    get("/ready", "/ready", &Endpoints::ready);
    get("/healthz/details", "/healthz/details", &Endpoints::health_details);
    get("/symbols", "/symbols", &Endpoints::symbols);
    get("/rankings", "/rankings", &Endpoints::rankings);
    get("/opportunities", "/opportunities", &Endpoints::opportunities);
    for (const std::string_view pattern : {"/symbol/{symbol}/inspect", "/symbols/{symbol}/inspect"}) {
        routes.push_back({.method = "GET",
                          .pattern = PathPattern(pattern),
                          .label = "/symbol/{symbol}/inspect",
                          .handler = WaitingHandler([this](OwnedCall call) { return inspect(std::move(call)); })});
    }
    if (options_.metrics_enabled) get("/metrics", "/metrics", &Endpoints::metrics);
    return routes;
}

Outcome Endpoints::health(const Call& call) {
    if (auto problem = refuse_parameters(call.params)) return std::unexpected(std::move(*problem));
    return alive_;
}

Outcome Endpoints::ready(const Call& call) {
    if (auto problem = refuse_parameters(call.params)) return std::unexpected(std::move(*problem));
    auto ranking = fresh_ranking();
    if (!ranking) return std::unexpected(std::move(ranking.error()));
    return cached(**ranking, "ready", "", [&ranking] {
        return Rendered(std::string(kJsonType), fmt::format(R"({{"status":"ready","seq":{}}})", (*ranking)->sequence),
                        stamp_of(**ranking, std::nullopt));
    });
}

Outcome Endpoints::health_details(const Call& call) {
    if (auto problem = refuse_parameters(call.params)) return std::unexpected(std::move(*problem));
    HealthReport report{.health = engine_.health(),
                        .ranking = engine_.current(),
                        .next_scan_at = engine_.next_scan_at(),
                        .version = options_.version,
                        .uptime_sec = uptime_sec()};
    if (report.ranking != nullptr) {
        report.fresh = engine_.is_fresh(*report.ranking);
        report.ranking_age = engine_.age(*report.ranking);
    }
    if (options_.stores) report.stores = options_.stores();
    if (options_.streams != nullptr) report.streams = options_.streams->statistics();
    if (options_.alerts != nullptr) report.alerts = options_.alerts->statistics();
    return std::make_shared<Rendered>(render_health(report));
}

Outcome Endpoints::symbols(const Call& call) {
    if (auto problem = refuse_parameters(call.params)) return std::unexpected(std::move(*problem));
    const auto universe = engine_.universe();
    if (universe.empty()) {
        return std::unexpected(
            not_ready("The exchange's list of contracts has not been read yet.", retry_after_sec(engine_)));
    }
    return kept_twin(render_symbols(universe, engine_.current().get()));
}

Outcome Endpoints::rankings(const Call& call) {
    const ranking::RankingPtr newest = engine_.current();
    const auto bound = bound_sequence(call.params);
    const ranking::RankingPtr ranking = bound ? engine_.by_sequence(*bound) : newest;
    // Without the bound cycle the newest one still tells whether the other parameters make sense.
    const ranking::Ranking* const judge = ranking != nullptr ? ranking.get() : newest.get();
    auto query = parse_rankings_query(
        call.params, {.ranking = judge, .watchlists = options_.watchlists, .default_top = options_.default_top});
    if (!query) return std::unexpected(std::move(query.error()));
    if (newest == nullptr || !engine_.is_fresh(*newest)) return std::unexpected(nothing_fresh(newest.get()));
    if (ranking == nullptr) return std::unexpected(cycle_not_kept(bound.value_or(0), newest->sequence));
    return cached(*ranking, "rankings", canonical(*query),
                  [&] { return render_rankings(*ranking, *query, item_texts_); });
}

Outcome Endpoints::opportunities(const Call& call) {
    const ranking::RankingPtr newest = engine_.current();
    auto query = parse_opportunities_query(
        call.params, {.ranking = newest.get(), .watchlists = options_.watchlists, .default_top = options_.default_top});
    if (!query) return std::unexpected(std::move(query.error()));
    auto ranking = fresh_ranking();
    if (!ranking) return std::unexpected(std::move(ranking.error()));
    OpportunityContext context{.snapshots_ttl = engine_.snapshots_ttl()};
    if (options_.trade_terms) context.terms = options_.trade_terms();
    return cached(**ranking, "opportunities", canonical(*query) + canonical(context),
                  [&] { return render_opportunities(**ranking, *query, context); });
}

Outcome Endpoints::metrics(const Call& call) {
    if (auto problem = refuse_parameters(call.params)) return std::unexpected(std::move(*problem));
    MetricsSample sample{.health = engine_.health(), .ranking = engine_.current(), .uptime_sec = uptime_sec()};
    if (sample.ranking != nullptr) {
        sample.ranking_age_sec = std::chrono::duration<double>(engine_.age(*sample.ranking)).count();
    }
    if (options_.server_statistics) sample.server = options_.server_statistics();
    if (options_.streams != nullptr) sample.streams = options_.streams->statistics();
    if (options_.stores) sample.stores = store_samples(options_.stores());
    if (options_.alerts != nullptr) sample.alerts = options_.alerts->statistics();
    return std::make_shared<Rendered>("text/plain; version=0.0.4; charset=utf-8", metrics_.render(sample),
                                      std::nullopt);
}

std::expected<ranking::RankingPtr, Problem> Endpoints::fresh_ranking() const {
    ranking::RankingPtr ranking = engine_.current();
    if (ranking != nullptr && engine_.is_fresh(*ranking)) return ranking;
    return std::unexpected(nothing_fresh(ranking.get()));
}

Problem Endpoints::nothing_fresh(const ranking::Ranking* newest) const {
    std::string detail = "The first cycle has not finished yet.";
    if (newest != nullptr) {
        const auto seconds = [](std::chrono::milliseconds span) { return static_cast<double>(span.count()) / 1000.0; };
        detail = fmt::format(
            "The newest ranking, cycle {}, is {:.1f} s old; nothing older than {:.1f} s is served as "
            "live.",
            newest->sequence, seconds(engine_.age(*newest)), seconds(engine_.snapshots_ttl()));
    }
    if (const auto health = engine_.health(); health.failure_streak > 0 && !health.last_error.empty()) {
        detail += fmt::format(
            " The last {} failed: {}",
            health.failure_streak == 1 ? std::string("cycle") : fmt::format("{} cycles", health.failure_streak),
            health.last_error);
    }
    return not_ready(std::move(detail), retry_after_sec(engine_));
}

Problem Endpoints::not_scanned(const std::string& wanted, const std::string& code) const {
    const auto universe = engine_.universe();
    std::vector<std::string> known;
    for (const engine::UniverseEntry& entry : universe) {
        if (entry.contract->contract_code == code) {
            return {
                .status = 404,
                .type = "contract-not-scanned",
                .title = "Contract not scanned",
                .detail = fmt::format("{} is listed but not in the scan{}.", entry.contract->symbol,
                                      entry.reason.empty()   ? std::string(": no cycle has read it yet")
                                      : entry.detail.empty() ? ": " + entry.reason
                                                             : fmt::format(": {} ({})", entry.reason, entry.detail))};
        }
        known.push_back(entry.contract->contract_code);
    }
    if (universe.empty()) {
        return not_ready("The exchange's list of contracts has not been read yet.", retry_after_sec(engine_));
    }
    return unknown_contract(wanted, core::nearest_names(code, known));
}

std::shared_ptr<Rendered> Endpoints::cached(const ranking::Ranking& ranking, std::string_view route,
                                            const std::string& query, const std::function<Rendered()>& render) {
    // The time tells apart cycles of the same number, should a sequence ever begin anew.
    const std::string key = fmt::format("{}|{}|{}|{}", route, ranking.sequence, core::to_unix_ms(ranking.time), query);
    auto found = cache_.find(key);
    metrics_.on_cache_lookup("rendered", found != nullptr);
    if (found != nullptr) return found;
    auto made = std::make_shared<Rendered>(render());
    keep(key, made);
    return made;
}

std::shared_ptr<Rendered> Endpoints::kept_twin(Rendered rendered) {
    const std::string key = "body|" + rendered.etag();
    auto found = cache_.find(key);
    metrics_.on_cache_lookup("rendered", found != nullptr);
    if (found != nullptr) return found;
    auto made = std::make_shared<Rendered>(std::move(rendered));
    keep(key, made);
    return made;
}

void Endpoints::keep(const std::string& key, const std::shared_ptr<Rendered>& rendered) {
    if (const ranking::RankingPtr newest = engine_.current(); newest != nullptr && newest->sequence != tidied_for_) {
        tidied_for_ = newest->sequence;
        cache_.forget([this](const ScanStamp& stamp) { return engine_.by_sequence(stamp.sequence) == nullptr; });
    }
    cache_.insert(key, rendered);
}

double Endpoints::uptime_sec() const {
    return std::chrono::duration<double>(clock_.steady_now() - started_).count();
}

}  // namespace scanner::api
