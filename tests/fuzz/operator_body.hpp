#pragma once

#include "api/http/json_body.hpp"
#include "fuzz/check.hpp"

#include "scanner/core/names.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <string>
#include <string_view>

namespace scanner::fuzz {

/// Bodies of requests that change something.
inline void operator_body(std::string_view input) {
    net::ServerRequest request{.method = "POST", .target = "/settings"};
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = std::string(input);
    const auto body = api::read_json_body(request);
    if (!body) {
        const int status = body.error().status;
        require(status == 400 || status == 413 || status == 415 || status == 422, "a refusal says what is wrong");
        return;
    }
    require((*body)->is_object() && input.size() <= api::JsonBody().max_bytes, "a body is an object of bounded size");
    api::BodyReader reader(**body);
    if (const auto name = reader.required_name("name")) {
        require(!name->empty() && name->size() <= 64 && !core::name_fault(*name), "a name is fit to be one");
    }
    if (const auto number = reader.number("notional", 1.0, 1e9)) require(*number >= 1.0 && *number <= 1e9, "in range");
    if (const auto weight = reader.nullable_number("liquidity_weight", -1e6, 1e6); weight && *weight) {
        require(std::isfinite(**weight) && std::abs(**weight) <= 1e6, "in range");
    }
    if (const auto count = reader.integer("cooldown_sec", 0, 86'400))
        require(*count >= 0 && *count <= 86'400, "in range");
    static_cast<void>(reader.text("expression"));
    static_cast<void>(reader.flag("enabled"));
    static_cast<void>(reader.member("scope"));
    for (const api::FieldError& error : reader.finish()) require(!error.message.empty(), "an error has words");
}

}  // namespace scanner::fuzz
