#include "scanner/engine/recorded_detectors.hpp"

#include "engine/checkpoint/episode_record.hpp"

namespace scanner::engine {

std::string encode_recorded(const storage::DetectorState& state) {
    core::CheckpointWriter archive;
    archive(state.saved_at, state.bytes);
    return archive.take();
}

std::string encode_recorded(const storage::EpisodeRecord& episode) {
    core::CheckpointWriter archive;
    archive(episode);
    return archive.take();
}

core::Result<storage::DetectorState> decode_recorded_state(std::string_view contract_code, std::string_view bytes) {
    core::CheckpointReader archive(bytes);
    storage::DetectorState state;
    state.contract_code = contract_code;
    archive(state.saved_at, state.bytes);
    archive.require(core::is_unix_ms(core::to_unix_ms(state.saved_at)));
    if (!archive.at_end()) return core::fail(core::ErrorCode::malformed, "recorded state of the detectors");
    return state;
}

core::Result<storage::EpisodeRecord> decode_recorded_episode(std::string_view bytes) {
    core::CheckpointReader archive(bytes);
    storage::EpisodeRecord episode;
    archive(episode);
    if (!archive.at_end()) return core::fail(core::ErrorCode::malformed, "recorded episode of the ledger");
    return episode;
}

}  // namespace scanner::engine
