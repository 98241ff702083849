#pragma once

#include "scanner/api/options.hpp"
#include "scanner/api/ports.hpp"
#include "scanner/net/request_handler.hpp"

#include <memory>

namespace scanner::api {

/// Answers HTTP from what the engine has in memory: requests in, views out. Nothing here computes a cycle; only
/// inspections, history and changes wait for I/O. Loop thread only.
[[nodiscard]] std::unique_ptr<net::RequestHandler> make_api_handler(ApiOptions options, ApiPorts ports);

}  // namespace scanner::api
