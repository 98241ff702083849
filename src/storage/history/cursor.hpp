#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::storage {

/// Where a page ended, as an opaque text that is safe in a URL. `kind` keeps one query's cursor from being taken for
/// another's. Pure.
[[nodiscard]] std::string make_cursor(std::string_view kind, const std::vector<std::string>& parts);
/// The parts again; nothing when it is not a cursor of that kind with `count` parts.
[[nodiscard]] std::optional<std::vector<std::string>> read_cursor(std::string_view kind, std::string_view cursor,
                                                                  std::size_t count);

}  // namespace scanner::storage
