#pragma once

#include "ranking/editing.hpp"

#include "scanner/engine/engine_view.hpp"
#include "scanner/ranking/ranker.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/detector_verdict.hpp"
#include "scanner/signals/numbers.hpp"
#include "scanner/signals/profile.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// A small market whose rankings are made by the ranker of the daemon, and an engine view over it.
namespace scanner::api::test {

inline const core::WallTime kNow = *core::parse_time("2026-11-22T05:24:00.123Z");

struct Spec {
    std::string code;
    double last = 100.0;
    double turnover = 50e6;
    double spread_bps = 1.0;
    double level_usdt = 20'000.0;  ///< in each of twelve levels of each side
    double drift_pct = 0.02;       ///< a minute
    std::optional<double> funding = 0.0001;
    std::optional<double> index_price = 99.9;
    std::int64_t age_ms = 500;
    std::size_t candles = 120;
};

inline std::shared_ptr<const market::Contract> make_contract(const std::string& code, double tick = 0.01) {
    market::Contract contract;
    contract.contract_code = code;
    contract.symbol = code.substr(0, code.find('-')) + "/USDT:USDT";
    contract.contract_size = 0.001;
    contract.price_tick = tick;
    contract.status = market::ContractStatus::listed;
    contract.next_funding_time = kNow + std::chrono::hours(2);
    contract.listed_at = *core::parse_time("2020-10-21T00:00:00+08:00");
    return std::make_shared<const market::Contract>(contract);
}

inline market::MarketData make_data(const Spec& spec, core::WallTime now = kNow) {
    market::MarketData data;
    data.contract = make_contract(spec.code);
    const double half = spec.last * spec.spread_bps / 2e4;
    auto book = std::make_shared<market::OrderBook>();
    for (int level = 0; level < 12; ++level) {
        const double away = half + spec.last * 2e-4 * level;
        book->bids.push_back({spec.last - away, spec.level_usdt / spec.last});
        book->asks.push_back({spec.last + away, spec.level_usdt / spec.last});
    }
    book->exchange_time = now - std::chrono::milliseconds(spec.age_ms);
    data.ticker = {.contract_code = spec.code,
                   .bid = book->bids.front(),
                   .ask = book->asks.front(),
                   .last = spec.last,
                   .base_volume_24h = spec.turnover / spec.last,
                   .turnover_24h = spec.turnover};
    data.order_book = std::move(book);
    auto candles = std::make_shared<std::vector<market::Candle>>();
    const auto minute = std::chrono::floor<std::chrono::minutes>(now);
    for (std::size_t i = 0; i < spec.candles; ++i) {
        const auto back = static_cast<double>(spec.candles - 1 - i);
        const double close = spec.last * std::pow(1.0 + spec.drift_pct / 100.0, -back) *
                             (1.0 + 2e-4 * std::sin(static_cast<double>(i) * 1.7));
        const double volume = 100.0 + 10.0 * std::cos(static_cast<double>(i) * 2.3);
        const auto open_time = minute - std::chrono::minutes(spec.candles - 1 - i);
        candles->push_back({.open_time_ms = core::to_unix_ms(open_time),
                            .open = close,
                            .high = close * 1.001,
                            .low = close * 0.999,
                            .close = close,
                            .base_volume = volume});
    }
    data.closed_candles = spec.candles == 0 ? 0 : spec.candles - 1;
    data.candles = std::move(candles);
    data.funding_rate = spec.funding;
    data.open_interest = 1234.5;
    data.index_price = spec.index_price;
    data.data_time = now - std::chrono::milliseconds(spec.age_ms);
    data.fetch_latency_ms = 12.5;
    return data;
}

inline ranking::RankingSettings make_settings() {
    ranking::RankingSettings settings;
    settings.default_profile = "scalp";
    settings.notional_usdt = 5'000.0;
    settings.min_qvol_usdt = 20e6;
    settings.max_spread_bps = 8.0;
    return settings;
}

/// Six contracts that differ; THIN is under the turnover, WIDE over the spread; two were never read.
inline std::vector<Spec> sample_specs() {
    return {
        {.code = "BTC-USDT",
         .last = 77'105.0,
         .turnover = 145e6,
         .spread_bps = 0.02,
         .level_usdt = 200'000.0,
         .index_price = 77'100.0,
         .age_ms = 800},
        {.code = "ETH-USDT",
         .last = 2'500.0,
         .turnover = 90e6,
         .spread_bps = 0.1,
         .level_usdt = 90'000.0,
         .drift_pct = 0.05,
         .index_price = 2'499.0},
        {.code = "SOL-USDT",
         .last = 140.0,
         .turnover = 60e6,
         .spread_bps = 0.8,
         .drift_pct = -0.06,
         .funding = -0.0002,
         .index_price = 140.2,
         .age_ms = 1'500},
        {.code = "DOGE-USDT",
         .last = 0.2,
         .turnover = 40e6,
         .spread_bps = 3.0,
         .level_usdt = 4'000.0,
         .drift_pct = 0.3,
         .funding = std::nullopt,
         .index_price = std::nullopt},
        {.code = "THIN-USDT", .last = 5.0, .turnover = 5e6, .spread_bps = 2.0, .level_usdt = 900.0},
        {.code = "WIDE-USDT", .last = 1.0, .turnover = 30e6, .spread_bps = 25.0, .level_usdt = 2'000.0},
    };
}

inline ranking::Ranking make_ranking(std::uint64_t sequence = 7, core::WallTime time = kNow,
                                     const ranking::RankingSettings& settings = make_settings(),
                                     const std::vector<Spec>& specs = sample_specs(),
                                     std::vector<std::shared_ptr<const signals::DetectorVerdict>> verdicts = {}) {
    ranking::RankerInput input;
    input.verdicts = std::move(verdicts);
    for (const Spec& spec : specs) {
        input.data.push_back(std::make_shared<const market::MarketData>(make_data(spec, time)));
    }
    input.exclusions = {{"OLD-USDT", "inactive", "suspended"}, {"TAIL-USDT", "turnover_rank", ""}};
    const auto builtin = signals::builtin_profiles();
    ranking::Ranker ranker;
    ranking::Ranking ranking =
        ranker.rank(std::move(input), settings, {builtin.begin(), builtin.end()}, {.sequence = sequence, .time = time});
    ranking.next_scan_at = time + std::chrono::seconds(15);
    ranking.cycle_ms = 1'250.0;
    ranking.requests = 20;
    return ranking;
}

/// The same with a live feed, which has nothing to say of the last contract.
inline ranking::Ranking make_ranking_with_flow() {
    ranking::Ranking ranking = make_ranking();
    ranking.has_flow = true;
    ranking.flow.resize(ranking.contracts.size());
    for (std::size_t i = 0; i + 1 < ranking.contracts.size(); ++i) {
        signals::FlowNumbers flow;
        double value = 0.0123456789 + 0.01 * static_cast<double>(i);
        for (const signals::NumberField& field : signals::numbers_of(signals::FieldGroup::flow)) {
            signals::ContractNumbers numbers;
            signals::Edges edges;
            field.set({numbers, edges, flow}, value += 0.01);
        }
        ranking.flow[i] = std::make_shared<const signals::FlowNumbers>(flow);
    }
    return ranking;
}

/// The same under the measured model of manipulation: the first of the ranking is quarantined.
inline ranking::Ranking make_measured_ranking_with_flow() {
    const ranking::Ranking seed = make_ranking_with_flow();
    const auto& first = seed.contract(seed.ranked.at("scalp").front().contract).data.contract->contract_code;
    ranking::RankingSettings settings = make_settings();
    settings.manip_model = core::ManipModel::measured;
    std::vector<std::shared_ptr<const signals::DetectorVerdict>> verdicts;
    for (const Spec& spec : sample_specs()) {
        const bool quarantined = spec.code == first;
        auto verdict = std::make_shared<signals::DetectorVerdict>();
        verdict->score = quarantined ? 13.5 : 12.25;
        verdict->probability = quarantined ? 0.625 : 0.0125;
        verdict->quarantined = quarantined;
        verdicts.push_back(std::move(verdict));
    }
    ranking::Ranking ranking = make_ranking(7, kNow, settings, sample_specs(), std::move(verdicts));
    ranking.has_flow = true;
    ranking.flow = seed.flow;
    return ranking;
}

/// An engine whose state a test writes down.
class FakeEngine final : public engine::EngineView {
public:
    [[nodiscard]] ranking::RankingPtr current() const override { return kept.empty() ? nullptr : kept.back(); }
    [[nodiscard]] ranking::RankingPtr recorded() const override { return current(); }
    [[nodiscard]] ranking::RankingPtr by_sequence(std::uint64_t sequence) const override {
        for (const auto& ranking : kept) {
            if (ranking->sequence == sequence) return ranking;
        }
        return nullptr;
    }
    [[nodiscard]] core::WallTime now() const override { return time; }
    [[nodiscard]] std::chrono::milliseconds snapshots_ttl() const override { return std::chrono::seconds(90); }
    [[nodiscard]] std::optional<core::WallTime> next_scan_at() const override { return next; }
    [[nodiscard]] engine::HealthDetails health() const override { return details; }
    [[nodiscard]] std::vector<engine::UniverseEntry> universe() const override { return listed; }

    void publish(ranking::Ranking ranking) {
        kept.push_back(std::make_shared<const ranking::Ranking>(std::move(ranking)));
    }

    std::vector<ranking::RankingPtr> kept;
    core::WallTime time = kNow;
    std::optional<core::WallTime> next = kNow + std::chrono::seconds(15);
    engine::HealthDetails details;
    std::vector<engine::UniverseEntry> listed;
};

inline std::vector<engine::UniverseEntry> sample_universe() {
    std::vector<engine::UniverseEntry> listed;
    for (const Spec& spec : sample_specs()) {
        listed.push_back({.contract = make_contract(spec.code), .scanned = true, .turnover_24h = spec.turnover});
    }
    listed.push_back({.contract = make_contract("OLD-USDT"), .reason = "inactive", .detail = "suspended"});
    listed.push_back({.contract = make_contract("TAIL-USDT"), .reason = "turnover_rank", .turnover_24h = 1e3});
    return listed;
}

}  // namespace scanner::api::test
