#pragma once

#include "fuzz/check.hpp"

#include "scanner/core/url.hpp"
#include "scanner/settings/env_file.hpp"
#include "scanner/settings/settings.hpp"
#include "scanner/settings/settings_load.hpp"

#include <cmath>
#include <string>
#include <string_view>

namespace scanner::fuzz {

inline void check_loaded(const settings::LoadedSettings& loaded) {
    const settings::Settings& settings = loaded.settings;
    require(std::isfinite(settings.min_qvol_usdt) && std::isfinite(settings.max_spread_bps) &&
                std::isfinite(settings.notional_test) && settings.request_budget_per_sec > 0.0,
            "settings are finite");
    require(settings.scan_interval.count() > 0 && settings.adapter_timeout.count() > 0 &&
                settings.scan_concurrency > 0 && settings.adapter_max_failures > 0,
            "waits and counts are above zero");
    // Not "is not found in it": a token may be a word of any text by chance.
    settings::Settings others_secrets = settings;
    for (auto* const secret : {&others_secrets.api_token, &others_secrets.alert_webhook_secret}) {
        if (secret->has_value()) *secret = "something else altogether";
    }
    for (const settings::SettingInfo& info : settings::setting_infos()) {
        require(settings::setting_text(settings, info.name) == settings::setting_text(others_secrets, info.name),
                "what is shown does not depend on a secret");
    }
    static_cast<void>(settings::reload_settings(settings::Settings(), settings));
}

/// A .env file, the settings in it, and the addresses that settings are made of.
inline void settings(std::string_view input) {
    const auto url = core::parse_url(input);
    static_cast<void>(core::mask_url(input, true));
    if (url && !url->password.empty()) {
        // user:password@ ends within the authority.
        const std::size_t authority = input.find("://") + 3;
        const std::size_t password = input.find(':', authority) + 1;
        const std::size_t at = input.substr(0, input.find_first_of("/?#", authority)).rfind('@');
        const std::string other = std::string(input.substr(0, password)) + "another" + std::string(input.substr(at));
        require(core::mask_url(other) == core::mask_url(input), "what is shown does not depend on a password");
    }
    static_cast<void>(core::parse_redis_url(input));
    if (const auto database = core::parse_postgres_url(input)) {
        require(database->starts_with("postgresql://"), "libpq is given a URL that it knows");
        require(core::parse_postgres_url(*database) == *database, "a connection string stands for itself");
    }

    const auto file = settings::parse_env_file(input);
    if (!file) return;
    settings::SettingInputs inputs;
    (input.size() % 2 == 0 ? inputs.file : inputs.environment) = *file;
    const auto loaded = settings::load_settings(inputs);
    if (loaded) return check_loaded(*loaded);
    require(!loaded.error().empty(), "settings are refused with a reason");
    for (const settings::SettingProblem& problem : loaded.error()) {
        require(!problem.name.empty() && !settings::to_string(problem).empty(), "a problem names its setting");
    }
}

}  // namespace scanner::fuzz
