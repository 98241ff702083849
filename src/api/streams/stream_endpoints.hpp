#pragma once

#include "api/access/change_guard.hpp"
#include "api/http/call.hpp"
#include "api/http/target.hpp"
#include "api/streams/stream_hub.hpp"

#include "scanner/api/options.hpp"
#include "scanner/api/ports.hpp"

#include <boost/asio/awaitable.hpp>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// The routes of the streams. Loop thread.
class StreamEndpoints {
public:
    /// Everything referred to must outlive it.
    StreamEndpoints(const ApiOptions& options, const ApiPorts& ports, ChangeGuard& guard)
        : options_(options), ports_(ports), guard_(guard) {}

    /// Refer to this object. None without streams.
    [[nodiscard]] std::vector<ApiRoute> routes();

    /// The route label of a path that is a WebSocket; nothing for others.
    [[nodiscard]] std::optional<std::string_view> websocket_label(const std::vector<std::string>& segments) const;
    /// What is wrong with opening the WebSocket of `target`: its Origin (403), its parameters (422).
    [[nodiscard]] std::optional<Problem> refuse(const net::ServerRequest& request, const Target& target,
                                                core::SteadyTime now) const;
    /// Runs the session on a WebSocket that was not refused; `client`: the client whose share it uses (client_of).
    [[nodiscard]] boost::asio::awaitable<void> converse(const Target& target, std::string client,
                                                        net::WebSocket& socket) const;

private:
    [[nodiscard]] std::expected<StreamQuery, Problem> query_of(const net::QueryParameters& params) const;
    [[nodiscard]] StreamDemand demand_of(StreamQuery query, std::string client) const;
    /// Of the paths that are WebSockets: whatever a plain request asks there, it is told that.
    struct Anything {};
    [[nodiscard]] std::expected<Anything, Problem> read_anything(const Call& /*call*/) const { return Anything(); }
    Outcome upgrade_required(const Call& call, const Anything& anything);
    [[nodiscard]] std::expected<StreamQuery, Problem> read_query(const Call& call) const {
        return query_of(call.params);
    }
    Outcome events(const Call& call, const StreamQuery& query);

    const ApiOptions& options_;
    const ApiPorts& ports_;
    ChangeGuard& guard_;
};

}  // namespace scanner::api
