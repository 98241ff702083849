#pragma once

#include "scanner/api/metrics.hpp"
#include "scanner/net/request_handler.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// The names under which the service answers. A page whose name was made to resolve to this machine (DNS rebinding) has
/// the same origin as what it reads here; its Host header, which holds that name, gives it away.
struct HostRules {
    bool loopback_only = false;        ///< the only addresses accepted are the loopback's
    std::vector<std::string> allowed;  ///< names and addresses, in lower case, without ports
};

/// Whether a Host header names this service: by an address, as localhost, or by a name in the list. A request without
/// one does not come from a browser.
[[nodiscard]] bool is_own_host(std::string_view host, const HostRules& rules);

/// Answers 421 to requests under foreign names, WebSockets included, and has `next` answer the others; `/health` and
/// `/metrics`, which show nothing of the operator's, under any name. Both references must outlive it. Loop thread.
[[nodiscard]] std::unique_ptr<net::RequestHandler> make_host_guard(HostRules rules, net::RequestHandler& next,
                                                                   Metrics& metrics);

}  // namespace scanner::api
