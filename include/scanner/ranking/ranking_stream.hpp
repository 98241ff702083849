#pragma once

#include "scanner/core/error.hpp"
#include "scanner/ranking/ranking.hpp"
#include "scanner/ranking/ranking_codec.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The form in which rankings reach replicas: whole ones (snapshots), and what has changed since another (deltas). It
/// holds everything that any answer is made of, bit for bit: a ranking that was unpacked answers as the packed one
/// does. Pure; any thread. The layout of a message: src/ranking/stream/parts_wire.cpp.
namespace scanner::ranking {

using PackedBytes = std::shared_ptr<const std::string>;

/// Version of the messages that are written. A reader takes this one and every older one, and refuses newer ones by
/// name. Numbers, components and weights are named in each message, so that a reader takes those of a writer that knows
/// fewer.
inline constexpr unsigned kStreamFormat = 2;

/// The parts that a ranking consists of, each by itself so that those which stay need not be sent again.
struct RankingParts;

/// What goes along with a ranking.
struct StreamNote {
    bool recorded = false;  ///< whether history keeps it
    /// Of other rooms, as they packed them (the universe, the source's state); the same object: unchanged.
    std::vector<PackedBytes> extras;
};

/// A ranking and its parts. Immutable and shared.
struct PackedRanking {
    RankingPtr ranking;  ///< never null
    StreamNote note;
    std::shared_ptr<const RankingParts> parts;  ///< never null
};
using PackedRankingPtr = std::shared_ptr<const PackedRanking>;

/// Takes `ranking` apart. What is as it was in `before`, which may be nullptr, is shared with it and costs nothing.
[[nodiscard]] PackedRankingPtr pack_ranking(RankingPtr ranking, StreamNote note, const PackedRanking* before);

/// What is to be known of a message without taking it apart.
struct StreamMessageHead {
    std::uint64_t sequence = 0;
    std::uint64_t base = 0;  ///< the sequence that it changes; 0: a snapshot
    std::uint64_t epoch = 0;
};

[[nodiscard]] std::string encode_snapshot(const PackedRanking& ranking, const RankingOrigin& origin);
/// What `next` changes of `base`. Only a reader that has `base` can use it.
[[nodiscard]] std::string encode_delta(const PackedRanking& base, const PackedRanking& next,
                                       const RankingOrigin& origin);

struct StreamLimits {
    std::size_t max_contracts = 4'000;
    std::size_t max_message_bytes = 64U << 20U;
    std::size_t max_inflated_bytes = 256U << 20U;
};

/// The ranking that a message holds. Bytes are hostile until read: malformed says what is wrong, conflict that it is of
/// another exchange or installation, invalid_input that a newer version wrote it, not_found that it changes another
/// ranking than `base` (nullptr for none): something was missed, and the next snapshot is needed.
[[nodiscard]] core::Result<PackedRankingPtr> decode_message(std::string_view message, const PackedRanking* base,
                                                            const RankingOrigin& origin,
                                                            const StreamLimits& limits = {});
/// Refuses as decode_message does, but for what only the content shows.
[[nodiscard]] core::Result<StreamMessageHead> message_head(std::string_view message);

}  // namespace scanner::ranking
