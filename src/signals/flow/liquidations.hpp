#pragma once

#include "signals/flow/quarters.hpp"

#include "scanner/market/market.hpp"
#include "scanner/signals/flow/flow_numbers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace scanner::signals::flow {

/// What was closed by force in the last five minutes, in steps of five seconds, and since when it is told.
class Liquidations {
public:
    void add(market::Side taker_side, double notional, std::int64_t now_ms);
    void lose() noexcept { known_since_ms_.reset(); }
    void follow(std::int64_t now_ms) noexcept { known_since_ms_ = known_since_ms_.value_or(now_ms); }

    void fill(FlowNumbers& numbers, Quarter now) const;
    [[nodiscard]] std::optional<Quarter> next_change(Quarter now) const;

    static void persist(auto& self, auto& archive) { archive(self.steps_, self.known_since_ms_); }

private:
    static constexpr std::int64_t kQuartersAStep = 20;
    static constexpr std::int64_t kSteps = 60;

    struct Step {
        std::int64_t number = -1;
        double longs = 0.0;
        double shorts = 0.0;

        static void persist(auto& self, auto& archive) { archive(self.number, self.longs, self.shorts); }
    };
    std::array<Step, static_cast<std::size_t>(kSteps)> steps_{};
    std::optional<std::int64_t> known_since_ms_;
};

}  // namespace scanner::signals::flow
