#include "api/inspect/inspect_endpoint.hpp"

#include "api/inspect/inspect_view.hpp"
#include "api/rankings/queries.hpp"

#include "scanner/core/symbol.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

/// /symbol/{symbol}/inspect: the one read that may have to ask the exchange.
namespace scanner::api {
namespace {

namespace asio = boost::asio;

constexpr int kRetryAfterFailureSec = 2;

Problem could_not_be_read(const engine::UniverseEntry& entry, const core::Error& error) {
    return {.status = 503,
            .type = "contract-not-read",
            .title = "Contract could not be read",
            .detail = fmt::format("{} is not in the scan ({}), and reading it on demand failed: {}",
                                  entry.contract->symbol, entry.reason, error.message()),
            .retry_after_sec = kRetryAfterFailureSec};
}

Problem not_read_elsewhere(const core::Error& error) {
    return {.status = 503,
            .type = "live-read-unanswered",
            .title = "Live read not answered",
            .detail = fmt::format(
                "What is read live is asked of the scanner that is elected, and that failed: {}. With seq a "
                "ranking that is kept answers at once.",
                error.message()),
            .retry_after_sec = kRetryAfterFailureSec};
}

void take_trades(InspectExtras& extras, core::Result<engine::RecentTradesPtr> trades) {
    if (trades) {
        extras.trades = std::move(*trades);
    } else {
        extras.notes.push_back(fmt::format("trades: {}", trades.error().message()));
    }
}

/// Whether the contract can be read by itself: it has a market, and what is counted in contracts can be told.
bool can_be_read(const engine::UniverseEntry& entry) {
    return entry.turnover_24h && entry.contract->unreadable.empty() && entry.reason != "contract_size_mismatch";
}

/// Whether the feed tells the last trades, so that none need to be asked for.
bool has_whole_tape(const InspectExtras& extras) {
    return extras.live != nullptr && extras.live->tape_complete;
}

/// What of `extras` an answer depends on, for its key in the cache.
std::string canonical(const InspectExtras& extras) {
    std::string key = fmt::format("|{}|{}|{}", extras.reading == nullptr ? 0 : extras.reading->number,
                                  extras.trades == nullptr ? 0 : extras.trades->number,
                                  extras.live == nullptr ? 0 : extras.live->number);
    for (const std::string& note : extras.notes) fmt::format_to(std::back_inserter(key), "|{}:{}", note.size(), note);
    return key;
}

}  // namespace

std::vector<ApiRoute> InspectEndpoint::routes() {
    std::vector<ApiRoute> routes;
    for (const std::string_view pattern : {"/symbol/{symbol}/inspect", "/symbols/{symbol}/inspect"}) {
        routes.push_back({.method = "GET",
                          .pattern = PathPattern(pattern),
                          .label = "/symbol/{symbol}/inspect",
                          .handler = answering(this, &InspectEndpoint::read_query, &InspectEndpoint::inspect),
                          .access = Access::open});
    }
    return routes;
}

std::expected<InspectQuery, Problem> InspectEndpoint::read_query(const Call& call) const {
    const ranking::RankingPtr newest = ports_.engine.current();
    return parse_inspect_query(call.params, {.ranking = newest.get()});
}

asio::awaitable<Outcome> InspectEndpoint::inspect(Call call, InspectQuery query) {
    const ranking::RankingPtr newest = ports_.engine.current();
    const auto code = core::parse_symbol(call.variable);
    if (!code) co_return std::unexpected(not_scanned(call.variable, call.variable));
    if (query.sequence) co_return inspect_kept(call, *code, query);
    const bool scanned = newest != nullptr && newest->find(*code) != nullptr;
    // A card of a contract of the cycle is made of the ranking alone.
    const bool is_live = !scanned || !query.card;
    if (is_live && ports_.live_reads != nullptr && ports_.live_reads->are_elsewhere()) {
        co_return co_await inspect_elsewhere(call.request);
    }
    std::vector<engine::UniverseEntry> universe;
    if (!scanned) universe = ports_.engine.universe();
    const auto entry =
        std::ranges::find_if(universe, [&code](const auto& listed) { return listed.contract->contract_code == *code; });
    const bool readable = entry != universe.end() && can_be_read(*entry) && ports_.inspector != nullptr;
    if (!scanned && !readable) co_return std::unexpected(not_scanned(call.variable, *code));
    auto ranking = answers_.fresh_ranking();
    if (!ranking) co_return std::unexpected(std::move(ranking.error()));
    if (scanned) {  // this ranking is the newest still: nothing was awaited
        const auto index = (*ranking)->index_of(*code);
        if (!index) co_return std::unexpected(not_scanned(call.variable, *code));
        co_return co_await inspect_scanned(*ranking, *index, std::move(query));
    }
    co_return co_await inspect_outside(*entry, std::move(query));
}

Outcome InspectEndpoint::inspect_kept(const Call& call, const std::string& code, const InspectQuery& query) {
    auto newest = answers_.fresh_ranking();
    if (!newest) return std::unexpected(std::move(newest.error()));
    const std::uint64_t sequence = query.sequence.value_or((*newest)->sequence);
    const ranking::RankingPtr ranking = ports_.engine.by_sequence(sequence);
    if (ranking == nullptr) return std::unexpected(cycle_not_kept(sequence, (*newest)->sequence));
    const auto index = ranking->index_of(code);
    if (!index) return std::unexpected(not_scanned(call.variable, code));
    InspectExtras extras;
    if (!query.card) extras.notes.emplace_back("trades: not kept with a ranking; ask without seq");
    const ranking::ContractSnapshot& snapshot = ranking->contract(*index);
    return answers_.cached(*ranking, "inspect", code + '|' + api::canonical(query), [&] {
        return render_inspection(*ranking, {snapshot, ranking->edges[*index]}, query, extras);
    });
}

asio::awaitable<Outcome> InspectEndpoint::inspect_elsewhere(net::ServerRequest request) {
    auto response = co_await ports_.live_reads->ask(std::move(request));
    if (!response) co_return std::unexpected(not_read_elsewhere(response.error()));
    co_return std::move(*response);
}

asio::awaitable<Outcome> InspectEndpoint::inspect_scanned(ranking::RankingPtr ranking, std::size_t index,
                                                          InspectQuery query) {
    InspectExtras extras;
    const ranking::ContractSnapshot& snapshot = ranking->contract(index);
    const auto contract = snapshot.data.contract;
    if (!query.card && ports_.live != nullptr) extras.live = ports_.live->look(contract);
    if (!query.card && ports_.inspector != nullptr && !has_whole_tape(extras)) {
        auto trades = co_await ports_.inspector->trades(contract);
        take_trades(extras, std::move(trades));
    }
    co_return answers_.cached(
        *ranking, "inspect", contract->contract_code + '|' + api::canonical(query) + canonical(extras),
        [&] { return render_inspection(*ranking, {snapshot, ranking->edges[index]}, query, extras); });
}

asio::awaitable<Outcome> InspectEndpoint::inspect_outside(engine::UniverseEntry entry, InspectQuery query) {
    using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): operators
    InspectExtras extras;
    extras.reason = entry.reason;
    extras.detail = entry.detail;
    core::Result<engine::ContractReadingPtr> reading;
    if (!query.card && ports_.live != nullptr) extras.live = ports_.live->look(entry.contract);
    if (query.card || has_whole_tape(extras)) {
        reading = co_await ports_.inspector->contract(entry);
    } else {
        auto [own, trades] = co_await (ports_.inspector->contract(entry) && ports_.inspector->trades(entry.contract));
        reading = std::move(own);
        take_trades(extras, std::move(trades));
    }
    if (!reading) {
        const core::ErrorCode code = reading.error().code();
        const bool refused = code == core::ErrorCode::exchange_rejected || code == core::ErrorCode::not_found;
        if (refused) co_return std::unexpected(not_scanned(entry.contract->symbol, entry.contract->contract_code));
        co_return std::unexpected(could_not_be_read(entry, reading.error()));
    }
    extras.reading = *reading;
    const ranking::Ranking& ranking = *extras.reading->ranking;
    if (find_profile(ranking, query.profile) == nullptr) query.profile = ranking.settings.default_profile;
    co_return answers_.cached(
        ranking, "inspect", entry.contract->contract_code + '|' + api::canonical(query) + canonical(extras), [&] {
            const engine::ContractReading& read = *extras.reading;
            return render_inspection(ranking, {read.snapshot, read.edges, &read.flow}, query, extras);
        });
}

Problem InspectEndpoint::not_scanned(const std::string& wanted, const std::string& code) const {
    const auto universe = ports_.engine.universe();
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
        return not_ready("The exchange's list of contracts has not been read yet.", retry_after_sec(ports_.engine));
    }
    return unknown_contract(wanted, core::nearest_names(code, known));
}

}  // namespace scanner::api
