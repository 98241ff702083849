#include "scanner/signals/detect/contract_detectors.hpp"

#include "signals/detect/basis_watch.hpp"
#include "signals/detect/book_shape.hpp"
#include "signals/detect/episode_log.hpp"
#include "signals/detect/evidence.hpp"
#include "signals/detect/flag_evidence.hpp"
#include "signals/detect/ignition_watch.hpp"
#include "signals/detect/interest_watch.hpp"
#include "signals/detect/layer_watch.hpp"
#include "signals/detect/state_codec.hpp"
#include "signals/detect/vacuum_watch.hpp"
#include "signals/detect/wall_watch.hpp"
#include "signals/detect/wash_watch.hpp"

#include "scanner/core/checkpoint.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace scanner::signals {
namespace {

using core::WallTime;

/// Prices, sizes and amounts outside of these are none; within them no product or sum of any detector overflows.
constexpr double kLeastValue = 1e-15;
constexpr double kLargestValue = 1e15;

bool is_usable(double value) {
    return value >= kLeastValue && value <= kLargestValue;
}

/// False alerts a symbol-day at which an episode opens: a detector that finds that much is believed alone.
constexpr double kOpeningRate = 0.1;

constexpr std::uint32_t kStateMagic = 0x5454'4544;  // "DETT"

}  // namespace

double score_of_rate(double rate) noexcept {
    return detect::score_of_rate(rate);
}

struct ContractDetectors::State {
    WallTime now;
    bool begun = false;
    detect::EpisodeLog log;
    detect::IgnitionWatch pump{DetectorFlag::pump_ignition};
    detect::IgnitionWatch dump{DetectorFlag::dump_ignition};
    detect::BasisWatch basis;
    detect::VacuumWatch vacuum;
    detect::LayerWatch layers;
    detect::WallWatch walls;
    detect::WashWatch wash;
    detect::InterestWatch interest;
    bool live_book = false;
    Verdict verdict;
    std::optional<WallTime> next_change;

    static void persist(auto& self, auto& archive) {
        archive(self.now, self.begun, self.log, self.pump, self.dump, self.basis, self.vacuum, self.layers, self.walls,
                self.wash, self.interest);
        if constexpr (detect::kTakesAll<decltype(archive)>) archive(self.live_book);
    }

    WallTime advance(WallTime at) {
        now = begun ? std::max(now, at) : at;
        begun = true;
        pump.tick(now, log);
        dump.tick(now, log);
        basis.tick(now, log);
        vacuum.tick(now, log);
        layers.tick(now, log);
        walls.tick(now, log);
        wash.tick(now, log);
        interest.tick(now, log);
        return now;
    }
    void lose_tape() {
        pump.on_tape_hole();
        dump.on_tape_hole();
        interest.on_tape_hole();
        wash.on_tape_hole();
        layers.set_tape_whole(false);
        walls.set_tape_whole(false);
    }
    void lose_book() {
        live_book = false;
        basis.on_price_lost();
        vacuum.lose();
        layers.lose();
        walls.lose();
        wash.on_quotes_lost();
    }
    void take_book(std::span<const market::Level> bids, std::span<const market::Level> asks, bool live) {
        if (walls.is_taken()) basis.on_level_traded(now);
        const auto shape = detect::shape_of(bids, asks, vacuum.widen());
        if (!shape || !is_usable(shape->mid)) return lose_book();
        live_book = live;
        basis.on_price(shape->mid, live, now);
        vacuum.take(*shape, basis.is_turbulent(now), now, log);
        walls.take(*shape, bids, asks, live, basis.is_turbulent(now), now, log);
        if (!live) return;
        layers.take(*shape, bids, asks, basis.is_turbulent(now), now, log);
        wash.on_quotes(shape->bid.best, shape->ask.best);
    }
    [[nodiscard]] std::optional<detect::Reading> reading(DetectorFlag flag) const {
        switch (flag) {
            case DetectorFlag::pump_ignition: return pump.reading(now, log);
            case DetectorFlag::dump_ignition: return dump.reading(now, log);
            case DetectorFlag::scam_wick:
            case DetectorFlag::momentum_ignition:
            case DetectorFlag::market_stress:
            case DetectorFlag::funding_window_push: return basis.reading(flag, now, log);
            case DetectorFlag::liquidity_vacuum: return vacuum.reading(now, log);
            case DetectorFlag::spoofing_depth_imbalance:
            case DetectorFlag::spoofing_reversal: return live_book ? layers.reading(flag, now, log) : std::nullopt;
            case DetectorFlag::liquidity_wall: return walls.reading(now, log);
            case DetectorFlag::wash_trade_volume: return live_book ? wash.reading(now, log) : std::nullopt;
            case DetectorFlag::oi_implausible: return interest.reading(now, log);
        }
        return std::nullopt;
    }
    void soon(WallTime at) { next_change = next_change ? std::min(*next_change, at) : at; }
    void judge();
};

