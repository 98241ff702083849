#include "engine/input_ages.hpp"

#include "engine/scan/book_sequence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

/// What counts as being of now, input by input.
namespace scanner::engine {
namespace {

using market::Input;
using market::InputState;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const core::WallTime kExchange =
    core::from_unix_ms(1'790'000'040'000 / 60'000 * 60'000 + 20'000);  // 20 s into a minute
const core::WallTime kOwn = kExchange + hours(1);                      // ours is wrong

class InputAges : public testing::Test {
protected:
    InputAges() {
        auto contract = std::make_shared<market::Contract>();
        contract->contract_code = "AAA-USDT";
        data_.contract = contract;
        data_.ticker.last = 100.0;
        data_.ticker.time = kExchange - milliseconds(300);
        set_book(99.99, 100.01, kExchange - milliseconds(200));
        set_candles(minutes(0));
        lists_.funding.problem.clear();
        lists_.funding.bulk.exchange_time = kExchange - milliseconds(100);
        lists_.funding.bulk.by_contract["AAA-USDT"] = {.rate = 0.0001, .funding_time = kExchange + hours(3)};
        lists_.open_interest.problem.clear();
        lists_.open_interest.bulk.exchange_time = kExchange - milliseconds(100);
        lists_.open_interest.bulk.by_contract["AAA-USDT"] = {.base_amount = 1000.0, .value_usdt = 1e5};
        lists_.index.problem.clear();
        lists_.index.bulk.exchange_time = kExchange - milliseconds(100);
        lists_.index.bulk.by_contract["AAA-USDT"] = {.price = 100.5, .time = kExchange - milliseconds(900)};
    }
    void set_book(double bid, double ask, core::WallTime time) {
        market::OrderBook book;
        if (bid > 0.0) book.bids = {{bid, 10.0}};
        if (ask > 0.0) book.asks = {{ask, 10.0}};
        book.exchange_time = time;
        data_.order_book = std::make_shared<const market::OrderBook>(std::move(book));
    }
    /// Sixty candles up to the one that runs, as they stood `lag` ago.
    void set_candles(milliseconds lag, double range = 0.1) {
        const std::int64_t running = core::to_unix_ms(kExchange - lag) / 60'000 * 60'000;
        std::vector<market::Candle> candles;
        for (int i = 59; i >= 0; --i) candles.push_back({running - i * 60'000, 100, 100 + range, 100, 100, 1.0});
        data_.closed_candles = lag < minutes(1) ? 59 : 60;
        data_.candles = std::make_shared<const std::vector<market::Candle>>(std::move(candles));
    }
    /// The reason why the contract is left out; "" when it is not.
    std::string reason() {
        const auto excluded = judge_inputs(data_, lists_, {.exchange = kExchange, .own = kOwn}, {});
        detail_ = excluded ? excluded->detail : "";
        return excluded ? excluded->reason : "";
    }
    [[nodiscard]] const market::InputReading& of(Input input) const { return data_.inputs[input]; }

    market::MarketData data_;
    OptionalLists lists_;
    std::string detail_;
};

TEST_F(InputAges, of_a_contract_that_is_well) {
    EXPECT_EQ(reason(), "");
    for (const Input input : market::kInputs) {
        EXPECT_EQ(of(input).state, InputState::live) << to_string(input);
        EXPECT_EQ(of(input).note, "") << to_string(input);
        EXPECT_GT(of(input).limit.count(), 0) << to_string(input);
    }
    EXPECT_EQ(data_.data_time, kOwn - milliseconds(300)) << "the older of ticker and book, by our clock";
    EXPECT_EQ(of(Input::order_book).time, kExchange - milliseconds(200)) << "and by the exchange's";
    EXPECT_EQ(of(Input::candles).time, kExchange - seconds(20)) << "the end of the last closed one";
    EXPECT_EQ(of(Input::index).true_at, kOwn - milliseconds(900)) << "its own time, not its list's";
    EXPECT_EQ(data_.funding_rate, 0.0001);
    EXPECT_EQ(data_.open_interest, 1000.0);
    EXPECT_EQ(data_.index_price, 100.5);
}

TEST_F(InputAges, a_ticker_or_a_book_too_old_or_ahead_leaves_the_contract_out) {
    for (const milliseconds age :
         {milliseconds(90'001), milliseconds(minutes(10)), milliseconds(-5'001), milliseconds(-hours(1))}) {
        data_.ticker.time = kExchange - age;
        EXPECT_EQ(reason(), "stale_ticker") << age.count();
        EXPECT_THAT(detail_, HasSubstr(age.count() > 0 ? "old" : "ahead of the exchange's clock"));
        data_.ticker.time = kExchange;
        set_book(99.99, 100.01, kExchange - age);
        EXPECT_EQ(reason(), "stale_book") << age.count();
        set_book(99.99, 100.01, kExchange);
    }
    for (const milliseconds age : {milliseconds(90'000), milliseconds(-5'000)}) {
        data_.ticker.time = kExchange - age;
        set_book(99.99, 100.01, kExchange - age);
        EXPECT_EQ(reason(), "") << age.count();
        EXPECT_EQ(data_.data_time, kOwn - std::max(age, milliseconds(0))) << "never ahead of now";
    }
}

TEST_F(InputAges, candles_that_stopped_leave_the_contract_out_and_late_ones_do_not) {
    for (const int lag : {0, 1, 2}) {
        set_candles(minutes(lag));
        EXPECT_EQ(reason(), "") << lag << " minutes";
    }
    for (const int lag : {4, 10, 600}) {
        set_candles(minutes(lag));
        EXPECT_EQ(reason(), "stale_candles") << lag << " minutes";
    }
    EXPECT_THAT(detail_, HasSubstr("10.0 h old"));
    set_candles(-minutes(10));
    EXPECT_EQ(reason(), "stale_candles") << "candles of minutes that are yet to come";
    data_.candles = std::make_shared<const std::vector<market::Candle>>();
    data_.closed_candles = 0;
    EXPECT_EQ(reason(), "stale_candles") << "none at all";
    EXPECT_EQ(of(Input::candles).state, InputState::missing);
}

TEST_F(InputAges, the_first_candle_of_a_contract_is_live_while_it_runs) {
    data_.candles = std::make_shared<const std::vector<market::Candle>>(
        std::vector<market::Candle>{{core::to_unix_ms(kExchange) / 60'000 * 60'000, 100, 100, 100, 100, 1.0}});
    data_.closed_candles = 0;
    EXPECT_EQ(reason(), "");
    EXPECT_EQ(of(Input::candles).time, kExchange - seconds(20));
}

TEST_F(InputAges, longer_candles_have_longer_limits_but_not_for_hours) {
    EXPECT_EQ(candle_limit(1), minutes(3));
    EXPECT_EQ(candle_limit(5), minutes(15));
    EXPECT_EQ(candle_limit(60), minutes(90));
    EXPECT_EQ(candle_limit(240), minutes(270));
}

TEST_F(InputAges, what_may_be_missing_becomes_null_with_a_note) {
    lists_.index.bulk.by_contract["AAA-USDT"].time = kExchange - seconds(61);
    lists_.open_interest.bulk.exchange_time = kExchange - seconds(301);
    lists_.funding.bulk.exchange_time = kExchange - seconds(301);
    EXPECT_EQ(reason(), "");
    EXPECT_EQ(data_.index_price, std::nullopt);
    EXPECT_EQ(data_.open_interest, std::nullopt);
    EXPECT_EQ(data_.funding_rate, std::nullopt);
    EXPECT_EQ(of(Input::index).state, InputState::stale);
    EXPECT_THAT(data_.inputs.notes(),
                testing::ElementsAre("index: the index price is 61 s old, the limit is 60 s; it is not used",
                                     HasSubstr("open_interest: "), HasSubstr("funding: ")));
    EXPECT_EQ(data_.data_time, kOwn - milliseconds(300)) << "the age of the contract is that of its prices";
}

TEST_F(InputAges, an_index_or_a_list_ahead_of_the_clock_is_not_used) {
    lists_.index.bulk.by_contract["AAA-USDT"].time = kExchange + minutes(1);
    lists_.open_interest.bulk.exchange_time = kExchange + minutes(1);
    lists_.funding.bulk.exchange_time = kExchange + hours(1);
    EXPECT_EQ(reason(), "");
    EXPECT_EQ(data_.index_price, std::nullopt);
    EXPECT_EQ(data_.open_interest, std::nullopt);
    EXPECT_EQ(data_.funding_rate, std::nullopt);
    EXPECT_THAT(of(Input::index).note, HasSubstr("60 s ahead of the exchange's clock"));
}

TEST_F(InputAges, of_a_row_and_its_list_the_wrong_one_counts) {
    EXPECT_EQ(worse_of(kExchange - seconds(9), kExchange - seconds(1), kExchange), kExchange - seconds(9));
    EXPECT_EQ(worse_of(kExchange - seconds(1), kExchange - seconds(9), kExchange), kExchange - seconds(9));
    EXPECT_EQ(worse_of(kExchange - seconds(1), kExchange + seconds(9), kExchange), kExchange + seconds(9));
    EXPECT_EQ(worse_of(kExchange + seconds(4), kExchange - seconds(1), kExchange), kExchange - seconds(1));
}

TEST_F(InputAges, an_index_from_a_cached_list_is_as_old_as_the_list) {
    lists_.index.bulk.exchange_time = kExchange - minutes(5);
    EXPECT_EQ(reason(), "");
    EXPECT_EQ(data_.index_price, std::nullopt);
}

TEST_F(InputAges, a_rate_of_a_settlement_that_is_over_is_no_rate) {
    auto& funding = lists_.funding.bulk.by_contract["AAA-USDT"];
    for (const auto until : {seconds(-31), seconds(-86'400), seconds(hours(26))}) {
        funding.funding_time = kExchange + until;
        EXPECT_EQ(reason(), "");
        EXPECT_EQ(data_.funding_rate, std::nullopt) << until.count();
        EXPECT_EQ(of(Input::funding).state, InputState::stale);
        EXPECT_THAT(of(Input::funding).note, HasSubstr("settlement"));
    }
    funding.funding_time = kExchange - seconds(20);
    EXPECT_EQ(reason(), "");
    EXPECT_EQ(data_.funding_rate, 0.0001) << "the exchange is about to list the next";
    funding = {.rate = {}, .funding_time = kExchange + hours(3)};
    EXPECT_EQ(reason(), "");
    EXPECT_EQ(of(Input::funding).state, InputState::missing);
}

TEST_F(InputAges, a_list_that_failed_or_lacks_the_contract_is_missing_with_the_reason) {
    lists_.funding.problem = "HTTP 500";
    lists_.index.bulk.by_contract.clear();
    EXPECT_EQ(reason(), "");
    EXPECT_EQ(of(Input::funding).state, InputState::missing);
    EXPECT_EQ(of(Input::funding).note, "HTTP 500");
    EXPECT_EQ(of(Input::index).state, InputState::missing);
    EXPECT_FALSE(of(Input::index).time);
}

TEST_F(InputAges, a_last_price_far_outside_of_the_book_is_not_published) {
    for (const double last : {97.9, 102.1, 1.0, 1e6}) {
        data_.ticker.last = last;
        EXPECT_EQ(reason(), "price_outside_book") << last;
    }
    EXPECT_THAT(detail_, HasSubstr("% outside of the order book"));
    for (const double last : {98.5, 101.5}) {
        data_.ticker.last = last;
        EXPECT_EQ(reason(), "") << last << ": a trade just before the book moved";
    }
}

TEST_F(InputAges, how_far_outside_depends_on_spread_candles_and_time) {
    data_.ticker.last = 104.0;
    EXPECT_EQ(reason(), "price_outside_book");
    set_book(98.0, 102.0, kExchange);
    EXPECT_EQ(reason(), "") << "within the width of a wide book";
    set_book(99.99, 100.01, kExchange);
    set_candles(minutes(0), 2.0);
    EXPECT_EQ(reason(), "") << "minutes that move by 2 % each";
    set_candles(minutes(0));
    auto pump = *data_.candles;
    pump.back().high = 108.0;
    data_.candles = std::make_shared<const std::vector<market::Candle>>(pump);
    EXPECT_EQ(reason(), "") << "a minute that has moved by 8 % already";
    set_candles(minutes(0));
    data_.ticker.last = 103.0;
    EXPECT_EQ(reason(), "price_outside_book");
    data_.ticker.time = kExchange - seconds(60);
    EXPECT_EQ(reason(), "") << "the book is a minute newer";
}

TEST_F(InputAges, a_crossed_or_one_sided_book_is_not_compared_with) {
    data_.ticker.last = 150.0;
    set_book(1000.0, 100.0, kExchange);
    EXPECT_EQ(reason(), "") << "its spread counts as 10 000 bps, which the ranking refuses";
    set_book(0.0, 100.0, kExchange);
    EXPECT_EQ(reason(), "");
}

TEST(BookSequence, a_book_with_a_lower_id_is_older_than_the_newest_whatever_it_claims) {
    BookSequence sequence;
    market::OrderBook book;
    const auto time_of = [&](std::int64_t id, core::WallTime time) {
        book.matching_id = id;
        book.exchange_time = time;
        return sequence.time_of("AAA-USDT", book);
    };
    EXPECT_EQ(time_of(100, kExchange), kExchange);
    EXPECT_EQ(time_of(90, kExchange + seconds(15)), kExchange);
    EXPECT_EQ(time_of(90, kExchange + seconds(30)), kExchange) << "kept by a cache, stamped anew";
    EXPECT_EQ(time_of(101, kExchange + seconds(45)), kExchange + seconds(45));
    EXPECT_EQ(time_of(0, kExchange + seconds(50)), kExchange + seconds(50)) << "without an id";
    EXPECT_EQ(time_of(7, kExchange + seconds(60)), kExchange + seconds(45)) << "ids that begin anew";
    EXPECT_EQ(time_of(9, kExchange + seconds(75)), kExchange + seconds(75)) << "are believed once they grow";
}

}  // namespace
}  // namespace scanner::engine
