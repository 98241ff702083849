#include "simulator/face/routes.hpp"

#include "simulator/face/endpoints.hpp"

#include <algorithm>
#include <array>

namespace scanner::simulator::face {
namespace {

constexpr LimitClass kA = LimitClass::market;
constexpr LimitClass kB = LimitClass::api;
constexpr LimitClass kV5 = LimitClass::v5;

constexpr std::array<Route, 37> kRoutes{{
    {"/api/v1/timestamp", kB, false, timestamp},
    {"/heartbeat/", kB, false, heartbeat},
    {"/linear-swap-api/v1/swap_contract_info", kB, true, contract_info},
    {"/linear-swap-api/v1/swap_api_state", kB, true, api_state},
    {"/linear-swap-api/v1/swap_cross_trade_state", kB, true, cross_trade_state},
    {"/linear-swap-api/v1/swap_price_limit", kB, true, price_limit},
    {"/linear-swap-api/v1/swap_query_elements", LimitClass::elements, true, query_elements},
    {"/linear-swap-api/v1/swap_index", kB, true, index_prices},
    {"/linear-swap-api/v1/swap_batch_funding_rate", kB, true, batch_funding_rate},
    {"/linear-swap-api/v1/swap_funding_rate", kB, false, funding_rate},
    {"/linear-swap-api/v1/swap_historical_funding_rate", kB, false, historical_funding_rate},
    {"/linear-swap-api/v1/swap_open_interest", kB, true, open_interest},
    {"/linear-swap-api/v1/swap_his_open_interest", kB, false, open_interest_history},
    {"/linear-swap-api/v1/swap_elite_account_ratio", kB, false, elite_account_ratio},
    {"/linear-swap-api/v1/swap_elite_position_ratio", kB, false, elite_position_ratio},
    {"/linear-swap-api/v1/swap_settlement_records", kB, false, settlement_records},
    {"/linear-swap-api/v1/swap_estimated_settlement_price", kB, true, estimated_settlement_price},
    {"/linear-swap-api/v1/swap_risk_info", kB, true, risk_info},
    {"/linear-swap-api/v3/swap_liquidation_orders", kB, false, liquidation_orders, "contract"},
    {"/linear-swap-ex/market/detail/batch_merged", kA, true, batch_merged},
    {"/v2/linear-swap-ex/market/detail/batch_merged", kA, true, batch_merged_v2},
    {"/linear-swap-ex/market/detail/merged", kA, false, merged},
    {"/linear-swap-ex/market/bbo", kA, true, bbo},
    {"/linear-swap-ex/market/depth", kA, false, depth},
    {"/linear-swap-ex/market/history/kline", kA, false, kline},
    {"/linear-swap-ex/market/history/trade", kA, false, history_trade},
    {"/linear-swap-ex/market/trade", kA, true, last_trades},
    {"/index/market/history/linear_swap_mark_price_kline", kA, false, mark_price_kline},
    {"/index/market/history/linear_swap_premium_index_kline", kA, false, premium_index_kline},
    {"/index/market/history/linear_swap_estimated_rate_kline", kA, false, estimated_rate_kline},
    {"/index/market/history/linear_swap_basis", kA, false, basis},
    {"/v5/market/funding_rate", kV5, false, v5_funding_rate},
    {"/v5/market/funding_rate_history", kV5, false, v5_funding_rate_history},
    {"/v5/market/open_interest", kV5, false, v5_open_interest},
    {"/v5/market/liquidation_orders", kV5, false, v5_liquidation_orders},
    {"/v5/market/settlement_history", kV5, false, v5_settlement_history},
    {"/v5/market/price_limit", kV5, true, v5_price_limit},
}};

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

const Route* find_route(std::string_view path) {
    const auto found = std::ranges::find(kRoutes, path, &Route::path);
    return found == kRoutes.end() ? nullptr : &*found;
}

}  // namespace scanner::simulator::face
