#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::storage {

/// Appends little-endian values to a string: the spool's binary form.
class ByteWriter {
public:
    explicit ByteWriter(std::string& out) : out_(out) {}
    void u8(std::uint8_t value) { out_ += static_cast<char>(value); }
    void u32(std::uint32_t value) { fixed(value); }
    void u64(std::uint64_t value) { fixed(value); }
    void i64(std::int64_t value) { fixed(std::bit_cast<std::uint64_t>(value)); }
    void real(double value) { fixed(std::bit_cast<std::uint64_t>(value)); }
    void maybe(const std::optional<double>& value) {
        u8(value ? 1 : 0);
        if (value) real(*value);
    }
    void text(std::string_view value) {
        u32(static_cast<std::uint32_t>(value.size()));
        out_ += value;
    }

private:
    template <class T>
    void fixed(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i) out_ += static_cast<char>((value >> (8 * i)) & 0xffU);
    }
    std::string& out_;
};

/// Reads them back. Past the end everything reads as zero or empty, and `ok` is false from then on.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
    [[nodiscard]] std::uint8_t u8() { return fixed<std::uint8_t>(); }
    [[nodiscard]] std::uint32_t u32() { return fixed<std::uint32_t>(); }
    [[nodiscard]] std::uint64_t u64() { return fixed<std::uint64_t>(); }
    [[nodiscard]] std::int64_t i64() { return std::bit_cast<std::int64_t>(u64()); }
    [[nodiscard]] double real() { return std::bit_cast<double>(u64()); }
    [[nodiscard]] std::optional<double> maybe() {
        if (u8() == 0) return std::nullopt;
        return real();
    }
    [[nodiscard]] std::string_view text() { return take(u32()); }
    [[nodiscard]] std::string_view take(std::size_t count) {
        if (count > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }
    /// A value was read that cannot be: nothing more is read.
    void refuse() {
        ok_ = false;
        rest_ = {};
    }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::string_view rest() const { return rest_; }

private:
    template <class T>
    T fixed() {
        const std::string_view bytes = take(sizeof(T));
        T value = 0;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            value =
                static_cast<T>(value | static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i)));
        }
        return value;
    }
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace scanner::storage
