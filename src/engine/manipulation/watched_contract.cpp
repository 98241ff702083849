#include "engine/manipulation/watched_contract.hpp"

#include "scanner/core/json_writer.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace scanner::engine {
namespace {

using signals::DetectorFlagInfo;
using signals::FlagSet;
using signals::kDetectorFlags;

constexpr std::string_view kReversal = to_string(signals::EpisodePhase::post_surge_reversal);
constexpr std::string_view kExhausted = to_string(signals::EpisodePhase::exhausted_spike);

std::vector<std::string_view> names_of(FlagSet flags) {
    std::vector<std::string_view> names;
    for (const DetectorFlagInfo& flag : kDetectorFlags) {
        if (flags.has(flag.flag)) names.push_back(flag.name);
    }
    std::ranges::sort(names);
    return names;
}

std::vector<signals::EpisodeEvidence> evidence_of(const signals::Episode& episode) {
    std::vector<signals::EpisodeEvidence> evidence;
    evidence.reserve(episode.evidence.size());
    for (const signals::EvidenceItem& item : episode.evidence) {
        evidence.push_back({.name = std::string(item.name),
                            .value = item.value,
                            .threshold = item.threshold,
                            .unit = std::string(item.unit)});
    }
    return evidence;
}

std::string details_of(const signals::Episode& episode) {
    core::JsonWriter json(512);
    json.begin_object().key("evidence").begin_array();
    for (const signals::EvidenceItem& item : episode.evidence) {
        json.begin_object()
            .field("name", item.name)
            .field("value", item.value)
            .field("threshold", item.threshold)
            .field("unit", item.unit)
            .end_object();
    }
    json.end_array()
        .field("price", episode.price)
        .field("repetitions", episode.repetitions)
        .field("trades", episode.trades)
        .end_object();
    return json.take();
}

}  // namespace

void WatchedContract::on_trades(std::span<const market::Trade> trades, core::WallTime at) {
    detectors_.on_trades(trades, at);
    recent_.add(trades);
    trades_to_ = std::max(trades_to_, at);
}

void WatchedContract::on_tape_filled(std::span<const market::Trade> trades, core::WallTime at) {
    std::vector<market::Trade> later;
    std::ranges::copy_if(trades, std::back_inserter(later),
                         [this](const market::Trade& trade) { return trade.time > trades_to_; });
    on_trades(later, at);
}

void WatchedContract::on_book(const market::LiveBook& book, core::WallTime at) {
    detectors_.on_book(book, at);
    recent_.look(book.bids(), book.asks(), at);
}

void WatchedContract::on_polled_book(const market::OrderBook& book) {
    if (book.exchange_time <= polled_book_) return;
    polled_book_ = book.exchange_time;
    detectors_.on_polled_book(book, book.exchange_time);
    recent_.look(book.bids, book.asks, book.exchange_time);
}

void WatchedContract::on_index(double price, core::WallTime at) {
    if (at <= index_) return;
    index_ = at;
    detectors_.on_index(price, at);
}

void WatchedContract::on_open_interest(double base_units, core::WallTime at) {
    if (at <= open_interest_) return;
    open_interest_ = at;
    detectors_.on_open_interest(base_units, at);
}

void WatchedContract::on_funding(const market::FundingRate& rate, core::WallTime at) {
    if (funding_ && at <= *funding_) return;
    funding_ = at;
    detectors_.on_funding(rate.rate, rate.funding_time, at);
}

void WatchedContract::pass(core::WallTime at, std::optional<core::WallTime> complete_to) {
    if (complete_to && *complete_to > trades_to_) {
        trades_to_ = *complete_to;
        detectors_.on_trades({}, *complete_to);
    }
    recent_.forget(at);
    for (auto& [number, kept] : contexts_) kept.context.take(recent_);
}

std::shared_ptr<const signals::DetectorVerdict> WatchedContract::verdict(core::WallTime at, double threshold) {
    const signals::Verdict& told = detectors_.verdict(at);
    unknown_ = told.unknown;
    open_ = told.flags;
    auto made = std::make_shared<signals::DetectorVerdict>();
    made->judged = true;
    made->score = told.score;
    made->probability = told.probability;
    // A score that is not known begins none; one that there is goes on by each flag that can be told.
    signals::FlagSet over;
    for (const signals::DetectorFlagInfo& flag : signals::kDetectorFlags) {
        if (!flag.counts() || told.unknown.has(flag.flag) || !(told.score || quarantine_.active())) continue;
        over.set(flag.flag, told.severities[static_cast<std::size_t>(flag.flag)] >= threshold);
    }
    made->quarantined = quarantine_.update(over, told.unknown, at);
    // While the score is over the threshold the end moves with every look, and says nothing.
    if (over.empty() && !quarantine_.is_held()) made->quarantined_until = quarantine_.ends_at();
    made->flags = names_of(told.flags);
    if (!told.reversed.empty()) made->flags.push_back(kReversal);
    if (!told.exhausted.empty()) made->flags.push_back(kExhausted);
    std::ranges::sort(made->flags);
    made->unknown_flags = names_of(told.unknown);
    if (!told.flags.empty()) {
        for (const signals::Episode& episode : detectors_.open_episodes()) {
            made->episodes.push_back({.id = id_of(episode),
                                      .flag = to_string(episode.flag),
                                      .phase = std::string(to_string(episode.phase)),
                                      .start = episode.start,
                                      .probability = episode.probability,
                                      .severity = episode.severity,
                                      .evidence = evidence_of(episode)});
        }
        std::ranges::sort(made->episodes, {},
                          [](const auto& episode) { return std::pair(episode.flag, episode.start); });
    }
    if (verdict_ == nullptr || *verdict_ != *made) verdict_ = std::move(made);
    return verdict_;
}

