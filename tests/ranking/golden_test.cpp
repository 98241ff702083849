#include "signals/golden_support.hpp"

#include "scanner/ranking/ranker.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/signals/score.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

/// The worked cases through the ranker that the daemon ranks with.
namespace scanner::ranking {
namespace {

using signals::Edges;
using signals::Execution;
using signals::Manipulation;
using signals::Metrics;
using signals::Microstructure;
using signals::Momentum;

using Json = nlohmann::json;

std::optional<double> number_or_nothing(const Json& value) {
    return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

std::optional<market::Level> quote(const Json& value) {
    if (value.is_null()) return std::nullopt;
    return market::Level{.price = value.get<double>(), .size = 1.0};
}

std::vector<market::Level> levels(const Json& rows) {
    std::vector<market::Level> result;
    for (const Json& row : rows) result.push_back({.price = row[0].get<double>(), .size = row[1].get<double>()});
    return result;
}

market::MarketData market_data(const Json& symbol) {
    market::MarketData data;
    market::Contract contract;
    contract.contract_code = contract.symbol = symbol["symbol"].get<std::string>();
    data.contract = std::make_shared<const market::Contract>(std::move(contract));
    const Json& ticker = symbol["ticker"];
    data.ticker.bid = quote(ticker["bid"]);
    data.ticker.ask = quote(ticker["ask"]);
    data.ticker.last = number_or_nothing(ticker["last"]).value_or(0.0);
    data.ticker.turnover_24h = ticker["quote_volume"].get<double>();
    market::OrderBook book;
    book.bids = levels(symbol["order_book"]["bids"]);
    book.asks = levels(symbol["order_book"]["asks"]);
    data.order_book = std::make_shared<const market::OrderBook>(std::move(book));
    std::vector<market::Candle> candles;
    for (const Json& row : symbol["candles"]) {
        candles.push_back({row[0].get<std::int64_t>(), row[1].get<double>(), row[2].get<double>(), row[3].get<double>(),
                           row[4].get<double>(), row[5].get<double>()});
    }
    data.closed_candles = candles.size();
    data.candles = std::make_shared<const std::vector<market::Candle>>(std::move(candles));
    data.funding_rate = number_or_nothing(symbol["funding_rate"]);
    data.open_interest = number_or_nothing(symbol["open_interest"]);
    data.index_price = number_or_nothing(symbol["index_price"]);
    return data;
}

template <class Block>
using Fields = std::vector<std::pair<const char*, double Block::*>>;

template <class Block>
void expect_fields(const Json& expected, const std::string& name, const Block& actual, const Fields<Block>& fields) {
    for (const auto& [field, member] : fields) {
        ASSERT_TRUE(expected[name].contains(field)) << field;
        const double wanted = expected[name][field].template get<double>();
        EXPECT_TRUE(golden::agrees(actual.*member, wanted, golden::rounding_of(name, field)))
            << name << '.' << field << ": " << actual.*member << " instead of " << wanted;
    }
}

void expect_optional(const Json& expected, const char* field, const std::optional<double>& actual) {
    const auto wanted = number_or_nothing(expected["snapshot"][field]);
    ASSERT_EQ(actual.has_value(), wanted.has_value()) << field;
    if (wanted) {
        EXPECT_TRUE(golden::agrees(*actual, *wanted, 0.0)) << field;
    }
}

void expect_snapshot(const Json& expected, const signals::NumbersView& view) {
    const signals::ContractNumbers& actual = view.numbers;
    using M = Metrics;
    expect_fields<M>(expected, "snapshot", actual.metrics,
                     {{"qvol_usdt", &M::qvol_usdt},
                      {"spread_bps", &M::spread_bps},
                      {"top5_depth_usdt", &M::top5_depth_usdt},
                      {"atr_pct", &M::atr_pct},
                      {"ret_1", &M::ret_1},
                      {"ret_15", &M::ret_15},
                      {"slip_bps", &M::slip_bps},
                      {"volume_zscore", &M::volume_zscore},
                      {"order_flow_imbalance", &M::order_flow_imbalance},
                      {"volatility_regime", &M::volatility_regime},
                      {"price_velocity", &M::price_velocity},
                      {"anomaly_score", &M::anomaly_score},
                      {"depth_to_volume_ratio", &M::depth_to_volume_ratio}});
    expect_optional(expected, "funding_8h_pct", actual.metrics.funding_8h_pct);
    expect_optional(expected, "open_interest", actual.metrics.open_interest);
    expect_optional(expected, "basis_bps", actual.metrics.basis_bps);
    expect_fields<Edges>(expected, "snapshot", view.edges,
                         {{"liquidity_edge", &Edges::liquidity_edge},
                          {"momentum_edge", &Edges::momentum_edge},
                          {"volatility_edge", &Edges::volatility_edge},
                          {"microstructure_edge", &Edges::microstructure_edge},
                          {"anomaly_residual", &Edges::anomaly_residual}});
    expect_fields<Manipulation>(expected, "snapshot", actual.manipulation,
                                {{"manip_score", &Manipulation::manip_score}});
    EXPECT_EQ(Json(actual.manipulation.manip_flags), expected["snapshot"]["manip_flags"]);
}

void expect_features(const Json& expected, const signals::ContractNumbers& actual) {
    using F = signals::ManipulationFeatures;
    expect_fields<F>(expected, "manipulation_features", actual.manipulation.features,
                     {{"imbalance", &F::imbalance},
                      {"order_flow_imbalance", &F::order_flow_imbalance},
                      {"imbalance_delta", &F::imbalance_delta},
                      {"wall_ratio", &F::wall_ratio},
                      {"total_depth", &F::total_depth},
                      {"wick_ratio", &F::wick_ratio},
                      {"oi_delta", &F::oi_delta},
                      {"funding", &F::funding},
                      {"volume_zscore", &F::volume_zscore},
                      {"volume_z_trend", &F::volume_z_trend},
                      {"vol_regime", &F::vol_regime},
                      {"velocity", &F::velocity},
                      {"velocity_trend", &F::velocity_trend},
                      {"pump_dump_score", &F::pump_dump_score}});
}

void expect_blocks(const Json& expected, const signals::ContractNumbers& actual) {
    const Microstructure& micro = actual.microstructure;
    expect_fields<Microstructure>(
        expected, "microstructure", micro,
        {{"depth_decay", &Microstructure::depth_decay}, {"trade_imbalance", &Microstructure::trade_imbalance}});
    const Json& wanted = expected["microstructure"];
    EXPECT_EQ(micro.spoof_unwind, wanted["spoof_unwind"].get<bool>());
    EXPECT_EQ(micro.passive_absorption, wanted["passive_absorption"].get<bool>());
    EXPECT_EQ(micro.pump_signature, wanted["pump_signature"].get<bool>());
    EXPECT_EQ(micro.dump_signature, wanted["dump_signature"].get<bool>());
    EXPECT_EQ(signals::to_string(micro.volatility_bucket), wanted["volatility_bucket"].get<std::string>());
    expect_fields<Momentum>(expected, "momentum", actual.momentum,
                            {{"z_15s", &Momentum::z_15s},
                             {"z_1m", &Momentum::z_1m},
                             {"z_5m", &Momentum::z_5m},
                             {"vwap_distance", &Momentum::vwap_distance},
                             {"rsi14", &Momentum::rsi14}});
    expect_fields<Execution>(
        expected, "execution", actual.execution,
        {{"queue_position", &Execution::queue_position}, {"simulated_impact_bps", &Execution::simulated_impact_bps}});
}

const ScoredContract* find_item(const std::vector<ScoredContract>& items, std::size_t contract) {
    const auto found = std::ranges::find(items, contract, &ScoredContract::contract);
    return found == items.end() ? nullptr : &*found;
}

void expect_profiles(const Json& expected, const Ranking& ranking, std::size_t contract) {
    const std::string& code = ranking.contract(contract).data.contract->contract_code;
    for (const signals::Profile& profile : ranking.profiles) {
        SCOPED_TRACE(profile.name);
        const Json& wanted = expected["profiles"][profile.name];
        const RankedEntry* const entry = find_entry(ranking, profile.name, code);
        ASSERT_EQ(entry != nullptr, !wanted["score"].is_null());
        if (entry == nullptr) continue;
        EXPECT_NEAR(entry->score, wanted["score"].get<double>(), 1e-4 * (1 + 1e-6));
        Scoring without_carry = cycle_scoring(ranking.settings, profile.name);
        without_carry.include_carry = false;
        const auto plain = score_contracts(ranking, without_carry);
        const ScoredContract* const item = find_item(plain, contract);
        ASSERT_NE(item, nullptr);
        EXPECT_NEAR(item->score, wanted["score_without_carry"].get<double>(), 1e-4 * (1 + 1e-6));
        for (const signals::ComponentField& field : signals::component_fields()) {
            const double part = wanted["components"][std::string(field.name)].get<double>();
            EXPECT_TRUE(golden::agrees(entry->components.*field.member, part, 0.0)) << field.name;
        }
    }
}

void expect_order(const Json& line, const Ranking& ranking) {
    for (const signals::Profile& profile : ranking.profiles) {
        Json order = Json::array();
        for (const RankedEntry& entry : ranking.ranked.at(profile.name)) {
            order.push_back(ranking.contract(entry.contract).data.contract->symbol);
        }
        EXPECT_EQ(order, line["rankings"][profile.name]) << profile.name;
    }
}

TEST(Golden, every_number_of_every_cycle_agrees) {
    const auto lines = golden::lines();
    if (lines.empty()) GTEST_SKIP() << "no " << golden::path();
    const auto builtin = signals::builtin_profiles();
    Ranker ranker({.formulas_only = true});
    for (const std::string& text : lines) {
        const Json line = Json::parse(text);
        RankingSettings settings;
        settings.notional_usdt = line["settings"]["notional_usdt"].get<double>();
        settings.min_qvol_usdt = line["settings"]["min_qvol_usdt"].get<double>();
        settings.max_spread_bps = line["settings"]["max_spread_bps"].get<double>();
        RankerInput input;
        for (const Json& symbol : line["symbols"]) {
            input.data.push_back(std::make_shared<const market::MarketData>(market_data(symbol)));
        }
        const Ranking ranking = ranker.rank(std::move(input), settings, {builtin.begin(), builtin.end()}, {});
        ASSERT_EQ(ranking.contracts.size(), line["expected"].size());
        for (const Json& expected : line["expected"]) {
            SCOPED_TRACE("cycle " + line["cycle"].dump() + ", " + expected["snapshot"]["symbol"].dump());
            const auto index = ranking.index_of(expected["snapshot"]["symbol"].get<std::string>());
            ASSERT_TRUE(index);
            expect_snapshot(expected, ranking.numbers_view(*index));
            expect_features(expected, ranking.contract(*index).numbers);
            expect_blocks(expected, ranking.contract(*index).numbers);
            expect_profiles(expected, ranking, *index);
        }
        expect_order(line, ranking);
    }
}

}  // namespace
}  // namespace scanner::ranking
