#include "app/commands/replay_command.hpp"

#include "app/commands/command_line.hpp"
#include "app/recording/recorded_options.hpp"
#include "app/replay/resuming_replay.hpp"
#include "app/replay/serve_replay.hpp"

#include "scanner/api/replay_control.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/recording/digest.hpp"
#include "scanner/recording/recording_reader.hpp"
#include "scanner/settings/env_file.hpp"
#include "scanner/settings/settings.hpp"
#include "scanner/settings/settings_load.hpp"
#include "scanner/storage/private_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>

namespace scanner::app {
namespace {

constexpr std::size_t kMaxSettingsBytes = 1U << 20U;
constexpr std::size_t kMaxToldDifferences = 20;

struct Arguments {
    std::vector<std::filesystem::path> files;
    std::int64_t from_wall_ns = INT64_MIN;
    std::int64_t to_wall_ns = INT64_MAX;
    std::optional<std::string> settings;
    settings::SettingTexts flags;  ///< settings given as flags, by setting name
    bool digest = false;
    bool list = false;
    bool deliver = false;
    std::optional<std::string> speed;

    [[nodiscard]] bool serves() const { return !digest && !list; }
};

/// Of those that take none; nullptr for others.
bool* switch_of(Arguments& read, std::string_view name) {
    if (name == "--digest") return &read.digest;
    if (name == "--list") return &read.list;
    return name == "--deliver" ? &read.deliver : nullptr;
}

const settings::SettingInfo* setting_of(std::string_view flag) {
    const auto infos = settings::setting_infos();
    const auto found = std::ranges::find(infos, flag.substr(2), &settings::SettingInfo::flag);
    return found == infos.end() ? nullptr : &*found;
}

/// 1, 0.5, 60 or max; empty inside: as fast as it goes.
std::optional<std::optional<double>> parse_speed(std::string_view text) {
    if (text == "max") return std::optional<double>();
    const auto speed = core::parse_double(text);
    if (!speed || *speed < api::kMinReplaySpeed || *speed > api::kMaxReplaySpeed) return std::nullopt;
    return speed;
}

std::expected<Arguments, std::string> read_arguments(const std::vector<std::string>& given) {
    Arguments read;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const std::string_view word = given[i];
        if (!word.starts_with("--")) {
            read.files.emplace_back(word);
            continue;
        }
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        if (bool* const given_switch = switch_of(read, name); given_switch && equals == std::string_view::npos) {
            *given_switch = true;
            continue;
        }
        const settings::SettingInfo* const setting = setting_of(name);
        if (setting == nullptr && name != "--from" && name != "--to" && name != "--settings" && name != "--speed") {
            return std::unexpected(fmt::format("unknown flag {}", name));
        }
        std::string value;
        if (equals != std::string_view::npos) {
            value = word.substr(equals + 1);
        } else {
            if (++i == given.size()) return std::unexpected(fmt::format("{} needs a value", name));
            value = given[i];
        }
        if (setting != nullptr) {
            read.flags.insert_or_assign(std::string(setting->name), value);
            continue;
        }
        if (name == "--settings" || name == "--speed") {
            (name == "--settings" ? read.settings : read.speed) = value;
            continue;
        }
        const auto time = core::parse_time(value);
        if (!time) return std::unexpected(fmt::format("{}: must be a time as 2026-11-30T19:33:10Z", name));
        (name == "--from" ? read.from_wall_ns : read.to_wall_ns) = core::to_unix_ms(*time) * 1'000'000;
    }
    if (read.digest && read.list) return std::unexpected(std::string("--digest and --list are two forms of one thing"));
    if (!read.serves() && (read.speed || read.deliver)) {
        return std::unexpected(
            fmt::format("--{} means nothing where nothing is served", read.speed ? "speed" : "deliver"));
    }
    if (read.speed && !parse_speed(*read.speed)) {
        return std::unexpected(
            fmt::format("--speed: must be a number from {} to {}, or max", api::kMinReplaySpeed, api::kMaxReplaySpeed));
    }
    if (read.files.empty()) return std::unexpected(std::string("replay needs the recording: files or a folder"));
    return read;
}

core::Result<settings::SettingTexts> own_settings(const Arguments& arguments) {
    if (!arguments.settings) return arguments.flags;
    const auto text = storage::read_whole_file(*arguments.settings, kMaxSettingsBytes);
    if (!text) return std::unexpected(text.error());
    auto texts = settings::parse_env_file(*text);
    if (!texts) return std::unexpected(texts.error().within(*arguments.settings));
    settings::SettingTexts own = arguments.flags;
    own.merge(*texts);  // what is there already stays
    return own;
}

std::expected<settings::Settings, std::string> settings_of(std::string_view lines, const settings::SettingTexts& own) {
    const auto loaded = settings::load_settings({.file = {}, .environment = replayed_settings(lines), .flags = own},
                                                exchange_choices());
    if (loaded) return loaded->settings;
    return std::unexpected(settings::to_string(loaded.error().front()));
}

std::string line_of(const ReplayedCycle& cycle, bool digest) {
    const ranking::Ranking& ranking = *cycle.ranking;
    const std::string hash = recording::hash_text(cycle.digest);
    if (digest) return fmt::format("{} {}\n", ranking.sequence, hash);
    const auto ranked = ranking.ranked.find(ranking.settings.default_profile);
    const bool any = ranked != ranking.ranked.end() && !ranked->second.empty();
    return fmt::format("{} seq {} {} ranked {}, best {}\n", core::format_time(ranking.time), ranking.sequence, hash,
                       any ? ranked->second.size() : 0,
                       any ? ranking.contract(ranked->second.front().contract).data.contract->symbol : "none");
}

int report(const ReplayOutcome& outcome, std::ostream& out, std::ostream& err) {
    for (const recording::FileDamage& found : outcome.damage) {
        err << fmt::format("{}: at byte {}: {}\n", core::visible_text(found.file.string()), found.damage.offset,
                           found.damage.what);
    }
    std::size_t told = 0;
    for (const DigestDifference& difference : outcome.differences) {
        if (++told > kMaxToldDifferences) break;
        err << fmt::format("seq {}: recorded {}, replayed {}\n", difference.sequence,
                           recording::hash_text(difference.recorded),
                           difference.replayed ? recording::hash_text(*difference.replayed) : "nothing");
    }
    if (!outcome.diverged.empty()) err << "parted from the recording at " << outcome.diverged << '\n';
    err << fmt::format("{} records, {} cycles, {} digests compared, {} differ\n", outcome.records, outcome.cycles,
                       outcome.compared, outcome.differences.size());
    out.flush();
    return outcome.diverged.empty() && outcome.differences.empty() && out ? kExitOk : kExitFailure;
}

}  // namespace

