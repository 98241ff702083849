#include "storage/spool/spool_segment.hpp"

#include "scanner/core/bytes.hpp"

#include <zlib.h>

#include <fcntl.h>
#include <sys/stat.h>

namespace scanner::storage {
namespace {

constexpr std::string_view kMagic = "MSSPOOL1";
constexpr std::size_t kFramePrefixBytes = 8;
constexpr std::size_t kFrameHeaderBytes = 24;

std::uint32_t checksum(std::string_view bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

std::string encode_header(const SegmentHeader& header) {
    std::string bytes(kMagic);
    core::ByteWriter out(bytes);
    bytes += header.id;
    out.u64(header.next_number);
    out.u64(header.last_sequence);
    out.u32(checksum(bytes));
    return bytes;
}

std::optional<SegmentHeader> decode_header(std::string_view bytes) {
    if (bytes.size() != kSegmentHeaderBytes || !bytes.starts_with(kMagic)) return std::nullopt;
    core::ByteReader in(bytes.substr(kMagic.size()));
    SegmentHeader header;
    header.id = in.take(32);
    header.next_number = in.u64();
    header.last_sequence = in.u64();
    if (in.u32() != checksum(bytes.substr(0, kSegmentHeaderBytes - 4))) return std::nullopt;
    if (header.next_number > kMaxSpoolNumber || header.last_sequence > kMaxSpoolNumber) return std::nullopt;
    return header;
}

std::string encode_frame(const FrameHeader& header, std::string_view payload) {
    std::string body;
    body.reserve(kFrameHeaderBytes + payload.size());
    core::ByteWriter fields(body);
    fields.u64(header.number);
    fields.i64(core::to_unix_ms(header.appended));
    fields.u64(header.sequence);
    body += payload;
    std::string frame;
    frame.reserve(kFramePrefixBytes + body.size());
    core::ByteWriter out(frame);
    out.u32(static_cast<std::uint32_t>(body.size()));
    out.u32(checksum(body));
    frame += body;
    return frame;
}

core::Result<SegmentScan> scan_segment(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return std::unexpected(io_error("cannot be opened", path));
    struct stat facts{};
    if (::fstat(file.get(), &facts) != 0) return std::unexpected(io_error("cannot be examined", path));
    SegmentScan scan;
    scan.bytes = static_cast<std::uint64_t>(facts.st_size);
    if (scan.bytes < kSegmentHeaderBytes) return scan;
    const auto head = read_at(file.get(), 0, kSegmentHeaderBytes);
    if (!head) return std::unexpected(head.error());
    scan.header = decode_header(*head);
    if (!scan.header) return scan;
    scan.good_bytes = kSegmentHeaderBytes;
    while (scan.good_bytes + kFramePrefixBytes <= scan.bytes) {
        const auto prefix = read_at(file.get(), scan.good_bytes, kFramePrefixBytes);
        if (!prefix) return std::unexpected(prefix.error());
        core::ByteReader fields(*prefix);
        const std::uint32_t length = fields.u32();
        const std::uint32_t expected = fields.u32();
        const std::uint64_t begin = scan.good_bytes + kFramePrefixBytes;
        if (length < kFrameHeaderBytes || length > scan.bytes - begin) break;
        const auto body = read_at(file.get(), begin, length);
        if (!body) return std::unexpected(body.error());
        if (checksum(*body) != expected) break;
        core::ByteReader in(*body);
        FramePlace place;
        place.header.number = in.u64();
        place.header.appended = core::from_unix_ms(in.i64());
        place.header.sequence = in.u64();
        if (place.header.number > kMaxSpoolNumber || place.header.sequence > kMaxSpoolNumber) break;
        place.offset = begin + kFrameHeaderBytes;
        place.length = length - static_cast<std::uint32_t>(kFrameHeaderBytes);
        scan.frames.push_back(place);
        scan.good_bytes = begin + length;
    }
    return scan;
}

}  // namespace scanner::storage
