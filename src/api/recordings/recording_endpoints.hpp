#pragma once

#include "api/http/call.hpp"

#include "scanner/api/ports.hpp"
#include "scanner/api/recordings.hpp"

#include <boost/asio/awaitable.hpp>

#include <expected>
#include <string>
#include <vector>

namespace scanner::api {

/// The routes about recordings. All of them need the token: a recording holds everything. Loop thread.
class RecordingEndpoints {
public:
    /// Must outlive it.
    explicit RecordingEndpoints(const ApiPorts& ports) : ports_(ports) {}

    /// Empty without recordings. Refers to this object.
    [[nodiscard]] std::vector<ApiRoute> routes();

private:
    using Waiting = boost::asio::awaitable<Outcome>;
    Waiting list(Call call);
    Waiting begin(Call call);
    Waiting end(Call call);
    [[nodiscard]] std::expected<RecordingRange, Problem> read_range(const Call& call) const;
    Waiting cut(Call call, RecordingRange range);

    const ApiPorts& ports_;
};

/// One recording as JSON. Pure.
[[nodiscard]] std::string render_recording(const RecordingInfo& recording);

}  // namespace scanner::api
