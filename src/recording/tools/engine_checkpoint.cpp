#include "scanner/recording/engine_checkpoint.hpp"

#include "scanner/core/bytes.hpp"
#include "scanner/recording/digest.hpp"

#include <algorithm>
#include <utility>

namespace scanner::recording {
namespace {

constexpr std::string_view kName = "engine";
constexpr std::size_t kPieceBytes = 4U << 20U;
/// Of all pieces together: far more than thousands of contracts need.
constexpr std::size_t kMaxBytes = 1U << 30U;
constexpr std::uint8_t kWithFeed = 1;

}  // namespace

std::vector<Checkpoint> engine_pieces(const EngineState& state) {
    std::vector<Checkpoint> pieces;
    const std::size_t count = std::max<std::size_t>((state.bytes.size() + kPieceBytes - 1) / kPieceBytes, 1);
    const std::uint64_t hash = content_hash(state.bytes);
    for (std::size_t i = 0; i < count; ++i) {
        Checkpoint& piece =
            pieces.emplace_back(Checkpoint{.version = kEnginePiece, .name = std::string(kName), .bytes = {}});
        core::ByteWriter sink(piece.bytes);
        sink.varint(i);
        sink.varint(count);
        sink.u64(hash);
        sink.u8(state.with_feed ? kWithFeed : 0);
        sink.varint(state.sequence);
        sink.short_text(i == 0 ? state.exchange : std::string());
        sink.short_text(std::string_view(state.bytes).substr(i * kPieceBytes, kPieceBytes));
    }
    return pieces;
}

std::optional<EngineState> EnginePieces::take(const Checkpoint& piece) {
    if (piece.version != kEnginePiece || piece.name != kName) return std::nullopt;
    core::ByteReader source(piece.bytes);
    const std::uint64_t number = source.varint();
    const std::uint64_t count = source.varint();
    const std::uint64_t hash = source.u64();
    const std::uint8_t flags = source.u8();
    const std::uint64_t sequence = source.varint();
    const std::string_view exchange = source.short_text();
    const std::string_view bytes = source.short_text();
    if (number == 0) {
        state_ = {.with_feed = (flags & kWithFeed) != 0,
                  .sequence = sequence,
                  .exchange = std::string(exchange),
                  .bytes = {}};
    }
    if (!source.ok() || (number != 0 && number != next_) || state_.bytes.size() + bytes.size() > kMaxBytes) {
        next_ = 0;
        state_ = {};
        return std::nullopt;
    }
    state_.bytes += bytes;
    next_ = number + 1;
    if (next_ != count) return std::nullopt;
    next_ = 0;
    EngineState whole = std::exchange(state_, {});
    if (content_hash(whole.bytes) != hash) return std::nullopt;
    return whole;
}

bool EnginePieces::is_of_feed(const Checkpoint& piece) {
    if (piece.version != kEnginePiece || piece.name != kName) return false;
    core::ByteReader source(piece.bytes);
    static_cast<void>(source.varint());
    static_cast<void>(source.varint());
    static_cast<void>(source.u64());
    return (source.u8() & kWithFeed) != 0 && source.ok();
}

core::Result<std::optional<std::size_t>> checkpoint_before(std::span<const SegmentFile> files, std::int64_t wall_ns) {
    for (std::size_t place = files.size(); place-- > 0;) {
        if (files[place].header.started.wall_ns > wall_ns) continue;
        RecordingReader reader({files[place]});
        EnginePieces pieces;
        for (;;) {
            const auto next = reader.next();
            if (!next) return std::unexpected(next.error());
            if (!*next) break;
            const RecordBody& body = (*next)->body;
            if (std::holds_alternative<SettingsInEffect>(body) || std::holds_alternative<OperatorChange>(body))
                continue;
            const auto* const piece = std::get_if<Checkpoint>(&body);
            if (piece == nullptr) break;
            if (pieces.take(*piece)) return place;
        }
    }
    return std::nullopt;
}

}  // namespace scanner::recording
