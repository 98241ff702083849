#pragma once

#include "fuzz/check.hpp"

#include "scanner/net/gzip_inflater.hpp"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::fuzz {

inline constexpr std::size_t kMaxInflated = 64U << 10U;

/// One gzip member by zlib's own rules, a piece at a time and without looking at the trailer first.
inline std::optional<std::string> plain_inflate(std::string_view member) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return std::nullopt;
    std::string input(member);
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    std::string output;
    int ended = Z_OK;
    while (ended == Z_OK && output.size() <= kMaxInflated) {
        std::array<char, 1000> piece{};
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        ended = inflate(&stream, Z_NO_FLUSH);
        output.append(piece.data(), piece.size() - stream.avail_out);
    }
    const bool whole = ended == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    return whole && output.size() <= kMaxInflated ? std::optional(output) : std::nullopt;
}

/// A gzip member that holds `text` as it is.
inline std::string stored_member(std::string_view text) {
    const auto put = [](std::string& out, std::uint32_t number, int bytes) {
        for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>((number >> (8 * i)) & 0xffU));
    };
    std::string member("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
    std::string_view rest = text;
    do {
        const auto piece = rest.substr(0, 0xffff);
        rest.remove_prefix(piece.size());
        member.push_back(rest.empty() ? '\x01' : '\x00');
        put(member, static_cast<std::uint32_t>(piece.size()), 2);
        put(member, ~static_cast<std::uint32_t>(piece.size()), 2);
        member += piece;
    } while (!rest.empty());
    const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
    put(member, static_cast<std::uint32_t>(sum), 4);
    put(member, static_cast<std::uint32_t>(text.size()), 4);
    return member;
}

inline std::uint32_t number_at(std::string_view bytes, std::size_t at) {
    std::uint32_t number = 0;
    for (std::size_t i = 4; i-- > 0;) number = (number << 8U) | static_cast<unsigned char>(bytes[at + i]);
    return number;
}

/// The input as a member, and as the content of one.
inline void gzip_member(std::string_view input) {
    static net::GzipInflater inflater(kMaxInflated);
    // A copy of just that length: reading past the end is then an error that a sanitizer sees.
    const std::string member(input);
    const auto fast = inflater.inflate(member);
    const auto plain = plain_inflate(member);
    // libdeflate takes some members whose code tables zlib calls incomplete or too long. Their checksums are right.
    if (plain) require(fast.has_value() && *fast == *plain, "what zlib inflates comes out the same");
    if (fast) {
        require(fast->size() <= kMaxInflated, "no more than is allowed");
        const std::string_view trailer = std::string_view(member).substr(member.size() - 8);
        require(number_at(trailer, 0) == crc32_z(0, reinterpret_cast<const Bytef*>(fast->data()), fast->size()) &&
                    number_at(trailer, 4) == fast->size(),
                "what comes out has the checksum and the length of the trailer");
    }
    if (!fast) require(!fast.error().message().empty(), "a member is refused with a reason");
    if (input.size() > kMaxInflated) return;
    const auto again = inflater.inflate(stored_member(input));
    require(again.has_value() && *again == input, "what was stored comes back");
}

}  // namespace scanner::fuzz
