#include "recording/format/record_codec.hpp"

#include "scanner/core/bytes.hpp"
#include "scanner/recording/segment.hpp"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

namespace scanner::recording {
namespace {

/// In the order of RecordBody's alternatives; what stands in files, so never changed.
constexpr std::array<std::uint8_t, 8> kKinds{1, 2, 3, 4, 5, 6, 7, 8};
constexpr std::array<std::string_view, 8> kNames{"rest",     "websocket", "connection", "step",
                                                 "settings", "change",    "checkpoint", "digest"};
static_assert(std::variant_size_v<RecordBody> == kKinds.size());

constexpr std::uint8_t kBinary = 1;
constexpr std::uint8_t kCompressed = 2;

void put(core::ByteWriter& sink, const RestAnswer& answer) {
    sink.short_text(answer.url);
    sink.varint(static_cast<std::uint64_t>(std::max(answer.status, 0)));
    sink.varint(answer.headers.size());
    for (const net::Header& header : answer.headers) {
        sink.short_text(header.name);
        sink.short_text(header.value);
    }
    sink.short_text(answer.body);
    sink.short_text(answer.error);
}

void put(core::ByteWriter& sink, const SocketFrame& frame) {
    sink.varint(frame.connection);
    sink.u8(static_cast<std::uint8_t>((frame.binary ? kBinary : 0U) | (frame.compressed ? kCompressed : 0U)));
    sink.short_text(frame.bytes);
}

void put(core::ByteWriter& sink, const ConnectionEvent& event) {
    sink.varint(event.connection);
    sink.u8(event.open ? 1 : 0);
    sink.short_text(event.name);
    sink.short_text(event.detail);
}

void put(core::ByteWriter& sink, const Step& step) {
    sink.short_text(step.name);
    sink.short_text(step.contract);
    sink.short_text(step.detail);
}

void put(core::ByteWriter& sink, const SettingsInEffect& settings) {
    sink.short_text(settings.text);
}

void put(core::ByteWriter& sink, const OperatorChange& change) {
    sink.short_text(change.kind);
    sink.short_text(change.text);
}

void put(core::ByteWriter& sink, const Checkpoint& checkpoint) {
    sink.varint(checkpoint.version);
    sink.short_text(checkpoint.name);
    sink.short_text(checkpoint.bytes);
}

void put(core::ByteWriter& sink, const CycleDigest& digest) {
    sink.varint(digest.sequence);
    sink.u64(digest.hash);
}

std::string text_of(core::ByteReader& source) {
    return std::string(source.short_text());
}

std::uint32_t small(core::ByteReader& source) {
    const std::uint64_t value = source.varint();
    if (value > UINT32_MAX) source.refuse();
    return static_cast<std::uint32_t>(value);
}

RestAnswer take_rest(core::ByteReader& source) {
    RestAnswer answer;
    answer.url = text_of(source);
    const std::uint64_t status = source.varint();
    if (status > 999) source.refuse();
    answer.status = static_cast<int>(status);
    const std::uint64_t headers = source.varint();
    for (std::uint64_t i = 0; i < headers && source.ok(); ++i) {
        net::Header header;
        header.name = text_of(source);
        header.value = text_of(source);
        answer.headers.push_back(std::move(header));
    }
    answer.body = text_of(source);
    answer.error = text_of(source);
    return answer;
}

SocketFrame take_frame(core::ByteReader& source) {
    SocketFrame frame;
    frame.connection = small(source);
    const std::uint8_t flags = source.u8();
    if ((flags & ~(kBinary | kCompressed)) != 0) source.refuse();
    frame.binary = (flags & kBinary) != 0;
    frame.compressed = (flags & kCompressed) != 0;
    frame.bytes = text_of(source);
    return frame;
}

ConnectionEvent take_event(core::ByteReader& source) {
    ConnectionEvent event;
    event.connection = small(source);
    const std::uint8_t open = source.u8();
    if (open > 1) source.refuse();
    event.open = open == 1;
    event.name = text_of(source);
    event.detail = text_of(source);
    return event;
}

std::optional<RecordBody> take_body(std::uint8_t kind, core::ByteReader& source) {
    switch (kind) {
        case 1: return take_rest(source);
        case 2: return take_frame(source);
        case 3: return take_event(source);
        case 4: {
            Step step;
            step.name = text_of(source);
            step.contract = text_of(source);
            step.detail = text_of(source);
            return step;
        }
        case 5: return SettingsInEffect{text_of(source)};
        case 6: {
            OperatorChange change;
            change.kind = text_of(source);
            change.text = text_of(source);
            return change;
        }
        case 7: {
            Checkpoint checkpoint;
            checkpoint.version = small(source);
            checkpoint.name = text_of(source);
            checkpoint.bytes = text_of(source);
            return checkpoint;
        }
        case 8: {
            CycleDigest digest;
            digest.sequence = source.varint();
            digest.hash = source.u64();
            return digest;
        }
        default: return std::nullopt;
    }
}

/// Wraps as the processor does: a hostile file may hold any two times.
std::int64_t plus(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t minus(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace

bool operator==(const RestAnswer& a, const RestAnswer& b) {
    return a.url == b.url && a.status == b.status && a.body == b.body && a.error == b.error &&
           std::ranges::equal(a.headers, b.headers, [](const net::Header& x, const net::Header& y) {
               return x.name == y.name && x.value == y.value;
           });
}

std::string_view kind_name(const RecordBody& body) noexcept {
    return kNames[body.index()];
}

std::size_t memory_of(const Record& record) noexcept {
    constexpr std::size_t kAround = 200;
    return kAround +
           std::visit(
               [](const auto& body) -> std::size_t {
                   using Body = std::decay_t<decltype(body)>;
                   if constexpr (std::is_same_v<Body, RestAnswer>) {
                       return body.url.size() + body.body.size() + body.error.size();
                   } else if constexpr (std::is_same_v<Body, SocketFrame> || std::is_same_v<Body, Checkpoint>) {
                       return body.bytes.size();
                   } else if constexpr (std::is_same_v<Body, Step>) {
                       return body.detail.size();
                   } else if constexpr (std::is_same_v<Body, SettingsInEffect> ||
                                        std::is_same_v<Body, OperatorChange>) {
                       return body.text.size();
                   } else {
                       return 0;
                   }
               },
               record.body);
}

void encode_record(std::string& out, const Record& record, const Stamp& before) {
    std::string rest;
    core::ByteWriter sink(rest);
    sink.zigzag(minus(record.at.wall_ns, before.wall_ns));
    sink.zigzag(minus(record.at.steady_ns, before.steady_ns));
    std::visit([&](const auto& body) { put(sink, body); }, record.body);
    core::ByteWriter head(out);
    head.u8(kKinds[record.body.index()]);
    head.short_text(rest);
}

std::optional<std::size_t> record_length(std::string_view bytes) {
    if (bytes.empty()) return std::nullopt;
    constexpr std::size_t kLongestLength = 5;
    std::size_t size = 1;
    std::uint64_t length = 0;
    for (std::size_t i = 0;; ++i, ++size) {
        if (i == kLongestLength) return SIZE_MAX;
        if (size == bytes.size()) return std::nullopt;
        const auto byte = static_cast<std::uint8_t>(bytes[size]);
        length |= static_cast<std::uint64_t>(byte & 0x7fU) << (7 * i);
        if ((byte & 0x80U) == 0) break;
    }
    if (length > kMaxRecordBytes) return SIZE_MAX;
    return size + 1 + static_cast<std::size_t>(length);
}

std::optional<Record> decode_record(std::string_view bytes, const Stamp& before) {
    core::ByteReader head(bytes);
    const std::uint8_t kind = head.u8();
    core::ByteReader source(head.short_text());
    if (!head.ok() || !head.rest().empty()) return std::nullopt;
    Record record;
    record.at.wall_ns = plus(before.wall_ns, source.zigzag());
    record.at.steady_ns = plus(before.steady_ns, source.zigzag());
    auto body = take_body(kind, source);
    // More than is known may follow: a later version may tell more.
    if (!body || !source.ok()) return std::nullopt;
    record.body = std::move(*body);
    return record;
}

}  // namespace scanner::recording
