#include "simulator/face/params.hpp"

#include "scanner/core/numeric.hpp"

namespace scanner::simulator::face {

Params::Params(std::string_view query) : values_(net::parse_query(query).value_or(net::QueryParameters{})) {}

std::string_view Params::get(std::string_view name) const {
    return net::find_parameter(values_, name).value_or(std::string_view());
}

std::optional<std::int64_t> Params::get_int(std::string_view name) const {
    return core::parse_int(get(name));
}

}  // namespace scanner::simulator::face