int run_replay(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
    const auto complain = [&](const std::string& what, int code) {
        err << "market-scanner: replay: " << core::visible_text(what) << '\n';
        if (code == kExitUsage) err << "`market-scanner replay --help` says more.\n";
        return code;
    };
    const auto read = read_arguments(arguments);
    if (!read) return complain(read.error(), kExitUsage);
    const auto own = own_settings(*read);
    if (!own) return complain(own.error().message(), kExitUsage);
    auto files = recording::find_segments(read->files);
    if (!files) return complain(files.error().message(), kExitFailure);
    const auto read_settings = [&own](std::string_view lines) { return settings_of(lines, *own); };
    if (read->serves()) {
        const auto data_dir = own->find("SCANNER_DATA_DIR");
        return serve_replay(std::move(*files),
                            {.speed = read->speed ? *parse_speed(*read->speed) : std::optional(1.0),
                             .from_wall_ns = read->from_wall_ns,
                             .to_wall_ns = read->to_wall_ns,
                             .deliver = read->deliver,
                             .read_settings = read_settings,
                             .data_dir = data_dir == own->end() ? "" : data_dir->second},
                            err);
    }
    const auto outcome = replay(std::move(*files),
                                {.from_wall_ns = read->from_wall_ns,
                                 .to_wall_ns = read->to_wall_ns,
                                 .read_settings = read_settings,
                                 .on_cycle = [&](const ReplayedCycle& cycle) { out << line_of(cycle, read->digest); }});
    if (!outcome) return complain(outcome.error().message(), kExitFailure);
    return report(*outcome, out, err);
}

}  // namespace scanner::app
