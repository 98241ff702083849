#include "app/replay/replay_stores.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::string_view kUnderWay = "under_way";

/// Ends of ranges are exclusive.
core::WallTime after(core::WallTime now) {
    return now + milliseconds(1);
}

/// What the contract's score was when the rule matched; the alert was written by this program.
std::optional<double> manip_score_of(const storage::AlertRecord& alert) {
    const auto payload = nlohmann::json::parse(alert.payload_json, nullptr, false);
    if (!payload.is_object()) return std::nullopt;
    const auto score = payload.find("manipulation_score");
    return score != payload.end() && score->is_number() ? std::optional(score->get<double>()) : std::nullopt;
}

}  // namespace

void HistoryThen::record(std::function<storage::HistoryBatch()> make) {
    if (!token_) return inner_.record(std::move(make));
    inner_.record([make = std::move(make), token = std::exchange(token_, nullptr)]() mutable {
        storage::HistoryBatch batch = make();
        token.reset();
        return batch;
    });
}

asio::awaitable<core::Result<storage::RankingsPage>> HistoryThen::rankings(storage::RankingsQuery query) {
    const core::WallTime end = after(clock_.now());
    if (query.from < query.to && query.from >= end) co_return storage::RankingsPage();
    query.to = std::min(query.to, end);
    co_return co_await inner_.rankings(std::move(query));
}

asio::awaitable<core::Result<std::optional<storage::RankingAsOf>>> HistoryThen::ranking_as_of(core::WallTime time,
                                                                                              std::string profile) {
    co_return co_await inner_.ranking_as_of(std::min(time, clock_.now()), std::move(profile));
}

asio::awaitable<core::Result<storage::BarsPage>> HistoryThen::bars(storage::BarsQuery query) {
    const core::WallTime end = after(clock_.now() - query.interval);
    if (query.from < query.to && query.from >= end) co_return storage::BarsPage();
    query.to = std::min(query.to, end);
    co_return co_await inner_.bars(std::move(query));
}

void ReplayMarks::add(api::ReplayMark mark) {
    if (full()) return;
    const auto same = [&mark](const api::ReplayMark& each) {
        return each.at == mark.at && each.kind == mark.kind && each.symbol == mark.symbol && each.label == mark.label;
    };
    const auto place = std::ranges::upper_bound(marks_, mark.at, {}, &api::ReplayMark::at);
    for (auto before = place; before != marks_.begin() && std::prev(before)->at == mark.at; --before) {
        if (same(*std::prev(before))) return;
    }
    marks_.insert(place, std::move(mark));
}

DocumentsThen::DocumentsThen(storage::DocumentStore& inner) : inner_(inner) {
    inner_.subscribe([this](const storage::OperatorDocumentsPtr&) { merge(); });
    merge();
}

void DocumentsThen::show_recorded(storage::OperatorDocuments documents) {
    recorded_ = std::move(documents);
    merge();
}

void DocumentsThen::forget_recorded() {
    show_recorded({});
}

void DocumentsThen::merge() {
    storage::OperatorDocuments all = *inner_.documents();
    for (const storage::AlertRule& rule : recorded_.rules) {
        if (all.find_rule(rule.name) == nullptr) all.rules.push_back(rule);
    }
    for (const storage::Watchlist& list : recorded_.watchlists) {
        if (all.find_watchlist(list.name) == nullptr) all.watchlists.push_back(list);
    }
    std::ranges::sort(all.rules, {}, &storage::AlertRule::name);
    std::ranges::sort(all.watchlists, {}, &storage::Watchlist::id);
    shown_ = std::make_shared<const storage::OperatorDocuments>(std::move(all));
    const storage::OperatorDocumentsPtr shown = shown_;  // a listener may bring the next ones
    for (const auto& listener : listeners_) listener(shown);
}

void DocumentsThen::subscribe(std::function<void(const storage::OperatorDocumentsPtr&)> listener) {
    listeners_.push_back(std::move(listener));
}

asio::awaitable<core::Result<storage::OperatorDocumentsPtr>> DocumentsThen::refresh() {
    if (const auto read = co_await inner_.refresh(); !read) co_return std::unexpected(read.error());
    co_return shown_;
}

asio::awaitable<core::Result<storage::OperatorSettings>> DocumentsThen::put_settings(storage::OperatorSettings settings,
                                                                                     Expected expected) {
    return inner_.put_settings(std::move(settings), expected);
}

asio::awaitable<core::Result<storage::Watchlist>> DocumentsThen::put_watchlist(storage::Watchlist watchlist,
                                                                               Expected expected) {
    return inner_.put_watchlist(std::move(watchlist), expected);
}

