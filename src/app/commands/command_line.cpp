#include "app/commands/command_line.hpp"

#include "app/commands/help.hpp"

#include "scanner/core/symbol.hpp"
#include "scanner/core/version.hpp"
#include "scanner/exchange/exchange_factory.hpp"
#include "scanner/settings/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace scanner::app {
namespace {

constexpr std::array kCommands{Command::serve,     Command::collect_once, Command::compute, Command::detect,
                               Command::recording, Command::record,       Command::replay,  Command::rules,
                               Command::config,    Command::migrate};

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20U;

/// A flag that is not a setting.
struct CommandFlag {
    std::string_view name;
    bool takes_value;
    std::optional<Command> command;  ///< empty: any
};
constexpr std::array<CommandFlag, 7> kCommandFlags{{{"help", false, std::nullopt},
                                                    {"version", false, std::nullopt},
                                                    {"env-file", true, std::nullopt},
                                                    {"json", false, std::nullopt},
                                                    {"markdown", false, Command::config},
                                                    {"env-example", false, Command::config},
                                                    {"features", false, Command::detect}}};

std::optional<Command> find_command(std::string_view name) {
    const auto found = std::ranges::find_if(kCommands, [&](Command command) { return to_string(command) == name; });
    return found == kCommands.end() ? std::nullopt : std::optional(*found);
}

std::string suggestion(std::string_view wanted, const std::vector<std::string>& known, std::string_view prefix) {
    const auto nearest = core::nearest_names(wanted, known, 1);
    return nearest.empty() ? std::string() : fmt::format("; did you mean {}{}?", prefix, nearest.front());
}

/// Reads arguments one after another.
class ArgumentReader {
public:
    explicit ArgumentReader(std::span<const std::string_view> arguments) : rest_(arguments) {}

    CommandLine read() {
        while (!rest_.empty()) {
            const std::string_view argument = take();
            if (reads_the_rest_itself() && argument != "-h" && argument != "--help") {
                invocation_.rest.emplace_back(argument);
            } else if (argument == "-h") {
                help_ = true;
            } else if (argument == "-V") {
                version_ = true;
            } else if (argument.starts_with("--") && argument.size() > 2) {
                read_flag(argument.substr(2));
            } else {
                read_word(argument);
            }
        }
        if (version_) return Answer{fmt::format("market-scanner {}\n", core::kVersion)};
        if (help_) return Answer{command_ ? command_help(*command_) : program_help()};
        invocation_.command = command_.value_or(Command::serve);
        check_command_flags();
        if (!problems_.empty()) return UsageError{std::move(problems_)};
        return std::move(invocation_);
    }

private:
    [[nodiscard]] bool reads_the_rest_itself() const {
        return command_ == Command::recording || command_ == Command::record || command_ == Command::replay ||
               command_ == Command::rules;
    }
    std::string_view take() {
        const std::string_view argument = rest_.front();
        rest_ = rest_.subspan(1);
        return argument;
    }

    void read_word(std::string_view word) {
        if (word == "help" && !command_) {
            help_ = true;
        } else if (word.starts_with('-')) {
            problem(fmt::format("unknown flag {}; flags begin with two dashes", word));
        } else if (command_ == Command::detect) {
            invocation_.tapes.emplace_back(word);
        } else if (command_) {
            const bool after_switch = !last_switch_.empty() && (word == "true" || word == "false");
            problem(fmt::format("unexpected argument \"{}\"{}", word,
                                after_switch ? fmt::format("; write --{}={}", last_switch_, word) : ""));
        } else if (const auto command = find_command(word)) {
            command_ = command;
        } else {
            std::vector<std::string> known;
            known.reserve(kCommands.size());
            for (const Command each : kCommands) known.emplace_back(to_string(each));
            problem(fmt::format("unknown command \"{}\"{}", word, suggestion(word, known, "")));
        }
        last_switch_ = {};
    }

