#include "scanner/market/market.hpp"

namespace scanner::market {

std::string_view to_string(ContractStatus status) noexcept {
    switch (status) {
        case ContractStatus::delisting: return "delisting";
        case ContractStatus::listed: return "listed";
        case ContractStatus::pending: return "pending";
        case ContractStatus::suspended: return "suspended";
        case ContractStatus::suspending: return "suspending";
        case ContractStatus::in_settlement: return "in_settlement";
        case ContractStatus::delivering: return "delivering";
        case ContractStatus::settled: return "settled";
        case ContractStatus::delivered: return "delivered";
        case ContractStatus::unknown: break;
    }
    return "unknown";
}

std::string_view to_string(AssetClass asset_class) noexcept {
    return asset_class == AssetClass::tradfi ? "tradfi" : "crypto";
}

std::string_view to_string(Side side) noexcept {
    switch (side) {
        case Side::buy: return "buy";
        case Side::sell: return "sell";
        case Side::unknown: break;
    }
    return "unknown";
}

}  // namespace scanner::market
