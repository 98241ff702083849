#pragma once

#include "simulator/face/params.hpp"
#include "simulator/face/state/scene.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// One function an endpoint: the whole body of its answer, or of its refusal. Pure.
namespace scanner::simulator::face {

// 4.1 - 4.3
[[nodiscard]] std::string timestamp(const Scene& scene, const Params& params);
[[nodiscard]] std::string heartbeat(const Scene& scene, const Params& params);
/// /heartbeat/ while the exchange is under maintenance; recovery in Unix ms, or none known.
[[nodiscard]] std::string heartbeat_body(bool alive, std::optional<std::int64_t> recovery_ms);
[[nodiscard]] std::string contract_info(const Scene& scene, const Params& params);
[[nodiscard]] std::string api_state(const Scene& scene, const Params& params);
[[nodiscard]] std::string cross_trade_state(const Scene& scene, const Params& params);
[[nodiscard]] std::string price_limit(const Scene& scene, const Params& params);
[[nodiscard]] std::string query_elements(const Scene& scene, const Params& params);

// 4.4 - 4.7
[[nodiscard]] std::string batch_merged(const Scene& scene, const Params& params);
[[nodiscard]] std::string batch_merged_v2(const Scene& scene, const Params& params);
[[nodiscard]] std::string merged(const Scene& scene, const Params& params);
[[nodiscard]] std::string bbo(const Scene& scene, const Params& params);
[[nodiscard]] std::string depth(const Scene& scene, const Params& params);

// 4.8, 4.9, 4.13
[[nodiscard]] std::string kline(const Scene& scene, const Params& params);
[[nodiscard]] std::string mark_price_kline(const Scene& scene, const Params& params);
[[nodiscard]] std::string premium_index_kline(const Scene& scene, const Params& params);
[[nodiscard]] std::string estimated_rate_kline(const Scene& scene, const Params& params);
[[nodiscard]] std::string basis(const Scene& scene, const Params& params);
[[nodiscard]] std::string history_trade(const Scene& scene, const Params& params);
[[nodiscard]] std::string last_trades(const Scene& scene, const Params& params);

// 4.10 - 4.12
[[nodiscard]] std::string index_prices(const Scene& scene, const Params& params);
[[nodiscard]] std::string batch_funding_rate(const Scene& scene, const Params& params);
[[nodiscard]] std::string funding_rate(const Scene& scene, const Params& params);
[[nodiscard]] std::string historical_funding_rate(const Scene& scene, const Params& params);
[[nodiscard]] std::string open_interest(const Scene& scene, const Params& params);
[[nodiscard]] std::string open_interest_history(const Scene& scene, const Params& params);

// 4.14
[[nodiscard]] std::string elite_account_ratio(const Scene& scene, const Params& params);
[[nodiscard]] std::string elite_position_ratio(const Scene& scene, const Params& params);
[[nodiscard]] std::string liquidation_orders(const Scene& scene, const Params& params);
[[nodiscard]] std::string settlement_records(const Scene& scene, const Params& params);
[[nodiscard]] std::string estimated_settlement_price(const Scene& scene, const Params& params);
[[nodiscard]] std::string risk_info(const Scene& scene, const Params& params);

/// Past settlements for which a price is still known, newest first.
struct Settlement {
    WallTime time;
    double price = 0.0;
};
[[nodiscard]] std::vector<Settlement> settlements(const Scene& scene, std::size_t contract);

// 4.15
[[nodiscard]] std::string v5_funding_rate(const Scene& scene, const Params& params);
[[nodiscard]] std::string v5_funding_rate_history(const Scene& scene, const Params& params);
[[nodiscard]] std::string v5_open_interest(const Scene& scene, const Params& params);
[[nodiscard]] std::string v5_liquidation_orders(const Scene& scene, const Params& params);
[[nodiscard]] std::string v5_settlement_history(const Scene& scene, const Params& params);
[[nodiscard]] std::string v5_price_limit(const Scene& scene, const Params& params);

}  // namespace scanner::simulator::face
