#include "exchange/htx/feed/frames/market_frame.hpp"

#include "exchange/htx/feed/frames/book_text.hpp"
#include "exchange/htx/feed/frames/level_text.hpp"
#include "exchange/rest/field_reader.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/net/gzip_inflater.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

namespace scanner::exchange::htx::feed {
namespace {

namespace ondemand = simdjson::ondemand;
using core::ErrorCode;
using simdjson::error_code;
using simdjson::SUCCESS;

static_assert(net::GzipInflater::kPadding >= simdjson::SIMDJSON_PADDING);

// A match rarely has a hundred fills.
constexpr std::size_t kMaxTrades = 10'000;

/// Numbers that are sometimes printed as text.
bool read_number(ondemand::value value, double& out) {
    return value.get_double().get(out) == SUCCESS || value.get_double_in_string().get(out) == SUCCESS;
}

bool read_integer(ondemand::value value, std::int64_t& out) {
    return value.get_int64().get(out) == SUCCESS || value.get_int64_in_string().get(out) == SUCCESS;
}

template <class Before>
bool is_in_order(std::span<const market::Level> levels, Before before) {
    for (std::size_t i = 1; i < levels.size(); ++i) {
        if (!before(levels[i - 1].price, levels[i].price)) return false;
    }
    return true;
}

/// What the tick of one message holds, whatever its topic.
struct Tick {
    std::optional<std::int64_t> version;
    std::int64_t matching_id = 0;
    std::optional<std::int64_t> time;
    std::string_view event;
    bool has_levels = false;
    bool has_trades = false;
    const char* problem = nullptr;
};

}  // namespace

struct MarketFrameDecoder::State {
    error_code read_root(std::string_view text, MarketFrame& frame);
    error_code read_tick(ondemand::value value);
    error_code read_levels(ondemand::value value, LevelList& side);
    error_code read_trades(ondemand::value value);
    error_code read_trade(ondemand::object fields);
    void note(const char* problem) {
        if (tick.problem == nullptr) tick.problem = problem;
    }
    /// Whether it was a book in its usual form; nothing is known of the message otherwise.
    bool read_book(std::string_view text, MarketFrame& frame);
    void finish_data(MarketFrame& frame);
    void start() {
        bids.count = asks.count = 0;
        trades.clear();
        tick = {};
    }
    void finish_book(MarketFrame& frame);

