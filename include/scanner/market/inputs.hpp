#pragma once

#include "scanner/core/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The age of each reading that a contract's numbers rest on. Plain values, no I/O.
namespace scanner::market {

enum class Input { ticker, order_book, candles, index, open_interest, funding };
inline constexpr std::array kInputs{Input::ticker, Input::order_book,    Input::candles,
                                    Input::index,  Input::open_interest, Input::funding};
[[nodiscard]] std::string_view to_string(Input input) noexcept;

enum class InputState {
    live,     ///< within its limit
    stale,    ///< older than its limit, or dated ahead of the exchange's clock: its value is not used
    missing,  ///< the exchange gave none
};
[[nodiscard]] std::string_view to_string(InputState state) noexcept;

/// When an input was true and whether it may still be used.
struct InputReading {
    InputState state = InputState::missing;
    /// By the exchange's own clock. Candles: the end of the last closed one. Open interest and funding: their list's.
    std::optional<core::WallTime> time;
    /// The same moment by our wall clock, which ages are told against; empty where `time` is. May lie ahead of now for
    /// an input that is stale because the exchange dated it ahead of its own clock.
    std::optional<core::WallTime> true_at;
    std::chrono::milliseconds limit{0};  ///< the oldest that counts as live
    std::string note;                    ///< for a person, what is wrong or odd; empty where there is nothing to say

    friend bool operator==(const InputReading&, const InputReading&) = default;
};

/// The six inputs of one contract.
class Inputs {
public:
    [[nodiscard]] InputReading& operator[](Input input) { return readings_[static_cast<std::size_t>(input)]; }
    [[nodiscard]] const InputReading& operator[](Input input) const {
        return readings_[static_cast<std::size_t>(input)];
    }

    /// What there is to say of them, each with its input's name in front ("index: 83 s old, …"); mostly nothing.
    [[nodiscard]] std::vector<std::string> notes() const;

    friend bool operator==(const Inputs&, const Inputs&) = default;

private:
    std::array<InputReading, kInputs.size()> readings_;
};

}  // namespace scanner::market
