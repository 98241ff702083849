#pragma once

#include "fuzz/check.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"
#include "scanner/market/tape.hpp"
#include "scanner/signals/flow/contract_flow.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace scanner::fuzz {

/// Events of a feed, one after the other: a letter of what it is, how much later it comes, and its content. Whatever a
/// feed tells, in whatever order, the numbers stay within their ranges and nothing changes before it was announced.
class ContractFlowFuzzer {
public:
    explicit ContractFlowFuzzer(std::string_view input) : input_(input) {}

    void run() {
        constexpr int kMaxEvents = 400;
        for (int i = 0; i < kMaxEvents && !input_.empty(); ++i) {
            pass_time();
            tell_one();
            check(flow_.numbers(now()));
        }
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
            constexpr std::array<double, 8> kEdges{1e308, 1e-308, 5e-324, 1e200, 1e-200, 1e154, 1e15, 1e-15};
            return kEdges[low % kEdges.size()];
        }
        return (static_cast<double>(high) * 256.0 + static_cast<double>(low) + 1.0) / 256.0;
    }

    void pass_time() {
        const std::optional<core::WallTime> next = flow_.next_change_at(now());
        const signals::FlowNumbers before = flow_.numbers(now());
        const std::uint8_t step = byte();
        const std::int64_t wait = step < 200 ? std::int64_t{step} * 4 : std::int64_t{1} << (step % 36);
        const std::int64_t last = next ? core::to_unix_ms(*next) - 1 : now_ms_ + wait;
        require(!next || core::to_unix_ms(*next) > now_ms_, "what is announced lies ahead");
        if (now_ms_ + wait <= last) {
            require(flow_.numbers(core::from_unix_ms(now_ms_ + wait)) == before, "nothing changes unannounced");
        }
        now_ms_ += wait;
    }

    void tell_one() {
        switch (byte() % 12) {
            case 0:
            case 1: change_book(true); break;
            case 2:
            case 3:
            case 4: change_book(false); break;
            case 5: flow_.on_book_lost(now()); break;
            case 6:
            case 7: flow_.on_trades(tape_.add(trades()), now()); break;
            case 8:
                tape_.interrupted();
                flow_.on_tape_hole(now());
                break;
            case 9: {
                const std::vector<market::Trade> list = trades();
                const auto filled = tape_.fill(list, true);
                if (filled.complete) flow_.on_tape_filled(filled.fresh, now());
                break;
            }
            case 10: flow_.on_liquidation(side(), value(), now()); break;
            default: byte() % 2 == 0 ? flow_.on_liquidations_unknown(now()) : flow_.on_liquidations_known(now());
        }
    }

    market::Side side() {
        constexpr std::array kSides{market::Side::buy, market::Side::sell, market::Side::unknown};
        return kSides[byte() % kSides.size()];
    }
    void change_book(bool whole) {
        std::array<std::vector<market::Level>, 2> sides;
        for (std::vector<market::Level>& levels : sides) {
            for (int count = byte() % 8; count > 0; --count) {
                const double price = value();
                levels.push_back({price, byte() % 4 == 0 ? 0.0 : value()});
            }
        }
        const market::BookChange change{.bids = sides[0], .asks = sides[1], .exchange_time = now()};
        if (whole) {
            book_.reset(change);
        } else {
            book_.apply(change);
        }
        flow_.on_book(book_, now());
    }
    std::vector<market::Trade> trades() {
        std::vector<market::Trade> made;
        for (int count = byte() % 5; count > 0; --count) {
            market::Trade trade;
            trade.trade_id = 1 + byte() + 16 * std::int64_t{byte()};
            trade.price = value();
            trade.size = value();
            trade.taker_side = side();
            trade.time = core::from_unix_ms(now_ms_ + (std::int64_t{byte()} - 200) * 25);
            made.push_back(trade);
        }
        return made;
    }

    static void within(const std::optional<double>& number, double low, double high, std::string_view promise) {
        require(!number || (std::isfinite(*number) && *number >= low && *number <= high), promise);
    }
    void check(const signals::FlowNumbers& numbers) const {
        constexpr double kMax = std::numeric_limits<double>::max();
        within(numbers.microprice, 0.0, kMax, "a microprice is a price");
        within(numbers.firmness, 0.0, 1.0, "firmness is a part");
        within(numbers.tfi_60s, -1.0, 1.0, "an imbalance lies between -1 and 1");
        within(numbers.ofi_10s, -kMax, kMax, "order flow is finite");
        within(numbers.impact_bps_per_100k, -kMax, kMax, "an impact is finite");
        within(numbers.recovery_ms, 250.0, 60'000.0, "a recovery takes a quarter second to a minute");
        for (const std::optional<double>& amount :
             {numbers.depth_10bps_bid_usdt, numbers.depth_10bps_ask_usdt, numbers.depth_25bps_bid_usdt,
              numbers.depth_25bps_ask_usdt, numbers.depth_50bps_bid_usdt, numbers.depth_50bps_ask_usdt,
              numbers.firm_depth_bid_usdt, numbers.firm_depth_ask_usdt, numbers.trades_60s, numbers.turnover_60s_usdt,
              numbers.liquidations_5m_long_usdt, numbers.liquidations_5m_short_usdt}) {
            within(amount, 0.0, kMax, "an amount is finite and not below 0");
        }
    }

    std::string_view input_;
    std::int64_t now_ms_ = kStart;
    market::LiveBook book_;
    market::Tape tape_;
    signals::ContractFlow flow_;
};

inline void contract_flow(std::string_view input) {
    ContractFlowFuzzer(input).run();
}

}  // namespace scanner::fuzz
