#include "app/command_line.hpp"
#include "app/compute.hpp"
#include "app/config_command.hpp"

#include <iostream>
#include <string_view>
#include <vector>

namespace {

using namespace scanner;

int complain(const std::vector<std::string>& problems) {
    for (const std::string& problem : problems) std::cerr << "market-scanner: " << problem << '\n';
    std::cerr << "`market-scanner --help` says more.\n";
    return app::kExitUsage;
}

int print(std::string_view text) {
    std::cout << text << std::flush;
    return std::cout ? app::kExitOk : app::kExitFailure;
}

int run(const app::Invocation& invocation) {
    // What needs no settings goes first, so that it works whatever the environment holds.
    if (invocation.command == app::Command::compute) return app::run_compute(std::cin, std::cout, std::cerr);
    if (invocation.config_output == app::ConfigOutput::markdown) return print(app::settings_reference());
    if (invocation.config_output == app::ConfigOutput::env_example) return print(app::env_example());

    const auto loaded = app::read_settings(invocation, app::process_environment());
    if (!loaded) return complain(loaded.error());
    if (invocation.config_output == app::ConfigOutput::json) return print(app::settings_as_json(*loaded));
    return print(app::settings_as_table(*loaded));
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const app::CommandLine line = app::parse_command_line(arguments);
    if (const auto* const answer = std::get_if<app::Answer>(&line)) return print(answer->text);
    if (const auto* const error = std::get_if<app::UsageError>(&line)) return complain(error->problems);
    return run(std::get<app::Invocation>(line));
}