    void read_flag(std::string_view flag) {
        const std::size_t equals = flag.find('=');
        const std::string_view name = flag.substr(0, equals);
        std::optional<std::string_view> value;
        if (equals != std::string_view::npos) value = flag.substr(equals + 1);
        last_switch_ = {};
        const auto infos = settings::setting_infos();
        const auto info = std::ranges::find(infos, name, &settings::SettingInfo::flag);
        if (info != infos.end()) {
            read_setting(*info, value);
        } else if (const auto own = std::ranges::find(kCommandFlags, name, &CommandFlag::name);
                   own != kCommandFlags.end()) {
            read_command_flag(*own, value);
        } else {
            problem(fmt::format("unknown flag --{}{}", name, suggestion(name, flag_names(), "--")));
        }
    }

    void read_setting(const settings::SettingInfo& info, std::optional<std::string_view> value) {
        if (!value && info.is_switch) {
            value = "true";
            last_switch_ = info.flag;
        }
        if (!value) value = next_value();
        if (!value) {
            problem(fmt::format("--{} needs a value: {}", info.flag, info.expected));
        } else if (!invocation_.flags.emplace(info.name, *value).second) {
            problem(fmt::format("--{} is given twice", info.flag));
        }
    }

    void read_command_flag(const CommandFlag& flag, std::optional<std::string_view> value) {
        if (flag.takes_value) {
            if (!value) value = next_value();
            if (!value || value->empty()) {
                problem(fmt::format("--{} needs a path", flag.name));
            } else {
                invocation_.env_file = *value;
            }
            return;
        }
        if (value) problem(fmt::format("--{} takes no value", flag.name));
        if (flag.name == "help") help_ = true;
        if (flag.name == "version") version_ = true;
        if (flag.name == "json" || flag.command) output_flags_.push_back(flag.name);
    }

    /// --json, --markdown, --env-example and --features are valid for some commands only, which may follow them.
    void check_command_flags() {
        if (invocation_.command == Command::detect && invocation_.tapes.empty()) {
            problem("detect needs the tapes: market-scanner detect TAPE.csv.gz…");
        }
        for (const std::string_view flag : output_flags_) {
            if (flag == "features") {
                invocation_.features = true;
                if (invocation_.command != Command::detect) {
                    problem(
                        fmt::format("--features is not valid for {} (only detect)", to_string(invocation_.command)));
                }
                continue;
            }
            const bool is_json = flag == "json";
            if (invocation_.command == Command::config) {
                invocation_.config_output = is_json              ? ConfigOutput::json
                                            : flag == "markdown" ? ConfigOutput::markdown
                                                                 : ConfigOutput::env_example;
            } else if (is_json && invocation_.command == Command::collect_once) {
                invocation_.json = true;
            } else {
                problem(fmt::format("--{} is not valid for {} (only {})", flag, to_string(invocation_.command),
                                    is_json ? "config and collect-once" : "config"));
            }
        }
        if (invocation_.command == Command::config && output_flags_.size() > 1) {
            problem("config answers in one form: give one of --json, --markdown and --env-example");
        }
    }

    /// The argument after a flag, unless it is a flag itself.
    std::optional<std::string_view> next_value() {
        if (rest_.empty() || rest_.front().starts_with("--")) return std::nullopt;
        return take();
    }

    static std::vector<std::string> flag_names() {
        std::vector<std::string> names;
        for (const auto& info : settings::setting_infos()) names.push_back(info.flag);
        for (const auto& flag : kCommandFlags) names.emplace_back(flag.name);
        return names;
    }

    void problem(std::string text) { problems_.push_back(std::move(text)); }

