#pragma once

#include "scanner/core/error.hpp"
#include "scanner/settings/settings_values.hpp"

#include <expected>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Every setting of the program, typed. Pure: where the texts come from (flags, environment, file) is the caller's
/// matter. A setting is declared once, in src/settings/settings_table.cpp; from that declaration come parsing,
/// `market-scanner config`, docs/settings.md, .env.example, the flags and the start-up check.
namespace scanner::settings {

/// Where a value came from; the later one wins.
enum class SettingSource { built_in, file, environment, flag };
/// "default", "file", "environment", "flag"
[[nodiscard]] std::string_view to_string(SettingSource source) noexcept;

/// Text values by setting name ("SCANNER_HTTP_PORT").
using SettingTexts = std::map<std::string, std::string>;

/// What was found where. `environment` may be the whole environment: only SCANNER_* and known other names are looked
/// at.
struct SettingInputs {
    SettingTexts file;
    SettingTexts environment;
    SettingTexts flags;
};

/// Something wrong with a setting.
struct SettingProblem {
    std::string name;
    SettingSource source = SettingSource::built_in;
    std::string given;     ///< masked when it is a secret
    std::string expected;  ///< what would be right, as a sentence without its full stop
};
/// "SCANNER_HTTP_PORT (environment) is "99999": expected a whole number from 0 to 65535"
[[nodiscard]] std::string to_string(const SettingProblem& problem);

struct LoadedSettings {
    Settings settings;
    std::map<std::string, SettingSource, std::less<>> sources;  ///< by setting name; every setting is there
    std::vector<std::string> warnings;                          ///< sentences: unknown names, doubtful combinations
};

/// Reads and checks everything. All problems at once, in the order of the table.
[[nodiscard]] std::expected<LoadedSettings, std::vector<SettingProblem>> load_settings(const SettingInputs& inputs);

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

/// What a reload (SIGHUP) comes to.
struct SettingsReload {
    Settings settings;                       ///< the running ones with every reloadable change applied
    std::vector<std::string> changed;        ///< names that changed and are applied
    std::vector<std::string> needs_restart;  ///< names that changed but cannot change while running
};
[[nodiscard]] SettingsReload reload_settings(const Settings& running, const Settings& fresh);

/// Reads a .env file: NAME=value lines, `export` before them, # comments, 'single' (literal) and "double" (\n \t \"
/// \\ \$) quotes, which may span lines. Fails with every line that is none of these, by number.
[[nodiscard]] core::Result<SettingTexts> parse_env_file(std::string_view text);

}  // namespace scanner::settings
