#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/exchange/exchange_description.hpp"
#include "scanner/exchange/exchange_options.hpp"
#include "scanner/exchange/market_feed.hpp"
#include "scanner/exchange/market_feed_options.hpp"
#include "scanner/net/http_client.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace scanner::exchange {

/// The exchanges that can be scanned, the default first; never empty.
[[nodiscard]] std::span<const ExchangeDescription> known_exchanges();
/// By its short name, in any case; nullptr for none of these.
[[nodiscard]] const ExchangeDescription* find_exchange(std::string_view name);

/// The exchange that the scanner scans.
///
/// Calls may run side by side. `clock` times the breaker and the fallback; waiting goes by the machine's own steady
/// clock. `client` and `clock` must outlive the exchange, and the exchange its running calls.
[[nodiscard]] std::unique_ptr<Exchange> make_exchange(boost::asio::any_io_executor executor, ExchangeOptions options,
                                                      net::HttpClient& client, const core::Clock& clock,
                                                      std::uint64_t random_seed, ExchangeObserver observer = {});

/// The live feed of that exchange. `listener` and `clock` must outlive it; the first call comes from within `run`, or
/// from `restart_book`.
[[nodiscard]] std::unique_ptr<MarketFeed> make_market_feed(const boost::asio::any_io_executor& executor,
                                                           MarketFeedOptions options, FeedListener& listener,
                                                           const core::Clock& clock, std::uint64_t random_seed);
/// Where the live feed of the market at `base_url` is, http(s) or ws(s); empty for any other text.
[[nodiscard]] std::string feed_url(std::string_view base_url);

/// Whether `base_url` is one of the real exchange's own hosts. By the parsed host: a name anywhere else in an address
/// says nothing.
[[nodiscard]] bool is_real_market(std::string_view base_url);
/// A name for the market at `base_url`: all hosts of the real exchange are one, any other address is its own.
[[nodiscard]] std::string market_name(std::string_view base_url);
/// Whether the exchange at `base_url` says of itself that it is a simulator; nothing while it does not answer (within
/// two seconds, with anything but a server's error). The real exchange's hosts are not asked. `client` must outlive the
/// call.
[[nodiscard]] boost::asio::awaitable<std::optional<bool>> is_simulated(net::HttpClient& client, std::string base_url);

}  // namespace scanner::exchange
