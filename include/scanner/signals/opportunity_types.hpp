#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::signals {

enum class SideBias { neutral, long_side, short_side };
/// "neutral", "long", "short".
[[nodiscard]] std::string_view to_string(SideBias side) noexcept;

enum class EntryType { pullback, fade, breakout };
[[nodiscard]] std::string_view to_string(EntryType type) noexcept;

/// The prices of one trade, USDT, on the contract's price tick; 0 where there is no such price (at or under zero).
struct TradePrices {
    double entry_price = 0.0;
    double stop_price = 0.0;
    std::array<double, 3> tp_prices{};  ///< nearest first
};

/// What a trade costs and from when on it is not worth one.
struct TradeTerms {
    double taker_fee_pct = 0.06;           ///< of the notional, each way
    double maker_fee_pct = 0.02;           ///< of the notional, each way; shown, not used
    double manipulation_threshold = 60.0;  ///< a contract at or over this manip_score is not tradable
};

/// What a confidence is made of, points: it begins with `score`, and the others are taken off before it is cut to
/// 0..100.
struct ConfidenceTerms {
    double score = 0.0;  ///< half the score + 50, 0..100
    double cost = 0.0;   ///< of spread and slippage, at most 40
    /// Of the likeness to manipulation, at most 50; empty where the detectors cannot tell the score.
    std::optional<double> manipulation = 0.0;
    double disorder = 0.0;  ///< of the anomaly score and a one-sided book, at most 30
};

struct Opportunity {
    SideBias side_bias = SideBias::neutral;
    EntryType entry_type = EntryType::breakout;
    double entry_pct = 0.0;             ///< distance of the entry from the last price, percent, 3 decimals
    double stop_suggestion = 0.0;       ///< percent, 3 decimals
    std::array<double, 3> tp_levels{};  ///< percent, 3 decimals
    std::optional<int> confidence = 0;  ///< 0..100; empty where a term is not known
    ConfidenceTerms confidence_terms;
    double last_price = 0.0;           ///< USDT
    std::optional<TradePrices> trade;  ///< of a long or a short
    std::optional<TradePrices> above;  ///< of a neutral one, should the price break out upwards
    std::optional<TradePrices> below;  ///< and downwards
    /// Reward to the second target over risk to the stop, from the entry; of a neutral one the worse way. Net: after
    /// `round_trip_cost_pct`. Empty where there are no such prices or the cost is unknown.
    std::optional<double> reward_risk_gross;
    std::optional<double> reward_risk_net;
    std::optional<double> round_trip_cost_pct;  ///< of the notional: in and out, fee and slippage from the mid price
    std::optional<double> risk_usdt;            ///< lost when the stop is hit, cost included; of the worse way
    /// Why it is not worth a trade, by stable names: new_listing, stale, manipulation, manipulation_unknown,
    /// confidence, liquidity, net_reward_risk. Empty: tradable.
    std::vector<std::string_view> not_tradable;
    std::vector<std::string> rationale;  ///< why this side, then the score's components by weight: "liquidity +29.05"

    [[nodiscard]] bool tradable() const noexcept { return not_tradable.empty(); }
};

}  // namespace scanner::signals
