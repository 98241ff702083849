#pragma once

#include <span>
#include <string>
#include <string_view>

namespace scanner::api {

/// A file of the document as it lies in src/api/openapi: compiled in, so that the program needs none of them.
struct OpenApiPart {
    std::string_view name;  ///< "ranking.json", "examples/rankings.json", "examples/metrics.txt"
    std::string_view text;
};
/// Every file, in the order of their names. Made by cmake/OpenApi.cmake.
[[nodiscard]] std::span<const OpenApiPart> openapi_parts();

/// A row of the route table.
struct ServedRoute {
    std::string_view method;
    std::string_view pattern;  ///< "/symbol/{symbol}/inspect"
};

/// The OpenAPI 3.1 document of exactly these routes, as JSON. What the files say of other routes is left out; a route
/// that they do not describe is there with "x-undocumented", which the tests do not let pass. Query parameters come
/// from the readers themselves (`x-parameters-of`), their descriptions from `x-parameter-texts`, and `{"$example": …}`
/// stands for a file of examples. `base_path` is where clients find the routes; empty: at the root. Pure.
[[nodiscard]] std::string openapi_document(std::span<const ServedRoute> routes, std::string_view version,
                                           std::string_view base_path = {});

}  // namespace scanner::api
