#pragma once

#include <string>

namespace scanner::api {

/// The body of /fields: every field of items and every other number with its description, in the order in which answers
/// show them. The same for the life of the process.
[[nodiscard]] std::string fields_json();

}  // namespace scanner::api
