#include "api/http/target.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace scanner::api {

std::expected<Target, Problem> parse_target(std::string_view target) {
    if (target.size() > kMaxTargetBytes) {
        return std::unexpected(Problem{.status = 414,
                                       .type = "target-too-long",
                                       .title = "Target too long",
                                       .detail = fmt::format("Path and query are {} bytes long; at most {} are read.",
                                                             target.size(), kMaxTargetBytes)});
    }
    auto segments = net::split_path(net::target_path(target));
    if (!segments) return std::unexpected(malformed_request(segments.error().message()));
    auto params = net::parse_query(net::target_query(target));
    if (!params) return std::unexpected(malformed_request(params.error().message()));
    if (params->size() > kMaxParams) {
        return std::unexpected(
            malformed_request(fmt::format("{} parameters; at most {} are read.", params->size(), kMaxParams)));
    }
    if (std::ranges::any_of(*params, [](const net::QueryParameter& param) { return param.name.empty(); })) {
        return std::unexpected(malformed_request("The query has a value without a name ('=…')."));
    }
    return Target{.segments = std::move(*segments), .params = std::move(*params)};
}

}  // namespace scanner::api
