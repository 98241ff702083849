#pragma once

#include "scanner/core/clock.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Values as bytes and back, bit for bit: doubles in eight bytes, little-endian, whole numbers as LEB128. What a struct
/// is made of is said once, by its Fields, for writing and for reading. Pure.
namespace scanner::ranking {

/// Nothing that is measured comes near it, and no sum or product of two such numbers leaves what a double can hold.
inline constexpr double kMaxPacked = 1e30;

/// The members of a struct: `static void visit(auto& self, auto& pack)` gives them to `pack` in a fixed order.
template <class T>
struct Fields;

/// A text of the process's life for `text`, so that a string_view may refer to it; nothing once there are some
/// thousands, or for one longer than a name. Any thread.
[[nodiscard]] std::optional<std::string_view> kept_literal(std::string_view text);

/// Structs that are doubles and nothing else: a list of them is written and read in one go. Their Fields say it with
/// `static constexpr bool kDoubles = true`, and by `static bool sound(const T&)` which values there can be: none that
/// is not finite, none beyond kMaxPacked.
template <class T>
concept Doubles = std::is_trivially_copyable_v<T> && requires { requires Fields<T>::kDoubles; };

class PackWriter {
public:
    static constexpr bool kReads = false;

    template <class... T>
    void operator()(const T&... values) {
        (write(values), ...);
    }
    /// One of the first `count` values of an enum.
    template <class Enum>
    void choice(const Enum& value, unsigned /*count*/) {
        whole(static_cast<std::uint64_t>(value));
    }
    /// A view of a text that lives for ever.
    void literal(std::string_view value) { write(value); }
    void whole(std::uint64_t value) {
        while (value >= 0x80U) {
            byte(static_cast<std::uint8_t>(value) | 0x80U);
            value >>= 7U;
        }
        byte(static_cast<std::uint8_t>(value));
    }
    [[nodiscard]] std::string take() { return std::move(bytes_); }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    /// Empty again, its room kept.
    void clear() { bytes_.clear(); }

private:
    void byte(std::uint8_t value) { bytes_ += static_cast<char>(value); }
    void write(bool value) { byte(value ? 1 : 0); }
    void write(double value) {
        static_assert(std::endian::native == std::endian::little);
        char raw[sizeof(double)];
        std::memcpy(raw, &value, sizeof(double));
        bytes_.append(raw, sizeof(double));
    }
    void append(const void* values, std::size_t size) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + size);
        std::memcpy(bytes_.data() + at, values, size);
    }
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool>)
    void write(T value) {
        whole(value);
    }
    /// Small in both directions.
    template <std::signed_integral T>
    void write(T value) {
        const auto wide = static_cast<std::int64_t>(value);
        whole((std::bit_cast<std::uint64_t>(wide) << 1U) ^ (wide < 0 ? ~std::uint64_t{0} : std::uint64_t{0}));
    }
    void write(core::WallTime value) { write(core::to_unix_ms(value)); }
    void write(std::chrono::milliseconds value) { write(static_cast<std::int64_t>(value.count())); }
    void write(std::string_view value) {
        whole(value.size());
        bytes_ += value;
    }
    void write(const std::string& value) { write(std::string_view(value)); }
    template <class T>
    void write(const std::optional<T>& value) {
        write(value.has_value());
        if (value) write(*value);
    }
    template <class T>
    void write(const std::vector<T>& values) {
        whole(values.size());
        if constexpr (Doubles<T>) {
            static_assert(std::endian::native == std::endian::little && sizeof(T) % sizeof(double) == 0);
            if (!values.empty()) append(values.data(), values.size() * sizeof(T));
        } else {
            for (const T& value : values) write(value);
        }
    }
    template <class T>
        requires requires { sizeof(Fields<T>); }
    void write(const T& value) {
        Fields<T>::visit(value, *this);
    }

    std::string bytes_;
};

/// Bytes are hostile until read: what cannot be makes `ok` false, everything after reads as nothing, and `problem` says
/// what it was.
class PackReader {
public:
    static constexpr bool kReads = true;
    static constexpr std::size_t kMaxText = 1'024;
    static constexpr std::size_t kMaxValues = 20'000;  ///< of one list

    explicit PackReader(std::string_view bytes) : rest_(bytes) {}

