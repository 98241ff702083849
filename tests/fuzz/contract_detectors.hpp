#pragma once

#include "fuzz/check.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"
#include "scanner/signals/detect/contract_detectors.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace scanner::fuzz {

/// Events of a contract, in whatever order and with whatever values, and states from anywhere: what the detectors say
/// stays within its ranges, changes by itself only when announced, and what they keep is read back.
class ContractDetectorsFuzzer {
public:
    explicit ContractDetectorsFuzzer(std::string_view input) : input_(input) {}

    void run() {
        constexpr int kMaxEvents = 400;
        for (int i = 0; i < kMaxEvents && !input_.empty(); ++i) {
            pass_time();
            tell_one();
            check(detectors_.verdict(now()));
        }
        require(detectors_.take_episode_changes().size() <= signals::ContractDetectors::kMaxChanges,
                "changes are bounded");
        const std::vector<std::byte> state = detectors_.state();
        require(state.size() <= signals::ContractDetectors::kMaxStateBytes, "a state is bounded");
        signals::ContractDetectors other;
        require(other.restore(state).has_value(), "what is kept is read back");
        require(other.open_episodes() == detectors_.open_episodes(), "open episodes survive");
        restore_damaged(state);
    }

private:
    static constexpr std::int64_t kStart = 1'790'000'040'000;

    [[nodiscard]] core::WallTime now() const { return core::from_unix_ms(now_ms_); }
    std::uint8_t byte() { return take_choice(input_); }
    /// Mostly plain values, sometimes those at the edge.
    double value() {
        const std::uint8_t high = byte();
        const std::uint8_t low = byte();
        if (high == 0xff) {
            constexpr std::array<double, 10> kEdges{1e308, 1e-308, 5e-324, 1e200, 1e-200,
                                                    1e154, 1e15,   1e-15,  0.0,   -1.0};
            return kEdges[low % kEdges.size()];
        }
        return (static_cast<double>(high) * 256.0 + static_cast<double>(low) + 1.0) / 256.0;
    }

    void pass_time() {
        const signals::Verdict before = detectors_.verdict(now());
        const std::optional<core::WallTime> next = detectors_.next_change_at(now());
        const std::uint8_t step = byte();
        const std::int64_t wait = step < 200 ? std::int64_t{step} * 20 : std::int64_t{1} << (step % 30);
        require(!next || *next > now(), "what is announced lies ahead");
        if (!next || core::to_unix_ms(*next) > now_ms_ + wait) {
            require(detectors_.verdict(core::from_unix_ms(now_ms_ + wait)) == before, "nothing changes unannounced");
        }
        now_ms_ += wait;
    }