void ContractDetectors::State::judge() {
    verdict = {};
    next_change.reset();
    double innocent = 1.0;
    double least_rate = 1e3;
    std::size_t told = 0;
    for (const DetectorFlagInfo& flag : kDetectorFlags) {
        const auto read = reading(flag.flag);
        if (!read) {
            verdict.unknown.set(flag.flag);
            // Its open episode ends when nothing was seen for a while; it may be that it does so next.
            if (log.open(flag.flag) != nullptr) soon(now + std::chrono::seconds(1));
            continue;
        }
        if (read->next_change) soon(*read->next_change);
        verdict.probabilities[static_cast<std::size_t>(flag.flag)] = read->probability;
        verdict.severities[static_cast<std::size_t>(flag.flag)] = score_of_rate(read->rate);
        if (!flag.counts()) continue;
        ++told;
        innocent *= 1.0 - read->probability;
        least_rate = std::min(least_rate, read->rate);
    }
    if (told >= kLeastTold || (told > 0 && least_rate <= kOpeningRate)) {
        verdict.probability = 1.0 - innocent;
        verdict.score = score_of_rate(least_rate);
    }
    log.fill(verdict.flags, verdict.reversed, verdict.exhausted);
}

std::size_t ContractDetectors::memory() noexcept {
    return sizeof(ContractDetectors) + sizeof(State);
}

ContractDetectors::ContractDetectors(Thresholds thresholds) : state_(std::make_unique<State>()) {
    state_->log.set_recalibrates(thresholds == Thresholds::own);
    static_assert(sizeof(State) + sizeof(ContractDetectors) <= kMaxBytes);
}
ContractDetectors::~ContractDetectors() = default;
ContractDetectors::ContractDetectors(ContractDetectors&& other) noexcept = default;
ContractDetectors& ContractDetectors::operator=(ContractDetectors&& other) noexcept = default;

void ContractDetectors::on_trades(std::span<const market::Trade> trades, WallTime at) {
    at = state_->advance(at);
    std::vector<market::Trade> sorted;
    const auto plain = [at](const market::Trade& trade) {
        return is_usable(trade.price) && is_usable(trade.size) && trade.time <= at;
    };
    if (!std::ranges::is_sorted(trades, {}, &market::Trade::time) || !std::ranges::all_of(trades, plain)) {
        sorted.assign(trades.begin(), trades.end());
        std::erase_if(sorted, [](const market::Trade& one) { return !is_usable(one.price) || !is_usable(one.size); });
        for (market::Trade& one : sorted) one.time = std::min(one.time, at);
        std::ranges::sort(sorted, {}, [](const market::Trade& one) { return std::pair(one.time, one.trade_id); });
        trades = sorted;
    }
    State& state = *state_;
    const detect::MoveContext context{.index_share = state.basis.index_share(),
                                      .stressed = state.basis.is_stressed(at)};
    state.pump.on_trades(trades, at, context, state.log);
    state.dump.on_trades(trades, at, context, state.log);
    state.interest.on_trades(trades, at);
    state.layers.set_tape_whole(true);
    state.walls.set_tape_whole(true);
    state.layers.on_trades(trades);
    state.walls.on_trades(trades);
    for (const market::Trade& trade : trades) state.basis.on_traded(trade.price * trade.size / 2.0, at);
    const bool explained = state.basis.is_turbulent(at) || state.walls.is_taken();
    state.wash.on_trades(trades, explained, at, state.log);
}

