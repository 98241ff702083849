#pragma once

#include "simulator/face/faults/limits.hpp"
#include "simulator/face/params.hpp"
#include "simulator/face/state/scene.hpp"

#include <span>
#include <string>
#include <string_view>

namespace scanner::simulator::face {

/// An endpoint of the exchange.
struct Route {
    std::string_view path;
    LimitClass limit = LimitClass::market;
    bool bulk = false;  ///< answers with every contract: worth keeping for a moment
    std::string (*encode)(const Scene& scene, const Params& params) = nullptr;
    std::string_view contract_param = "contract_code";  ///< which parameter names the contract
};

[[nodiscard]] std::span<const Route> routes();
/// The route of exactly this path, or nullptr.
[[nodiscard]] const Route* find_route(std::string_view path);

}  // namespace scanner::simulator::face
