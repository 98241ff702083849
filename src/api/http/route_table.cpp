#include "api/http/route_table.hpp"

#include "api/answers/envelope.hpp"
#include "api/status/openapi.hpp"

#include <iterator>
#include <memory>
#include <ranges>
#include <string_view>

namespace scanner::api {
namespace {

/// The description of `routes`, itself one of them.
ApiRoute document_of(const std::vector<ApiRoute>& routes, const ApiOptions& options) {
    constexpr std::string_view kPath = "/openapi.json";
    std::vector<ServedRoute> served{{.method = "GET", .pattern = kPath}};
    for (const ApiRoute& route : routes) served.push_back({.method = route.method, .pattern = route.pattern.text()});
    auto document = std::make_shared<Rendered>(
        std::string(kJsonType), openapi_document(served, options.version, options.base_path), std::nullopt);
    return {.method = "GET",
            .pattern = PathPattern(kPath),
            .label = kPath,
            .handler = {.parse = nullptr,
                        .answer = [document](Call& /*call*/, ParsedQuery& /*query*/) -> Reply {
                            return Outcome(document);
                        }},
            .access = Access::open};
}

}  // namespace

RouteTable::RouteTable(const ApiOptions& options, const ApiPorts& ports, ChangeGuard& guard)
    : options_(options),
      history_(options, ports),
      answers_(options, ports),
      status_(options, ports, answers_),
      rankings_(options, ports, answers_, history_.as_of_handler()),
      inspect_(ports, answers_),
      streams_(options, ports, guard),
      operator_(ports),
      alerts_(ports),
      manipulation_(options, ports),
      recordings_(ports),
      replay_(ports) {}

std::vector<ApiRoute> RouteTable::routes() {
    std::vector<ApiRoute> routes;
    const auto add = [&routes](std::vector<ApiRoute> more) { std::ranges::move(more, std::back_inserter(routes)); };
    add(status_.routes());
    add(rankings_.routes());
    add(inspect_.routes());
    add(streams_.routes());
    add(operator_.routes());
    add(alerts_.routes());
    add(manipulation_.routes());
    add(history_.routes());
    add(recordings_.routes());
    add(replay_.routes());
    routes.push_back(document_of(routes, options_));
    return routes;
}

}  // namespace scanner::api
