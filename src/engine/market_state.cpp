#include "engine/market_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <unordered_set>
#include <utility>

namespace scanner::engine {
namespace {

template <class T>
ranking::Exclusion failure_of(const std::string& code, std::string_view input, const InputSlot<T>& slot) {
    const bool malformed = slot.error == core::ErrorCode::malformed;
    return {code, malformed ? "malformed" : "fetch_failed", fmt::format("{}: {}", input, slot.problem)};
}

void keep_moment(market::InputReading& reading, const market::InputReading& before) {
    const bool same = reading.time && reading.time == before.time && reading.true_at && before.true_at;
    if (same && std::chrono::abs(*reading.true_at - *before.true_at) <= kClockJitter) reading.true_at = before.true_at;
}

/// What was true at a moment stays true at that moment (kClockJitter). `before`: what the last reading said.
void keep_moments(market::MarketData& data, const market::Inputs* before) {
    if (before != nullptr) {
        for (const market::Input input : market::kInputs) keep_moment(data.inputs[input], (*before)[input]);
        keep_moment(data.inputs.tape(), before->tape());
    }
    if (const auto time = price_time(data.inputs)) data.data_time = *time;
}

ReadingKey key_of(const ContractState& state) {
    return {.contract = state.contract,
            .ticker = state.ticker.version,
            .book = state.book.version,
            .candles = state.candles.version,
            .series = state.candles.value.all(),
            .candles_follow = state.candles_follow,
            .latency_ms = state.latency_ms,
            .book_subscription = state.book_subscription,
            .tape = state.tape};
}

/// Who told each input, beside how old it is.
void name_sources(market::MarketData& data, const ContractState& state) {
    for (const market::Input input : market::kInputs) data.inputs[input].source = InputSource::rest;
    market::InputReading& book = data.inputs[market::Input::order_book];
    book.source = state.book.received.source;
    book.subscription = state.book_subscription;
    if (state.candles.value.is_last_told()) data.inputs[market::Input::candles].source = InputSource::feed;
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
    ++listing_;
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
    places_.resize(universe_.size());
    std::vector<std::size_t> order(universe_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {},
                      [this](std::size_t i) -> const std::string& { return universe_[i]->contract->contract_code; });
    for (std::size_t place = 0; place < order.size(); ++place) places_[order[place]] = place;
    ++listing_;
    std::erase_if(states_, [&](const auto& entry) { return !codes.contains(entry.first); });
    tickers_ = std::move(tickers.by_contract);
    for (auto& [code, ticker] : tickers_) ticker.time = ticker.time.value_or(tickers.exchange_time);
}

void MarketState::drop_candles_ahead() {
    for (const auto& [code, state] : states_) {
        if (std::exchange(state->candles_ahead, false)) state->candles.value.clear();
    }
}

void MarketState::take(exchange::Bulk<market::FundingRate> rates) {
    lists_.funding = {.bulk = std::move(rates), .problem = {}};
    ++versions_.funding;
}

void MarketState::take(exchange::Bulk<market::OpenInterest> amounts) {
    lists_.open_interest = {.bulk = std::move(amounts), .problem = {}};
    ++versions_.open_interest;
}

void MarketState::take(exchange::Bulk<market::IndexPrice> prices) {
    for (const auto& [code, state] : states_) {
        const auto row = prices.by_contract.find(code);
        if (row != prices.by_contract.end()) state->index.add({row->second, prices.exchange_time});
    }
    lists_.index = {.bulk = std::move(prices), .problem = {}};
    ++versions_.index;
}

void MarketState::fail_funding(std::string why) {
    lists_.funding.problem = std::move(why);
    ++versions_.funding;
}

void MarketState::fail_open_interest(std::string why) {
    lists_.open_interest.problem = std::move(why);
    ++versions_.open_interest;
}

void MarketState::fail_index(std::string why) {
    lists_.index.problem = std::move(why);
    ++versions_.index;
}

bool MarketState::change_funding(const std::string& contract_code, const market::FundingRate& rate) {
    const auto row = lists_.funding.bulk.by_contract.find(contract_code);
    if (row == lists_.funding.bulk.by_contract.end()) return false;
    if (row->second.rate == rate.rate && row->second.funding_time == rate.funding_time) return false;
    row->second = rate;
    ++versions_.funding;
    return true;
}

void MarketState::forget_readings() {
    for (const ContractStatePtr& state : universe_) state->reading.forget();
}

MarketReading MarketState::read(core::WallTime own, core::SteadyTime steady, const InputLimits& limits) {
    const JudgingTime now{.exchange = exchange_clock_.between_passes(own, steady).value_or(own), .own = own};
    if (std::exchange(limits_, limits) != limits) forget_readings();
    MarketReading reading;
    reading.exclusions = left_out_;
    std::vector<const ContractState*> by_code(universe_.size());
    bool followed = false;
    for (std::size_t i = 0; i < universe_.size(); ++i) {
        ContractState& state = *universe_[i];
        renew(state, now, limits);
        if (const auto& reason = state.reading.exclusion()) {
            reading.exclusions.push_back(*reason);
            continue;
        }
        by_code[places_[i]] = &state;
        followed = followed || state.flow != nullptr;
        const auto expires = state.reading.holding().expires_at();
        if (expires && (!reading.next_change_at || *expires < *reading.next_change_at)) {
            reading.next_change_at = expires;
        }
    }
    reading.data.reserve(universe_.size());
    if (followed) reading.flow.reserve(universe_.size());
    for (const ContractState* const state : by_code) {
        if (state == nullptr) continue;
        reading.data.push_back(state->reading.data());
        if (followed) reading.flow.push_back(state->flow);
    }
    return reading;
}

void MarketState::renew(ContractState& state, const JudgingTime& now, const InputLimits& limits) const {
    ReadingKey key = key_of(state);
    KeptReading& kept = state.reading;
    if (kept.holds(key, now)) {
        if (kept.has_lists(versions_)) return;
        if (kept.has_rows(rows(state, limits, kept.priced_at()), versions_)) return;
    }
    read_anew(state, now, limits, std::move(key));
}

void MarketState::read_anew(ContractState& state, const JudgingTime& now, const InputLimits& limits,
                            ReadingKey key) const {
    KeptReading::Made made;
    made.key = std::move(key);
    made.lists = versions_;
    if (auto unread = state.unread()) {
        state.reading.exclude(std::move(made), std::move(*unread));
        return;
    }
    Assembled assembled = assemble(state, now.exchange, made.holding);
    market::MarketData& data = assembled.data;
    made.priced_at = assembled.priced_at;
    const ListRows rows = this->rows(state, limits, made.priced_at);
    made.rows = SeenRows(rows);
    const PriceTimes prices{.traded_at = state.tape.time, .priced_at = assembled.priced_at};
    if (auto reason = judge_inputs(data, rows, now, limits, prices, made.holding)) {
        // What is ahead of now would be taken for complete until its time has come.
        const auto& candles = data.inputs[market::Input::candles];
        state.candles_ahead = candles.time && *candles.time > now.exchange;
        state.reading.exclude(std::move(made), std::move(*reason));
        return;
    }
    name_sources(data, state);
    keep_moments(data, state.reading.published_inputs());
    if (state.candles_follow) {
        // A trade of the next interval moves nothing: its candle is not there yet.
        state.candles.value.follow(data.ticker.last,
                                   std::max(assembled.candles_at, state.tape.time.value_or(assembled.candles_at)));
        data.candles = state.candles.value.all();
        made.key.series = data.candles;
    }
    state.reading.take(std::move(made), std::move(data));
}

ListRows MarketState::rows(const ContractState& state, const InputLimits& limits,
                           const std::optional<core::WallTime>& priced_at) const {
    ListRows rows = rows_of(lists_, state.contract->contract_code);
    if (!limits.max_index_gap || !priced_at || rows.index.value == nullptr) return rows;
    // Of the newest and of those that are remembered the one of the price's own time.
    const IndexRow newest{*rows.index.value, rows.index.list_time};
    const IndexRow* const nearest = state.index.nearest(*priced_at);
    if (nearest == nullptr ||
        std::chrono::abs(newest.time() - *priced_at) <= std::chrono::abs(nearest->time() - *priced_at)) {
        return rows;
    }
    rows.index.value = &nearest->row;
    rows.index.list_time = nearest->list_time;
    return rows;
}

MarketState::Assembled MarketState::assemble(const ContractState& state, core::WallTime exchange_now,
                                             Holding& holding) {
    Assembled assembled;
    market::MarketData& data = assembled.data;
    data.contract = state.contract;
    data.ticker = state.ticker.value;
    const core::WallTime listed = state.ticker.exchange_time;
    holding.not_before(std::max(data.ticker.time.value_or(listed), listed));
    data.ticker.time = worse_of(data.ticker.time.value_or(listed), listed, exchange_now);
    if (state.tape.time) holding.not_before(*state.tape.time);
    const bool traded_since =
        state.tape.time && *state.tape.time > *data.ticker.time && *state.tape.time - exchange_now <= kAheadTolerance;
    if (traded_since) data.ticker.last = state.tape.last;
    // The book's best prices, not the ticker's: they agree with the depth shown.
    const market::OrderBook& book = *state.book.value;
    data.ticker.bid = book.bids.empty() ? std::nullopt : std::optional(book.bids.front());
    data.ticker.ask = book.asks.empty() ? std::nullopt : std::optional(book.asks.front());
    data.order_book = state.book.value;
    // Closed by the answer's own time; not by one that lies ahead of the exchange's clock.
    const core::WallTime answered = state.candles.exchange_time;
    assembled.candles_at = answered;
    if (!state.candles_follow) {
        holding.not_before(answered);
        assembled.candles_at = std::min(answered, exchange_now);
    }
    const CandleSeries::View candles = state.candles.value.view(assembled.candles_at);
    data.candles = candles.candles;
    data.closed_candles = candles.closed;
    // Read after the ticker was made, the running candle's close is the newer last price.
    const bool running = candles.closed < candles.candles->size();
    const core::WallTime priced = traded_since ? *state.tape.time : *data.ticker.time;
    assembled.priced_at = priced;
    if (running && !state.candles_follow && answered > priced) {
        data.ticker.last = candles.candles->back().close;
        assembled.priced_at = answered;
    }
    data.fetch_latency_ms = state.latency_ms;
    return assembled;
}

}  // namespace scanner::engine
