#pragma once

#include "scanner/net/http_client.hpp"
#include "scanner/net/http_message.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api::test {

/// The first value of `name` in what is sent, whether it is kept apart or among the lines that are rendered already;
/// empty when there is none.
inline std::string header_of(const net::ServerResponse& response, std::string_view name) {
    std::vector<net::Header> headers = response.headers;
    std::string_view rest = response.rendered_headers ? std::string_view(*response.rendered_headers) : "";
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos) return "a line that is no header: " + std::string(line);
        headers.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 2))});
        rest.remove_prefix(std::min(line.size() + 2, rest.size()));
    }
    return std::string(net::find_header(headers, name));
}

}  // namespace scanner::api::test
