#include "engine/market_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <unordered_set>

namespace scanner::engine {
namespace {

template <class T>
ranking::Exclusion failure_of(const std::string& code, std::string_view input, const InputSlot<T>& slot) {
    const bool malformed = slot.error == core::ErrorCode::malformed;
    return {code, malformed ? "malformed" : "fetch_failed", fmt::format("{}: {}", input, slot.problem)};
}

/// Two clocks that are read one after the other, and one of them slowed down for safety, tell the same moment a little
/// differently each time. What was true at a moment stays true at that moment: else every reading would be a new one.
constexpr std::chrono::milliseconds kClockJitter{20};

void keep_moment(market::InputReading& reading, const market::InputReading& before) {
    const bool same = reading.time && reading.time == before.time && reading.true_at && before.true_at;
    if (same && std::chrono::abs(*reading.true_at - *before.true_at) <= kClockJitter) reading.true_at = before.true_at;
}

void keep_moments(market::MarketData& data, market::Inputs& judged) {
    for (const market::Input input : market::kInputs) keep_moment(data.inputs[input], judged[input]);
    keep_moment(data.inputs.tape(), judged.tape());
    judged = data.inputs;
    if (const auto time = price_time(data.inputs)) data.data_time = *time;
}

/// Who told each input, beside how old it is.
void name_sources(market::MarketData& data, const ContractState& state) {
    for (const market::Input input : market::kInputs) data.inputs[input].source = InputSource::rest;
    market::InputReading& book = data.inputs[market::Input::order_book];
    book.source = state.book.received.source;
    book.subscription = state.book_subscription;
    if (!state.tape.subscription.empty()) {
        data.inputs.tape().source = InputSource::feed;
        data.inputs.tape().subscription = state.tape.subscription;
    }
}

}  // namespace

std::optional<ranking::Exclusion> ContractState::unread() const {
    const std::string& code = contract->contract_code;
    const bool no_book = book.state == SlotState::failed;
    const bool no_candles = candles.state == SlotState::failed;
    if (no_book && (!no_candles || book.received.steady <= candles.received.steady)) {
        return failure_of(code, "order book", book);
    }
    if (no_candles) return failure_of(code, "candles", candles);
    if (book.state == SlotState::awaiting || candles.state == SlotState::awaiting) {
        return ranking::Exclusion{code, "fetch_failed", "the cycle ended before it was read"};
    }
    return std::nullopt;
}

MarketState::MarketState(int candle_interval_minutes, std::size_t candle_count)
    : candle_interval_minutes_(candle_interval_minutes), candle_count_(candle_count) {}

void MarketState::set_candles(int interval_minutes, std::size_t count) {
    if (interval_minutes == candle_interval_minutes_ && count == candle_count_) return;
    candle_interval_minutes_ = interval_minutes;
    candle_count_ = count;
    states_.clear();
}

void MarketState::set_contracts(Contracts listed) {
    contracts_ = std::move(listed);
    for (const auto& contract : contracts_) {
        const auto known = states_.find(contract->contract_code);
        if (known != states_.end() && known->second->contract->contract_size != contract->contract_size) {
            states_.erase(known);
        }
    }
}

ContractStatePtr MarketState::at(const std::shared_ptr<const market::Contract>& contract) {
    ContractStatePtr& state = states_[contract->contract_code];
    // What was counted with another size is wrong by that factor.
    if (!state || state->contract->contract_size != contract->contract_size) {
        state = std::make_shared<ContractState>(contract, candle_interval_minutes_, candle_count_);
    }
    state->contract = contract;
    return state;
}

ContractStatePtr MarketState::find(const std::string& contract_code) const {
    const auto known = states_.find(contract_code);
    return known == states_.end() ? nullptr : known->second;
}

void MarketState::set_universe(Universe universe, exchange::Bulk<market::Ticker> tickers, const Receipt& receipt) {
    universe_.clear();
    std::unordered_set<std::string_view> codes;
    for (Candidate& candidate : universe.candidates) {
        const ContractStatePtr state = at(candidate.contract);
        state->ticker.take(std::move(candidate.ticker), tickers.exchange_time, receipt);
        codes.insert(state->contract->contract_code);
        universe_.push_back(state);
    }
    left_out_ = std::move(universe.exclusions);
    std::erase_if(states_, [&](const auto& entry) { return !codes.contains(entry.first); });
    tickers_ = std::move(tickers.by_contract);
    for (auto& [code, ticker] : tickers_) ticker.time = ticker.time.value_or(tickers.exchange_time);
}

void MarketState::drop_candles_ahead() {
    for (const auto& [code, state] : states_) {
        if (std::exchange(state->candles_ahead, false)) state->candles.value.clear();
    }
}

MarketReading MarketState::read(core::WallTime own, core::SteadyTime steady, const InputLimits& limits) {
    const JudgingTime now{.exchange = exchange_clock_.between_passes(own, steady).value_or(own), .own = own};
    MarketReading reading;
    reading.exclusions = left_out_;
    reading.data.reserve(universe_.size());
    bool followed = false;
    for (const ContractStatePtr& state : universe_) {
        if (auto unread = state->unread()) {
            reading.exclusions.push_back(std::move(*unread));
            continue;
        }
        // Closed by the answer's own time; not by one that lies ahead of the exchange's clock.
        const core::WallTime answered = state->candles.exchange_time;
        const core::WallTime candles_at = state->candles_follow ? answered : std::min(answered, now.exchange);
        market::MarketData data = market_data(*state, candles_at, now.exchange);
        if (auto reason = judge_inputs(data, lists_, now, limits, state->tape.time)) {
            // What is ahead of now would be taken for complete until its time has come.
            const auto& candles = data.inputs[market::Input::candles];
            state->candles_ahead = candles.time && *candles.time > now.exchange;
            reading.exclusions.push_back(std::move(*reason));
            continue;
        }
        name_sources(data, *state);
        keep_moments(data, state->judged);
        if (state->candles_follow) {
            // A trade of the next interval moves nothing: its candle is not there yet.
            state->candles.value.follow(data.ticker.last, std::max(candles_at, state->tape.time.value_or(candles_at)));
            data.candles = state->candles.value.view(candles_at).candles;
        }
        reading.data.push_back(std::move(data));
        followed = followed || state->flow != nullptr;
        reading.flow.push_back(state->flow);
    }
    if (!followed) reading.flow.clear();
    return reading;
}

market::MarketData MarketState::market_data(const ContractState& state, core::WallTime candles_at,
                                            core::WallTime exchange_now) {
    market::MarketData data;
    data.contract = state.contract;
    data.ticker = state.ticker.value;
    const core::WallTime assembled = state.ticker.exchange_time;
    data.ticker.time = worse_of(data.ticker.time.value_or(assembled), assembled, exchange_now);
    const bool traded_since =
        state.tape.time && *state.tape.time > *data.ticker.time && *state.tape.time - exchange_now <= kAheadTolerance;
    if (traded_since) data.ticker.last = state.tape.last;
    // The book's best prices, not the ticker's: they agree with the depth shown.
    const market::OrderBook& book = *state.book.value;
    data.ticker.bid = book.bids.empty() ? std::nullopt : std::optional(book.bids.front());
    data.ticker.ask = book.asks.empty() ? std::nullopt : std::optional(book.asks.front());
    data.order_book = state.book.value;
    const CandleSeries::View candles = state.candles.value.view(candles_at);
    data.candles = candles.candles;
    data.closed_candles = candles.closed;
    // Read after the ticker was made, the running candle's close is the newer last price.
    const bool running = candles.closed < candles.candles->size();
    const core::WallTime priced = traded_since ? *state.tape.time : *data.ticker.time;
    if (running && !state.candles_follow && state.candles.exchange_time > priced) {
        data.ticker.last = candles.candles->back().close;
    }
    data.fetch_latency_ms = state.latency_ms;
    return data;
}

}  // namespace scanner::engine
