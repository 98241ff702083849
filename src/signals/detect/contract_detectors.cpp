#include "scanner/signals/detect/contract_detectors.hpp"

#include "signals/detect/episode_log.hpp"
#include "signals/detect/evidence.hpp"
#include "signals/detect/flag_evidence.hpp"
#include "signals/detect/ignition_watch.hpp"
#include "signals/detect/state_codec.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace scanner::signals {
namespace {

using core::WallTime;

constexpr std::uint32_t kStateMagic = 0x5454'4544;  // "DETT"
constexpr std::uint16_t kStateVersion = 1;

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
    Verdict verdict;
    std::optional<WallTime> next_change;

    static void persist(auto& self, auto& archive) { archive(self.now, self.begun, self.log, self.pump, self.dump); }

    WallTime advance(WallTime at) {
        now = begun ? std::max(now, at) : at;
        begun = true;
        pump.tick(now, log);
        dump.tick(now, log);
        return now;
    }
    void lose_everything() {
        pump.on_tape_hole();
        dump.on_tape_hole();
    }
    [[nodiscard]] std::optional<detect::Reading> reading(DetectorFlag flag) const {
        switch (flag) {
            case DetectorFlag::pump_ignition: return pump.reading(now, log);
            case DetectorFlag::dump_ignition: return dump.reading(now, log);
            default: return std::nullopt;
        }
    }
    void judge();
};

void ContractDetectors::State::judge() {
    verdict = {};
    next_change.reset();
    double innocent = 1.0;
    double least_rate = 1e3;
    bool known = false;
    for (const DetectorFlagInfo& flag : kDetectorFlags) {
        const auto read = reading(flag.flag);
        if (!read) {
            verdict.unknown.set(flag.flag);
            continue;
        }
        if (read->next_change && (!next_change || *read->next_change < *next_change)) next_change = read->next_change;
        verdict.probabilities[static_cast<std::size_t>(flag.flag)] = read->probability;
        if (!flag.manipulation || flag.kind == FlagKind::experimental) continue;
        known = true;
        innocent *= 1.0 - read->probability;
        least_rate = std::min(least_rate, read->rate);
    }
    if (known) {
        verdict.probability = 1.0 - innocent;
        verdict.score = score_of_rate(least_rate);
    }
    log.fill(verdict.flags, verdict.reversed, verdict.exhausted);
}

std::size_t ContractDetectors::memory() noexcept {
    return sizeof(ContractDetectors) + sizeof(State);
}

ContractDetectors::ContractDetectors() : state_(std::make_unique<State>()) {
    static_assert(sizeof(State) + sizeof(ContractDetectors) <= kMaxBytes);
}
ContractDetectors::~ContractDetectors() = default;
ContractDetectors::ContractDetectors(ContractDetectors&& other) noexcept = default;
ContractDetectors& ContractDetectors::operator=(ContractDetectors&& other) noexcept = default;

void ContractDetectors::on_trades(std::span<const market::Trade> trades, WallTime at) {
    at = state_->advance(at);
    std::vector<market::Trade> sorted;
    if (!std::ranges::is_sorted(trades, {}, &market::Trade::time)) {
        sorted.assign(trades.begin(), trades.end());
        std::ranges::sort(sorted, {}, [](const market::Trade& one) { return std::pair(one.time, one.trade_id); });
        trades = sorted;
    }
    state_->pump.on_trades(trades, at, {}, state_->log);
    state_->dump.on_trades(trades, at, {}, state_->log);
}

void ContractDetectors::on_tape_hole(WallTime at) {
    state_->advance(at);
    state_->pump.on_tape_hole();
    state_->dump.on_tape_hole();
}

void ContractDetectors::on_book(const market::LiveBook& book, WallTime at) {
    state_->advance(at);
    static_cast<void>(book);
}

void ContractDetectors::on_polled_book(const market::OrderBook& book, WallTime at) {
    state_->advance(at);
    static_cast<void>(book);
}

void ContractDetectors::on_book_lost(WallTime at) {
    state_->advance(at);
}

void ContractDetectors::on_index(double price, WallTime at) {
    state_->advance(at);
    static_cast<void>(price);
}

void ContractDetectors::on_open_interest(double base_units, WallTime at) {
    state_->advance(at);
    static_cast<void>(base_units);
}

void ContractDetectors::on_funding(std::optional<double> rate, std::optional<WallTime> next_settlement, WallTime at) {
    state_->advance(at);
    static_cast<void>(rate);
    static_cast<void>(next_settlement);
}

void ContractDetectors::on_liquidation(market::Side taker_side, double notional, WallTime at) {
    state_->advance(at);
    static_cast<void>(taker_side);
    static_cast<void>(notional);
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
    writer(kStateMagic, kStateVersion, *state_);
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
    if (version != kStateVersion) {
        return core::fail(core::ErrorCode::invalid_input, "detector state: of another version");
    }
    auto restored = std::make_unique<State>();
    reader(*restored);
    if (!reader.at_end()) return core::fail(core::ErrorCode::malformed, "detector state: damaged");
    restored->lose_everything();
    state_ = std::move(restored);
    return {};
}

std::optional<WallTime> ContractDetectors::updated_at() const {
    if (!state_->begun) return std::nullopt;
    return state_->now;
}

}  // namespace scanner::signals
