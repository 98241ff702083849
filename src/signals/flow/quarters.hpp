#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

/// The grid of the accumulators: quarter seconds of the exchange's clock, numbered from 1970.
namespace scanner::signals::flow {

using Quarter = std::int64_t;
inline constexpr std::int64_t kQuarterMs = 250;

[[nodiscard]] constexpr Quarter quarter_of(std::int64_t unix_ms) noexcept {
    return unix_ms / kQuarterMs;
}
[[nodiscard]] constexpr std::int64_t start_of(Quarter quarter) noexcept {
    return quarter * kQuarterMs;
}
/// The first quarter whose window, it and the `size - 1` before, holds nothing from before `unix_ms`.
[[nodiscard]] constexpr Quarter first_full_window(std::int64_t unix_ms, std::int64_t size) noexcept {
    return (unix_ms + kQuarterMs - 1) / kQuarterMs + size - 1;
}

/// A value for each of the last `count` quarters. Its owner clears the place of a quarter that begins.
template <class Value, std::size_t count>
class Ring {
public:
    [[nodiscard]] Value& of(Quarter quarter) noexcept { return values_[place(quarter)]; }
    [[nodiscard]] const Value& of(Quarter quarter) const noexcept { return values_[place(quarter)]; }
    /// All of them, in no order.
    [[nodiscard]] const std::array<Value, count>& all() const noexcept { return values_; }
    void clear() noexcept { values_ = {}; }
    static void persist(auto& self, auto& archive) { archive(self.values_); }

private:
    [[nodiscard]] static std::size_t place(Quarter quarter) noexcept {
        return static_cast<std::size_t>(quarter) % count;
    }
    std::array<Value, count> values_{};
};

}  // namespace scanner::signals::flow
