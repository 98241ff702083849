#pragma once

#include "scanner/net/http_client.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// The headers that let a browser page of `origin` read an answer; only Vary when the origin is not allowed, nothing at
/// all without allowed origins. `allowed` holds origins as browsers send them, or a single "*". Pure.
[[nodiscard]] std::vector<net::Header> cors_headers(std::span<const std::string> allowed, std::string_view origin);

/// What is added for a preflight (OPTIONS with Access-Control-Request-Method) from an allowed origin.
[[nodiscard]] std::vector<net::Header> cors_preflight_headers(std::span<const std::string> allowed,
                                                              std::string_view origin, std::string_view methods);

}  // namespace scanner::api
