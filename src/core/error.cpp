#include "scanner/core/error.hpp"

namespace scanner::core {

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_input: return "invalid_input";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::timeout: return "timeout";
        case ErrorCode::cancelled: return "cancelled";
        case ErrorCode::network: return "network";
        case ErrorCode::http_status: return "http_status";
        case ErrorCode::rate_limited: return "rate_limited";
        case ErrorCode::maintenance: return "maintenance";
        case ErrorCode::exchange_rejected: return "exchange_rejected";
        case ErrorCode::malformed: return "malformed";
        case ErrorCode::unavailable: return "unavailable";
        case ErrorCode::conflict: return "conflict";
        case ErrorCode::io: return "io";
        case ErrorCode::internal: return "internal";
    }
    return "internal";
}

Error Error::within(std::string_view context) const {
    std::string message(context);
    message += ": ";
    message += message_;
    return {code_, std::move(message)};
}

}  // namespace scanner::core