std::optional<core::WallTime> WatchedContract::next_change_at(core::WallTime at) {
    auto next = detectors_.next_change_at(at);
    if (const auto released = quarantine_.ends_at(); released && (!next || *released < *next)) next = released;
    return next;
}

std::vector<storage::EpisodeRecord> WatchedContract::take_changes(core::WallTime at, core::WallTime own,
                                                                  bool simulated) {
    std::vector<storage::EpisodeRecord> records;
    for (signals::Episode& episode : detectors_.take_episode_changes()) {
        const auto [place, is_new] = contexts_.try_emplace(
            episode.id, Kept{.episode = episode, .context = EpisodeContext(episode.start), .revision = 0});
        Kept& kept = place->second;
        kept.episode = std::move(episode);
        if (kept.episode.end) kept.context.end(*kept.episode.end);
        kept.context.take(recent_);
        records.push_back(record_of(kept, own, simulated));
    }
    for (auto entry = contexts_.begin(); entry != contexts_.end();) {
        Kept& kept = entry->second;
        if (!kept.context.is_complete(at)) {
            ++entry;
            continue;
        }
        records.push_back(record_of(kept, own, simulated));
        records.back().context_json = kept.context.json();
        entry = contexts_.erase(entry);
    }
    return records;
}

std::vector<storage::EpisodeRecord> WatchedContract::open_records(core::WallTime own, bool simulated,
                                                                  std::optional<core::WallTime> interrupted) {
    std::vector<storage::EpisodeRecord> records;
    for (const signals::Episode& episode : detectors_.open_episodes()) {
        const auto [place, is_new] = contexts_.try_emplace(
            episode.id, Kept{.episode = episode, .context = EpisodeContext(episode.start), .revision = 0});
        records.push_back(record_of(place->second, own, simulated));
        if (!interrupted) continue;
        records.back().phase = kInterrupted;
        records.back().end = std::max(*interrupted, episode.start);
        records.back().context_json = place->second.context.json();
    }
    return records;
}

storage::EpisodeRecord WatchedContract::record_of(Kept& kept, core::WallTime own, bool simulated) const {
    const signals::Episode& episode = kept.episode;
    // Our clock numbers the states, so that those after a restart are over those before it.
    kept.revision =
        std::max(kept.revision + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(core::to_unix_ms(own), 0)));
    storage::EpisodeRecord record;
    record.id = id_of(episode);
    record.revision = kept.revision;
    record.symbol = contract_->symbol;
    record.flag = to_string(episode.flag);
    record.kind = to_string(info(episode.flag).kind);
    record.phase = to_string(episode.phase);
    record.start = episode.start;
    record.end = episode.end;
    record.probability = episode.probability;
    record.severity = episode.severity;
    record.simulated = simulated;
    record.details_json = details_of(episode);
    return record;
}

bool WatchedContract::is_open(std::string_view id) const {
    return std::ranges::any_of(detectors_.open_episodes(),
                               [&](const signals::Episode& episode) { return id_of(episode) == id; });
}

std::string WatchedContract::id_of(const signals::Episode& episode) const {
    return contract_->contract_code + "." + std::string(to_string(episode.flag)) + "." +
           std::to_string(core::to_unix_ms(episode.start));
}

KeptContract WatchedContract::keep() const {
    return {.contract_code = contract_->contract_code,
            .contract_size = contract_->contract_size,
            .last_over = quarantine_.last_over(),
            .detectors = std::make_shared<const std::vector<std::byte>>(detectors_.state()),
            .saved_at = {}};
}

core::Result<void> WatchedContract::restore(const KeptContract& kept) {
    if (kept.contract_size != contract_->contract_size) {
        return core::fail(core::ErrorCode::malformed, kept.contract_code + ": its size was another");
    }
    if (auto restored = detectors_.restore(*kept.detectors); !restored) return restored;
    quarantine_.restore(kept.last_over);
    trades_to_ = detectors_.updated_at().value_or(trades_to_);
    return {};
}

}  // namespace scanner::engine
