#include "app/replay/replay_view.hpp"

namespace scanner::app {

ranking::RankingPtr ReplayView::current() const {
    return engine_ == nullptr ? nullptr : engine_->board().current();
}

ranking::RankingPtr ReplayView::recorded() const {
    return engine_ == nullptr ? nullptr : engine_->board().recorded();
}

ranking::RankingPtr ReplayView::by_sequence(std::uint64_t sequence) const {
    return engine_ == nullptr ? nullptr : engine_->board().by_sequence(sequence);
}

core::WallTime ReplayView::now() const {
    return engine_ == nullptr ? clock_.now() : engine_->board().now();
}

std::chrono::milliseconds ReplayView::snapshots_ttl() const {
    return engine_ == nullptr ? engine::BoardOptions().snapshots_ttl : engine_->board().snapshots_ttl();
}

std::optional<core::WallTime> ReplayView::next_scan_at() const {
    return engine_ == nullptr ? std::nullopt : engine_->board().next_scan_at();
}

engine::HealthDetails ReplayView::health() const {
    return engine_ == nullptr ? engine::HealthDetails() : engine_->board().health();
}

std::vector<engine::UniverseEntry> ReplayView::universe() const {
    return engine_ == nullptr ? std::vector<engine::UniverseEntry>() : engine_->board().universe();
}

engine::LiveReadingPtr ReplayView::look(const std::shared_ptr<const market::Contract>& contract) {
    if (engine_ == nullptr || engine_->live() == nullptr) return nullptr;
    const ranking::RankingPtr ranking = engine_->board().current();
    if (ranking == nullptr || ranking->find(contract->contract_code) == nullptr) return nullptr;
    return engine_->live()->look(contract);
}

}  // namespace scanner::app
