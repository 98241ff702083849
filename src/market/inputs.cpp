#include "scanner/market/inputs.hpp"

namespace scanner::market {

std::string_view to_string(Input input) noexcept {
    switch (input) {
        case Input::ticker: return "ticker";
        case Input::order_book: return "order_book";
        case Input::candles: return "candles";
        case Input::index: return "index";
        case Input::open_interest: return "open_interest";
        case Input::funding: return "funding";
    }
    return "";
}

std::string_view to_string(InputState state) noexcept {
    switch (state) {
        case InputState::live: return "live";
        case InputState::stale: return "stale";
        case InputState::missing: return "missing";
    }
    return "";
}

std::string_view to_string(InputSource source) noexcept {
    switch (source) {
        case InputSource::none: return "none";
        case InputSource::rest: return "rest";
        case InputSource::feed: return "feed";
    }
    return "";
}

std::vector<std::string> Inputs::notes() const {
    std::vector<std::string> notes;
    for (const Input input : kInputs) {
        const std::string& note = (*this)[input].note;
        if (!note.empty()) notes.push_back(std::string(to_string(input)) + ": " + note);
    }
    return notes;
}

}  // namespace scanner::market
