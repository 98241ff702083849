#pragma once

#include "scanner/core/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
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

/// How a value came to us.
enum class InputSource : std::uint8_t {
    none,  ///< nothing has come yet
    rest,  ///< asked for by a scan
    feed,  ///< told by the exchange as it happened
};
[[nodiscard]] std::string_view to_string(InputSource source) noexcept;

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
    InputSource source = InputSource::none;
    /// Where its subscription to a live feed stands, a literal; empty while no feed is asked for it.
    std::string_view subscription;

    friend bool operator==(const InputReading&, const InputReading&) = default;
};

/// The six inputs of one contract, and its tape.
class Inputs {
public:
    [[nodiscard]] InputReading& operator[](Input input) { return readings_[static_cast<std::size_t>(input)]; }
    [[nodiscard]] const InputReading& operator[](Input input) const {
        return readings_[static_cast<std::size_t>(input)];
    }

    /// The trades as they happen: `time` is that of the last one. Nothing is published or left out because of it, so it
    /// is none of the six; missing without a feed.
    [[nodiscard]] InputReading& tape() { return tape_; }
    [[nodiscard]] const InputReading& tape() const { return tape_; }

    /// What there is to say of the six, each with its input's name in front ("index: 83 s old, …"); mostly nothing.
    [[nodiscard]] std::vector<std::string> notes() const;

    friend bool operator==(const Inputs&, const Inputs&) = default;

private:
    std::array<InputReading, kInputs.size()> readings_;
    InputReading tape_;
};

}  // namespace scanner::market
