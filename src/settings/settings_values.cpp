#include "scanner/settings/settings_values.hpp"

namespace scanner::settings {

std::string_view to_string(Universe universe) noexcept {
    switch (universe) {
        case Universe::all: return "all";
        case Universe::crypto: return "crypto";
        case Universe::tradfi: return "tradfi";
    }
    return "all";
}

std::string_view to_string(FeedMode mode) noexcept {
    switch (mode) {
        case FeedMode::automatic: return "auto";
        case FeedMode::off: return "off";
        case FeedMode::required: return "required";
    }
    return "off";
}

std::string_view to_string(Role role) noexcept {
    switch (role) {
        case Role::all: return "all";
        case Role::scanner: return "scanner";
        case Role::replica: return "replica";
    }
    return "all";
}

std::string_view to_string(LogFormat format) noexcept {
    return format == LogFormat::text ? "text" : "json";
}

}  // namespace scanner::settings