    std::span<const std::string_view> rest_;
    Invocation invocation_;
    std::optional<Command> command_;
    std::vector<std::string_view> output_flags_;
    std::string_view last_switch_;  ///< the flag just read, when it was a bare switch
    bool help_ = false;
    bool version_ = false;
    std::vector<std::string> problems_;
};

/// The text of the file; empty without an error when it need not exist and does not.
core::Result<std::string> read_file(const std::string& path, bool must_exist) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        if (!must_exist && access(path.c_str(), F_OK) != 0) return std::string();
        return core::fail(core::ErrorCode::io, path + ": cannot be read");
    }
    std::string text;
    std::array<char, 4096> piece{};
    while (file.read(piece.data(), piece.size()) || file.gcount() > 0) {
        text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
        if (text.size() > kMaxFileBytes)
            return core::fail(core::ErrorCode::io, path + ": is too long for a file of settings");
    }
    if (file.bad()) return core::fail(core::ErrorCode::io, path + ": cannot be read");  // a directory, for one
    return text;
}

/// Nothing when only its owner may read the file, or when there is no secret in it.
std::optional<std::string> warn_of_readable_secrets(const std::string& path, std::string_view text) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0 || (facts.st_mode & (S_IROTH | S_IWOTH)) == 0) return std::nullopt;
    const auto texts = settings::parse_env_file(text);
    if (!texts) return std::nullopt;
    for (const settings::SettingInfo& info : settings::setting_infos()) {
        const auto found = texts->find(std::string(info.name));
        if (found == texts->end() || found->second.empty()) continue;
        const bool password =
            found->second.find("://") != std::string::npos && found->second.find('@') != std::string::npos;
        if (!info.secret && !password) continue;
        return path + " holds " + std::string(info.name) + " and any user of this machine may read it: chmod 600 " +
               path;
    }
    return std::nullopt;
}

/// A bundle that cannot be used would fail every connection, one cycle after the other; it is a mistake in the
/// settings.
std::optional<std::string> ca_bundle_problem(const settings::LoadedSettings& loaded) {
    const auto& path = loaded.settings.ca_bundle_path;
    if (!path) return std::nullopt;
    constexpr std::string_view kName = "SCANNER_CA_BUNDLE_PATH";
    std::ifstream file(*path, std::ios::binary);
    std::string line;
    while (file && std::getline(file, line)) {
        if (line.starts_with("-----BEGIN ") && line.contains("CERTIFICATE-----")) return std::nullopt;
    }
    return settings::to_string(
        settings::SettingProblem{.name = std::string(kName),
                                 .source = loaded.sources.find(kName)->second,
                                 .given = *path,
                                 .expected = "the path of a readable PEM file with certificates"});
}

}  // namespace

CommandLine parse_command_line(std::span<const std::string_view> arguments) {
    return ArgumentReader(arguments).read();
}

std::vector<settings::ExchangeChoice> exchange_choices() {
    std::vector<settings::ExchangeChoice> exchanges;
    for (const exchange::ExchangeDescription& known : exchange::known_exchanges()) {
        exchanges.push_back({.name = known.name, .base_url = known.base_url});
    }
    return exchanges;
}

std::expected<settings::LoadedSettings, std::vector<std::string>> read_settings(
    const Invocation& invocation, const settings::SettingTexts& environment) {
    const std::string path = invocation.env_file.value_or(".env");
    const auto text = read_file(path, invocation.env_file.has_value());
    if (!text) return std::unexpected(std::vector{text.error().message()});
    auto file = settings::parse_env_file(*text);
    if (!file) return std::unexpected(std::vector{file.error().within(path).message()});
    auto loaded = settings::load_settings(
        {.file = std::move(*file), .environment = environment, .flags = invocation.flags}, exchange_choices());
    if (loaded) {
        if (auto warning = warn_of_readable_secrets(path, *text)) loaded->warnings.push_back(std::move(*warning));
        if (auto problem = ca_bundle_problem(*loaded)) return std::unexpected(std::vector{std::move(*problem)});
        return std::move(*loaded);
    }
    std::vector<std::string> problems;
    for (const auto& problem : loaded.error()) problems.push_back(settings::to_string(problem));
    return std::unexpected(std::move(problems));
}

settings::SettingTexts process_environment() {
    settings::SettingTexts texts;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) texts.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return texts;
}

}  // namespace scanner::app
