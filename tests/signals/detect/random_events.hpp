#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"
#include "scanner/signals/detect/contract_detectors.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace scanner::signals {

/// What may be planted into a random market.
enum class Planted { nothing, wick, push, crash, vacuum, layers, wall, wall_that_trades, wash, paint, funding };

/// One thing that a contract's detectors are told.
struct Event {
    enum class Kind { trades, book, index, open_interest, funding };
    Kind kind = Kind::trades;
    core::WallTime at;
    double value = 0.0;                        ///< index, open interest
    std::optional<core::WallTime> settlement;  ///< funding
    std::vector<market::Trade> trades;
    std::vector<market::Level> bids;
    std::vector<market::Level> asks;
};

inline constexpr core::WallTime kMarketStart{std::chrono::milliseconds(1'700'000'010'000)};  // a bar's beginning
inline constexpr std::chrono::seconds kPlantedAt{2'400};
inline constexpr std::chrono::seconds kMarketEnd{2'700};

/// Three quarters of an hour of a contract's feed, five times a second, and what is planted after forty minutes. Sizes
/// are whole contracts of a thousand base units. Deterministic for a seed.
class RandomEvents {
public:
    RandomEvents(std::uint32_t seed, Planted planted) : random_(seed), planted_(planted) {
        for (auto* side : {&bid_sizes_, &ask_sizes_}) {
            for (double& size : *side) size = draw_size();
        }
    }

    std::vector<Event> make() {
        using std::chrono::milliseconds;
        for (core::WallTime now = kMarketStart; now < kMarketStart + kMarketEnd; now += milliseconds(200)) {
            now_ = now;
            const bool second = (now - kMarketStart).count() % 1'000 == 0;
            if (second) move_index();
            shape_book();
            trade();
            tell_book();
            if (second && (now - kMarketStart).count() % 15'000 == 0) tell_interest();
        }
        return std::move(events_);
    }

private:
    static constexpr std::size_t kLevels = 25;

    [[nodiscard]] double since() const { return static_cast<double>((now_ - kMarketStart - kPlantedAt).count()) / 1e3; }
    bool is(Planted what) const { return planted_ == what && since() >= 0.0; }
    double uniform() { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); }
    double normal() { return std::normal_distribution<double>()(random_); }
    double draw_size() { return 1'000.0 * std::ceil(20.0 * std::exp(0.4 * normal())); }

    void move_index() {
        log_index_ += 2e-5 * normal();
        if (is(Planted::crash) && since() < 10.0) log_index_ -= 0.006;
        noise_ = 0.9 * noise_ + 1e-5 * normal();
        events_.push_back({.kind = Event::Kind::index, .at = now_, .value = 20.0 * std::exp(log_index_)});
        events_.push_back({.kind = Event::Kind::funding,
                           .at = now_,
                           .settlement = kMarketStart + kPlantedAt + std::chrono::seconds(200)});
    }
    [[nodiscard]] double premium() const {
        const double t = since();
        if (is(Planted::wick) && t < 12.0) return -0.015 * (t < 5.0 ? t / 5.0 : 1.0 - (t - 5.0) / 7.0);
        if (is(Planted::push) && t < 150.0)
            return 0.012 * (t < 70.0 ? t / 70.0 : std::max(0.0, 1.0 - (t - 70.0) / 60.0));
        if (is(Planted::funding)) return t < 195.0 ? 0.004 * std::min(1.0, t / 40.0) : 0.0;
        return 0.0;
    }
    void shape_book() {
        const double mid = 20.0 * std::exp(log_index_ + noise_ + premium());
        tick_ = 0.004;
        bid_ = std::floor(mid / tick_ - 1.0);
        for (auto* side : {&bid_sizes_, &ask_sizes_}) (*side)[random_() % kLevels] = draw_size();
    }
    void trade() {
        Event event{.kind = Event::Kind::trades, .at = now_};
        const auto add = [&](double ticks, double size, market::Side side, int ms) {
            event.trades.push_back({.trade_id = ++id_,
                                    .price = ticks * tick_,
                                    .size = 2.0 * size,
                                    .taker_side = side,
                                    .time = now_ - std::chrono::milliseconds(ms)});
            traded_ += size;
        };
        if (uniform() < 0.12) {
            const bool buy = uniform() < 0.5;
            const auto fills = 1 + random_() % 3;
            for (std::size_t i = 0; i < fills; ++i) {
                add(buy ? bid_ + 2.0 : bid_, draw_size() / 4.0, buy ? market::Side::buy : market::Side::sell, 50);
            }
        }
        if (is(Planted::wash) && uniform() < 0.5) {
            const double size = draw_size();
            add(bid_ + 1.0, size, market::Side::buy, 90);
            add(bid_ + 1.0, size, market::Side::sell, 20);
        }
        const bool bought = planted_ == Planted::layers && since() >= 0.0 && std::fmod(since(), 20.0) > 7.5 &&
                            std::fmod(since(), 20.0) < 7.7;
        if (bought) add(bid_ + 2.0, 3'000.0, market::Side::buy, 10);
        if (is(Planted::wall_that_trades) && since() > 30.0 && since() < 60.0)
            add(bid_ - 4.0, 20'000.0, market::Side::sell, 10);
        const bool due = (now_ - kMarketStart).count() % 1'000 == 0;
        if (!event.trades.empty() || due) events_.push_back(std::move(event));
    }
    void tell_book() {
        Event event{.kind = Event::Kind::book, .at = now_};
        const double t = since();
        for (std::size_t i = 0; i < kLevels; ++i) {
            double bid = bid_sizes_[i];
            double ask = ask_sizes_[i];
            if (is(Planted::vacuum) && t < 60.0) {
                bid *= 0.08;
                ask *= 0.08;
            }
            if (is(Planted::layers) && std::fmod(t, 20.0) < 8.0 && i >= 1 && i <= 9) bid *= 12.0;
            const bool wall = is(Planted::wall) ? t < 60.0 : is(Planted::wall_that_trades) && t < 62.0;
            if (wall && i == 4) bid = 1'500'000.0;
            const double gap = is(Planted::vacuum) && t < 60.0 ? 4.0 : 0.0;
            event.bids.push_back({(bid_ - gap - static_cast<double>(i)) * tick_, bid});
            event.asks.push_back({(bid_ + 2.0 + gap + static_cast<double>(i)) * tick_, ask});
        }
        events_.push_back(std::move(event));
    }
    void tell_interest() {
        interest_ += (uniform() - 0.5) * traded_;
        if (is(Planted::paint)) interest_ += 3.0 * traded_ + 50'000.0;
        traded_ = 0.0;
        events_.push_back({.kind = Event::Kind::open_interest, .at = now_, .value = interest_});
    }

    std::mt19937 random_;
    Planted planted_;
    core::WallTime now_;
    double log_index_ = 0.0;
    double noise_ = 0.0;
    double tick_ = 0.004;
    double bid_ = 0.0;
    double traded_ = 0.0;
    double interest_ = 5e8;
    std::int64_t id_ = 0;
    std::array<double, kLevels> bid_sizes_{};
    std::array<double, kLevels> ask_sizes_{};
    std::vector<Event> events_;
};

inline void tell(ContractDetectors& detectors, const Event& event, market::LiveBook& book) {
    switch (event.kind) {
        case Event::Kind::trades: detectors.on_trades(event.trades, event.at); break;
        case Event::Kind::book:
            book.reset({.bids = event.bids, .asks = event.asks, .exchange_time = event.at});
            detectors.on_book(book, event.at);
            break;
        case Event::Kind::index: detectors.on_index(event.value, event.at); break;
        case Event::Kind::open_interest: detectors.on_open_interest(event.value, event.at); break;
        case Event::Kind::funding: detectors.on_funding(1e-4, event.settlement, event.at); break;
    }
}

}  // namespace scanner::signals
