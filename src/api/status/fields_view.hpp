#pragma once

#include <string>

namespace scanner::api {

/// The body of /fields: what there is to know of every field of items and of every other number, in the order in which
/// answers show them. The same for the life of the process.
[[nodiscard]] std::string fields_json();

}  // namespace scanner::api