    template <class... T>
    void operator()(T&... values) {
        (read(values), ...);
    }
    template <class Enum>
    void choice(Enum& value, unsigned count) {
        const std::uint64_t got = whole();
        require(got < count, "a name of no meaning");
        value = static_cast<Enum>(ok_ ? got : 0);
    }
    void literal(std::string_view& value) {
        const auto kept = kept_literal(text());
        require(kept.has_value(), "a name too many or too long");
        value = kept.value_or("");
    }
    [[nodiscard]] std::uint64_t whole() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) break;
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if ((byte & 0x80U) == 0) return value;
        }
        refuse("cut off");
        return 0;
    }
    /// A count of values that take at least `least_bytes` each.
    [[nodiscard]] std::size_t count(std::size_t limit, std::size_t least_bytes = 1) {
        const std::uint64_t got = whole();
        require(got <= limit && got * least_bytes <= rest_.size(), "more values than there can be");
        return ok_ ? static_cast<std::size_t>(got) : 0;
    }
    [[nodiscard]] std::string_view text(std::size_t limit = kMaxText) {
        const std::uint64_t size = whole();
        require(size <= limit && size <= rest_.size(), "a text that is cut off or too long");
        if (!ok_) return {};
        const std::string_view got = rest_.substr(0, static_cast<std::size_t>(size));
        rest_.remove_prefix(got.size());
        return got;
    }
    void require(bool holds, std::string_view what) {
        if (!holds) refuse(what);
    }
    void refuse(std::string_view what) {
        if (ok_) problem_ = what;
        ok_ = false;
        rest_ = {};
    }
    [[nodiscard]] bool ok() const { return ok_; }
    /// Whether all was read and nothing is left.
    [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }
    [[nodiscard]] const std::string& problem() const { return problem_; }
    [[nodiscard]] std::size_t left() const { return rest_.size(); }

private:
    void read(bool& value) {
        const std::uint64_t got = whole();
        require(got <= 1, "neither true nor false");
        value = ok_ && got == 1;
    }
    void read(double& value) {
        value = 0.0;
        require(rest_.size() >= sizeof(double), "cut off");
        if (!ok_) return;
        double got = 0.0;
        std::memcpy(&got, rest_.data(), sizeof(double));
        rest_.remove_prefix(sizeof(double));
        require(std::abs(got) <= kMaxPacked, "a number that is not finite or too large");
        if (ok_) value = got;
    }
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool>)
    void read(T& value) {
        const std::uint64_t got = whole();
        require(std::in_range<T>(got), "a number out of range");
        value = ok_ ? static_cast<T>(got) : T{};
    }
    template <std::signed_integral T>
    void read(T& value) {
        const std::uint64_t raw = whole();
        const auto got = std::bit_cast<std::int64_t>((raw >> 1U) ^ (~(raw & 1U) + 1U));
        require(std::in_range<T>(got), "a number out of range");
        value = ok_ ? static_cast<T>(got) : T{};
    }
    void read(core::WallTime& value) {
        std::int64_t ms = 0;
        read(ms);
        require(core::is_unix_ms(ms), "a time out of range");
        value = ok_ ? core::from_unix_ms(ms) : core::WallTime{};
    }
    void read(std::chrono::milliseconds& value) {
        std::int64_t ms = 0;
        read(ms);
        require(core::is_unix_ms(ms), "a time out of range");
        value = std::chrono::milliseconds(ok_ ? ms : 0);
    }
    void read(std::string& value) { value = text(); }
    template <class T>
    void read(std::optional<T>& value) {
        bool has = false;
        read(has);
        value.reset();
        if (has && ok_) read(value.emplace());
    }
    template <class T>
    void read(std::vector<T>& values) {
        values.clear();
        if constexpr (Doubles<T>) {
            values.resize(count(kMaxValues, sizeof(T)));
            if (values.empty()) return;
            const std::size_t size = values.size() * sizeof(T);
            std::memcpy(values.data(), rest_.data(), size);
            rest_.remove_prefix(size);
            for (const T& value : values) {
                if (!Fields<T>::sound(value)) return refuse("a number that cannot be");
            }
        } else {
            values.resize(count(kMaxValues));
            for (T& value : values) read(value);
        }
    }
    template <class T>
        requires requires { sizeof(Fields<T>); }
    void read(T& value) {
        Fields<T>::visit(value, *this);
    }

    std::string_view rest_;
    std::string problem_;
    bool ok_ = true;
};

}  // namespace scanner::ranking
