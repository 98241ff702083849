#include "scanner/exchange/exchange.hpp"

namespace scanner::exchange {

std::string_view to_string(BreakerState state) noexcept {
    switch (state) {
        case BreakerState::closed: return "closed";
        case BreakerState::open: return "open";
        case BreakerState::half_open: break;
    }
    return "half-open";
}

}  // namespace scanner::exchange
