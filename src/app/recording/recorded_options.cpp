#include "app/recording/recorded_options.hpp"

#include "scanner/settings/settings.hpp"
#include "scanner/signals/profile.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace scanner::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMasked = "***";
/// Where a replay stores, serves and logs is its own matter.
constexpr std::array<std::string_view, 15> kOwn{
    "SCANNER_HTTP_",           "SCANNER_LOG_",      "SCANNER_RECORD",       "SCANNER_DATA_DIR",
    "SCANNER_CA_BUNDLE",       "SCANNER_POSTGRES_", "SCANNER_REDIS_URL",    "SCANNER_ALERT_WEBHOOK",
    "SCANNER_ALLOWED_HOSTS",   "SCANNER_BASE_PATH", "SCANNER_CORS_ORIGINS", "SCANNER_TRUSTED_PROXIES",
    "SCANNER_ALLOW_ANONYMOUS", "SCANNER_ROLE",      "SCANNER_LEASE"};

}  // namespace

std::string recorded_settings(const settings::Settings& settings) {
    std::string lines;
    for (const settings::SettingInfo& info : settings::setting_infos()) {
        lines += fmt::format("{}={}\n", info.name, settings::setting_text(settings, info.name));
    }
    return lines;
}

settings::SettingTexts replayed_settings(std::string_view lines) {
    settings::SettingTexts texts;
    const auto infos = settings::setting_infos();
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(std::min(end + 1, lines.size()));
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = line.substr(0, equals);
        const std::string_view value = line.substr(equals + 1);
        const auto info = std::ranges::find(infos, name, &settings::SettingInfo::name);
        const bool own = std::ranges::any_of(kOwn, [&](std::string_view prefix) { return name.starts_with(prefix); });
        // A later version may have settings that this one does not know.
        if (info == infos.end() || info->secret || own || value.empty() || value.contains(kMasked)) continue;
        texts.emplace(name, value);
    }
    return texts;
}

std::string encode_options(const RecordedOptions& options) {
    Json json{{"simulated", options.simulated},
              {"notional_usdt", options.effective.notional_usdt},
              {"manipulation_threshold", options.effective.manipulation_threshold},
              {"profiles", Json::array()}};
    for (const signals::Profile& profile : options.effective.profiles) {
        Json weights = Json::object();
        for (const signals::WeightField& field : signals::weight_fields()) {
            weights[std::string(field.name)] = profile.weights.*field.member;
        }
        json["profiles"].push_back({{"name", profile.name}, {"weights", std::move(weights)}});
    }
    return json.dump();
}

std::optional<RecordedOptions> decode_options(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    try {
        RecordedOptions options;
        options.simulated = json.at("simulated").get<bool>();
        options.effective.notional_usdt = json.at("notional_usdt").get<double>();
        options.effective.manipulation_threshold = json.at("manipulation_threshold").get<double>();
        for (const Json& from : json.at("profiles")) {
            signals::Profile& profile = options.effective.profiles.emplace_back();
            profile.name = from.at("name").get<std::string>();
            for (const signals::WeightField& field : signals::weight_fields()) {
                profile.weights.*field.member = from.at("weights").value(std::string(field.name), 0.0);
            }
        }
        return options;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace scanner::app
