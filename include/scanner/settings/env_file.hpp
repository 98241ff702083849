#pragma once

#include "scanner/core/error.hpp"

#include <map>
#include <string>
#include <string_view>

namespace scanner::settings {

/// Text values by setting name ("SCANNER_HTTP_PORT").
using SettingTexts = std::map<std::string, std::string>;

/// Reads a .env file: NAME=value lines, `export` before them, # comments, 'single' (literal) and "double" (\n \t \"
/// \\ \$) quotes, which may span lines. Fails with the numbers of all other lines.
[[nodiscard]] core::Result<SettingTexts> parse_env_file(std::string_view text);

}  // namespace scanner::settings
