#include "scanner/engine/history_feed.hpp"

#include "engine/history/stored_inputs.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/signals/numbers.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace scanner::engine {
namespace {

using core::JsonWriter;

constexpr std::int64_t kMinuteMs = 60'000;

/// What every score of the cycle was computed with.
std::string settings_json(const ranking::Ranking& ranking) {
    const ranking::RankingSettings& settings = ranking.settings;
    JsonWriter json(2'048);
    json.begin_object()
        .field("default_profile", settings.default_profile)
        .field("notional_usdt", settings.notional_usdt)
        .field("min_qvol_usdt", settings.min_qvol_usdt)
        .field("max_spread_bps", settings.max_spread_bps)
        .field("min_listed_days", settings.min_listed_days)
        .field("include_carry", settings.include_carry);
    json.key("weights").begin_object();
    for (const signals::Profile& profile : ranking.profiles) {
        json.key(profile.name).begin_object();
        for (const auto& field : signals::weight_fields()) json.field(field.name, profile.weights.*field.member);
        json.end_object();
    }
    json.end_object().key("excluded").begin_object();
    for (const auto& [reason, count] : ranking.excluded_by_reason) json.field(reason, count);
    json.end_object().end_object();
    return std::move(json).take();
}

storage::ContractInputs inputs_of(const ranking::Ranking& ranking, std::size_t index) {
    const ranking::ContractSnapshot& snapshot = ranking.contract(index);
    storage::ContractInputs inputs;
    inputs.time = ranking.time;
    inputs.sequence = ranking.sequence;
    inputs.symbol = snapshot.data.contract->symbol;
    inputs.schema = stored_inputs().schema();
    inputs.numbers = stored_inputs().numbers({.data = snapshot.data, .numbers = ranking.numbers_view(index)});
    inputs.texts_json = stored_inputs().texts(snapshot);
    return inputs;
}

storage::MinuteAggregate minute_of(const ranking::Ranking& ranking, const ranking::ContractSnapshot& snapshot) {
    const signals::Metrics& metrics = snapshot.numbers.metrics;
    const signals::Manipulation& manipulation = snapshot.numbers.manipulation;
    storage::MinuteAggregate minute;
    minute.symbol = snapshot.data.contract->symbol;
    minute.minute = std::chrono::floor<std::chrono::minutes>(ranking.time);
    minute.close = snapshot.data.ticker.last;
    minute.atr_pct = signals::known<&signals::Metrics::atr_pct>(snapshot.numbers);
    minute.spread_bps = metrics.spread_bps;
    minute.top5_depth_usdt = metrics.top5_depth_usdt;
    minute.ret_1 = signals::known<&signals::Metrics::ret_1>(snapshot.numbers);
    minute.ret_15 = signals::known<&signals::Metrics::ret_15>(snapshot.numbers);
    minute.funding_8h_pct = metrics.funding_8h_pct;
    minute.open_interest = metrics.open_interest;
    minute.basis_bps = metrics.basis_bps;
    minute.manip_score = signals::known<&signals::Manipulation::manip_score>(snapshot.numbers);
    minute.manip_flags.assign(manipulation.manip_flags.begin(), manipulation.manip_flags.end());
    minute.samples = 1;
    minute.first_sequence = minute.last_sequence = ranking.sequence;
    return minute;
}

void add_rankings(storage::HistoryBatch& batch, const ranking::Ranking& ranking, const std::string& profile,
                  const std::vector<ranking::RankedEntry>& ranked) {
    for (const ranking::RankedEntry& entry : ranked) {
        const ranking::ContractSnapshot& snapshot = ranking.contract(entry.contract);
        const signals::Metrics& metrics = snapshot.numbers.metrics;
        storage::RankingRow& row = batch.rankings.emplace_back();
        row.time = ranking.time;
        row.sequence = ranking.sequence;
        row.profile = profile;
        row.symbol = snapshot.data.contract->symbol;
        row.rank = entry.rank;
        row.score = entry.score;
        row.last_price = snapshot.data.ticker.last;
        row.qvol_usdt = metrics.qvol_usdt;
        row.spread_bps = metrics.spread_bps;
        row.slip_bps = metrics.slip_bps;
        row.manip_score = signals::known<&signals::Manipulation::manip_score>(snapshot.numbers);
    }
}

/// Which candles have been recorded: the newest open time by symbol. The history's thread alone touches it.
class CandleMemory {
public:
    void add_new(storage::HistoryBatch& batch, const ranking::Ranking& ranking) {
        for (const ranking::ContractSnapshotPtr& snapshot : ranking.contracts) {
            const auto& candles = *snapshot->data.candles;
            // History keeps minutes; what is scanned may be something else.
            const bool minutes = candles.size() >= 2 &&
                                 candles.back().open_time_ms - candles[candles.size() - 2].open_time_ms == kMinuteMs;
            if (!minutes) continue;
            add_new(batch, ranking.sequence, snapshot->data.contract->symbol,
                    std::span(candles).first(std::min(snapshot->data.closed_candles, candles.size())));
        }
    }

private:
    void add_new(storage::HistoryBatch& batch, std::uint64_t sequence, const std::string& symbol,
                 std::span<const market::Candle> closed) {
        std::int64_t& newest = newest_[symbol];
        for (const market::Candle& candle : closed) {
            if (candle.open_time_ms <= newest) continue;
            batch.candles.push_back({.symbol = symbol,
                                     .open_time = core::from_unix_ms(candle.open_time_ms),
                                     .open = candle.open,
                                     .high = candle.high,
                                     .low = candle.low,
                                     .close = candle.close,
                                     .base_volume = candle.base_volume,
                                     .sequence = sequence});
        }
        if (!closed.empty()) newest = std::max(newest, closed.back().open_time_ms);
    }

    std::unordered_map<std::string, std::int64_t> newest_;
};

class HistoryFeedImpl final : public HistoryFeed {
public:
    explicit HistoryFeedImpl(storage::History& history) : history_(history) {}

    void accept(ranking::RankingPtr ranking) override {
        if (!ranking || ranking->sequence == 0) return;  // a sequence alone was restored, not a cycle
        history_.record([ranking = std::move(ranking), candles = candles_] {
            storage::HistoryBatch batch = history_batch(*ranking);
            candles->add_new(batch, *ranking);
            return batch;
        });
    }

private:
    storage::History& history_;
    std::shared_ptr<CandleMemory> candles_ = std::make_shared<CandleMemory>();
};

}  // namespace

storage::HistoryBatch history_batch(const ranking::Ranking& ranking) {
    storage::HistoryBatch batch;
    // Also of one that another scanner made, and this one goes on from.
    if (ranking.epoch != 0) batch.author = {.epoch = ranking.epoch, .sequence = ranking.sequence};
    for (const auto& [profile, ranked] : ranking.ranked) add_rankings(batch, ranking, profile, ranked);
    for (std::size_t i = 0; i < ranking.contracts.size(); ++i) {
        const ranking::ContractSnapshot& snapshot = ranking.contract(i);
        batch.minutes.push_back(minute_of(ranking, snapshot));
        batch.inputs.push_back(inputs_of(ranking, i));
    }
    batch.cycle = storage::CycleRecord{.sequence = ranking.sequence,
                                       .time = ranking.time,
                                       .default_profile = ranking.settings.default_profile,
                                       .cycle_ms = ranking.cycle_ms,
                                       .requests = ranking.requests,
                                       .scanned = ranking.contracts.size(),
                                       .ranked = batch.rankings.size(),
                                       .simulated = ranking.settings.simulated,
                                       .settings_json = settings_json(ranking)};
    return batch;
}

std::shared_ptr<HistoryFeed> make_history_feed(storage::History& history) {
    return std::make_shared<HistoryFeedImpl>(history);
}

}  // namespace scanner::engine
