#pragma once

#include "scanner/settings/env_file.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::app {

enum class Command { serve, collect_once, compute, detect, recording, record, replay, rules, config, migrate };
[[nodiscard]] std::string_view to_string(Command command) noexcept;

/// In which form `config` answers.
enum class ConfigOutput { table, json, markdown, env_example };

/// A command to run.
struct Invocation {
    Command command = Command::serve;
    settings::SettingTexts flags;         ///< settings given as flags, by setting name
    std::optional<std::string> env_file;  ///< --env-file; without it ".env" is read where it exists
    bool json = false;                    ///< collect-once --json
    ConfigOutput config_output = ConfigOutput::table;
    std::vector<std::string> tapes;  ///< detect: the files, in the order given
    bool features = false;           ///< detect --features
    std::vector<std::string> rest;   ///< recording, record, replay, rules: everything after it, which it reads itself
};

}  // namespace scanner::app
