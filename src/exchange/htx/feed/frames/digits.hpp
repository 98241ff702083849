#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

/// Decimal digits, eight characters at a time in one register (D. Lemire, "Quickly parsing eight digits", 2022). Pure.
namespace scanner::exchange::htx::feed {

static_assert(std::endian::native == std::endian::little, "the first character is the lowest byte");

/// Eight characters from `at` on.
[[nodiscard]] inline std::uint64_t load_eight(const char* at) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, sizeof(eight));
    return eight;
}

inline constexpr std::uint64_t kZeros = 0x3030303030303030U;

/// The topmost bit of every byte that is no digit. Right up to the first of them; behind it a carry may have spoilt it.
[[nodiscard]] constexpr std::uint64_t no_digits(std::uint64_t eight) {
    const std::uint64_t values = eight ^ kZeros;
    return ((values + 0x7676767676767676U) | values) & 0x8080808080808080U;
}

/// What the first `count` characters say, 1 to 8, all of them digits.
[[nodiscard]] constexpr std::uint64_t digits_of(std::uint64_t eight, unsigned count) {
    std::uint64_t value = (eight ^ kZeros) << (64 - 8 * count);  // leading zeros in place of the missing
    value = value * 10 + (value >> 8U);                          // pairs
    constexpr std::uint64_t kEveryFourth = 0x000000ff000000ffU;
    const std::uint64_t upper = (value & kEveryFourth) * (100 + (1'000'000ULL << 32U));
    const std::uint64_t lower = ((value >> 16U) & kEveryFourth) * (1 + (10'000ULL << 32U));
    return (upper + lower) >> 32U;
}

static_assert(digits_of(0x3132333435363738U, 8) == 87'654'321 && digits_of(0x2c2c2c2c2c2c3931U, 2) == 19);

}  // namespace scanner::exchange::htx::feed
