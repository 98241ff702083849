#include "exchange/htx/endpoints.hpp"

#include "scanner/core/url.hpp"

#include <fmt/format.h>

namespace scanner::exchange::htx {

using core::percent_encode;  // four live contract codes are Chinese

std::string_view period_name(int interval_minutes) {
    switch (interval_minutes) {
        case 1: return "1min";
        case 5: return "5min";
        case 15: return "15min";
        case 30: return "30min";
        case 60: return "60min";
        case 240: return "4hour";
        default: return {};
    }
}

Request contracts_endpoint() {
    return {.method = "contracts",
            .budget = kOtherBudget,
            .target = "/linear-swap-api/v1/swap_contract_info?business_type=swap"};
}

Request tickers_endpoint() {
    // v1: in v2 the same field "vol" is a turnover.
    return {.method = "tickers",
            .budget = kMarketBudget,
            .target = "/linear-swap-ex/market/detail/batch_merged?business_type=swap"};
}

Request funding_endpoint() {
    return {.method = "funding_rates",
            .budget = kOtherBudget,
            .purpose = kFunding,
            .target = "/linear-swap-api/v1/swap_batch_funding_rate"};
}

Request open_interest_endpoint() {
    return {.method = "open_interest",
            .budget = kOtherBudget,
            .purpose = kOpenInterest,
            .target = "/linear-swap-api/v1/swap_open_interest"};
}

Request index_endpoint() {
    return {.method = "index_prices",
            .budget = kOtherBudget,
            .purpose = kIndex,
            .target = "/linear-swap-api/v1/swap_index"};
}

Request heartbeat_endpoint() {
    return {.method = "heartbeat", .budget = kOtherBudget, .target = "/heartbeat/"};
}

Request v5_funding_endpoint(std::span<const std::string> codes) {
    std::string target = "/v5/market/funding_rate?contract_code=";
    for (std::size_t i = 0; i < codes.size(); ++i) {
        if (i > 0) target.push_back(',');
        target += percent_encode(codes[i]);
    }
    return {.method = "v5_funding_rate", .budget = kOtherBudget, .purpose = kFunding, .target = std::move(target)};
}

Request v5_open_interest_endpoint(std::string_view code) {
    return {.method = "v5_open_interest",
            .budget = kOtherBudget,
            .purpose = kOpenInterest,
            .target = "/v5/market/open_interest?contract_code=" + percent_encode(code)};
}

Request order_book_endpoint(std::string_view code) {
    return {.method = "order_book",
            .budget = kMarketBudget,
            .about_one_contract = true,
            .target = fmt::format("/linear-swap-ex/market/depth?contract_code={}&type=step0", percent_encode(code))};
}

Request candles_endpoint(std::string_view code, int interval_minutes, int count) {
    return {.method = "candles",
            .budget = kMarketBudget,
            .about_one_contract = true,
            .target = fmt::format("/linear-swap-ex/market/history/kline?contract_code={}&period={}&size={}",
                                  percent_encode(code), period_name(interval_minutes), count)};
}

Request trades_endpoint(std::string_view code, int count) {
    return {.method = "trades",
            .budget = kMarketBudget,
            .purpose = kTrades,
            .target = fmt::format("/linear-swap-ex/market/history/trade?contract_code={}&size={}", percent_encode(code),
                                  count)};
}

}  // namespace scanner::exchange::htx
