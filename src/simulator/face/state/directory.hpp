#pragma once

#include "simulator/face/encode/decimal.hpp"
#include "simulator/market.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::simulator::face {

/// What the answers need of a contract and what does not change, worked out once.
struct WireContract {
    std::string code;           ///< "BTC-USDT", "BTC-USDT-261225"
    std::string symbol;         ///< "BTC"
    std::string pair;           ///< "BTC-USDT"
    std::string business_type;  ///< "swap", "futures"
    std::string contract_type;  ///< "swap", "this_week", "next_week", "quarter", "next_quarter"
    std::string delivery_date;  ///< "20261225", or empty for a swap
    std::string delivery_time;  ///< ms as text, or empty for a swap
    Step price;                 ///< USDT
    Step size;                  ///< base units in a contract
    bool ghost = false;         ///< delisted: only in index and open interest answers
    bool futures = false;
    bool suspended = false;

    /// Decimals that a turnover (price x contracts x size) can have.
    int turnover_scale = 0;
};

/// Every contract by its number in the market and by what a client may call it.
class Directory {
public:
    /// `now` decides which dated future is this week's and which the quarter's.
    Directory(const std::vector<SimulatedContract>& contracts, WallTime now);

    /// The same with contracts ten times as big, where `chosen` says so.
    [[nodiscard]] Directory resized(const std::function<bool(std::string_view)>& chosen) const;

    [[nodiscard]] std::size_t size() const { return contracts_.size(); }
    [[nodiscard]] const WireContract& operator[](std::size_t contract) const { return contracts_[contract]; }
    /// In any ASCII case; "BTC-USDT-CW" and the like mean the dated future of that kind. Ghosts are not found: they
    /// have left every endpoint that is asked by name.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view code) const;

private:
    std::vector<WireContract> contracts_;
    std::map<std::string, std::size_t, std::less<>> by_code_;
};

/// ASCII letters in upper case, everything else (Chinese codes) as it is.
[[nodiscard]] std::string upper_ascii(std::string_view text);

}  // namespace scanner::simulator::face