    ondemand::parser parser;
    LevelList bids;
    LevelList asks;
    std::vector<market::Trade> trades;
    Tick tick;
};

// A value of the wrong type is the topic's problem and not the message's: the iteration goes on behind it. Any other
// error is the message's.
error_code MarketFrameDecoder::State::read_levels(ondemand::value value, LevelList& side) {
    tick.has_levels = true;
    ondemand::array levels;
    if (value.get_array().get(levels) != SUCCESS) {
        note("a side is not an array");
        return SUCCESS;
    }
    std::string_view text;
    if (const auto error = levels.raw_json().get(text); error != SUCCESS) return error;
    const char* at = text.data();
    const char* const end = at + text.size();
    const char* problem = feed::read_levels(at, end, side);
    while (problem == nullptr && at != end && std::string_view(" \t\n\r").contains(*at)) ++at;
    if (problem == nullptr && at != end) problem = "something behind the levels of a side";
    if (problem != nullptr) note(problem);
    return SUCCESS;
}

error_code MarketFrameDecoder::State::read_trade(ondemand::object fields) {
    market::Trade trade;
    std::int64_t time = 0;
    bool sound = true;
    for (auto field : fields) {
        ondemand::raw_json_string key;
        ondemand::value value;
        if (const auto error = field.key().get(key); error != SUCCESS) return error;
        if (const auto error = field.value().get(value); error != SUCCESS) return error;
        if (key == "id") {
            sound = read_integer(value, trade.trade_id) && sound;
        } else if (key == "price") {
            sound = read_number(value, trade.price) && sound;
        } else if (key == "amount") {  // contracts, both sides counted
            sound = read_number(value, trade.size) && sound;
        } else if (key == "ts") {
            sound = read_integer(value, time) && sound;
        } else if (key == "direction") {
            std::string_view direction;
            if (value.get_string().get(direction) == SUCCESS) {
                trade.taker_side = direction == "buy"    ? market::Side::buy
                                   : direction == "sell" ? market::Side::sell
                                                         : market::Side::unknown;  // HTX itself has sent ""
            }
        }
    }
    const auto when = rest::to_time(time);
    if (!sound || trade.trade_id <= 0) {
        note("a trade without a readable id, price, amount or time");
    } else if (!core::is_finite_positive(trade.price) || !core::is_finite_positive(trade.size)) {
        note("a trade whose price or amount is not > 0");
    } else if (!when) {
        note("a trade whose time is none in milliseconds");
    } else if (trades.size() == kMaxTrades) {
        note("more trades than a match has");
    } else {
        trade.time = *when;
        trades.push_back(trade);
    }
    return SUCCESS;
}

error_code MarketFrameDecoder::State::read_trades(ondemand::value value) {
    tick.has_trades = true;
    ondemand::array fills;
    if (value.get_array().get(fills) != SUCCESS) {
        note("data is not an array");
        return SUCCESS;
    }
    for (auto entry : fills) {
        ondemand::object fields;
        if (const auto error = entry.get_object().get(fields); error != SUCCESS) {
            if (error != simdjson::INCORRECT_TYPE) return error;
            note("a trade is not an object");
            continue;
        }
        if (const auto error = read_trade(fields); error != SUCCESS) return error;
    }
    return SUCCESS;
}

error_code MarketFrameDecoder::State::read_tick(ondemand::value value) {
    ondemand::object fields;
    if (value.get_object().get(fields) != SUCCESS) {
        note("tick is not an object");
        return SUCCESS;
    }
    for (auto field : fields) {
        ondemand::raw_json_string key;
        ondemand::value inner;
        if (const auto error = field.key().get(key); error != SUCCESS) return error;
        if (const auto error = field.value().get(inner); error != SUCCESS) return error;
        error_code error = SUCCESS;
        std::int64_t number = 0;
        if (key == "asks") {
            error = read_levels(inner, asks);
        } else if (key == "bids") {
            error = read_levels(inner, bids);
        } else if (key == "data") {
            error = read_trades(inner);
        } else if (key == "version") {
            if (read_integer(inner, number)) tick.version = number;
        } else if (key == "mrid") {
            if (read_integer(inner, number)) tick.matching_id = number;
        } else if (key == "ts") {
            if (read_integer(inner, number)) tick.time = number;
        } else if (key == "event") {
            if (inner.get_string().get(tick.event) != SUCCESS) note("event is not text");
        }
        if (error != SUCCESS) return error;
    }
    return SUCCESS;
}

error_code MarketFrameDecoder::State::read_root(std::string_view text, MarketFrame& frame) {
    ondemand::document document;
    const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + net::GzipInflater::kPadding);
    if (const auto error = parser.iterate(padded).get(document); error != SUCCESS) return error;
    ondemand::object root;
    if (const auto error = document.get_object().get(root); error != SUCCESS) return error;
    std::string_view status;
    using Kind = MarketFrame::Kind;
    for (auto field : root) {
        ondemand::raw_json_string key;
        ondemand::value value;
        if (const auto error = field.key().get(key); error != SUCCESS) return error;
        if (const auto error = field.value().get(value); error != SUCCESS) return error;
        error_code error = SUCCESS;
        std::int64_t number = 0;
        if (key == "ch") {
            if (value.get_string().get(frame.topic) == SUCCESS) frame.kind = Kind::data;
        } else if (key == "tick") {
            error = read_tick(value);
        } else if (key == "ts") {
            if (read_integer(value, number)) frame.time = rest::to_time(number);
        } else if (key == "ping") {
            if (read_integer(value, frame.ping)) frame.kind = Kind::ping;
        } else if (key == "subbed") {
            if (value.get_string().get(frame.topic) == SUCCESS) frame.kind = Kind::subscribed;
        } else if (key == "unsubbed") {
            if (value.get_string().get(frame.topic) == SUCCESS) frame.kind = Kind::unsubscribed;
        } else if (key == "status") {
            static_cast<void>(value.get_string().get(status));
        } else if (key == "id") {
            static_cast<void>(value.get_string().get(frame.id));
        } else if (key == "err-msg") {
            static_cast<void>(value.get_string().get(frame.message));
        }
        if (error != SUCCESS) return error;
    }
    if (status == "error") frame.kind = Kind::error;
    // Anything behind the object would be a second message in one, which none of this exchange's are.
    const char* behind = nullptr;
    return document.current_location().get(behind) == simdjson::OUT_OF_BOUNDS ? SUCCESS : simdjson::TAPE_ERROR;
}

