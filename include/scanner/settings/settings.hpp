#pragma once

#include "scanner/settings/settings_values.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Every setting of the program, typed. Pure: where the texts come from (flags, environment, file) is the caller's
/// matter. A setting is declared once, in src/settings/settings_table.cpp; from that declaration come parsing,
/// `market-scanner config`, docs/settings.md, .env.example, the flags and the start-up check.
namespace scanner::settings {

/// A setting as its declaration describes it.
struct SettingInfo {
    std::string_view name;                      ///< "SCANNER_HTTP_PORT"
    std::string flag;                           ///< "http-port"
    std::span<const std::string_view> aliases;  ///< older or customary names that still work, not as flags
    std::string_view section;
    std::string expected;      ///< type and range for people: "a whole number from 0 to 65535"
    std::string default_text;  ///< as it would be written; empty where there is none
    std::string_view help;
    bool is_switch = false;   ///< true or false: the bare flag means true
    bool secret = false;      ///< never shown, whole or in part
    bool reloadable = false;  ///< SIGHUP applies a change
};
/// Every setting, in the order in which they are documented.
[[nodiscard]] std::span<const SettingInfo> setting_infos();
/// The effective value as text, as it could be written in a file; secrets masked.
[[nodiscard]] std::string setting_text(const Settings& settings, std::string_view name);

/// Result of a reload (SIGHUP).
struct SettingsReload {
    Settings settings;                       ///< the running ones with every reloadable change applied
    std::vector<std::string> changed;        ///< names that changed and are applied
    std::vector<std::string> needs_restart;  ///< names that changed but cannot change while running
};
[[nodiscard]] SettingsReload reload_settings(const Settings& running, const Settings& fresh);

}  // namespace scanner::settings
