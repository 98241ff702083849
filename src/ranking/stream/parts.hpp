#pragma once

#include "scanner/core/error.hpp"
#include "scanner/ranking/ranking_stream.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::ranking {

/// Of a ranking as a whole; extras follow.
enum class Block : std::uint8_t { schema, head, profiles, edges, flow, ranked, exclusions };
inline constexpr std::size_t kBlocks = 7;
inline constexpr std::size_t kMaxExtras = 8;

/// Of one contract.
enum class Part : std::uint8_t { contract, prices, book, candles, inputs, numbers, manipulation, notes };
inline constexpr std::size_t kContractParts = 8;

struct ContractParts {
    std::string code;
    std::array<PackedBytes, kContractParts> parts;

    [[nodiscard]] const PackedBytes& operator[](Part part) const { return parts[static_cast<std::size_t>(part)]; }
    [[nodiscard]] PackedBytes& operator[](Part part) { return parts[static_cast<std::size_t>(part)]; }
};

struct RankingParts {
    std::vector<PackedBytes> blocks;       ///< kBlocks, and the extras
    std::vector<ContractParts> contracts;  ///< by code

    [[nodiscard]] const PackedBytes& operator[](Block block) const { return blocks[static_cast<std::size_t>(block)]; }
    /// nullptr where there is none of that code. `guess`: where it is likely to be.
    [[nodiscard]] const ContractParts* find(std::string_view code, std::size_t guess = 0) const;
};

/// A message as it travels: which parts it replaces, and their bytes.
struct PartsMessage {
    RankingOrigin origin;
    StreamMessageHead head;
};
/// `base` nullptr: everything.
[[nodiscard]] std::string write_parts(const RankingParts* base, const RankingParts& next, const PartsMessage& message);
/// `base` with the parts of the message put in; parts that stay are the very same objects. None of the result is null.
[[nodiscard]] core::Result<RankingParts> read_parts(std::string_view bytes, const RankingParts* base,
                                                    const StreamLimits& limits);
[[nodiscard]] core::Result<PartsMessage> read_message_head(std::string_view bytes);

/// The ranking that `parts` describe. What is the same object in `parts_before` is taken from `before`; both may be
/// nullptr. `note` gets what goes along with it.
[[nodiscard]] core::Result<RankingPtr> unpack_ranking(const RankingParts& parts, const RankingParts* parts_before,
                                                      const Ranking* before, StreamNote& note);

}  // namespace scanner::ranking
