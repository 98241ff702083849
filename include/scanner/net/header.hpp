#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scanner::net {

/// A header field of a request or a response. Names compare without regard to case; order is kept.
struct Header {
    std::string name;
    std::string value;
};
/// The first value of `name`, or empty.
[[nodiscard]] std::string_view find_header(const std::vector<Header>& headers, std::string_view name);

}  // namespace scanner::net
