#pragma once

#include "api/http/call.hpp"

#include "scanner/api/ports.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace scanner::api {

/// The routes that drive a replay. Loop thread.
class ReplayEndpoints {
public:
    /// Must outlive it.
    explicit ReplayEndpoints(const ApiPorts& ports) : ports_(ports) {}

    /// Empty outside of a replay. Refers to this object.
    [[nodiscard]] std::vector<ApiRoute> routes();

private:
    using Waiting = boost::asio::awaitable<Outcome>;
    Outcome state(const Call& call);
    Waiting seek(Call call);
    Outcome set_speed(const Call& call);
    Outcome play(const Call& call);
    Outcome pause(const Call& call);
    Waiting step(Call call);

    const ApiPorts& ports_;
};

/// The answer of /replay. Pure.
[[nodiscard]] std::string render_replay(const ReplayState& state);

}  // namespace scanner::api
