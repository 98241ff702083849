#include "app/commands/invocation.hpp"

namespace scanner::app {

std::string_view to_string(Command command) noexcept {
    switch (command) {
        case Command::serve: return "serve";
        case Command::collect_once: return "collect-once";
        case Command::compute: return "compute";
        case Command::detect: return "detect";
        case Command::recording: return "recording";
        case Command::record: return "record";
        case Command::replay: return "replay";
        case Command::rules: return "rules";
        case Command::config: return "config";
        case Command::migrate: return "migrate";
    }
    return "serve";
}

}  // namespace scanner::app
