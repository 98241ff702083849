#include "scanner/net/gzip_inflater.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <libdeflate.h>
#include <new>

namespace scanner::net {
namespace {

using core::ErrorCode;

constexpr std::size_t kMinMemberBytes = 18;  // header and trailer
constexpr std::size_t kMaxRatio = 1032;      // of deflate: 258 bytes from two bits
// libdeflate's fast loop stops before the end of the output by what one step may write.
constexpr std::size_t kSlack = 320;
constexpr std::size_t kFirstCapacity = 16U << 10U;

/// The trailer's count of bytes, modulo 2^32.
std::size_t declared_size(std::string_view member) {
    std::uint32_t size = 0;
    for (int i = 1; i <= 4; ++i) {
        size = (size << 8U) | static_cast<unsigned char>(member[member.size() - static_cast<std::size_t>(i)]);
    }
    return size;
}

struct Free {
    void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
};

}  // namespace

struct GzipInflater::State {
    explicit State(std::size_t most) : max_bytes(most), decompressor(libdeflate_alloc_decompressor()) {
        if (!decompressor) throw std::bad_alloc();
    }

    void reserve(std::size_t bytes) {
        if (bytes <= capacity) return;
        std::size_t larger = capacity == 0 ? kFirstCapacity : capacity;
        while (larger < bytes) larger *= 2;
        output = std::make_unique_for_overwrite<char[]>(larger);
        capacity = larger;
    }

    std::size_t max_bytes;
    std::unique_ptr<libdeflate_decompressor, Free> decompressor;
    std::unique_ptr<char[]> output;
    std::size_t capacity = 0;
};

GzipInflater::GzipInflater(std::size_t max_bytes) : state_(std::make_unique<State>(max_bytes)) {}
GzipInflater::~GzipInflater() = default;

core::Result<std::string_view> GzipInflater::inflate(std::string_view member) {
    if (member.size() < kMinMemberBytes) {
        return core::fail(ErrorCode::malformed, fmt::format("{} bytes are no gzip member", member.size()));
    }
    // The trailer may lie, but not for long: it is compared at the end, and there is no room for more than it says.
    const std::size_t size = declared_size(member);
    if (size > state_->max_bytes || size > member.size() * kMaxRatio) {
        return core::fail(ErrorCode::malformed, fmt::format("a gzip member of {} bytes that says it holds {}, at most "
                                                            "{} are taken",
                                                            member.size(), size, state_->max_bytes));
    }
    state_->reserve(size + kSlack + kPadding);
    std::size_t read = 0;
    std::size_t written = 0;
    const auto ended = libdeflate_gzip_decompress_ex(state_->decompressor.get(), member.data(), member.size(),
                                                     state_->output.get(), size + kSlack, &read, &written);
    if (ended != LIBDEFLATE_SUCCESS) {
        return core::fail(ErrorCode::malformed, ended == LIBDEFLATE_INSUFFICIENT_SPACE
                                                    ? "a gzip member that is longer than it says"
                                                    : "not a whole gzip member, or a damaged one");
    }
    if (read != member.size()) {
        return core::fail(ErrorCode::malformed, fmt::format("{} bytes behind a gzip member", member.size() - read));
    }
    return std::string_view(state_->output.get(), written);
}

}  // namespace scanner::net
