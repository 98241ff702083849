#include "app/commands/compute.hpp"

#include "signals/golden_support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace scanner::app {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Outcome {
    int code = -1;
    std::string out;
    std::string err;

    [[nodiscard]] std::vector<Json> lines() const {
        std::vector<Json> result;
        std::istringstream stream(out);
        for (std::string line; std::getline(stream, line);) result.push_back(Json::parse(line));
        return result;
    }
};

Outcome run(const std::string& input) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    Outcome result;
    result.code = run_compute(in, out, err);
    result.out = out.str();
    result.err = err.str();
    return result;
}

/// One contract with a book of one level a side and three candles.
Json contract(const std::string& symbol, double bid = 99.5, double ask = 100.5) {
    return {
        {"symbol", symbol},
        {"ticker", {{"bid", bid}, {"ask", ask}, {"last", 100.0}, {"quote_volume", 3e7}}},
        {"order_book",
         {{"bids", Json::array({Json::array({bid, 100.0})})}, {"asks", Json::array({Json::array({ask, 100.0})})}}},
        {"candles", Json::array({Json::array({60000, 100, 101, 99, 100, 5}), Json::array({120000, 100, 101, 99, 99, 5}),
                                 Json::array({180000, 99, 101, 99, 100, 5})})},
        {"funding_rate", 0.0},
        {"open_interest", nullptr},
        {"index_price", 100.0}};
}

Json cycle(int number, std::vector<Json> symbols) {
    return {{"cycle", number},
            {"settings", {{"notional_usdt", 5000}, {"min_qvol_usdt", 2e7}, {"max_spread_bps", 200}}},
            {"symbols", std::move(symbols)}};
}

/// Recursive comparison of a block with the golden one; `block` and `field` decide the tolerance.
void expect_agrees(const Json& actual, const Json& expected, const std::string& block, const std::string& field) {
    if (expected.is_object()) {
        ASSERT_TRUE(actual.is_object()) << field;
        ASSERT_EQ(actual.size(), expected.size()) << field;
        for (const auto& [key, value] : expected.items()) {
            ASSERT_TRUE(actual.contains(key)) << block << '.' << key;
            expect_agrees(actual[key], value, block.empty() || field.empty() ? key : block, key);
        }
    } else if (expected.is_number()) {
        ASSERT_TRUE(actual.is_number()) << block << '.' << field;
        const double rounding = golden::rounding_of(block, field);
        EXPECT_TRUE(golden::agrees(actual.get<double>(), expected.get<double>(), rounding))
            << block << '.' << field << ": " << actual << " instead of " << expected;
    } else {
        EXPECT_EQ(actual, expected) << block << '.' << field;
    }
}

TEST(Compute, agrees_with_every_golden_cycle) {
    const auto lines = golden::lines();
    if (lines.empty()) GTEST_SKIP() << "no " << golden::path();
    std::string input;
    for (const std::string& line : lines) input += line + "\n";
    const Outcome result = run(input);
    EXPECT_EQ(result.code, 0) << result.err;
    const auto outputs = result.lines();
    ASSERT_EQ(outputs.size(), lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Json wanted = Json::parse(lines[i]);
        EXPECT_EQ(outputs[i]["cycle"], wanted["cycle"]);
        EXPECT_EQ(outputs[i]["rankings"], wanted["rankings"]);
        ASSERT_EQ(outputs[i]["results"].size(), wanted["expected"].size());
        for (std::size_t s = 0; s < wanted["expected"].size(); ++s) {
            SCOPED_TRACE("cycle " + std::to_string(i) + ", contract " + std::to_string(s));
            expect_agrees(outputs[i]["results"][s], wanted["expected"][s], "", "");
        }
    }
}

TEST(Compute, writes_one_line_a_cycle_and_skips_blank_lines) {
    const Outcome result =
        run("\n" + cycle(7, {contract("A"), contract("B")}).dump() + "\r\n  \n" + cycle(8, {}).dump());
    EXPECT_EQ(result.code, 0) << result.err;
    const auto lines = result.lines();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0]["cycle"], 7);
    EXPECT_EQ(lines[0]["rankings"]["scalp"], Json::array({"A", "B"}));  // equal but for the symbol
    EXPECT_EQ(lines[1],
              (Json{{"cycle", 8},
                    {"results", Json::array()},
                    {"rankings", {{"scalp", Json::array()}, {"swing", Json::array()}, {"news", Json::array()}}}}));
}

