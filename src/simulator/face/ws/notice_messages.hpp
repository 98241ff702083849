#pragma once

#include "simulator/face/state/liquidations.hpp"
#include "simulator/face/state/scene.hpp"
#include "simulator/face/ws/topic.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// What the notification socket says, as JSON texts. Pure.
namespace scanner::simulator::face {

/// The exchange's error numbers of this socket.
enum class NoticeError {
    authentication = 2003,
    not_logged_in = 2002,
    too_much = 2004,
    topic = 2010,
    contract = 2011,
    not_subscribed = 2012,
    repeated = 2014,
    missing = 2040,
};

/// {"op":"sub","cid":…,"topic":"…","ts":…,"err-code":0}; `cid` JSON, left out when empty.
[[nodiscard]] std::string notice_done(std::string_view op, std::string_view cid, std::string_view topic,
                                      std::int64_t ts);
/// {"op":"sub","cid":…,"topic":"…","err-code":2014,"err-msg":"Repeated subscription.","ts":…}
[[nodiscard]] std::string notice_refused(std::string_view op, std::string_view cid, std::string_view topic,
                                         NoticeError error, std::int64_t ts);
/// {"op":"ping","ts":…}, {"op":"close","ts":…}
[[nodiscard]] std::string notice_signal(std::string_view op, std::int64_t ts);

/// "public.BTC-USDT.funding_rate"
[[nodiscard]] std::string notice_name(NoticeKind kind, std::string_view code);
/// Rows of contracts under one topic. `event` is "init", "update" or "snapshot"; empty where the kind has none.
[[nodiscard]] std::string notice_message(const Scene& scene, NoticeKind kind, std::string_view topic,
                                         std::string_view event, std::span<const std::size_t> contracts);
[[nodiscard]] std::string liquidation_message(const Scene& scene, std::size_t contract,
                                              std::span<const SimulatedTrade> fills);
/// Another number when the contract's row, or its elements, would say something else.
[[nodiscard]] std::uint64_t notice_state(const Scene& scene, NoticeKind kind, std::size_t contract);

}  // namespace scanner::simulator::face
