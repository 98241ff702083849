#pragma once

#include "app/commands/invocation.hpp"

#include "scanner/settings/env_file.hpp"
#include "scanner/settings/settings_load.hpp"

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The command line, and the settings that follow from it.
namespace scanner::app {

/// Text for standard output and exit code 0: --help and --version.
struct Answer {
    std::string text;
};

/// Lines for standard error and exit code 2.
struct UsageError {
    std::vector<std::string> problems;
};

using CommandLine = std::variant<Invocation, Answer, UsageError>;

/// Reads the arguments (without the program's name). Flags may stand before and after the command; every problem is
/// reported at once.
[[nodiscard]] CommandLine parse_command_line(std::span<const std::string_view> arguments);

/// Exit codes of the program.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;  ///< bad usage or settings: restarting cannot help

/// The exchanges that settings may name.
[[nodiscard]] std::vector<settings::ExchangeChoice> exchange_choices();
/// The settings of an invocation: its flags over `environment` over the .env file over the defaults. Reads the file;
/// called again on SIGHUP. Fails with one line per problem.
[[nodiscard]] std::expected<settings::LoadedSettings, std::vector<std::string>> read_settings(
    const Invocation& invocation, const settings::SettingTexts& environment);

/// The process's environment. Call before other threads start.
[[nodiscard]] settings::SettingTexts process_environment();

}  // namespace scanner::app
