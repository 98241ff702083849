#pragma once

#include "api/answers/rendered.hpp"
#include "api/http/problem.hpp"

#include "scanner/api/options.hpp"
#include "scanner/api/ports.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/ranking/ranking.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace scanner::api {

/// Seconds until asking again makes sense: the next cycle's start and a moment for it, within a minute.
[[nodiscard]] int retry_after_sec(const engine::EngineView& engine);

/// The 404 to `seq`: of a cycle that is not kept any more, or never was one.
[[nodiscard]] Problem cycle_not_kept(std::uint64_t wanted, std::uint64_t newest);

/// The rankings that may be served, and the answers that were made from them, kept for the next request for the same.
/// Shared by the endpoints that answer from memory. Loop thread.
class RankedAnswers {
public:
    /// `ports` must outlive it.
    RankedAnswers(const ApiOptions& options, const ApiPorts& ports)
        : ports_(ports), cache_({.entries = options.rendered_entries, .bytes = options.rendered_bytes}) {}

    /// The newest ranking, or the 503 that says why nothing fresh can be served.
    [[nodiscard]] std::expected<ranking::RankingPtr, Problem> fresh_ranking() const;
    /// That 503; `newest` may be nullptr.
    [[nodiscard]] Problem nothing_fresh(const ranking::Ranking* newest) const;

    /// The answer kept under the ranking and `query`, made by `render` when there is none yet.
    [[nodiscard]] std::shared_ptr<Rendered> cached(const ranking::Ranking& ranking, std::string_view route,
                                                   const std::string& query, const std::function<Rendered()>& render);
    /// The kept answer of the same bytes as one that was made anyway, so that its gzip form is not made again.
    [[nodiscard]] std::shared_ptr<Rendered> cached_by_etag(Rendered rendered);

private:
    /// Puts it into the cache, and what is of cycles that are no longer kept out of it: a new cycle every few seconds
    /// would otherwise fill the cache with answers that no client can ask for.
    void keep(const std::string& key, const std::shared_ptr<Rendered>& rendered);

    const ApiPorts& ports_;
    RenderCache cache_;
    std::uint64_t tidied_for_ = 0;  ///< the newest cycle when the cache was last tidied
};

}  // namespace scanner::api
