#include "scanner/settings/settings.hpp"

#include "settings/settings_table.hpp"

#include "scanner/core/text.hpp"

#include <algorithm>

namespace scanner::settings {
namespace {

constexpr std::string_view kPrefix = "SCANNER_";

/// "SCANNER_HTTP_PORT" is the flag "http-port".
std::string flag_of(std::string_view name) {
    std::string flag = core::lower_case(name.substr(kPrefix.size()));
    std::ranges::replace(flag, '_', '-');
    return flag;
}

SettingInfo info_of(const SettingSpec& spec, const Settings& defaults) {
    return {.name = spec.name,
            .flag = flag_of(spec.name),
            .aliases = spec.aliases,
            .section = spec.section,
            .expected = spec.type.expected,
            .default_text = spec.type.print(defaults),
            .help = spec.help,
            .is_switch = spec.type.is_switch,
            .secret = static_cast<bool>(spec.type.mask),
            .reloadable = spec.reloadable};
}

}  // namespace

std::span<const SettingInfo> setting_infos() {
    static const std::vector<SettingInfo> all = [] {
        const Settings defaults;
        std::vector<SettingInfo> infos;
        for (const SettingSpec& spec : setting_specs()) infos.push_back(info_of(spec, defaults));
        return infos;
    }();
    return all;
}

std::string setting_text(const Settings& settings, std::string_view name) {
    const auto& specs = setting_specs();
    const auto spec = std::ranges::find(specs, name, &SettingSpec::name);
    if (spec == specs.end()) return {};
    std::string text = spec->type.print(settings);
    return spec->type.mask ? spec->type.mask(text) : text;
}

SettingsReload reload_settings(const Settings& running, const Settings& fresh) {
    SettingsReload reload{.settings = running, .changed = {}, .needs_restart = {}};
    for (const SettingSpec& spec : setting_specs()) {
        if (spec.type.same(running, fresh)) continue;
        if (spec.reloadable) {
            spec.type.copy(reload.settings, fresh);
            reload.changed.emplace_back(spec.name);
        } else {
            reload.needs_restart.emplace_back(spec.name);
        }
    }
    return reload;
}

}  // namespace scanner::settings