TEST(Compute, numbers_by_hand) {
    const Outcome result = run(cycle(0, {contract("A")}).dump());
    const Json snapshot = result.lines().at(0)["results"][0]["snapshot"];
    EXPECT_DOUBLE_EQ(snapshot["spread_bps"].get<double>(), 100.0);
    EXPECT_DOUBLE_EQ(snapshot["slip_bps"].get<double>(), 50.0);
    EXPECT_DOUBLE_EQ(snapshot["top5_depth_usdt"].get<double>(), 20'000.0);
    EXPECT_DOUBLE_EQ(snapshot["atr_pct"].get<double>(), 2.0);
    EXPECT_DOUBLE_EQ(snapshot["funding_8h_pct"].get<double>(), 0.0);
    EXPECT_TRUE(snapshot["open_interest"].is_null());
    EXPECT_DOUBLE_EQ(snapshot["basis_bps"].get<double>(), 0.0);
}

TEST(Compute, keeps_each_symbols_memory_from_line_to_line) {
    Json before = contract("A");
    before["open_interest"] = 100;
    Json after = contract("A");
    after["open_interest"] = 110;
    const std::string first = cycle(0, {before, contract("B")}).dump() + "\n";
    // A misses a cycle; what it was before still counts.
    const std::string second = cycle(1, {contract("B")}).dump() + "\n";
    const auto lines = run(first + second + cycle(2, {contract("B"), after}).dump()).lines();
    EXPECT_EQ(lines.at(2)["results"][1]["manipulation_features"]["oi_delta"], 0.1);
    EXPECT_EQ(
        run(cycle(2, {contract("B"), after}).dump()).lines().at(0)["results"][1]["manipulation_features"]["oi_delta"],
        0.0);
}

TEST(Compute, a_missing_side_is_a_spread_too_wide_to_rank) {
    Json empty_side = contract("A");
    empty_side["ticker"]["bid"] = nullptr;
    empty_side["order_book"]["bids"] = Json::array();
    const Json result = run(cycle(0, {empty_side}).dump()).lines().at(0);
    EXPECT_EQ(result["results"][0]["snapshot"]["spread_bps"], 10'000.0);
    EXPECT_EQ(result["results"][0]["snapshot"]["slip_bps"], 10'000.0);
    EXPECT_TRUE(result["results"][0]["profiles"]["scalp"]["score"].is_null());
    EXPECT_EQ(result["results"][0]["profiles"]["scalp"]["components"], Json::object());
    EXPECT_EQ(result["rankings"]["scalp"], Json::array());
}

TEST(Compute, names_the_line_and_the_field_at_fault) {
    struct Case {
        std::string pointer;
        Json value;
        std::string expected;
    };
    const std::vector<Case> cases{
        {"/cycle", "one", "cycle: must be a whole number"},
        {"/cycle", 1.5, "cycle: must be a whole number"},
        {"/cycle", 18446744073709551615U, "cycle: is too large"},
        {"/settings", nullptr, "settings: must be an object, is null"},
        {"/settings/notional_usdt", 0, "settings.notional_usdt: must be greater than 0"},
        {"/settings/max_spread_bps", -1, "settings.max_spread_bps: must not be negative"},
        {"/symbols", Json::object(), "symbols: must be an array"},
        {"/symbols/1", 5, "symbols[1]: must be an object"},
        {"/symbols/1/symbol", "", "symbols[1].symbol: must have 1 to 256 bytes"},
        {"/symbols/1/symbol", "A", "symbols[1].symbol: appears twice"},
        {"/symbols/1/ticker", Json::array(), "symbols[1].ticker: must be an object"},
        {"/symbols/1/ticker/bid", "1", "symbols[1].ticker.bid: must be a number, is a JSON string"},
        {"/symbols/1/ticker/quote_volume", nullptr, "symbols[1].ticker.quote_volume: must be a number, is null"},
        {"/symbols/1/order_book/bids", nullptr, "symbols[1].order_book.bids: must be an array"},
        {"/symbols/1/order_book/asks/0", Json::array({1}), "symbols[1].order_book.asks[0]: must be [price, base size]"},
        {"/symbols/1/order_book/asks/0/0", 0, "symbols[1].order_book.asks[0][0]: must be greater than 0"},
        {"/symbols/1/order_book/asks/0/1", -1, "symbols[1].order_book.asks[0][1]: must not be negative"},
        {"/symbols/1/candles/2", Json::array({1, 2, 3}), "symbols[1].candles[2]: must be [open time ms"},
        {"/symbols/1/candles/2/4", true, "symbols[1].candles[2][4]: must be a number, is a JSON boolean"},
        {"/symbols/1/candles/2/0", "x", "symbols[1].candles[2][0]: must be a whole number"},
        {"/symbols/1/funding_rate", "0.1", "symbols[1].funding_rate: must be a number"},
    };
    const Json good = cycle(0, {contract("A"), contract("B")});
    for (const Case& test : cases) {
        SCOPED_TRACE(test.pointer + " = " + test.value.dump());
        Json bad = good;
        bad[Json::json_pointer(test.pointer)] = test.value;
        const Outcome result = run(good.dump() + "\n" + bad.dump() + "\n");
        EXPECT_EQ(result.code, 1);
        EXPECT_THAT(result.err, StartsWith("line 2: " + test.expected));
        EXPECT_EQ(result.lines().size(), 1U);
    }
}

TEST(Compute, a_missing_number_is_named) {
    Json line = cycle(0, {contract("A")});
    line["symbols"][0]["ticker"].erase("quote_volume");
    EXPECT_EQ(run(line.dump()).err, "line 1: symbols[0].ticker.quote_volume: is missing\n");
}

TEST(Compute, survives_what_is_not_json) {
    const std::string deep(200'000, '[');
    for (const std::string& hostile : {std::string("{"), std::string("nul"), std::string("\xff\xfe{}"),
                                       std::string("{\"cycle\":1e999}"), std::string("{\"cycle\":NaN}"),
                                       std::string("\0\0", 2), deep, std::string("\"") + std::string(100'000, 'x')}) {
        const Outcome result = run(hostile + "\n");
        EXPECT_EQ(result.code, 1);
        EXPECT_THAT(result.err, StartsWith("line 1: not valid JSON: "));
        EXPECT_LT(result.err.size(), 300U);
        EXPECT_EQ(result.out, "");
    }
}

TEST(Compute, extreme_numbers_give_finite_results) {
    Json huge = contract("A");
    huge["ticker"] = {{"bid", 1e308}, {"ask", 1.7e308}, {"last", 1e-308}, {"quote_volume", 1e308}};
    huge["order_book"] = {{"bids", Json::array({Json::array({1e308, 1e308})})},
                          {"asks", Json::array({Json::array({1.7e308, 1e-308})})}};
    huge["candles"] =
        Json::array({Json::array({0, 1e308, 1e308, 0, 1e-308, 1e308}), Json::array({1, 0, 1e308, 0, 1e308, 1e308})});
    huge["index_price"] = 1e-308;
    huge["open_interest"] = -1e308;
    const Outcome result = run(cycle(0, {huge}).dump() + "\n" + cycle(1, {huge}).dump());
    EXPECT_EQ(result.code, 0) << result.err;
    // A number that is not finite would have been written as null.
    for (const auto& line : result.lines()) {
        for (const auto& [name, value] : line["results"][0]["snapshot"].items()) EXPECT_FALSE(value.is_null()) << name;
    }
}

TEST(Compute, results_stop_at_the_first_bad_line_and_checking_does_not) {
    const std::string good = cycle(0, {contract("A")}).dump() + "\n";
    const Outcome result = run(good + "oops\n" + good + "{}\n" + good);
    EXPECT_EQ(result.code, 1);
    EXPECT_EQ(result.lines().size(), 1U);
    EXPECT_THAT(result.err, AllOf(HasSubstr("line 2: not valid JSON"), HasSubstr("line 4: cycle: ")));
}

TEST(Compute, reports_at_most_twenty_problems_and_counts_the_rest) {
    std::string input;
    for (int i = 0; i < 25; ++i) input += "{}\n";
    const Outcome result = run(input);
    EXPECT_THAT(result.err, AllOf(HasSubstr("line 20: "), HasSubstr("5 further lines with problems")));
    EXPECT_EQ(result.err.find("line 21: "), std::string::npos);
}

TEST(Compute, an_output_that_fails_is_an_error) {
    std::istringstream in(cycle(0, {}).dump());
    std::ostringstream out;
    out.setstate(std::ios::badbit);
    std::ostringstream err;
    EXPECT_EQ(run_compute(in, out, err), 1);
    EXPECT_THAT(err.str(), HasSubstr("could not be written"));
}

}  // namespace
}  // namespace scanner::app
