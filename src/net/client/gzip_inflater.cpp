#include "scanner/net/gzip_inflater.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cstdint>
#include <limits>
#include <new>

namespace scanner::net {
namespace {

using core::ErrorCode;

constexpr int kGzipAlone = 15 + 16;          // the largest window; neither zlib's own wrapper nor raw deflate
constexpr std::size_t kMinMemberBytes = 18;  // header and trailer
constexpr std::size_t kMaxRatio = 1032;      // of deflate: 258 bytes from two bits
// zlib's fast loop stops 258 bytes before the end of the output.
constexpr std::size_t kSlack = 288;
constexpr std::size_t kFirstCapacity = 16U << 10U;

/// The trailer's count of bytes, modulo 2^32.
std::size_t declared_size(std::string_view member) {
    std::uint32_t size = 0;
    for (int i = 1; i <= 4; ++i) {
        size = (size << 8U) | static_cast<unsigned char>(member[member.size() - static_cast<std::size_t>(i)]);
    }
    return size;
}

}  // namespace

struct GzipInflater::State {
    explicit State(std::size_t most) : max_bytes(most) {
        if (inflateInit2(&stream, kGzipAlone) != Z_OK) throw std::bad_alloc();
    }
    ~State() { inflateEnd(&stream); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void reserve(std::size_t bytes) {
        if (bytes <= capacity) return;
        std::size_t larger = capacity == 0 ? kFirstCapacity : capacity;
        while (larger < bytes) larger *= 2;
        output = std::make_unique_for_overwrite<char[]>(larger);
        capacity = larger;
    }

    std::size_t max_bytes;
    z_stream stream{};
    std::unique_ptr<char[]> output;
    std::size_t capacity = 0;
};

GzipInflater::GzipInflater(std::size_t max_bytes) : state_(std::make_unique<State>(max_bytes)) {}
GzipInflater::~GzipInflater() = default;

core::Result<std::string_view> GzipInflater::inflate(std::string_view member) {
    if (member.size() < kMinMemberBytes || member.size() > std::numeric_limits<uInt>::max()) {
        return core::fail(ErrorCode::malformed, fmt::format("{} bytes are no gzip member", member.size()));
    }
    // The trailer may lie, but not for long: zlib compares it at the end, and there is no room for more than it says.
    const std::size_t size = declared_size(member);
    if (size > state_->max_bytes || size > member.size() * kMaxRatio) {
        return core::fail(ErrorCode::malformed, fmt::format("a gzip member of {} bytes that says it holds {}, at most "
                                                            "{} are taken",
                                                            member.size(), size, state_->max_bytes));
    }
    state_->reserve(size + kSlack + kPadding);
    z_stream& stream = state_->stream;
    if (inflateReset(&stream) != Z_OK) return core::fail(ErrorCode::internal, "zlib cannot be reset");
    // zlib takes its input as not const but does not write to it.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(member.data()));
    stream.avail_in = static_cast<uInt>(member.size());
    stream.next_out = reinterpret_cast<Bytef*>(state_->output.get());
    stream.avail_out = static_cast<uInt>(size + kSlack);
    // In one step: zlib then needs no window of its own.
    const int ended = ::inflate(&stream, Z_FINISH);
    if (ended == Z_MEM_ERROR) throw std::bad_alloc();
    if (ended != Z_STREAM_END) {
        return core::fail(ErrorCode::malformed,
                          fmt::format("not a whole gzip member: {}",
                                      stream.msg != nullptr ? stream.msg : "cut short or longer than it says"));
    }
    if (stream.avail_in != 0) {
        return core::fail(ErrorCode::malformed, fmt::format("{} bytes behind a gzip member", stream.avail_in));
    }
    return std::string_view(state_->output.get(), size);
}

}  // namespace scanner::net
