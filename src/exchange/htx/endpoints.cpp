#include "exchange/htx/endpoints.hpp"

#include <fmt/format.h>

namespace scanner::exchange::htx {
namespace {

bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

}  // namespace

std::string percent_encode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c)) {
            out.push_back(c);
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        }
    }
    return out;
}

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

Endpoint contracts_endpoint() {
    return {.method = "contracts",
            .request_class = RequestClass::non_market,
            .target = "/linear-swap-api/v1/swap_contract_info?business_type=swap"};
}

Endpoint tickers_endpoint() {
    // v1: in v2 the same field "vol" is a turnover.
    return {.method = "tickers",
            .request_class = RequestClass::market,
            .target = "/linear-swap-ex/market/detail/batch_merged?business_type=swap"};
}

Endpoint funding_endpoint() {
    return {.method = "funding_rates",
            .request_class = RequestClass::non_market,
            .purpose = Purpose::funding,
            .target = "/linear-swap-api/v1/swap_batch_funding_rate"};
}

Endpoint open_interest_endpoint() {
    return {.method = "open_interest",
            .request_class = RequestClass::non_market,
            .purpose = Purpose::open_interest,
            .target = "/linear-swap-api/v1/swap_open_interest"};
}

Endpoint index_endpoint() {
    return {.method = "index_prices",
            .request_class = RequestClass::non_market,
            .purpose = Purpose::index,
            .target = "/linear-swap-api/v1/swap_index"};
}

Endpoint heartbeat_endpoint() {
    return {.method = "heartbeat", .request_class = RequestClass::non_market, .target = "/heartbeat/"};
}

Endpoint v5_funding_endpoint(std::span<const std::string> codes) {
    std::string target = "/v5/market/funding_rate?contract_code=";
    for (std::size_t i = 0; i < codes.size(); ++i) {
        if (i > 0) target.push_back(',');
        target += percent_encode(codes[i]);
    }
    return {.method = "v5_funding_rate",
            .request_class = RequestClass::non_market,
            .purpose = Purpose::funding,
            .target = std::move(target)};
}

Endpoint v5_open_interest_endpoint(std::string_view code) {
    return {.method = "v5_open_interest",
            .request_class = RequestClass::non_market,
            .purpose = Purpose::open_interest,
            .target = "/v5/market/open_interest?contract_code=" + percent_encode(code)};
}

Endpoint order_book_endpoint(std::string_view code) {
    return {.method = "order_book",
            .request_class = RequestClass::market,
            .about_one_contract = true,
            .target = fmt::format("/linear-swap-ex/market/depth?contract_code={}&type=step0", percent_encode(code))};
}

Endpoint candles_endpoint(std::string_view code, int interval_minutes, int count) {
    return {.method = "candles",
            .request_class = RequestClass::market,
            .about_one_contract = true,
            .target = fmt::format("/linear-swap-ex/market/history/kline?contract_code={}&period={}&size={}",
                                  percent_encode(code), period_name(interval_minutes), count)};
}

Endpoint trades_endpoint(std::string_view code, int count) {
    return {.method = "trades",
            .request_class = RequestClass::market,
            .purpose = Purpose::trades,
            .target = fmt::format("/linear-swap-ex/market/history/trade?contract_code={}&size={}", percent_encode(code),
                                  count)};
}

}  // namespace scanner::exchange::htx
