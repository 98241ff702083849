#include "app/replay/replay_detectors.hpp"

#include "app/wiring.hpp"

#include "scanner/engine/recorded_detectors.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kLookEvery{1};

/// What a step says that ends a list: nothing, or what was wrong.
core::Result<void> outcome_of(const std::optional<std::string>& told) {
    if (!told) return core::fail(core::ErrorCode::cancelled, "given up");
    if (!told->empty()) return core::fail(core::ErrorCode::unavailable, *told);
    return {};
}

}  // namespace

void ReplayDetectors::note_settings(std::string_view lines) {
    constexpr std::string_view kLine = "SCANNER_MANIP_MODEL=measured";
    const std::size_t at = lines.find(kLine);
    recorded_ = at != std::string_view::npos && (at == 0 || lines[at - 1] == '\n');
}

engine::ManipulationParts ReplayDetectors::parts(const settings::Settings& settings,
                                                 std::function<void(std::vector<storage::EpisodeRecord>)> record) {
    engine::ManipulationParts parts;
    wanted_ = settings.manip_model == core::ManipModel::measured;
    if (!wanted_) return parts;
    parts.record = [record = std::move(record)](std::vector<storage::EpisodeRecord> episodes) {
        if (record) record(std::move(episodes));
    };
    parts.trade_reads_per_sec = recorded_ ? trade_reads_per_sec(settings) : 0.0;
    if (!recorded_) return parts;
    parts.states = [this] { return this; };
    parts.open_episodes = [this] { return open_episodes(); };
    return parts;
}

bool ReplayDetectors::is_step(std::string_view name) {
    return name == engine::kTickStep || name == engine::kStateStep || name == engine::kRestoredStep ||
           name == engine::kOpenEpisodeStep || name == engine::kOpenStep || name.starts_with(engine::kReadStep);
}

core::Result<ReplayDetectors::Taken> ReplayDetectors::take(const recording::Step& step) {
    if (!wanted_) return Taken::whole;
    if (step.name == engine::kStateStep) {
        auto state = engine::decode_recorded_state(step.contract, step.detail);
        if (!state) return std::unexpected(state.error());
        states_.push_back(std::move(*state));
        return Taken::whole;
    }
    if (step.name == engine::kOpenEpisodeStep) {
        auto episode = engine::decode_recorded_episode(step.detail);
        if (!episode) return std::unexpected(episode.error());
        open_.push_back({.record = std::move(*episode), .disposition = std::nullopt});
        return Taken::whole;
    }
    // What they began with is not in a recording that begins later without an engine's state.
    if (step.name != engine::kRestoredStep) {
        static_cast<void>(waiters_.wake(engine::kRestoredStep, {}, "the recording begins later"));
    }
    return Taken::reached;
}

bool ReplayDetectors::look(core::SteadyTime now) {
    if (!wanted_ || recorded_ || (looked_ && now - *looked_ < kLookEvery)) return false;
    looked_ = now;
    return waiters_.wake(engine::kTickStep, {}, {});
}

asio::awaitable<core::Result<std::vector<storage::DetectorState>>> ReplayDetectors::read() {
    const auto outcome = outcome_of(co_await waiters_.wait(std::string(engine::kRestoredStep), {}));
    auto states = std::exchange(states_, {});
    if (!outcome) co_return std::unexpected(outcome.error());
    co_return states;
}

asio::awaitable<core::Result<void>> ReplayDetectors::write(std::vector<storage::DetectorState> /*changed*/) {
    co_return core::Result<void>();
}

asio::awaitable<core::Result<std::vector<storage::Episode>>> ReplayDetectors::open_episodes() {
    const auto outcome = outcome_of(co_await waiters_.wait(std::string(engine::kOpenStep), {}));
    auto open = std::exchange(open_, {});
    if (!outcome) co_return std::unexpected(outcome.error());
    co_return open;
}

}  // namespace scanner::app
