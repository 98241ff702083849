#pragma once

#include "exchange/rest/answer.hpp"

#include "scanner/market/market.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

/// Answers in HTX's shapes, written by hand, for the tests of decoders and adapter.
namespace scanner::exchange::test {

inline const std::string kContracts =
    R"({"status":"ok","data":[)"
    R"({"symbol":"BTC","contract_code":"BTC-USDT","contract_size":0.001000000000000000,"price_tick":0.100000000000000000,"delivery_date":"","delivery_time":"","create_date":"20201021","contract_status":1,"settlement_date":"1790697600000","settlement_period":"8","labels":["hot","common"],"tradfi_labels":[],"enable_rpi":true,"business_type":"swap","pair":"BTC-USDT","contract_type":"swap","trade_partition":"USDT"},)"
    R"({"symbol":"PEPE","contract_code":"PEPE-USDT","contract_size":1000000.000000000000000000,"price_tick":1.0000000000E-10,"contract_status":1,"settlement_date":"1790697600000","settlement_period":"4","labels":["hot"],"tradfi_labels":[],"business_type":"swap","contract_type":"swap","trade_partition":"USDT"},)"
    R"({"symbol":"XOM","contract_code":"XOM-USDT","contract_size":0.01,"price_tick":0.01,"contract_status":1,"settlement_date":"1790697600000","settlement_period":"8","labels":["stock"],"tradfi_labels":[],"business_type":"swap","contract_type":"swap","trade_partition":"USDT"})"
    R"(],"ts":1790677524306})";

inline const std::string kTickers =
    R"({"status":"ok","ticks":[)"
    R"({"id":1789336870,"ts":1789336870043,"ask":[77105.1,7980],"bid":[77105,20],"trade_partition":"USDT","business_type":"swap","contract_code":"BTC-USDT","open":"77099.3","close":"77111","low":"77099.3","high":"77417.5","amount":"1884.88","count":19281,"vol":"1884880","trade_turnover":"145152802.919"},)"
    R"({"id":1789336870,"ts":1789336870043,"ask":[3.398e-06,69],"bid":[3.397e-06,44],"trade_partition":"USDT","business_type":"swap","contract_code":"PEPE-USDT","open":"0.0000034008","close":"0.0000033999","low":"0.0000033976","high":"0.000003446","amount":"458094000000","count":3722,"vol":"458094","trade_turnover":"1571042.071"},)"
    R"({"id":1789336870,"ts":1789336870043,"ask":null,"trade_partition":"USDT","business_type":"swap","contract_code":"XOM-USDT","open":"166","close":"166.6","low":"164.73","high":"166.98","amount":"0","count":0,"vol":"0","trade_turnover":"0E-18"})"
    R"(],"ts":1789336870043})";

inline const std::string kFunding =
    R"({"status":"ok","data":[)"
    R"({"estimated_rate":null,"funding_rate":"0.000043173429077120","contract_code":"BTC-USDT","symbol":"BTC","fee_asset":"USDT","funding_time":"1789344000000","next_funding_time":null,"trade_partition":"USDT"},)"
    R"({"estimated_rate":null,"funding_rate":"0E-18","contract_code":"PEPE-USDT","symbol":"PEPE","fee_asset":"USDT","funding_time":"1789344000000","next_funding_time":null,"trade_partition":"USDT"},)"
    R"({"estimated_rate":null,"funding_rate":null,"contract_code":"BTC-USDT-260918","symbol":"BTC","fee_asset":"USDT","funding_time":null,"next_funding_time":null,"trade_partition":"USDT"},)"
    R"({"estimated_rate":null,"funding_rate":"null","contract_code":"XOM-USDT","symbol":"XOM","fee_asset":"USDT","funding_time":"null","next_funding_time":null,"trade_partition":"USDT"})"
    R"(],"ts":1789336869034})";

inline const std::string kOpenInterest =
    R"({"status":"ok","data":[)"
    R"({"volume":288491.000000000000000000,"amount":2884910.000000000000000000,"symbol":"MANA","value":2788265.515000000000000000,"contract_code":"MANA-USDT","trade_amount":8073320,"trade_volume":807332,"trade_turnover":7868174.158,"business_type":"swap","pair":"MANA-USDT","contract_type":"swap","trade_partition":"USDT"},)"
    R"({"volume":28808125,"amount":28808.125,"symbol":"BTC","value":2221334021.6875,"contract_code":"BTC-USDT","trade_amount":1884.88,"trade_volume":1884880,"trade_turnover":145152802.919,"business_type":"swap","pair":"BTC-USDT","contract_type":"swap","trade_partition":"USDT"})"
    R"(],"ts":1654346577824})";

inline const std::string kIndex =
    R"({"status":"ok","data":[)"
    R"({"index_price":77154.55428571429,"index_ts":1789336966358,"contract_code":"BTC-USDT","trade_partition":"USDT"},)"
    R"({"index_price":3.3955e-06,"index_ts":1789336966358,"contract_code":"PEPE-USDT","trade_partition":"USDT"},)"
    R"({"index_price":4.01,"index_ts":1747000000000,"contract_code":"CVX-USDT","trade_partition":"USDT"})"
    R"(],"ts":1789336967303})";

inline const std::string kDepth =
    R"({"ch":"market.BTC-USDT.depth.step0","status":"ok","tick":{"asks":[[29796.8,4025],[29797.1,49]],"bids":[[29796.7,305],[29795.9,265],[29790,1]],"ch":"market.BTC-USDT.depth.step0","id":1654253113,"mrid":108917760661,"ts":1654253113026,"version":1654253113},"ts":1654253113251})";

inline const std::string kCandles =
    R"({"ch":"market.BTC-USDT.kline.1min","ts":1790677523089,"status":"ok","data":[)"
    R"({"id":1790677380,"open":84049.9,"close":84053.1,"high":84053.2,"low":84036.3,"amount":2.736,"vol":2736,"trade_turnover":229963.474,"count":34},)"
    R"({"id":1790677440,"open":84053.1,"close":84066.9,"high":84067.1,"low":84053.1,"amount":1.508,"vol":1508,"trade_turnover":126770.8556,"count":24},)"
    R"({"id":1790677500,"open":84066.9,"close":84066.9,"high":84066.9,"low":84066.9,"amount":0.0,"vol":0,"trade_turnover":0.0,"count":0}]})";

// Newest match first, an order that is not guaranteed: the decoder sorts.
inline const std::string kTrades =
    R"({"ch":"market.BTC-USDT.trade.detail","data":[)"
    R"({"data":[{"amount":4,"direction":"sell","id":1000003558478170000,"price":13081.2,"ts":1603695383125,"quantity":0.004,"trade_turnover":52.3248},{"amount":2,"direction":"","id":1000003558478170001,"price":13081.1,"ts":1603695383125,"quantity":0.002000000000000000,"trade_turnover":26.1622}],"id":100000355847817,"ts":1603695383125},)"
    R"({"data":[{"amount":2,"direction":"buy","id":1314767870000,"price":13081.3,"ts":1603695383124,"quantity":0.002,"trade_turnover":26.1626}],"id":131476787,"ts":1603695383124})"
    R"(],"status":"ok","ts":1603695388965})";

inline const std::string kV5Funding =
    R"({"code":200,"message":"Success","data":[{"contract_code":"BTC-USDT","funding_rate":"0.000081913965631512","funding_time":"1781251200000","next_funding_time":"1781280000000","min_funding_rate":"-0.003750000000000000","max_funding_rate":"0.003750000000000000"}],"ts":1781250000000})";

inline const std::string kV5OpenInterest =
    R"({"code":200,"message":"Success","data":{"amount":"32476.092","volume":"32476092","value":"2063137924.9668","contract_code":"BTC-USDT","trade_amount":"11371.362","trade_volume":"11371362","trade_turnover":"723600792.7222"},"ts":1781250000000})";

inline const std::string kHeartbeat =
    R"({"status":"ok","data":{"heartbeat":1,"estimated_recovery_time":null,"swap_heartbeat":1,"swap_estimated_recovery_time":null,"option_heartbeat":1,"option_estimated_recovery_time":null,"linear_swap_heartbeat":1,"linear_swap_estimated_recovery_time":null},"ts":1557714418033})";

inline const std::string kHeartbeatDown =
    R"({"status":"ok","data":{"heartbeat":0,"estimated_recovery_time":null,"swap_heartbeat":1,"linear_swap_heartbeat":0,"linear_swap_estimated_recovery_time":1790700000000},"ts":1557714418033})";

inline const std::string kSpring404 =
    R"({"timestamp":"2026-11-22T05:24:00.123+00:00","status":404,"error":"Not Found","path":"/linear-swap-api/v1/swap_batch_funding_rate"})";
inline const std::string kMaintain = R"({"status":"maintain"})";
inline const std::string kTooFast =
    R"({"status":"error","err_code":1032,"err_msg":"The number of access exceeded the limit.","ts":1790677541023})";
inline const std::string kUnknownContract =
    R"({"status":"error","err_code":1014,"err_msg":"This contract doesnt exist.","ts":1790677541023})";
inline const std::string kInvalidSymbol =
    R"({"ts":1790677541023,"status":"error","err-code":"invalid-parameter","err-msg":"invalid  symbol"})";
inline const std::string kHtml =
    "<html>\r\n<head><title>502 Bad Gateway</title></head><body>openresty</body></html>\r\n";

[[nodiscard]] inline market::Contract btc() {
    market::Contract contract;
    contract.contract_code = "BTC-USDT";
    contract.symbol = "BTC/USDT:USDT";
    contract.contract_size = 0.001;
    contract.price_tick = 0.1;
    contract.status = market::ContractStatus::listed;
    return contract;
}

/// `text` with the first `from` replaced; the test is wrong when there is none.
[[nodiscard]] inline std::string changed(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    if (at == std::string::npos) throw std::logic_error("nothing to replace: " + std::string(from));
    return text.replace(at, from.size(), to);
}

[[nodiscard]] inline rest::Answer ok(std::string_view body) {
    return {.http_status = 200, .body = body};
}

}  // namespace scanner::exchange::test
