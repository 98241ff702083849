#include "app/settings_reload.hpp"

#include "scanner/core/log.hpp"
#include "scanner/settings/settings.hpp"

#include <string>
#include <utility>

namespace scanner::app {

bool reload_from(const SettingsReader& reread, settings::Settings& running) {
    auto fresh = reread();
    if (!fresh) {
        for (const std::string& problem : fresh.error()) {
            core::log(core::LogLevel::error, "settings_not_reloaded", {{"problem", problem}});
        }
        return false;
    }
    settings::SettingsReload reload = settings::reload_settings(running, fresh->settings);
    running = std::move(reload.settings);
    core::set_log_level(running.log_level);
    for (const std::string& name : reload.changed) core::log(core::LogLevel::info, "setting_changed", {{"name", name}});
    for (const std::string& name : reload.needs_restart) {
        core::log(core::LogLevel::warning, "setting_needs_restart", {{"name", name}});
    }
    return true;
}

}  // namespace scanner::app