asio::awaitable<core::Result<void>> DocumentsThen::delete_watchlist(std::string name, Expected expected) {
    return inner_.delete_watchlist(std::move(name), expected);
}

asio::awaitable<core::Result<storage::ProfilePreset>> DocumentsThen::put_preset(storage::ProfilePreset preset,
                                                                                Expected expected) {
    return inner_.put_preset(std::move(preset), expected);
}

asio::awaitable<core::Result<void>> DocumentsThen::delete_preset(std::string name, Expected expected) {
    return inner_.delete_preset(std::move(name), expected);
}

asio::awaitable<core::Result<storage::AlertRule>> DocumentsThen::put_rule(storage::AlertRule rule, Expected expected) {
    return inner_.put_rule(std::move(rule), expected);
}

asio::awaitable<core::Result<void>> DocumentsThen::delete_rule(std::string name, Expected expected) {
    return inner_.delete_rule(std::move(name), expected);
}

void AlertsThen::record_alerts(std::vector<storage::AlertRecord> alerts) {
    for (const storage::AlertRecord& alert : alerts) {
        marks_.add({.at = alert.time,
                    .kind = "alert",
                    .symbol = alert.symbol,
                    .label = alert.rule,
                    .manip_score = manip_score_of(alert)});
    }
    inner_.record_alerts(std::move(alerts));
}

asio::awaitable<core::Result<storage::AlertsPage>> AlertsThen::alerts(storage::AlertsQuery query) {
    const core::WallTime end = after(clock_.now());
    query.to = std::min(query.to.value_or(end), end);
    if (query.from && *query.from >= *query.to) co_return storage::AlertsPage();
    co_return co_await inner_.alerts(std::move(query));
}

asio::awaitable<core::Result<storage::DeadLetter>> AlertsThen::add_dead_letter(storage::DeadLetter letter) {
    return inner_.add_dead_letter(std::move(letter));
}

asio::awaitable<core::Result<std::vector<storage::DeadLetter>>> AlertsThen::dead_letters(std::size_t limit) {
    return inner_.dead_letters(limit);
}

asio::awaitable<core::Result<void>> AlertsThen::delete_dead_letter(std::int64_t id) {
    return inner_.delete_dead_letter(id);
}

void EpisodesThen::record_episodes(std::vector<storage::EpisodeRecord> episodes) {
    for (const storage::EpisodeRecord& episode : episodes) {
        if (marks_.full() || !marked_.insert(episode.id).second) continue;
        marks_.add({.at = episode.start, .kind = "episode", .symbol = episode.symbol, .label = episode.flag});
    }
    inner_.record_episodes(std::move(episodes));
}

void EpisodesThen::show_then(storage::Episode& episode) const {
    if (!episode.record.end || *episode.record.end <= clock_.now()) return;
    episode.record.end.reset();
    episode.record.phase = kUnderWay;
}

asio::awaitable<core::Result<storage::EpisodesPage>> EpisodesThen::episodes(storage::EpisodesQuery query) {
    const core::WallTime end = after(clock_.now());
    query.to = std::min(query.to.value_or(end), end);
    if (query.from && *query.from >= *query.to) co_return storage::EpisodesPage();
    // What is open now may have an end in the store.
    const auto status = std::exchange(query.status, std::nullopt);
    auto page = co_await inner_.episodes(std::move(query));
    if (!page) co_return page;
    for (storage::Episode& episode : page->rows) show_then(episode);
    if (status) {
        const bool open = *status == storage::EpisodeStatus::open;
        std::erase_if(page->rows, [open](const storage::Episode& each) { return each.record.end.has_value() == open; });
    }
    co_return page;
}

asio::awaitable<core::Result<storage::Episode>> EpisodesThen::episode(std::string id) {
    auto found = co_await inner_.episode(id);
    if (found && found->record.start > clock_.now()) co_return core::fail(core::ErrorCode::not_found, "not yet");
    if (found) show_then(*found);
    co_return found;
}

asio::awaitable<core::Result<storage::Episode>> EpisodesThen::judge(std::string id, storage::Disposition disposition,
                                                                    std::optional<std::int64_t> expected) {
    auto judged = co_await inner_.judge(std::move(id), std::move(disposition), expected);
    if (judged) show_then(*judged);
    co_return judged;
}

asio::awaitable<core::Result<std::vector<storage::FlagDispositions>>> EpisodesThen::dispositions(core::WallTime from,
                                                                                                 core::WallTime to) {
    return inner_.dispositions(from, to);
}

}  // namespace scanner::app
