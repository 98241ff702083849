#pragma once

#include "scanner/net/request_target.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace scanner::simulator::face {

/// The query of a request. A query that cannot be read counts as none: the exchange then misses a field and says so.
class Params {
public:
    Params() = default;
    explicit Params(std::string_view query);

    /// The value, or empty where the name is absent.
    [[nodiscard]] std::string_view get(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const { return !get(name).empty(); }
    /// Nothing where it is absent or not a whole number.
    [[nodiscard]] std::optional<std::int64_t> get_int(std::string_view name) const;

private:
    net::QueryParameters values_;
};

}  // namespace scanner::simulator::face