void ContractDetectors::on_tape_hole(WallTime at) {
    state_->advance(at);
    state_->lose_tape();
}

void ContractDetectors::on_book(const market::LiveBook& book, WallTime at) {
    state_->advance(at);
    state_->take_book(book.bids(), book.asks(), true);
}

void ContractDetectors::on_polled_book(const market::OrderBook& book, WallTime at) {
    state_->advance(at);
    state_->take_book(book.bids, book.asks, false);
}

void ContractDetectors::on_book_lost(WallTime at) {
    state_->advance(at);
    state_->lose_book();
}

void ContractDetectors::on_index(double price, WallTime at) {
    const WallTime now = state_->advance(at);
    if (!is_usable(price)) return;
    state_->basis.on_index(price, now, state_->interest, state_->log);
}

void ContractDetectors::on_open_interest(double base_units, WallTime at) {
    const WallTime now = state_->advance(at);
    if (!is_usable(base_units)) return;
    state_->interest.on_open_interest(base_units, now, state_->log);
}

void ContractDetectors::on_funding(std::optional<double> rate, std::optional<WallTime> next_settlement, WallTime at) {
    state_->advance(at);
    static_cast<void>(rate);
    state_->basis.on_funding(next_settlement);
}

void ContractDetectors::on_market_thinning(double others, WallTime at) {
    const WallTime now = state_->advance(at);
    if (std::isfinite(others)) state_->vacuum.on_market(others, now);
}

std::optional<double> ContractDetectors::thinning(WallTime at) const {
    return state_->vacuum.thinning(at);
}

void ContractDetectors::on_liquidation(market::Side taker_side, double notional, WallTime at) {
    const WallTime now = state_->advance(at);
    static_cast<void>(taker_side);  // either side closes
    if (is_usable(notional)) state_->basis.on_liquidated(notional, now);
}

const Verdict& ContractDetectors::verdict(WallTime at) {
    state_->advance(at);
    state_->judge();
    return state_->verdict;
}

std::vector<Episode> ContractDetectors::take_episode_changes() {
    return state_->log.take_changes();
}

std::vector<Episode> ContractDetectors::open_episodes() const {
    return state_->log.all_open();
}

std::optional<WallTime> ContractDetectors::next_change_at(WallTime at) {
    state_->advance(at);
    state_->judge();
    return state_->next_change;
}

std::vector<std::byte> ContractDetectors::state() const {
    detect::StateWriter writer;
    writer(kStateMagic, detect::kStateVersion, *state_);
    return writer.take();
}

core::Result<void> ContractDetectors::restore(std::span<const std::byte> bytes) {
    if (bytes.size() > kMaxStateBytes) return core::fail(core::ErrorCode::invalid_input, "detector state: too large");
    detect::StateReader reader(bytes);
    std::uint32_t magic = 0;
    std::uint16_t version = 0;
    reader(magic, version);
    if (!reader.ok() || magic != kStateMagic) {
        return core::fail(core::ErrorCode::malformed, "detector state: not one");
    }
    if (version == 0 || version > detect::kStateVersion) {
        return core::fail(core::ErrorCode::invalid_input, "detector state: of another version");
    }
    reader.set_version(version);
    auto restored = std::make_unique<State>();
    restored->log.set_recalibrates(state_->log.recalibrates());
    reader(*restored);
    if (!reader.at_end()) return core::fail(core::ErrorCode::malformed, "detector state: damaged");
    restored->lose_tape();
    restored->lose_book();
    state_ = std::move(restored);
    return {};
}

void ContractDetectors::persist(const ContractDetectors& self, core::CheckpointWriter& archive) {
    archive(*self.state_);
}

void ContractDetectors::persist(ContractDetectors& self, core::CheckpointReader& archive) {
    archive(*self.state_);
    archive.require(core::is_unix_ms(core::to_unix_ms(self.state_->now)));
}

std::optional<WallTime> ContractDetectors::updated_at() const {
    if (!state_->begun) return std::nullopt;
    return state_->now;
}

}  // namespace scanner::signals