    void tell_one() {
        switch (byte() % 16) {
            case 0:
            case 1:
            case 2: detectors_.on_trades(trades(), now()); break;
            case 3: detectors_.on_tape_hole(now()); break;
            case 4:
            case 5:
            case 6:
            case 7: tell_book(); break;
            case 8: detectors_.on_book_lost(now()); break;
            case 9:
            case 10: detectors_.on_index(value(), now()); break;
            case 11: detectors_.on_open_interest(value(), now()); break;
            case 12:
                detectors_.on_funding(value(), now() + std::chrono::seconds(std::int64_t{byte()} * 8 - 100), now());
                break;
            case 13:
                detectors_.on_liquidation(side(), value(), now());
                detectors_.on_market_thinning(value() - 100.0, now());
                break;
            case 14: live_ = !live_; break;
            default: go_on();
        }
    }
    /// Many ordinary seconds at once, so that yardsticks are known.
    void go_on() {
        const int seconds = byte() * 4;
        for (int i = 0; i < seconds; ++i) {
            now_ms_ += 1'000;
            detectors_.on_index(100.0, now());
            std::vector<market::Level> bids;
            std::vector<market::Level> asks;
            for (int level = 0; level < 12; ++level) {
                bids.push_back({99.95 - 0.05 * level, 5.0 + (i + level) % 7});
                asks.push_back({100.05 + 0.05 * level, 5.0 + (i * 3 + level) % 5});
            }
            book_.reset({.bids = bids, .asks = asks, .exchange_time = now()});
            detectors_.on_book(book_, now());
            const market::Trade trade{.trade_id = now_ms_,
                                      .price = i % 2 == 0 ? 99.95 : 100.05,
                                      .size = 2.0 + i % 3,
                                      .taker_side = i % 2 == 0 ? market::Side::sell : market::Side::buy,
                                      .time = now()};
            detectors_.on_trades({&trade, 1}, now());
            if (i % 15 == 0) detectors_.on_open_interest(1'000.0 + i % 2, now());
        }
    }
    market::Side side() {
        constexpr std::array kSides{market::Side::buy, market::Side::sell, market::Side::unknown};
        return kSides[byte() % kSides.size()];
    }
    void tell_book() {
        std::array<std::vector<market::Level>, 2> sides;
        for (std::vector<market::Level>& levels : sides) {
            for (int count = byte() % 16; count > 0; --count) {
                const double price = std::abs(value());
                const double size = std::abs(value());
                if (price > 0.0 && size > 0.0) levels.push_back({price, size});
            }
        }
        book_.reset({.bids = sides[0], .asks = sides[1], .exchange_time = now()});
        if (live_) {
            detectors_.on_book(book_, now());
        } else {
            detectors_.on_polled_book(*book_.to_order_book(), now());
        }
    }
    std::vector<market::Trade> trades() {
        std::vector<market::Trade> made;
        for (int count = byte() % 6; count > 0; --count) {
            market::Trade trade;
            trade.trade_id = ++id_;
            trade.price = value();
            trade.size = value();
            trade.taker_side = side();
            trade.time = core::from_unix_ms(now_ms_ + (std::int64_t{byte()} - 200) * 25);
            made.push_back(trade);
        }
        return made;
    }

    static void within(std::optional<double> number, double high, std::string_view promise) {
        require(!number || (std::isfinite(*number) && *number >= 0.0 && *number <= high), promise);
    }
    static void check(const signals::Verdict& verdict) {
        within(verdict.probability, 1.0, "a probability lies between 0 and 1");
        within(verdict.score, 100.0, "a score lies between 0 and 100");
        for (std::size_t i = 0; i < signals::kDetectorFlagCount; ++i) {
            within(verdict.probabilities[i], 1.0, "a flag's probability lies between 0 and 1");
            within(verdict.severities[i], 100.0, "a severity lies between 0 and 100");
        }
    }
    void restore_damaged(std::vector<std::byte> state) {
        for (int count = 1 + byte() % 4; count > 0 && !state.empty(); --count) {
            const std::size_t place = (std::size_t{byte()} * 256 + byte()) % state.size();
            state[place] ^= std::byte{static_cast<unsigned char>(1 + byte() % 255)};
        }
        signals::ContractDetectors other;
        if (!other.restore(state)) return;
        // What was taken for a state is one: it goes on.
        for (int i = 0; i < 40; ++i) {
            now_ms_ += 1'000 + 500 * byte();
            const market::Trade trade{
                .trade_id = ++id_, .price = 100.0, .size = 2.0, .taker_side = market::Side::buy, .time = now()};
            other.on_trades({&trade, 1}, now());
            other.on_index(100.0, now());
            other.on_book(book_, now());
            check(other.verdict(now()));
        }
    }

    std::string_view input_;
    std::int64_t now_ms_ = kStart;
    std::int64_t id_ = 0;
    bool live_ = true;
    market::LiveBook book_;
    signals::ContractDetectors detectors_;
};

inline void contract_detectors(std::string_view input) {
    ContractDetectorsFuzzer(input).run();
}

}  // namespace scanner::fuzz
