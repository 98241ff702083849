#include "scanner/exchange/market_feed.hpp"

#include <utility>

namespace scanner::exchange {

std::string_view to_string(BookState state) noexcept {
    switch (state) {
        case BookState::not_wanted: return "not_wanted";
        case BookState::awaiting_snapshot: return "awaiting_snapshot";
        case BookState::live: return "live";
        case BookState::gap: return "gap";
        case BookState::silent: return "silent";
        case BookState::crossed: return "crossed";
        case BookState::audit_failed: return "audit_failed";
        case BookState::disconnected: return "disconnected";
    }
    std::unreachable();
}

std::string_view to_string(ConnectionState state) noexcept {
    switch (state) {
        case ConnectionState::connecting: return "connecting";
        case ConnectionState::live: return "live";
        case ConnectionState::waiting: return "waiting";
    }
    std::unreachable();
}

std::string_view to_string(FeedNoticeStatus::State state) noexcept {
    using State = FeedNoticeStatus::State;
    switch (state) {
        case State::waiting: return "waiting";
        case State::asked: return "asked";
        case State::subscribed: return "subscribed";
    }
    std::unreachable();
}

}  // namespace scanner::exchange
