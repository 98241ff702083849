#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Values as bytes and back, for forms that are stored: fixed numbers little-endian, others as LEB128. Pure.
namespace scanner::core {

/// Appends values to a string, which must outlive it.
class ByteWriter {
public:
    explicit ByteWriter(std::string& out) : out_(out) {}
    void u8(std::uint8_t value) { out_ += static_cast<char>(value); }
    void u16(std::uint16_t value) { fixed(value); }
    void u32(std::uint32_t value) { fixed(value); }
    void u64(std::uint64_t value) { fixed(value); }
    void i64(std::int64_t value) { fixed(std::bit_cast<std::uint64_t>(value)); }
    void real(double value) { fixed(std::bit_cast<std::uint64_t>(value)); }
    void maybe(const std::optional<double>& value) {
        u8(value ? 1 : 0);
        if (value) real(*value);
    }
    /// LEB128: seven bits a byte.
    void varint(std::uint64_t value) {
        while (value >= 0x80U) {
            u8(static_cast<std::uint8_t>(value) | 0x80U);
            value >>= 7U;
        }
        u8(static_cast<std::uint8_t>(value));
    }
    /// Small in both directions.
    void zigzag(std::int64_t value) {
        varint((std::bit_cast<std::uint64_t>(value) << 1U) ^ (value < 0 ? ~std::uint64_t{0} : std::uint64_t{0}));
    }
    /// After its length in four bytes.
    void text(std::string_view value) {
        u32(static_cast<std::uint32_t>(value.size()));
        out_ += value;
    }
    /// After its length as a varint.
    void short_text(std::string_view value) {
        varint(value.size());
        out_ += value;
    }

private:
    template <class T>
    void fixed(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i) out_ += static_cast<char>((value >> (8 * i)) & 0xffU);
    }
    std::string& out_;
};

/// Reads them back. Past the end everything reads as zero or empty, and `ok` is false from then on. The bytes must
/// outlive it, and what it gives.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
    [[nodiscard]] std::uint8_t u8() { return fixed<std::uint8_t>(); }
    [[nodiscard]] std::uint16_t u16() { return fixed<std::uint16_t>(); }
    [[nodiscard]] std::uint32_t u32() { return fixed<std::uint32_t>(); }
    [[nodiscard]] std::uint64_t u64() { return fixed<std::uint64_t>(); }
    [[nodiscard]] std::int64_t i64() { return std::bit_cast<std::int64_t>(u64()); }
    [[nodiscard]] double real() { return std::bit_cast<double>(u64()); }
    [[nodiscard]] std::optional<double> maybe() {
        if (u8() == 0) return std::nullopt;
        return real();
    }
    [[nodiscard]] std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t byte = u8();
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if ((byte & 0x80U) == 0) return ok_ ? value : 0;
        }
        refuse();
        return 0;
    }
    [[nodiscard]] std::int64_t zigzag() {
        const std::uint64_t value = varint();
        return std::bit_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
    }
    [[nodiscard]] std::string_view text() { return take(u32()); }
    [[nodiscard]] std::string_view short_text() { return take(varint()); }
    [[nodiscard]] std::string_view take(std::uint64_t count) {
        if (count > rest_.size()) {
            refuse();
            return {};
        }
        const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
        rest_.remove_prefix(taken.size());
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

}  // namespace scanner::core
