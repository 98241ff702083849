#pragma once

#include "simulator/face/params.hpp"
#include "simulator/face/state/book_shelf.hpp"
#include "simulator/face/state/directory.hpp"
#include "simulator/face/state/references.hpp"
#include "simulator/market.hpp"

#include "scanner/core/json_writer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace scanner::simulator::face {

/// Everything that an answer may be made of, at the moment at which it is made. Borrowed for one call.
struct Scene {
    const SimulatedMarket& market;
    const Directory& directory;
    const BookShelf& books;
    const References& references;
    WallTime now;                       ///< what the exchange's clock says: the simulated time plus `skew`
    std::chrono::milliseconds skew{0};  ///< also in the times of books
    std::uint64_t seed = 0;
    std::function<bool(std::size_t)> vanished;  ///< contracts that a fault hides; empty: none
    std::function<bool(std::size_t)> relisted;  ///< those with a dead row beside the live one; empty: none
    std::function<bool(std::size_t)> stopped;   ///< those whose candles end at `candles_until`; empty: none
    WallTime candles_until;

    [[nodiscard]] std::int64_t ts() const { return core::to_unix_ms(now); }
    [[nodiscard]] bool hidden(std::size_t contract) const { return vanished && vanished(contract); }
};

/// What an endpoint lists when it is not asked for one contract.
enum class Listing {
    active,       ///< swaps, or what business_type says
    with_ghosts,  ///< delisted contracts too
    funding,      ///< swaps and dated futures whatever is asked
    index,        ///< swaps and delisted ones; futures have no index of their own
};

/// A selection, or the body that refuses the request.
template <class T>
using Selected = std::expected<T, std::string>;

/// The contract that `contract_code` names, for market endpoints, where it is required.
[[nodiscard]] Selected<std::size_t> market_contract(const Scene& scene, const Params& params);
/// The same for linear-swap-api endpoints, which say it in other words.
[[nodiscard]] Selected<std::size_t> api_contract(const Scene& scene, const Params& params);
/// All that `contract_code`, `pair`, `contract_type` and `business_type` leave, in the market's order. Errors are
/// those of market endpoints if `market_errors`, else of linear-swap-api ones.
[[nodiscard]] Selected<std::vector<std::size_t>> select(const Scene& scene, const Params& params, Listing listing,
                                                        bool market_errors);

/// Appends members whose values need the exchange's own number format.
void decimal_field(core::JsonWriter& json, std::string_view name, double value, Print print);
void decimal_string_field(core::JsonWriter& json, std::string_view name, double value, Print print);
void steps_field(core::JsonWriter& json, std::string_view name, std::int64_t count, Step step, Print print);
void steps_string_field(core::JsonWriter& json, std::string_view name, std::int64_t count, Step step, Print print);

/// `price` in whole ticks.
[[nodiscard]] std::int64_t to_ticks(double price, Step tick);
[[nodiscard]] double step_value(Step step);
/// contracts x contract size, in base units.
[[nodiscard]] double base_units(const WireContract& contract, std::int64_t contracts);

/// The coming settlement; of a suspended contract the one that it stopped before, whole hours as all of them.
[[nodiscard]] WallTime funding_time(const Scene& scene, std::size_t contract);
/// When a suspended contract stopped.
[[nodiscard]] WallTime stopped_at(const Scene& scene, std::size_t contract);

/// Opens {"status":"ok","data": and closes it with ,"ts":…}.
[[nodiscard]] core::JsonWriter begin_api_answer(std::size_t reserve = 1'024);
[[nodiscard]] std::string end_answer(core::JsonWriter& json, const Scene& scene);

}  // namespace scanner::simulator::face