bool MarketFrameDecoder::State::read_book(std::string_view text, MarketFrame& frame) {
    BookText book;
    if (!read_book_text(text, book, bids, asks)) return false;
    frame.kind = MarketFrame::Kind::data;
    frame.topic = book.topic;
    if (book.sent) frame.time = rest::to_time(*book.sent);
    tick.version = book.version;
    tick.matching_id = book.matching_id.value_or(0);
    tick.time = book.time;
    tick.event = book.event;
    tick.has_levels = true;
    return true;
}

void MarketFrameDecoder::State::finish_book(MarketFrame& frame) {
    const auto time = rest::to_time(tick.time.value_or(0));
    const bool whole = tick.event == "snapshot";
    if (!whole && tick.event != "update") return note("a book that is neither snapshot nor update");
    if (!tick.version || *tick.version <= 0) return note("a book without a version");
    if (!time) return note("a book whose time is none in milliseconds");
    if (whole) {
        if (!is_in_order(bids.all(), std::ranges::greater()) || !is_in_order(asks.all(), std::ranges::less())) {
            return note("a snapshot whose prices are not in order");
        }
    }
    frame.book = BookTick{.whole = whole,
                          .version = *tick.version,
                          .matching_id = tick.matching_id,
                          .time = *time,
                          .bids = bids.all(),
                          .asks = asks.all()};
}

void MarketFrameDecoder::State::finish_data(MarketFrame& frame) {
    if (tick.problem == nullptr && (tick.has_levels || !tick.event.empty())) finish_book(frame);
    if (tick.problem == nullptr && tick.has_trades) frame.trades = trades;
    if (tick.problem == nullptr && !frame.book && frame.trades.empty()) note("neither levels nor trades");
    frame.problem = tick.problem;
    if (frame.problem != nullptr) frame.book.reset();
}

MarketFrameDecoder::MarketFrameDecoder() : state_(std::make_unique<State>()) {}
MarketFrameDecoder::~MarketFrameDecoder() = default;

core::Result<MarketFrame> MarketFrameDecoder::decode(std::string_view text) {
    state_->start();
    MarketFrame frame;
    if (!state_->read_book(text, frame)) return decode_as_json(text);
    state_->finish_data(frame);
    return frame;
}

core::Result<MarketFrame> MarketFrameDecoder::decode_as_json(std::string_view text) {
    state_->start();
    MarketFrame frame;
    if (const auto error = state_->read_root(text, frame); error != SUCCESS) {
        return core::fail(ErrorCode::malformed, fmt::format("not a JSON object: {}", simdjson::error_message(error)));
    }
    if (frame.kind == MarketFrame::Kind::data) state_->finish_data(frame);
    return frame;
}

}  // namespace scanner::exchange::htx::feed
