#pragma once

#include "simulator/face/state/scene.hpp"
#include "simulator/face/ws/topic.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What the market and index sockets say, as JSON texts. Pure.
namespace scanner::simulator::face {

/// Levels of both sides of a book, or changes of them.
struct BookSides {
    std::span<const BookLevel> asks;
    std::span<const BookLevel> bids;
};

/// A high_freq frame up to where its version stands: append the version and "}}".
[[nodiscard]] std::string high_freq_beginning(const Scene& scene, const Topic& topic, const BookState& book,
                                              const BookSides& sides, bool snapshot);
/// The rest of it.
[[nodiscard]] std::string high_freq_rest(std::int64_t version);

[[nodiscard]] std::string depth_step_message(const Scene& scene, const Topic& topic, const BookState& book);
/// A side that is empty is left out.
[[nodiscard]] std::string bbo_message(const Scene& scene, const Topic& topic, const BookState& book);
[[nodiscard]] std::string detail_message(const Scene& scene, const Topic& topic, const TickerState& ticker,
                                         std::int64_t matching_id);
/// One match with its fills.
[[nodiscard]] std::string trades_message(const Scene& scene, const Topic& topic, std::span<const SimulatedTrade> fills);
/// The running candle; empty when there is none.
[[nodiscard]] std::string kline_message(const Scene& scene, const Topic& topic, std::int64_t matching_id);
/// The running candle of an index topic; empty when there is none.
[[nodiscard]] std::string reference_message(const Scene& scene, const Topic& topic);

/// {"ping":…}
[[nodiscard]] std::string ping_message(std::int64_t ms);
/// {"id":…,"status":"ok","subbed":"…","ts":…}; `what` is "subbed" or "unsubbed", `id` JSON.
[[nodiscard]] std::string done_message(std::string_view id, std::string_view what, std::string_view channel,
                                       std::int64_t ts);
/// {"status":"error","ts":…,"id":…,"err-code":"bad-request","err-msg":"…"}
[[nodiscard]] std::string refusal_message(std::string_view id, std::string_view why, std::int64_t ts);

/// The answer to a `req` of candles from `from` to `to` (Unix seconds), at most 2000, or of the newest ones.
[[nodiscard]] std::string requested_klines(const Scene& scene, const Topic& topic, std::string_view id,
                                           std::int64_t wsid, std::optional<std::int64_t> from,
                                           std::optional<std::int64_t> to);
/// The answer to a `req` of the newest `size` trades, at most 50, whose numbers are strings.
[[nodiscard]] std::string requested_trades(const Scene& scene, const Topic& topic, std::string_view id,
                                           std::int64_t wsid, std::size_t size);

}  // namespace scanner::simulator::face
