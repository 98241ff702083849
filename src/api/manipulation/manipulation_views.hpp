#pragma once

#include "api/answers/rendered.hpp"

#include "scanner/core/manip_model.hpp"
#include "scanner/storage/episodes.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

/// The ledger as text. Pure.
namespace scanner::api {

/// A share with its 95 % interval by Wilson (1927), which stays within 0 and 1 and is right for few observations too.
struct Share {
    double value = 0.0;
    double low = 0.0;
    double high = 0.0;
};
/// Empty for `of` = 0. `count` <= `of`.
[[nodiscard]] std::optional<Share> wilson_share(std::uint64_t count, std::uint64_t of);

/// `judged` is empty where the ledger could not be read: precision is null then.
[[nodiscard]] Rendered render_flags(core::ManipModel model,
                                    const std::optional<std::vector<storage::FlagDispositions>>& judged);
[[nodiscard]] Rendered render_episodes(const storage::EpisodesPage& page);
/// A line an episode, each ended by a line break.
[[nodiscard]] std::string ndjson_of(std::span<const storage::Episode> episodes);
/// One episode with its context.
[[nodiscard]] Rendered render_episode(const storage::Episode& episode);

}  // namespace scanner::api
