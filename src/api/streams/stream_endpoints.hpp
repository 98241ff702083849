#pragma once

#include "api/http/endpoints.hpp"
#include "api/http/target.hpp"
#include "api/operator/operator_rules.hpp"
#include "api/streams/stream_hub.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// The routes of the streams. Loop thread.
class StreamEndpoints {
public:
    /// Everything referred to must outlive it.
    StreamEndpoints(const ApiOptions& options, const engine::EngineView& engine, ChangeGuard& guard)
        : options_(options), engine_(engine), guard_(guard) {}

    /// Refer to this object. None without streams.
    [[nodiscard]] std::vector<Route<Handler>> routes();

    /// The route label of a path that is a WebSocket; nothing for others.
    [[nodiscard]] std::optional<std::string_view> websocket_label(const std::vector<std::string>& segments) const;
    /// What is wrong with opening the WebSocket of `target`: its Origin (403), its parameters (422).
    [[nodiscard]] std::optional<Problem> refuse(const net::ServerRequest& request, const Target& target,
                                                core::SteadyTime now) const;
    /// The conversation on a WebSocket that was not refused; `client` is whose share it takes (client_of).
    [[nodiscard]] boost::asio::awaitable<void> converse(const Target& target, std::string client,
                                                        net::WebSocket& socket) const;

private:
    [[nodiscard]] std::expected<StreamQuery, Problem> query_of(const net::QueryParameters& params) const;
    [[nodiscard]] StreamDemand demand_of(StreamQuery query, std::string client) const;
    [[nodiscard]] std::expected<net::ServerResponse, Problem> events(const net::ServerRequest& request,
                                                                     const Call& call,
                                                                     const ResponseContext& context) const;

    const ApiOptions& options_;
    const engine::EngineView& engine_;
    ChangeGuard& guard_;
};

}  // namespace scanner::api
