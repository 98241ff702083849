#include "scanner/signals/opportunity_types.hpp"

namespace scanner::signals {

std::string_view to_string(SideBias side) noexcept {
    switch (side) {
        case SideBias::neutral: return "neutral";
        case SideBias::long_side: return "long";
        case SideBias::short_side: return "short";
    }
    return "neutral";
}

std::string_view to_string(EntryType type) noexcept {
    switch (type) {
        case EntryType::pullback: return "pullback";
        case EntryType::fade: return "fade";
        case EntryType::breakout: return "breakout";
    }
    return "breakout";
}

}  // namespace scanner::signals
