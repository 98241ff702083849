#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/exchange/exchange_options.hpp"
#include "scanner/net/http_client.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace scanner::exchange::htx {

/// Whether the host of `url` is in one of HTX's own domains.
[[nodiscard]] bool is_own_host(std::string_view url);

/// HTX's USDT-margined swaps over its public REST interface. HTX documents 800 market-data requests a second and
/// enforces 240 others per 3 s, both per address.
///
/// One breaker guards contracts, tickers, books and candles. Funding, open interest, index prices and trades, without
/// which the scanner can do, have one each: while it is open that input is missing and nothing else. See rest::Caller
/// for what a breaker counts.
[[nodiscard]] std::unique_ptr<Exchange> make_htx_exchange(boost::asio::any_io_executor executor,
                                                          ExchangeOptions options, net::HttpClient& client,
                                                          const core::Clock& clock, std::uint64_t random_seed,
                                                          ExchangeObserver observer);

}  // namespace scanner::exchange::htx
