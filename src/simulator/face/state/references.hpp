#pragma once

#include "simulator/face/state/directory.hpp"
#include "simulator/market.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace scanner::simulator::face {

struct Ohlc {
    double open = 0.0, high = 0.0, low = 0.0, close = 0.0;

    [[nodiscard]] static Ohlc flat(double price) { return {price, price, price, price}; }
    void add(double price);
    void add(const Ohlc& later);
};

/// Index and mark price over one interval.
struct ReferenceCandle {
    std::int64_t open_time_sec = 0;
    Ohlc index;
    Ohlc mark;
};

/// Index and mark prices once a second, as the exchange computes them, and their minutes since the start.
class References {
public:
    explicit References(std::size_t contracts) : entries_(contracts) {}

    /// Samples when the market has entered another second.
    void sample(const SimulatedMarket& market, const Directory& directory);

    /// When the latest sample was taken.
    [[nodiscard]] WallTime time() const { return time_; }
    [[nodiscard]] double index(std::size_t contract) const { return entries_[contract].index; }
    [[nodiscard]] double mark(std::size_t contract) const { return entries_[contract].mark; }

    /// The newest `count` minutes, oldest first, the running one last. Before the first sample there is no record:
    /// there both prices follow the trades' opens and closes.
    [[nodiscard]] std::vector<ReferenceCandle> minutes(const SimulatedMarket& market, std::size_t contract,
                                                       std::size_t count) const;

private:
    static constexpr std::size_t kMinutesKept = 2'000;
    struct Entry {
        double index = 0.0;
        double mark = 0.0;
        std::deque<ReferenceCandle> minutes;
    };
    std::vector<Entry> entries_;
    WallTime time_;
    std::optional<std::int64_t> second_;
};

}  // namespace scanner::simulator::face
