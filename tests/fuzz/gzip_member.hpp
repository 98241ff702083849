#pragma once

#include "fuzz/check.hpp"

#include "scanner/net/gzip_inflater.hpp"

#include <zlib.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::fuzz {

inline constexpr std::size_t kMaxInflated = 64U << 10U;

/// zlib with one state for all inputs: making one takes ten times as long as undoing a small member.
class PlainInflater {
public:
    PlainInflater() { require(inflateInit2(&stream_, 15 + 16) == Z_OK, "zlib begins"); }
    ~PlainInflater() { inflateEnd(&stream_); }
    PlainInflater(const PlainInflater&) = delete;
    PlainInflater& operator=(const PlainInflater&) = delete;

    /// One gzip member by zlib's own rules, without looking at the trailer first. Valid until the next call.
    std::optional<std::string_view> inflate(std::string_view member) {
        require(inflateReset(&stream_) == Z_OK, "zlib begins anew");
        // zlib takes its input as not const but does not write to it.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(member.data()));
        stream_.avail_in = static_cast<uInt>(member.size());
        stream_.next_out = reinterpret_cast<Bytef*>(output_.get());
        stream_.avail_out = kRoom;
        const int ended = ::inflate(&stream_, Z_FINISH);
        const std::size_t size = kRoom - stream_.avail_out;
        if (ended != Z_STREAM_END || stream_.avail_in != 0 || size > kMaxInflated) return std::nullopt;
        return std::string_view(output_.get(), size);
    }

private:
    static constexpr std::size_t kRoom = kMaxInflated + 1;
    z_stream stream_{};
    std::unique_ptr<char[]> output_ = std::make_unique_for_overwrite<char[]>(kRoom);
};

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
    static PlainInflater zlib;
    const auto plain = zlib.inflate(member);
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
