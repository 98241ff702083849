#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/settings.hpp"
#include "scanner/engine/engine.hpp"
#include "scanner/engine/observer.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/net/http_client.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>

/// From settings to objects: the one place that knows which setting means what to whom.
namespace scanner::app {

[[nodiscard]] engine::EngineOptions engine_options(const core::Settings& settings, bool simulated);
[[nodiscard]] std::unique_ptr<net::HttpClient> make_client(boost::asio::any_io_executor executor,
                                                           const core::Settings& settings);
/// Calls are reported to `observer`.
[[nodiscard]] std::unique_ptr<exchange::Exchange> make_exchange(boost::asio::any_io_executor executor,
                                                                const core::Settings& settings, net::HttpClient& client,
                                                                const core::Clock& clock,
                                                                engine::EngineObserver& observer);
/// Whether the exchange at SCANNER_EXCHANGE_URL says of itself that it is a simulator. HTX's own hosts are not asked.
/// A host that does not answer within two seconds is taken for real: asked again at the next start.
[[nodiscard]] boost::asio::awaitable<bool> exchange_is_simulated(net::HttpClient& client, std::string exchange_url);

}  // namespace scanner::app
