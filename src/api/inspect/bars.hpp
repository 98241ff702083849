#pragma once

#include "scanner/market/market.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace scanner::api {

/// A candle and whether its interval is over.
struct Bar {
    market::Candle candle;
    bool closed = true;
};

/// The bars of `minutes` that `candles` (oldest first, the first `closed` of them finished) give: the candles
/// themselves where their interval is that, longer bars put together on the clock's boundaries, nothing where the
/// candles are longer already. A first bar that began before the candles do is left out: it would be a part passing for
/// a whole. Pure.
[[nodiscard]] std::vector<Bar> bars_of(std::span<const market::Candle> candles, std::size_t closed, int minutes);

}  // namespace scanner::api
