#pragma once

#include "scanner/core/clock.hpp"

#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

/// What detectors keep over a restart, as bytes. A class that is kept has `static void persist(auto& self, auto&
/// archive)` which gives its members to `archive` in a fixed order; the same function writes and reads.
///
/// The archives of core/checkpoint.hpp take more: every member that decides anything, so that what is read back goes on
/// exactly. A member that is not kept over a restart belongs into that branch of its class all the same.
namespace scanner::signals::detect {

/// Whether an archive is one of core/checkpoint.hpp.
template <class Archive>
inline constexpr bool kTakesAll = !requires(const std::remove_reference_t<Archive>& archive) { archive.version(); };

/// 2: the sixth family of wash_trade_volume. 3: each flag's own null, and the usual share of mirrored prints.
inline constexpr std::uint16_t kStateVersion = 3;
/// Whether an archive holds what came with version 3.
constexpr bool has_version_3(auto& archive) {
    if constexpr (requires { archive.version(); }) {
        return archive.version() >= 3;
    } else {
        return true;
    }
}
/// Integers of a state lie within this: far beyond everything real, and no sum of a few of them overflows.
inline constexpr std::int64_t kStateLimit = std::int64_t{1} << 52U;

/// Counts of ms, s, bars and the like, as they are read back: no difference of two of them overflows.
template <class... T>
void require_counts(auto& archive, const T&... values) {
    (archive.require(values >= -kStateLimit && values <= kStateLimit), ...);
}

template <class T>
concept Arithmetic = std::is_arithmetic_v<T> || std::is_enum_v<T>;

class StateWriter {
public:
    static constexpr bool kReads = false;
    explicit StateWriter(std::uint16_t version = kStateVersion) : version_(version) {}
    [[nodiscard]] std::uint16_t version() const { return version_; }

    template <class... T>
    void operator()(const T&... values) {
        (write(values), ...);
    }
    [[nodiscard]] std::vector<std::byte> take() { return std::move(bytes_); }

private:
    template <Arithmetic T>
    void write(const T& value) {
        static_assert(std::endian::native == std::endian::little);
        const auto raw = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
        bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    }
    void write(core::WallTime time) { write(core::to_unix_ms(time)); }
    template <class T>
    void write(const std::optional<T>& value) {
        write(value.has_value());
        if (value) write(*value);
    }
    template <class T, std::size_t N>
    void write(const std::array<T, N>& values) {
        for (const T& value : values) write(value);
    }
    template <class T>
        requires std::is_class_v<T>
    void write(const T& value) {
        T::persist(value, *this);
    }

    std::vector<std::byte> bytes_;
    std::uint16_t version_;
};

/// Bytes may come from anywhere: what is no such value makes `ok` false, and the rest stays as it was.
class StateReader {
public:
    static constexpr bool kReads = true;

    explicit StateReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
    template <class... T>
    void operator()(T&... values) {
        (read(values), ...);
    }
    /// Of what is read: this version's unless said otherwise.
    [[nodiscard]] std::uint16_t version() const { return version_; }
    void set_version(std::uint16_t version) { version_ = version; }
    void require(bool holds) { ok_ = ok_ && holds; }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return ok_ && bytes_.empty(); }

private:
    template <Arithmetic T>
    bool raw(T& value) {
        ok_ = ok_ && bytes_.size() >= sizeof(T);
        if (!ok_) return false;
        std::memcpy(&value, bytes_.data(), sizeof(T));
        bytes_ = bytes_.subspan(sizeof(T));
        return true;
    }
    void read(bool& value) {
        std::uint8_t byte = 0;
        if (raw(byte)) require(byte <= 1);
        value = ok_ && byte == 1;
    }
    template <std::floating_point T>
    void read(T& value) {
        T got = 0;
        if (raw(got)) require(std::isfinite(got));
        value = ok_ ? got : T{};
    }
    template <std::integral T>
    void read(T& value) {
        T got = 0;
        if (raw(got)) {
            if constexpr (sizeof(T) == 8) {
                require(std::cmp_less_equal(got, kStateLimit) && std::cmp_greater_equal(got, -kStateLimit));
            }
        }
        value = ok_ ? got : T{};
    }
    template <class T>
        requires std::is_enum_v<T>
    void read(T& value) {
        std::underlying_type_t<T> got{};
        read(got);
        value = static_cast<T>(got);
    }
    void read(core::WallTime& value) {
        std::int64_t ms = 0;
        if (raw(ms)) require(core::is_unix_ms(ms));
        value = ok_ ? core::from_unix_ms(ms) : core::WallTime{};
    }
    template <class T>
    void read(std::optional<T>& value) {
        bool has = false;
        read(has);
        value.reset();
        if (has && ok_) read(value.emplace());
    }
    template <class T, std::size_t N>
    void read(std::array<T, N>& values) {
        for (T& value : values) read(value);
    }
    template <class T>
        requires std::is_class_v<T>
    void read(T& value) {
        T::persist(value, *this);
    }

    std::span<const std::byte> bytes_;
    bool ok_ = true;
    std::uint16_t version_ = kStateVersion;
};

}  // namespace scanner::signals::detect
