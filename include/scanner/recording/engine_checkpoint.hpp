#pragma once

#include "scanner/core/error.hpp"
#include "scanner/recording/record.hpp"
#include "scanner/recording/recording_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The state of an engine at the head of a segment: what it is made of is the engine's own matter.
namespace scanner::recording {

/// Version of the checkpoint's pieces that together are an engine's state.
inline constexpr std::uint32_t kEnginePiece = 2;

struct EngineState {
    bool with_feed = false;      ///< it follows a live feed
    std::uint64_t sequence = 0;  ///< of its last ranking; 0 before the first
    std::string exchange;        ///< what the exchange's side holds (exchange::Checkpointed)
    std::string bytes;
};

/// In pieces that records can hold.
[[nodiscard]] std::vector<Checkpoint> engine_pieces(const EngineState& state);

/// Puts pieces together again. They come in order; what is not whole comes to nothing.
class EnginePieces {
public:
    /// The state, once its last piece is taken; nothing before, and where a piece is missing, damaged or none of these.
    [[nodiscard]] std::optional<EngineState> take(const Checkpoint& piece);

    /// Whether a piece says that the engine followed a live feed.
    [[nodiscard]] static bool is_of_feed(const Checkpoint& piece);

private:
    EngineState state_;
    std::uint64_t next_ = 0;
};

/// Which of `files`, in order, is the last that begins at `wall_ns` or before with an engine's state: for what comes
/// from then on the others before it are not needed. Reads heads of segments; blocking. Empty where none does.
[[nodiscard]] core::Result<std::optional<std::size_t>> checkpoint_before(std::span<const SegmentFile> files,
                                                                         std::int64_t wall_ns);

}  // namespace scanner::recording
