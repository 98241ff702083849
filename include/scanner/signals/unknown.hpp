#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

/// What of a contract's numbers was measured, kept apart from the numbers themselves. The formulas give every number a
/// neutral value where it cannot be told (docs/metrics.md); which those are is said here, so that whatever shows a
/// number shows null instead.
namespace scanner::signals {

/// A number of a contract by its line in the table of numbers (numbers.hpp), where `"ret_15"_number` finds it.
enum class Number : std::uint8_t {};
/// How many lines the table may have; a set of numbers has a bit for each.
inline constexpr std::size_t kMaxNumbers = 128;

/// A set of numbers. Trivially copied.
class NumberSet {
public:
    constexpr void add(Number number) noexcept { words_[word(number)] |= bit(number); }
    constexpr void remove(Number number) noexcept { words_[word(number)] &= ~bit(number); }
    [[nodiscard]] constexpr bool has(Number number) const noexcept { return (words_[word(number)] & bit(number)) != 0; }
    [[nodiscard]] constexpr bool empty() const noexcept { return *this == NumberSet(); }

    /// What is in either.
    friend constexpr NumberSet operator|(NumberSet left, const NumberSet& right) noexcept {
        for (std::size_t i = 0; i < left.words_.size(); ++i) left.words_[i] |= right.words_[i];
        return left;
    }
    friend constexpr bool operator==(const NumberSet&, const NumberSet&) = default;

private:
    static constexpr std::size_t kBits = 64;
    [[nodiscard]] static constexpr std::size_t word(Number number) noexcept {
        return static_cast<std::size_t>(number) / kBits;
    }
    [[nodiscard]] static constexpr std::uint64_t bit(Number number) noexcept {
        return std::uint64_t{1} << (static_cast<std::size_t>(number) % kBits);
    }
    std::array<std::uint64_t, kMaxNumbers / kBits> words_{};
};

/// Which edges are unknown where `unknown` of the contract's own numbers are.
[[nodiscard]] NumberSet unknown_edges(const NumberSet& unknown) noexcept;

}  // namespace scanner::signals
