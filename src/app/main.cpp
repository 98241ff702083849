#include "app/commands.hpp"
#include "app/commands/command_line.hpp"
#include "app/commands/compute.hpp"
#include "app/commands/config_command.hpp"
#include "app/commands/detect.hpp"
#include "app/commands/migrate_command.hpp"
#include "app/commands/record_command.hpp"
#include "app/commands/recording_command.hpp"
#include "app/commands/replay_command.hpp"
#include "app/commands/rules_command.hpp"
#include "app/logging.hpp"

#include "scanner/core/names.hpp"
#include "scanner/settings/env_file.hpp"
#include "scanner/settings/settings_load.hpp"

#include <iostream>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace scanner;

int complain(const std::vector<std::string>& problems) {
    for (const std::string& problem : problems) std::cerr << "market-scanner: " << core::visible_text(problem) << '\n';
    std::cerr << "`market-scanner --help` says more.\n";
    return app::kExitUsage;
}

int print(std::string_view text) {
    std::cout << text << std::flush;
    return std::cout ? app::kExitOk : app::kExitFailure;
}

int print_settings(app::ConfigOutput output, const settings::LoadedSettings& loaded) {
    return print(output == app::ConfigOutput::json ? app::settings_as_json(loaded) : app::settings_as_table(loaded));
}

int run(const app::Invocation& invocation) {
    // What needs no settings goes first, so that it works whatever the environment holds.
    if (invocation.command == app::Command::compute) return app::run_compute(std::cin, std::cout, std::cerr);
    if (invocation.command == app::Command::detect) {
        return app::run_detect(invocation.tapes, invocation.features, std::cout, std::cerr);
    }
    if (invocation.command == app::Command::recording) {
        return app::run_recording(invocation.rest, std::cin, std::cout, std::cerr);
    }
    if (invocation.command == app::Command::replay) {
        return app::run_replay(invocation.rest, std::cout, std::cerr);
    }
    if (invocation.command == app::Command::record) {
        return app::run_record(invocation.rest, app::process_environment(), std::cout, std::cerr);
    }
    if (invocation.command == app::Command::rules) {
        return app::run_rules(invocation.rest, app::process_environment(), std::cout, std::cerr);
    }
    if (invocation.config_output == app::ConfigOutput::markdown) return print(app::settings_reference());
    if (invocation.config_output == app::ConfigOutput::env_example) return print(app::env_example());

    const auto environment = app::process_environment();
    const app::SettingsReader read = [&] { return app::read_settings(invocation, environment); };
    auto loaded = read();
    if (!loaded) return complain(loaded.error());
    if (invocation.command == app::Command::config) return print_settings(invocation.config_output, *loaded);

    const auto log = app::start_logging(loaded->settings.log_level, loaded->settings.log_format);
    if (invocation.command == app::Command::collect_once)
        return app::run_collect_once(*loaded, invocation.json, std::cout);
    if (invocation.command == app::Command::serve) return app::run_serve(std::move(*loaded), read);
    return app::run_migrate(loaded->settings, std::cout, std::cerr);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const app::CommandLine line = app::parse_command_line(arguments);
    if (const auto* const answer = std::get_if<app::Answer>(&line)) return print(answer->text);
    if (const auto* const error = std::get_if<app::UsageError>(&line)) return complain(error->problems);
    return run(std::get<app::Invocation>(line));
}
