#pragma once

#include "scanner/settings/env_file.hpp"
#include "scanner/settings/settings_values.hpp"

#include <expected>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::settings {

/// Where a value came from; the later one wins.
enum class SettingSource { built_in, file, environment, flag };
/// "default", "file", "environment", "flag"
[[nodiscard]] std::string_view to_string(SettingSource source) noexcept;

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
    std::string expected;  ///< what would be valid, as a sentence without its full stop
};
/// "SCANNER_HTTP_PORT (environment) is "99999": expected a whole number from 0 to 65535"
[[nodiscard]] std::string to_string(const SettingProblem& problem);

/// An exchange that SCANNER_EXCHANGE may name.
struct ExchangeChoice {
    std::string_view name;      ///< lower case; an operator may write it in any
    std::string_view base_url;  ///< where it is unless SCANNER_EXCHANGE_URL says otherwise
};

struct LoadedSettings {
    Settings settings;
    std::map<std::string, SettingSource, std::less<>> sources;  ///< by setting name; every setting is there
    std::vector<std::string> warnings;                          ///< sentences: unknown names, doubtful combinations
};

/// Reads and checks everything. All problems at once, in the order of the table. The first of `exchanges` is the
/// default; without any, the exchange and its address are taken as they are given.
[[nodiscard]] std::expected<LoadedSettings, std::vector<SettingProblem>> load_settings(
    const SettingInputs& inputs, std::span<const ExchangeChoice> exchanges = {});

}  // namespace scanner::settings
