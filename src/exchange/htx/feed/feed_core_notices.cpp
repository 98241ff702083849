// What of the feed's core is about the notification connection.

#include "exchange/htx/feed/feed_core.hpp"

#include "scanner/core/names.hpp"

#include <fmt/format.h>

namespace scanner::exchange::htx::feed {

using core::ErrorCode;
using core::Result;

void FeedCore::notifications_connected(core::SteadyTime now) {
    notices_.connected(now);
    news_ = true;
}

void FeedCore::notifications_disconnected() {
    notices_.disconnected();
    listener_.on_liquidations_followed(false);
}

std::string FeedCore::take_notification_fault(core::SteadyTime now) {
    const std::string_view topic = notices_.stalled(now);
    if (topic.empty()) return {};
    notices_.give_up(topic);
    auto why = fmt::format("nothing came of {} any more", topic);
    note_resubscription(topic, {}, "notices_stalled", why);
    return why;
}

Result<std::optional<std::string>> FeedCore::on_notification(std::string_view bytes, const Received& received) {
    const auto text = inflate(bytes);
    if (!text) return std::unexpected(text.error());
    const auto frame = notification_decoder_.decode(*text);
    if (!frame) {
        ++counts_.unreadable_frames;
        return std::unexpected(frame.error());
    }
    if (frame->time) send_clock_.note(*frame->time, received.steady);
    const core::WallTime now = send_clock_.now(received.steady).value_or(received.wall);
    const FeedTime time{
        .exchange = time_of(frame->time, now, received), .received = received.wall, .received_steady = received.steady};
    using Kind = NotificationFrame::Kind;
    switch (frame->kind) {
        case Kind::ping: return notification_pong_text(frame->ping);
        case Kind::subscribed:
            if (frame->about) notices_.subscribed(*frame->about, received.steady);
            if (frame->about == NotificationKind::liquidation) listener_.on_liquidations_followed(true);
            break;
        case Kind::ending: return core::fail(ErrorCode::network, "the server says that it ends the connection");
        case Kind::data:
            if (frame->about) notices_.heard(*frame->about, received.steady);
            on_rows(*frame, time);
            break;
        case Kind::refused: on_notice_refusal(*frame, received.steady); break;
        case Kind::unknown: ++counts_.ignored_frames; break;
    }
    return std::nullopt;
}

/// The other topics of its connection are still worth having.
void FeedCore::on_notice_refusal(const NotificationFrame& frame, core::SteadyTime now) {
    const auto why = fmt::format("the exchange refused it: {}", core::visible_text(frame.message));
    const std::string_view topic = frame.about ? notices_.refused(*frame.about, why, now, random_()) : "unknown";
    note_resubscription(topic, {}, "refused", why);
}

void FeedCore::on_rows(const NotificationFrame& frame, const FeedTime& time) {
    if (frame.bad_rows > 0) ++counts_.unreadable_frames;
    if (!frame.about) return;
    for (const NotificationRow& row : frame.rows) {
        switch (*frame.about) {
            case NotificationKind::funding_rate: listener_.on_funding_rate(row.contract_code, row.funding, time); break;
            case NotificationKind::liquidation:
                listener_.on_liquidation(row.contract_code, row.liquidation, time);
                break;
            case NotificationKind::contract_info:
                if (contract_changes_.is_news(row.contract_code, row.contract_status.value_or(-1), frame.event)) {
                    listener_.on_contract_change(row.contract_code, time);
                }
                break;
        }
    }
    if (frame.about == NotificationKind::contract_info) contract_changes_.end_message(frame.event);
}

}  // namespace scanner::exchange::htx::feed
