#pragma once

#include "api/rankings/queries.hpp"
#include "api/streams/stream_hub.hpp"

#include "scanner/net/http_message.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>

/// The sessions of the streams, from first byte to last.
namespace scanner::api {

/// `WS /stream/rankings`: the newest frame at once, then one for each ranking. Closes with 1013 when there is no room,
/// 1008 when the client sends too much or its profile is gone.
[[nodiscard]] boost::asio::awaitable<void> converse_rankings(std::shared_ptr<StreamHub> hub, StreamDemand demand,
                                                             net::WebSocket& socket);

/// `WS /stream`: a heartbeat at once and each interval.
[[nodiscard]] boost::asio::awaitable<void> converse_heartbeats(std::shared_ptr<StreamHub> hub, net::WebSocket& socket);

/// The body of `GET /stream/events` for `subscriber`. With `last_id`, what was missed since that cycle comes first.
[[nodiscard]] boost::asio::awaitable<void> stream_events(std::shared_ptr<StreamSubscriber> subscriber,
                                                         std::optional<std::uint64_t> last_id, net::BodyWriter& writer);

}  // namespace scanner::api
