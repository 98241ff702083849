#include "simulator/face/ws/frame_packer.hpp"

#include <zlib.h>

#include <algorithm>
#include <stdexcept>

namespace scanner::simulator::face {
namespace {

constexpr std::string_view kHeader("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
/// Raw deflate with a small window and hash: frames are short, and clearing a large hash for each costs more than it
/// gains.
constexpr int kWindow = -13;
constexpr int kMemory = 5;

void append_little_endian(std::string& out, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xffU);
}

std::uint32_t crc(std::uint32_t before, std::string_view text) {
    return static_cast<std::uint32_t>(
        ::crc32(before, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

}  // namespace

FramePacker::FramePacker() : stream_(std::make_unique<z_stream>()) {
    if (deflateInit2(stream_.get(), Z_BEST_SPEED, Z_DEFLATED, kWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("zlib: out of memory");
    }
}

FramePacker::~FramePacker() {
    deflateEnd(stream_.get());
}

void FramePacker::deflate_to(std::string& out, std::string_view text, int flush) {
    constexpr std::size_t kRoom = 1'024;
    deflateReset(stream_.get());
    // zlib reads through a non-const pointer and writes nothing there.
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_->avail_in = static_cast<uInt>(text.size());
    std::size_t used = out.size();
    for (;;) {
        out.resize(used + std::max(kRoom, text.size() / 2));
        stream_->next_out = reinterpret_cast<Bytef*>(out.data() + used);
        stream_->avail_out = static_cast<uInt>(out.size() - used);
        deflate(stream_.get(), flush);
        used = out.size() - stream_->avail_out;
        if (stream_->avail_out > 0) break;  // everything is out once there is room left
    }
    out.resize(used);
}

SharedFrame FramePacker::pack(std::string_view json) {
    auto frame = std::make_shared<std::string>(kHeader);
    deflate_to(*frame, json, Z_FINISH);
    append_little_endian(*frame, crc(0, json), 4);
    append_little_endian(*frame, static_cast<std::uint32_t>(json.size()), 4);
    return frame;
}

FramePacker::Beginning FramePacker::begin(std::string_view json) {
    Beginning beginning{
        .packed = std::string(kHeader), .checksum = crc(0, json), .size = static_cast<std::uint32_t>(json.size())};
    // A sync flush ends on a whole byte, behind which another block may begin.
    deflate_to(beginning.packed, json, Z_SYNC_FLUSH);
    return beginning;
}

SharedFrame FramePacker::finish(const Beginning& beginning, std::string_view rest) {
    const auto length = static_cast<std::uint32_t>(rest.size());
    auto frame = std::make_shared<std::string>();
    frame->reserve(beginning.packed.size() + rest.size() + 13);
    *frame = beginning.packed;
    *frame += '\x01';  // the last block, stored
    append_little_endian(*frame, length, 2);
    append_little_endian(*frame, ~length, 2);
    *frame += rest;
    append_little_endian(*frame, crc(beginning.checksum, rest), 4);
    append_little_endian(*frame, beginning.size + length, 4);
    return frame;
}

SharedFrame pack_bomb(std::string_view json, std::size_t bytes) {
    z_stream stream{};
    constexpr int kLargest = 15 + 16;  // a gzip header of zlib's own
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kLargest, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("zlib: out of memory");
    }
    auto frame = std::make_shared<std::string>(bytes / 500 + json.size() + 1'024, '\0');
    stream.next_out = reinterpret_cast<Bytef*>(frame->data());
    stream.avail_out = static_cast<uInt>(frame->size());
    std::string piece(64U << 10U, ' ');
    const auto feed = [&stream](std::string_view text, int flush) {
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        stream.avail_in = static_cast<uInt>(text.size());
        deflate(&stream, flush);
    };
    feed(json, Z_NO_FLUSH);
    for (std::size_t left = bytes; left > 0;) {
        const std::size_t count = std::min(left, piece.size());
        feed(std::string_view(piece).substr(0, count), Z_NO_FLUSH);
        left -= count;
    }
    feed({}, Z_FINISH);
    frame->resize(stream.total_out);
    deflateEnd(&stream);
    return frame;
}

}  // namespace scanner::simulator::face
