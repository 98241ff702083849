#pragma once

#include "scanner/settings/settings_load.hpp"

#include <string>
#include <string_view>

/// The texts of `market-scanner config`. Pure.
namespace scanner::app {

/// For people at a terminal: every setting, its effective value, where it came from. Secrets masked.
[[nodiscard]] std::string settings_as_table(const settings::LoadedSettings& loaded);
/// {"settings":[{"name","value","source","default"}…],"warnings":[…]}. Secrets masked; null where there is no value.
[[nodiscard]] std::string settings_as_json(const settings::LoadedSettings& loaded);
/// The reference that docs/settings.md carries between kReferenceBegin and kReferenceEnd, without these.
[[nodiscard]] std::string settings_reference();
/// The file .env.example.
[[nodiscard]] std::string env_example();

inline constexpr std::string_view kReferenceBegin =
    "<!-- settings: written by `market-scanner config --markdown` -->\n";
inline constexpr std::string_view kReferenceEnd = "<!-- end of settings -->\n";

}  // namespace scanner::app
