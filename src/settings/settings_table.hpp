#pragma once

#include "settings/settings_types.hpp"

#include "scanner/settings/settings_values.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace scanner::settings {

/// The declaration of one setting.
struct SettingSpec {
    std::string_view name;
    std::vector<std::string_view> aliases;
    std::string_view section;
    SettingType type;
    std::string_view help;
    bool reloadable = false;
};

/// All of them, in the order in which they are documented.
[[nodiscard]] const std::vector<SettingSpec>& setting_specs();

}  // namespace scanner::settings
