#include "engine/input_ages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace scanner::engine {
namespace {

using market::Input;
using market::InputReading;
using market::InputState;
using std::chrono::milliseconds;

/// How far the last price may lie outside of the book, as a share of the middle: what a trade just before the book
/// moved would make it. It doubles with each minute between the two, and is never less than the spread, three ordinary
/// candles or the widest of the newest ones: in the middle of a pump a price is not taken for an error.
constexpr double kOutsideBook = 0.02;
constexpr double kOutsideCandles = 3.0;
constexpr std::size_t kOrdinaryCandles = 15;
constexpr std::size_t kNewestCandles = 5;
/// No interval of funding is longer.
constexpr std::chrono::hours kMaxFundingInterval{25};

/// Above it ages are told in hours.
constexpr std::chrono::seconds kSpokenInSeconds{7'200};

std::string span_text(milliseconds span) {
    const double seconds = static_cast<double>(span.count()) / 1000.0;
    return span < kSpokenInSeconds ? fmt::format("{:.0f} s", std::floor(seconds))
                                   : fmt::format("{:.1f} h", seconds / 3600.0);
}

/// Judges times by the exchange's clock.
class Judge {
public:
    Judge(const JudgingTime& now, market::Inputs& inputs, Holding& holding)
        : now_(now), inputs_(inputs), holding_(holding) {}

    /// `what`, of the exchange, stood like this at `time`; `consequence` ends the note of a value that is not used.
    void at(Input input, std::optional<core::WallTime> time, milliseconds limit, std::string_view what,
            std::string_view consequence) {
        InputReading& reading = inputs_[input];
        judge(reading, time, limit, what, consequence);
        if (reading.state == InputState::stale) says_age(now_.exchange - *time);
    }
    /// The tape as well: nothing is said of one that rests.
    void tape(std::optional<core::WallTime> traded_at, milliseconds limit) {
        judge(inputs_.tape(), traded_at, limit, "the last trade", "");
        inputs_.tape().note.clear();
    }

    /// A note that is written now says the age of something, in whole seconds while it is not old.
    void says_age(milliseconds age) {
        constexpr milliseconds kSecond{1'000};
        const bool in_seconds = age >= milliseconds(0) && age + kSecond < kSpokenInSeconds;
        const milliseconds left = in_seconds ? kSecond - age % kSecond - milliseconds(1) : milliseconds(0);
        holding_.reads_until(now_.exchange + left);
    }
    [[nodiscard]] Holding& holding() { return holding_; }

    void judge(InputReading& reading, std::optional<core::WallTime> time, milliseconds limit, std::string_view what,
               std::string_view consequence) {
        reading = InputReading{.limit = limit};
        if (!time) return;
        const milliseconds age = now_.exchange - *time;
        reading.time = time;
        holding_.not_before(*time);
        if (age <= limit) holding_.expires_after(*time + limit);
        reading.state = age >= -kAheadTolerance && age <= limit ? InputState::live : InputState::stale;
        // A little ahead is now: two of the exchange's clocks, or an answer that overtook the others.
        reading.true_at = now_.own - (reading.state == InputState::live ? std::max(age, milliseconds(0)) : age);
        if (reading.state == InputState::live) return;
        const std::string when = age > limit
                                     ? fmt::format("is {} old, the limit is {}", span_text(age), span_text(limit))
                                     : fmt::format("is dated {} ahead of the exchange's clock", span_text(-age));
        reading.note = fmt::format("{} {}{}", what, when, consequence);
    }

    /// A list for all contracts, and this contract's row in it, whose own time may be older. The row where it may be
    /// used.
    template <class T>
    const T* row(Input input, const ListRow<T>& row, milliseconds limit, std::string_view what) {
        InputReading& reading = inputs_[input] = InputReading{.limit = limit};
        if (!row.problem.empty()) {
            reading.note = row.problem;
            return nullptr;
        }
        if (row.value == nullptr) {
            reading.note = "the exchange's list does not have it";
            return nullptr;
        }
        at(input, time_of(*row.value, row.list_time), limit, what, "; it is not used");
        return reading.state == InputState::live ? row.value : nullptr;
    }

    [[nodiscard]] const JudgingTime& now() const { return now_; }

private:
    [[nodiscard]] core::WallTime time_of(const market::IndexPrice& row, core::WallTime list) {
        holding_.not_before(std::max(row.time, list));
        return worse_of(row.time, list, now_.exchange);
    }
    template <class T>
    [[nodiscard]] core::WallTime time_of(const T&, core::WallTime list) {
        return list;
    }

    const JudgingTime& now_;
    market::Inputs& inputs_;
    Holding& holding_;
};

/// What the candles are true of: the end of the last closed one, or the beginning of a contract's very first.
std::optional<core::WallTime> candle_time(const market::MarketData& data, int interval_minutes) {
    if (data.candles == nullptr || data.candles->empty()) return std::nullopt;
    const auto& candles = *data.candles;
    if (data.closed_candles == 0) return core::from_unix_ms(candles.front().open_time_ms);
    const std::size_t last = std::min(data.closed_candles, candles.size()) - 1;
    return core::from_unix_ms(candles[last].open_time_ms) + std::chrono::minutes(interval_minutes);
}

/// How far the price may well have moved, by the ranges of its candles.
double usual_move(const market::MarketData& data) {
    if (data.candles == nullptr) return 0.0;
    const std::span<const market::Candle> all(*data.candles);
    double move = 0.0;
    for (const market::Candle& candle : all.last(std::min(kNewestCandles, all.size()))) {
        move = std::max(move, candle.high - candle.low);
    }
    const auto closed = all.first(std::min(data.closed_candles, all.size()));
    const auto recent = closed.last(std::min(kOrdinaryCandles, closed.size()));
    if (recent.empty()) return move;
    double sum = 0.0;
    for (const market::Candle& candle : recent) sum += candle.high - candle.low;
    return std::max(move, kOutsideCandles * sum / static_cast<double>(recent.size()));
}

/// What is odd about a last price that lies too far from the book's best prices; empty where it does not, or where the
/// book cannot tell: one without a side, or crossed, has no middle (its spread counts as 10 000 bps).
std::string outside_book(const market::MarketData& data) {
    const market::OrderBook& book = *data.order_book;
    if (book.bids.empty() || book.asks.empty()) return {};
    const double bid = book.bids.front().price;
    const double ask = book.asks.front().price;
    if (!(bid < ask)) return {};
    const auto apart = std::chrono::abs(book.exchange_time - data.ticker.time.value_or(book.exchange_time));
    const double minutes = std::chrono::duration<double, std::ratio<60>>(apart).count();
    const double mid = bid / 2 + ask / 2;
    const double tolerance = std::max({kOutsideBook * mid, ask - bid, usual_move(data)}) * (1.0 + minutes);
    const double last = data.ticker.last;
    if (last >= bid - tolerance && last <= ask + tolerance) return {};
    return fmt::format("the last price {} lies {:.2f} % outside of the order book ({} to {})", last,
                       100.0 * (last < bid ? bid - last : last - ask) / mid, bid, ask);
}

void judge_funding(market::MarketData& data, Judge& judge, const ListRow<market::FundingRate>& row) {
    const auto* const funding = judge.row(Input::funding, row, kFundingLimit, "the list of rates");
    if (funding == nullptr) return;
    InputReading& reading = data.inputs[Input::funding];
    if (!funding->rate) {
        reading.state = InputState::missing;
        reading.note = "the exchange gives no rate";
        return;
    }
    const milliseconds until = funding->funding_time.value_or(judge.now().exchange) - judge.now().exchange;
    if (until >= -kSettlementGrace && until <= kMaxFundingInterval) {
        data.funding_rate = funding->rate;
        if (funding->funding_time) judge.holding().expires_after(*funding->funding_time + kSettlementGrace);
        return;
    }
    reading.state = InputState::stale;
    judge.says_age(-until);
    reading.note = until < milliseconds(0)
                       ? fmt::format("the rate is that of a settlement {} ago; it is not used", span_text(-until))
                       : fmt::format("the rate is that of a settlement {} ahead; it is not used", span_text(until));
}

/// A basis compares two prices of one moment.
void leave_out_of_step_index(market::MarketData& data, milliseconds max_gap, const PriceTimes& prices) {
    market::Inputs& inputs = data.inputs;
    std::optional<core::WallTime> priced = inputs[Input::ticker].time;
    if (inputs.tape().state == InputState::live) priced = std::max(priced, inputs.tape().time);
    priced = std::max(priced, prices.priced_at);
    const std::optional<core::WallTime>& index = inputs[Input::index].time;
    if (!priced || !index || std::chrono::abs(*priced - *index) <= max_gap) return;
    data.index_price.reset();
    inputs[Input::index].note = fmt::format("more than {} from the last price in time; no basis", span_text(max_gap));
}

}  // namespace

milliseconds candle_limit(int interval_minutes) {
    const milliseconds interval = std::chrono::minutes(interval_minutes);
    return std::min<milliseconds>(3 * interval, interval + std::chrono::minutes(30));
}

core::WallTime worse_of(core::WallTime row, core::WallTime list, core::WallTime exchange_now) {
    const core::WallTime later = std::max(row, list);
    return later - exchange_now > kAheadTolerance ? later : std::min(row, list);
}

std::optional<core::WallTime> price_time(const market::Inputs& inputs) {
    const InputReading& tape = inputs.tape();
    std::optional<core::WallTime> priced = inputs[Input::ticker].true_at;
    if (priced && tape.state == InputState::live) priced = std::max(priced, tape.true_at);
    const auto& book = inputs[Input::order_book].true_at;
    if (!priced || !book) return std::nullopt;
    return std::min(*priced, *book);
}

ListRows rows_of(const OptionalLists& lists, const std::string& code) {
    return {.funding = row_of(lists.funding, code),
            .open_interest = row_of(lists.open_interest, code),
            .index = row_of(lists.index, code)};
}

std::optional<ranking::Exclusion> judge_inputs(market::MarketData& data, const OptionalLists& lists,
                                               const JudgingTime& now, const InputLimits& limits) {
    Holding once;
    return judge_inputs(data, rows_of(lists, data.contract->contract_code), now, limits, {}, once);
}

std::optional<ranking::Exclusion> judge_inputs(market::MarketData& data, const ListRows& rows, const JudgingTime& now,
                                               const InputLimits& limits, const PriceTimes& prices, Holding& holding) {
    const std::string& code = data.contract->contract_code;
    Judge judge(now, data.inputs, holding);
    judge.tape(prices.traded_at, limits.price);
    const bool priced_by_tape = data.inputs.tape().state == InputState::live && prices.traded_at >= data.ticker.time;
    judge.at(Input::ticker, data.ticker.time, priced_by_tape ? std::max(limits.price, kTurnoverLimit) : limits.price,
             "the ticker", "");
    judge.at(Input::order_book, data.order_book->exchange_time, limits.price, "the order book", "");
    judge.at(Input::candles, candle_time(data, limits.candle_interval_minutes),
             candle_limit(limits.candle_interval_minutes), "the newest closed candle", "");
    if (data.inputs[Input::candles].state == InputState::missing) {
        data.inputs[Input::candles].note = "the exchange has none";
    }
    data.funding_rate.reset();
    data.open_interest.reset();
    data.index_price.reset();
    judge_funding(data, judge, rows.funding);
    if (const auto* interest = judge.row(Input::open_interest, rows.open_interest, kOpenInterestLimit, "the list")) {
        data.open_interest = interest->base_amount;
    }
    if (const auto* index = judge.row(Input::index, rows.index, kIndexLimit, "the index price")) {
        data.index_price = index->price;
    }
    if (data.index_price && limits.max_index_gap) leave_out_of_step_index(data, *limits.max_index_gap, prices);
    const auto true_at = [&](Input input) { return data.inputs[input].true_at.value_or(now.own); };
    data.data_time = price_time(data.inputs).value_or(std::min(true_at(Input::ticker), true_at(Input::order_book)));

    const auto because = [&](std::string_view reason, std::string detail) {
        return ranking::Exclusion{code, std::string(reason), std::move(detail)};
    };
    for (const auto& [input, reason] :
         {std::pair(Input::ticker, "stale_ticker"), std::pair(Input::order_book, "stale_book")}) {
        if (data.inputs[input].state == InputState::stale) return because(reason, data.inputs[input].note);
    }
    if (std::string odd = outside_book(data); !odd.empty()) return because("price_outside_book", std::move(odd));
    if (data.inputs[Input::candles].state != InputState::live) {
        return because("stale_candles", data.inputs[Input::candles].note);
    }
    return std::nullopt;
}

}  // namespace scanner::engine
