#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// How a good body is spoilt. Pure: the same draw spoils it the same way.
namespace scanner::simulator::face {

/// Cut JSON, an HTML page, or JSON whose data has the wrong type.
[[nodiscard]] std::string make_malformed(const std::string& body, std::uint64_t draw);

/// NaN, 1e999 or "NaN" in place of about every third number that is not a time or an id (at least one, if there is
/// any). With a contract and a body of many rows, only in that contract's row; without such a row nothing changes.
[[nodiscard]] std::string make_non_finite(const std::string& body, std::string_view contract, std::uint64_t draw);

}  // namespace scanner::simulator::face
