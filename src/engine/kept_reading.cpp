#include "engine/kept_reading.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace scanner::engine {
namespace {

bool same_row(const market::FundingRate& left, const market::FundingRate& right) {
    return left.rate == right.rate && left.funding_time == right.funding_time;
}
bool same_row(const market::OpenInterest& left, const market::OpenInterest& right) {
    return left.base_amount == right.base_amount;
}
bool same_row(const market::IndexPrice& left, const market::IndexPrice& right) {
    return left.price == right.price && left.time == right.time;
}

/// Every moment of a reading as the exchange and as we tell it.
template <class Take>
void each_moment(const market::Inputs& inputs, const Take& take) {
    const auto moment = [&take](const market::InputReading& reading) {
        if (reading.time && reading.true_at) take(*reading.time, *reading.true_at);
    };
    for (const market::Input input : market::kInputs) moment(inputs[input]);
    moment(inputs.tape());
}

}  // namespace

template <class T>
SeenRows::Seen<T> SeenRows::seen(const ListRow<T>& row) {
    Seen<T> seen{.value = std::nullopt, .list_time = row.list_time, .problem = std::string(row.problem)};
    if (row.value != nullptr) seen.value = *row.value;
    return seen;
}

template <class T>
bool SeenRows::same(const Seen<T>& seen, const ListRow<T>& row) {
    if (seen.problem != row.problem || seen.value.has_value() != (row.value != nullptr)) return false;
    return row.value == nullptr || (seen.list_time == row.list_time && same_row(*seen.value, *row.value));
}

SeenRows::SeenRows(const ListRows& rows)
    : funding_(seen(rows.funding)), open_interest_(seen(rows.open_interest)), index_(seen(rows.index)) {}

bool SeenRows::same_as(const ListRows& rows) const {
    return same(funding_, rows.funding) && same(open_interest_, rows.open_interest) && same(index_, rows.index);
}

bool KeptReading::holds(const ReadingKey& key, const JudgingTime& now) const {
    const std::chrono::milliseconds skew = now.own - now.exchange;
    return is_made_ && made_.holding.at(now.exchange) && skew >= least_skew_ && skew <= greatest_skew_ &&
           made_.key == key;
}

bool KeptReading::has_rows(const ListRows& rows, const ListVersions& lists) {
    if (!made_.rows.same_as(rows)) return false;
    made_.lists = lists;
    return true;
}

void KeptReading::take(Made made, market::MarketData data) {
    made_ = std::move(made);
    is_made_ = true;
    exclusion_.reset();
    if (last_ == nullptr || *last_ != data) last_ = std::make_shared<const market::MarketData>(std::move(data));
    data_ = last_;
    least_skew_ = std::chrono::milliseconds::min();
    greatest_skew_ = std::chrono::milliseconds::max();
    each_moment(data_->inputs, [&](core::WallTime time, core::WallTime true_at) {
        least_skew_ = std::max(least_skew_, true_at - time - kClockJitter);
        greatest_skew_ = std::min(greatest_skew_, true_at - time + kClockJitter);
    });
}

void KeptReading::exclude(Made made, ranking::Exclusion exclusion) {
    made_ = std::move(made);
    is_made_ = true;
    data_.reset();
    exclusion_ = std::move(exclusion);
    least_skew_ = std::chrono::milliseconds::min();
    greatest_skew_ = std::chrono::milliseconds::max();
}

}  // namespace scanner::engine
