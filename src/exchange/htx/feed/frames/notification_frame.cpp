#include "exchange/htx/feed/frames/notification_frame.hpp"

#include "exchange/htx/answer_fields.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <vector>

namespace scanner::exchange::htx::feed {
namespace {

using core::ErrorCode;
using simdjson::SUCCESS;

constexpr std::int64_t kRepeatedSubscription = 2014;  // which is as good as a first one

void read_funding(FieldReader& row, NotificationRow& out) {
    out.funding.rate = row.optional_number("funding_rate");
    // "funding_time" is when the rate was computed here.
    out.funding.funding_time = row.optional_time("settlement_time");
}

void read_liquidation(FieldReader& row, NotificationRow& out) {
    const auto direction = row.text("direction");
    out.liquidation.taker_side = direction == "buy"    ? market::Side::buy
                                 : direction == "sell" ? market::Side::sell
                                                       : market::Side::unknown;
    out.liquidation.price = row.positive("price");
    out.liquidation.size = row.positive("amount");  // base units here, one side
    out.liquidation.time = row.time("created_at");
}

}  // namespace

struct NotificationDecoder::State {
    void read_rows(const simdjson::dom::object& root, NotificationFrame& frame);

    simdjson::dom::parser parser;
    std::vector<NotificationRow> rows;
};

void NotificationDecoder::State::read_rows(const simdjson::dom::object& root, NotificationFrame& frame) {
    FieldReader reader(root);
    const auto data = reader.optional_array("data");
    if (!data || !frame.about) return;
    for (const auto entry : *data) {
        simdjson::dom::object object;
        if (entry.get_object().get(object) != SUCCESS) {
            ++frame.bad_rows;
            continue;
        }
        FieldReader row(object);
        if (!is_usdt_swap(row)) continue;
        NotificationRow out{.contract_code = read_contract_code(row)};
        switch (*frame.about) {
            case NotificationKind::funding_rate: read_funding(row, out); break;
            case NotificationKind::liquidation: read_liquidation(row, out); break;
            case NotificationKind::contract_info: out.contract_status = row.optional_integer("contract_status"); break;
        }
        if (row.ok()) {
            rows.push_back(out);
        } else {
            ++frame.bad_rows;
        }
    }
    frame.rows = rows;
}

NotificationDecoder::NotificationDecoder() : state_(std::make_unique<State>()) {}
NotificationDecoder::~NotificationDecoder() = default;

core::Result<NotificationFrame> NotificationDecoder::decode(std::string_view text) {
    state_->rows.clear();
    simdjson::dom::object root;
    const auto error = state_->parser.parse(text.data(), text.size(), false).get_object().get(root);
    if (error != SUCCESS) {
        return core::fail(ErrorCode::malformed, fmt::format("not a JSON object: {}", simdjson::error_message(error)));
    }
    FieldReader reader(root);
    NotificationFrame frame;
    const auto op = reader.optional_text("op");
    frame.topic = reader.optional_text("topic");
    frame.event = reader.optional_text("event");
    frame.message = reader.optional_text("err-msg");
    const auto sent = reader.integer_if_any("ts");
    frame.time = rest::to_time(sent.value_or(0));
    frame.about = parse_notification_topic(frame.topic);
    const auto code = reader.integer_if_any("err-code").value_or(0);
    using Kind = NotificationFrame::Kind;
    if (op == "ping" && sent) {
        frame.kind = Kind::ping;
        frame.ping = *sent;
    } else if (op == "sub") {
        frame.kind = code == 0 || code == kRepeatedSubscription ? Kind::subscribed : Kind::refused;
    } else if (op == "close" || op == "error") {
        frame.kind = Kind::ending;
    } else if (op == "notify" && frame.about) {
        frame.kind = Kind::data;
        state_->read_rows(root, frame);
    }
    return frame;
}

}  // namespace scanner::exchange::htx::feed
