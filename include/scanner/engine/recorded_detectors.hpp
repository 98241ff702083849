#pragma once

#include "scanner/core/error.hpp"
#include "scanner/storage/detector_states.hpp"
#include "scanner/storage/episodes.hpp"

#include <string>
#include <string_view>

/// What the detectors' loop does and reads, as a recording has it (docs/recording.md): the steps' names, and details
/// that are more than a word. Pure.
namespace scanner::engine {

/// A look at time: the detectors observe, and tell of episodes. Detail: nothing, or kEnd for the last one.
inline constexpr std::string_view kTickStep = "detectors";
inline constexpr std::string_view kEnd = "end";
/// A saved state that the loop began with, its contract and `encode_recorded` of it. Then kRestoredStep once, with what
/// was wrong where nothing could be read.
inline constexpr std::string_view kStateStep = "detectors.state";
inline constexpr std::string_view kRestoredStep = "detectors.restored";
/// An episode that stood open in the ledger, then kOpenStep once each time that the ledger was asked, likewise.
inline constexpr std::string_view kOpenEpisodeStep = "detectors.open_episode";
inline constexpr std::string_view kOpenStep = "detectors.open";
/// With a number after it: one of those who ask for trades takes the next contract.
inline constexpr std::string_view kReadStep = "detectors.read ";

[[nodiscard]] std::string encode_recorded(const storage::DetectorState& state);
[[nodiscard]] std::string encode_recorded(const storage::EpisodeRecord& episode);
/// malformed: not what these wrote. Bytes may come from anywhere.
[[nodiscard]] core::Result<storage::DetectorState> decode_recorded_state(std::string_view contract_code,
                                                                         std::string_view bytes);
[[nodiscard]] core::Result<storage::EpisodeRecord> decode_recorded_episode(std::string_view bytes);

}  // namespace scanner::engine
