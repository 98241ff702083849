#include "simulator/face/state/directory.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace scanner::simulator::face {
namespace {

using namespace std::chrono_literals;

/// Delivery at 08:00 UTC on the day that ends the code ("BTC-USDT-261225").
std::optional<WallTime> delivery_of(std::string_view code) {
    const std::size_t dash = code.rfind('-');
    if (dash == std::string_view::npos || code.size() - dash != 7) return std::nullopt;
    const auto number = core::parse_int(code.substr(dash + 1));
    if (!number) return std::nullopt;
    const std::chrono::year_month_day day{std::chrono::year(2000 + static_cast<int>(*number / 10000)),
                                          std::chrono::month(static_cast<unsigned>(*number / 100 % 100)),
                                          std::chrono::day(static_cast<unsigned>(*number % 100))};
    if (!day.ok()) return std::nullopt;
    return WallTime(std::chrono::sys_days(day) + 8h);
}

/// Weeklies end within a fortnight; of the rest the nearer quarter-end is "quarter".
std::string contract_type_of(WallTime delivery, WallTime now) {
    const auto left = delivery - now;
    if (left <= 7 * 24h) return "this_week";
    if (left <= 14 * 24h) return "next_week";
    return left <= 105 * 24h ? "quarter" : "next_quarter";
}

int turnover_scale_of(Step price, Step size) {
    int scale = price.scale + size.scale;
    // A big contract makes up for a small tick: 1e-10 USDT x 1 000 000 units come in steps of 0.0001.
    for (std::int64_t units = price.mantissa * size.mantissa; scale > 0 && units % 10 == 0; units /= 10) --scale;
    return scale;
}

WireContract wire_contract(const SimulatedContract& simulated, WallTime now) {
    WireContract wire;
    wire.code = simulated.contract.contract_code;
    wire.symbol = wire.code.substr(0, wire.code.find('-'));
    const std::size_t second_dash = wire.code.find('-', wire.symbol.size() + 1);
    wire.pair = wire.code.substr(0, second_dash);
    wire.price = step_of(simulated.contract.price_tick);
    wire.size = step_of(simulated.contract.contract_size);
    wire.turnover_scale = turnover_scale_of(wire.price, wire.size);
    wire.ghost = simulated.delisted_ghost;
    wire.futures = simulated.dated_future;
    wire.suspended = simulated.contract.status == market::ContractStatus::suspended;
    wire.business_type = wire.futures ? "futures" : "swap";
    wire.contract_type = "swap";
    if (!wire.futures) return wire;
    if (const auto delivery = delivery_of(wire.code)) {
        wire.contract_type = contract_type_of(*delivery, now);
        wire.delivery_time = std::to_string(core::to_unix_ms(*delivery));
        wire.delivery_date = "20" + wire.code.substr(wire.code.size() - 6);
    }
    return wire;
}

}  // namespace

Directory::Directory(const std::vector<SimulatedContract>& contracts, WallTime now) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kAliases{
        {{"this_week", "-CW"}, {"next_week", "-NW"}, {"quarter", "-CQ"}, {"next_quarter", "-NQ"}}};
    contracts_.reserve(contracts.size());
    for (const SimulatedContract& simulated : contracts) {
        const std::size_t index = contracts_.size();
        const WireContract& wire = contracts_.emplace_back(wire_contract(simulated, now));
        if (wire.ghost) continue;
        by_code_.emplace(wire.code, index);
        for (const auto& [type, suffix] : kAliases) {
            if (wire.contract_type == type) by_code_.emplace(wire.pair + std::string(suffix), index);
        }
    }
}

Directory Directory::resized(const std::function<bool(std::string_view)>& chosen) const {
    constexpr std::int64_t kFactor = 10;
    Directory changed = *this;
    for (WireContract& wire : changed.contracts_) {
        if (chosen(wire.code)) wire.size.mantissa *= kFactor;
    }
    return changed;
}

std::optional<std::size_t> Directory::find(std::string_view code) const {
    const auto found = by_code_.find(upper_ascii(code));
    if (found == by_code_.end()) return std::nullopt;
    return found->second;
}

std::string upper_ascii(std::string_view text) {
    std::string upper(text);
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return upper;
}

}  // namespace scanner::simulator::face
