#pragma once

#include "app/replay/replay_ports.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/engine/manipulation_parts.hpp"
#include "scanner/recording/record.hpp"
#include "scanner/settings/settings_values.hpp"
#include "scanner/storage/detector_states.hpp"
#include "scanner/storage/episodes.hpp"

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace scanner::app {

/// What the detectors of a replayed engine stand on: they begin with what was read when it was recorded, and look when
/// they did then. Of a recording that was made without detectors they look once a second. Loop thread only.
class ReplayDetectors final : public storage::DetectorStates {
public:
    explicit ReplayDetectors(Waiters& waiters) : waiters_(waiters) {}

    /// As recorded.
    void note_settings(std::string_view lines);
    /// `record` is told of episodes; may be empty. No parts where the settings of the replay want no detectors.
    [[nodiscard]] engine::ManipulationParts parts(const settings::Settings& settings,
                                                  std::function<void(std::vector<storage::EpisodeRecord>)> record);

    static bool is_step(std::string_view name);
    enum class Taken {
        whole,    ///< nothing more is to be done
        reached,  ///< the engine comes to it, or has parted from the recording
    };
    /// A step of theirs. malformed: it cannot be read.
    [[nodiscard]] core::Result<Taken> take(const recording::Step& step);
    /// Time has passed: where nothing was recorded of them they may have to look. True: they do.
    [[nodiscard]] bool look(core::SteadyTime now);

    [[nodiscard]] boost::asio::awaitable<core::Result<std::vector<storage::DetectorState>>> read() override;
    /// Nothing is kept of a replay.
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> write(
        std::vector<storage::DetectorState> changed) override;

private:
    [[nodiscard]] boost::asio::awaitable<core::Result<std::vector<storage::Episode>>> open_episodes();

    Waiters& waiters_;
    bool wanted_ = false;    ///< by the settings of the replay
    bool recorded_ = false;  ///< they ran when it was recorded
    std::vector<storage::DetectorState> states_;
    std::vector<storage::Episode> open_;
    std::optional<core::SteadyTime> looked_;
};

}  // namespace scanner::app
