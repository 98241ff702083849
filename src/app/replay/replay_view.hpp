#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/engine/engine.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/engine/live_view.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

/// What readers hold on to while the engine behind it is made anew by each jump.
namespace scanner::app {

/// The board of whichever engine replays now; empty while there is none. Loop thread only.
class ReplayView final : public engine::EngineView, public engine::LiveView {
public:
    explicit ReplayView(const core::Clock& clock) : clock_(clock) {}
    /// nullptr: none. The engine must outlive its being shown.
    void show(engine::Engine* engine) { engine_ = engine; }

    [[nodiscard]] ranking::RankingPtr current() const override;
    [[nodiscard]] ranking::RankingPtr recorded() const override;
    [[nodiscard]] ranking::RankingPtr by_sequence(std::uint64_t sequence) const override;
    [[nodiscard]] core::WallTime now() const override;
    [[nodiscard]] std::chrono::milliseconds snapshots_ttl() const override;
    [[nodiscard]] std::optional<core::WallTime> next_scan_at() const override;
    [[nodiscard]] engine::HealthDetails health() const override;
    [[nodiscard]] std::vector<engine::UniverseEntry> universe() const override;

    /// Of contracts that are ranked alone: looking at others would have the engine follow them, as it did not.
    [[nodiscard]] engine::LiveReadingPtr look(const std::shared_ptr<const market::Contract>& contract) override;

private:
    const core::Clock& clock_;
    engine::Engine* engine_ = nullptr;
};

/// Wall time is the recording's, steady time the machine's: for what serves a replay. Any thread.
class ReplayWallClock final : public core::Clock {
public:
    [[nodiscard]] core::WallTime now() const override {
        return core::from_unix_ms(wall_ms_.load(std::memory_order_relaxed));
    }
    [[nodiscard]] core::SteadyTime steady_now() const override { return core::system_clock().steady_now(); }
    void set(core::WallTime now) { wall_ms_.store(core::to_unix_ms(now), std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> wall_ms_ = 0;
};

}  // namespace scanner::app
