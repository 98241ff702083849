#pragma once

#include "scanner/operator/operator_service.hpp"
#include "scanner/settings/env_file.hpp"
#include "scanner/settings/settings_values.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace scanner::app {

/// Every setting in effect, a line NAME=value each, secrets masked.
[[nodiscard]] std::string recorded_settings(const settings::Settings& settings);
/// Those of the lines that a replay needs: what is masked, and where things are stored and served, is left out.
[[nodiscard]] settings::SettingTexts replayed_settings(std::string_view lines);

/// What the engine works by beside the settings.
struct RecordedOptions {
    bool simulated = false;
    operators::EffectiveSettings effective;
};
[[nodiscard]] std::string encode_options(const RecordedOptions& options);
/// Nothing for a text that is none.
[[nodiscard]] std::optional<RecordedOptions> decode_options(std::string_view text);

}  // namespace scanner::app
