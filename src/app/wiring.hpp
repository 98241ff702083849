#pragma once

#include "scanner/alerts/alert_service.hpp"
#include "scanner/alerts/state_file.hpp"
#include "scanner/api/options.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/engine/engine.hpp"
#include "scanner/engine/feed_parts.hpp"
#include "scanner/engine/inspector.hpp"
#include "scanner/engine/manipulation_parts.hpp"
#include "scanner/engine/observer.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/exchange/exchange_description.hpp"
#include "scanner/exchange/feed_tap.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/http_server_options.hpp"
#include "scanner/operator/operator_service.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/settings/settings_values.hpp"
#include "scanner/storage/store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

/// From settings to objects: the one place that knows which setting means what to whom.
namespace scanner::app {

[[nodiscard]] engine::EngineOptions engine_options(const settings::Settings& settings, bool simulated);
/// The same with what the operator set on top.
[[nodiscard]] engine::EngineOptions engine_options(const settings::Settings& settings, bool simulated,
                                                   const operators::EffectiveSettings& set);
[[nodiscard]] operators::OperatorDefaults operator_defaults(const settings::Settings& settings);
/// The exchange that the settings name; the default for none.
[[nodiscard]] const exchange::ExchangeDescription& exchange_of(const settings::Settings& settings);
/// "http://[::1]:8010/scanner"
[[nodiscard]] std::string listening_url(const net::HttpServerOptions& options, std::uint16_t port);
[[nodiscard]] api::ApiOptions api_options(const settings::Settings& settings);
[[nodiscard]] engine::InspectorOptions inspector_options(const settings::Settings& settings);
[[nodiscard]] alerts::AlertOptions alert_options(const settings::Settings& settings);
/// Whose the rankings are that these settings make.
[[nodiscard]] ranking::RankingOrigin ranking_origin(const settings::Settings& settings);
/// Where alerts keep what they remember.
[[nodiscard]] std::string alert_state_path(const settings::Settings& settings);
[[nodiscard]] std::unique_ptr<net::HttpClient> make_client(boost::asio::any_io_executor executor,
                                                           const settings::Settings& settings);
/// Where the last number that a ranking may have had is kept, so that no number is used twice.
[[nodiscard]] std::string sequence_path(const settings::Settings& settings);
/// What the engine follows a live feed with, by the settings; nothing with SCANNER_FEED=off. Numbers are reserved in
/// `sequence`. Fails where a feed is required and the exchange has none. All must outlive the engine; `tap` may be
/// null.
[[nodiscard]] core::Result<engine::FeedParts> feed_parts(const boost::asio::any_io_executor& executor,
                                                         const settings::Settings& settings, const core::Clock& clock,
                                                         alerts::StateFile& sequence, exchange::FeedTap* tap = nullptr);
/// Where the detectors of manipulation keep their state.
[[nodiscard]] std::string detectors_path(const settings::Settings& settings);
/// Whether their state has to be where another host finds it: a scanner that is elected may go on for another one.
[[nodiscard]] bool shares_detector_states(const settings::Settings& settings);
/// What the engine runs the detectors with, by the settings; nothing with the seed model. The functions must be
/// callable as long as the engine lives.
[[nodiscard]] engine::ManipulationParts manipulation_parts(const settings::Settings& settings,
                                                           std::function<storage::DetectorStates*()> states,
                                                           std::function<storage::Store*()> store);
/// How often a second the detectors ask for trades where no feed tells them.
[[nodiscard]] double trade_reads_per_sec(const settings::Settings& settings);
/// The number in `sequence`; 0 where there is none, empty where it cannot be told: the file is unreadable, or its text
/// is no number that a scanner can have come to, and is put out of the way.
[[nodiscard]] std::optional<std::uint64_t> reserved_sequence(alerts::StateFile& sequence);
/// For webhooks: of its own, so that a slow receiver takes no connection from the scan.
[[nodiscard]] std::unique_ptr<net::HttpClient> make_webhook_client(boost::asio::any_io_executor executor,
                                                                   const settings::Settings& settings);
/// Calls are reported to `observer`.
[[nodiscard]] std::unique_ptr<exchange::Exchange> make_exchange(boost::asio::any_io_executor executor,
                                                                const settings::Settings& settings,
                                                                net::HttpClient& client, const core::Clock& clock,
                                                                engine::EngineObserver& observer);

}  // namespace scanner::app
