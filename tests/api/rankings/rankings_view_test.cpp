#include "api/rankings/rankings_view.hpp"

#include "api/sample.hpp"

#include "scanner/signals/numbers.hpp"
#include "scanner/signals/slippage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace scanner::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class Rankings : public testing::Test {
protected:
    [[nodiscard]] RankingsQuery parse(const std::string& query) const {
        const auto parsed = parse_rankings_query(*net::parse_query(query), {.ranking = &ranking_, .default_top = 12});
        EXPECT_TRUE(parsed) << query;
        return *parsed;
    }
    [[nodiscard]] json answer(const std::string& query) const {
        return json::parse(*render_rankings(ranking_, parse(query)).body());
    }
    [[nodiscard]] static std::vector<std::string> symbols(const json& body) {
        std::vector<std::string> names;
        for (const json& item : body["items"]) names.push_back(item["contract_code"]);
        return names;
    }
    [[nodiscard]] static json item(const json& body, const std::string& code) {
        for (const json& candidate : body["items"]) {
            if (candidate["contract_code"] == code) return candidate;
        }
        ADD_FAILURE() << code << " is not in the answer";
        return {};
    }

    ranking::Ranking ranking_ = test::make_ranking();
};

TEST_F(Rankings, show_the_cycles_own_order) {
    const json body = answer("");
    const auto& entries = ranking_.ranked.at("scalp");
    ASSERT_EQ(entries.size(), 4U);
    ASSERT_EQ(body["items"].size(), entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        EXPECT_EQ(body["items"][i]["contract_code"],
                  ranking_.contract(entries[i].contract).data.contract->contract_code);
        EXPECT_EQ(body["items"][i]["rank"], i + 1);
        EXPECT_EQ(body["items"][i]["score"].get<double>(), entries[i].score);
    }
    EXPECT_EQ(body["total"], 4);
    EXPECT_EQ(body["seq"], 7);
    EXPECT_EQ(body["ts"], "2026-11-22T05:24:00.123Z");
    EXPECT_EQ(body["next_scan_at"], "2026-11-22T05:24:15.123Z");
    EXPECT_EQ(body["data_age_ms"], 1'500);
    EXPECT_FALSE(body.contains("simulated"));
    EXPECT_FALSE(body.contains("funnel"));
}

TEST_F(Rankings, items_have_every_documented_field_in_order) {
    const std::string text = *render_rankings(ranking_, parse("")).body();
    const auto body = nlohmann::ordered_json::parse(text);
    std::vector<std::string> names;
    for (const auto& [name, value] : body["items"][0].items()) names.push_back(name);
    EXPECT_THAT(names, ElementsAre("symbol", "contract_code", "rank", "rank_delta", "score", "last_price", "qvol_usdt",
                                   "atr_pct", "spread_bps", "slip_bps", "top5_depth_usdt", "ret_15", "ret_1",
                                   "funding_8h_pct", "funding_rate", "funding_interval_hours", "open_interest",
                                   "basis_bps", "volume_zscore", "order_flow_imbalance", "volatility_regime",
                                   "price_velocity", "anomaly_score", "depth_to_volume_ratio", "liquidity_edge",
                                   "momentum_edge", "volatility_edge", "microstructure_edge", "anomaly_residual",
                                   "manip_score", "manip_flags", "age_ms", "listed_at", "notes"));
}

TEST_F(Rankings, give_null_where_the_exchange_gave_nothing) {
    const json body = answer("");
    const json doge = item(body, "DOGE-USDT");
    EXPECT_TRUE(doge["funding_8h_pct"].is_null());
    EXPECT_TRUE(doge["basis_bps"].is_null());
    EXPECT_TRUE(doge["rank_delta"].is_null());
    EXPECT_NEAR(item(body, "SOL-USDT")["funding_8h_pct"].get<double>(), -0.02, 1e-12);
    EXPECT_EQ(item(body, "BTC-USDT")["age_ms"], 800);
    EXPECT_EQ(item(body, "BTC-USDT")["last_price"], 77'105);
    EXPECT_EQ(item(body, "BTC-USDT")["symbol"], "BTC/USDT:USDT");
}

TEST_F(Rankings, show_what_was_not_measured_as_null) {
    auto specs = test::sample_specs();
    specs.push_back({.code = "NEW-USDT", .last = 3.0, .turnover = 80e6, .drift_pct = 5.0, .candles = 3});
    ranking_ = test::make_ranking(7, test::kNow, test::make_settings(), specs);
    const json body = answer("");
    const json fresh = item(body, "NEW-USDT");
    for (const char* name : {"ret_15", "volume_zscore", "volatility_regime", "price_velocity", "anomaly_score",
                             "momentum_edge", "volatility_edge", "microstructure_edge", "anomaly_residual"}) {
        EXPECT_TRUE(fresh[name].is_null()) << name;
        EXPECT_TRUE(item(body, "BTC-USDT")[name].is_number()) << name;
    }
    EXPECT_TRUE(fresh["ret_1"].is_number() && fresh["score"].is_number());
    ASSERT_EQ(fresh["notes"].size(), 1U);
    EXPECT_THAT(fresh["notes"][0].get<std::string>(), testing::HasSubstr("2 closed candles"));
    EXPECT_EQ(item(body, "BTC-USDT")["notes"], json::array());
    for (const char* order : {"asc", "desc"}) {
        EXPECT_EQ(symbols(answer(std::string("sort=ret_15&order=") + order)).back(), "NEW-USDT") << "null comes last";
    }
    const Rendered csv = render_rankings(ranking_, parse("format=csv&symbols=new&fields=symbol,ret_15,listed_at"));
    EXPECT_EQ(*csv.body(), "symbol,ret_15,listed_at\r\nNEW/USDT:USDT,,2020-10-20T16:00:00.000Z\r\n");
}

TEST_F(Rankings, show_the_raw_rate_beside_the_eight_hour_rate) {
    market::Contract contract = *ranking_.find("SOL-USDT")->data.contract;
    const json sol = item(answer(""), "SOL-USDT");
    EXPECT_EQ(sol["funding_rate"], -0.0002);
    EXPECT_EQ(sol["funding_interval_hours"], contract.funding_interval_hours);
    EXPECT_TRUE(item(answer("include_funding=0"), "SOL-USDT")["funding_rate"].is_null());
    EXPECT_TRUE(item(answer(""), "DOGE-USDT")["funding_rate"].is_null());
}

TEST_F(Rankings, leave_out_what_was_listed_too_recently) {
    const auto listed = [&](const std::string& code, const char* time) {
        ranking::ContractSnapshot& snapshot = edit_contract(ranking_, code);
        market::Contract contract = *snapshot.data.contract;
        contract.listed_at = time == nullptr ? std::nullopt : core::parse_time(time);
        snapshot.data.contract = std::make_shared<const market::Contract>(contract);
        snapshot.numbers.metrics.listed_days = ranking::listed_days_at_least(snapshot.data);
    };
    listed("ETH-USDT", "2026-11-19T00:00:00+08:00");  // three and a half days before, counted from the end of the day
    listed("SOL-USDT", nullptr);
    for (const char* code : {"BTC-USDT", "DOGE-USDT"}) listed(code, "2020-10-21T00:00:00+08:00");
    EXPECT_EQ(answer("min_listed_days=0")["total"], 4) << "any age, known or not";
    EXPECT_THAT(symbols(answer("min_listed_days=2")), UnorderedElementsAre("BTC-USDT", "ETH-USDT", "DOGE-USDT"));
    EXPECT_THAT(symbols(answer("min_listed_days=3")), UnorderedElementsAre("BTC-USDT", "DOGE-USDT"))
        << "it may have been listed when its day ended";
    const json funnel = answer("min_listed_days=30&explain=1")["funnel"];
    EXPECT_EQ(funnel[4]["stage"], "min_listed_days");
    EXPECT_EQ(funnel[4]["in"].get<int>() - funnel[4]["out"].get<int>(), 2);
    EXPECT_EQ(answer("min_listed_days=30")["filters"]["min_listed_days"], 30);
}

TEST_F(Rankings, computed_again_agree_with_the_cycles_own) {
    // An equal scoring that cannot be recognised as the cycle's: no contract has a spread between 8 and 8.1.
    for (const std::string profile : {"scalp", "swing", "news"}) {
        json own = answer("profile=" + profile);
        json again = answer("max_spread_bps=8.1&profile=" + profile);
        own.erase("filters");
        again.erase("filters");
        EXPECT_EQ(own, again);
    }
}

TEST_F(Rankings, echo_every_effective_value) {
    const json plain = answer("")["filters"];
    EXPECT_EQ(plain, json::parse(R"({"top":12,"profile":"scalp","min_qvol":20000000,"max_spread_bps":8,"notional":5000,
        "min_listed_days":0,        "include_funding":true,"include_basis":true,"include_carry":true,"max_manip_score":null,"exclude_flags":[],
        "watchlist":null,"symbols":null,"sort":"score","order":"desc","fields":null})"));
    const json given = answer(
        "symbols=eth&notional=2500.5&max_manip_score=90&exclude_flags=scam_wick&sort=rank&"
        "fields=rank,symbol&include_carry=0")["filters"];
    EXPECT_EQ(given["symbols"], json::parse(R"(["ETH/USDT:USDT"])"));
    EXPECT_EQ(given["notional"], 2500.5);
    EXPECT_EQ(given["max_manip_score"], 90);
    EXPECT_EQ(given["exclude_flags"], json::parse(R"(["scam_wick"])"));
    EXPECT_EQ(given["order"], "asc");
    EXPECT_EQ(given["fields"], json::parse(R"(["rank","symbol"])"));
    EXPECT_EQ(given["include_carry"], false);
}

TEST_F(Rankings, widen_and_narrow_the_rejection) {
    EXPECT_THAT(symbols(answer("min_qvol=0")),
                UnorderedElementsAre("BTC-USDT", "ETH-USDT", "SOL-USDT", "DOGE-USDT", "THIN-USDT"));
    EXPECT_THAT(symbols(answer("min_qvol=0&max_spread_bps=100")),
                UnorderedElementsAre("BTC-USDT", "ETH-USDT", "SOL-USDT", "DOGE-USDT", "THIN-USDT", "WIDE-USDT"));
    EXPECT_THAT(symbols(answer("min_qvol=80e6")), UnorderedElementsAre("BTC-USDT", "ETH-USDT"));
    EXPECT_THAT(symbols(answer("max_spread_bps=0")), ElementsAre());
}

TEST_F(Rankings, walk_the_book_again_for_another_notional) {
    const json small = answer("");
    const json large = answer("notional=150000");
    for (const std::string code : {"BTC-USDT", "SOL-USDT", "DOGE-USDT"}) {
        const auto& book = *ranking_.find(code)->data.order_book;
        const double exact = signals::slippage_bps(book, 150'000.0);
        EXPECT_EQ(item(large, code)["slip_bps"].get<double>(), signals::rounded(exact, signals::significant(6)))
            << code;
    }
    EXPECT_GT(item(large, "SOL-USDT")["slip_bps"], item(small, "SOL-USDT")["slip_bps"]);
    EXPECT_LT(item(large, "SOL-USDT")["score"], item(small, "SOL-USDT")["score"]);
    EXPECT_EQ(item(large, "DOGE-USDT")["slip_bps"], 10'000);  // 48 000 USDT a side
    EXPECT_EQ(item(large, "SOL-USDT")["liquidity_edge"], item(small, "SOL-USDT")["liquidity_edge"]);
}

TEST_F(Rankings, leave_out_parts_of_carry) {
    const auto score = [](const json& body) { return item(body, "SOL-USDT")["score"].get<double>(); };
    const json whole = answer("");
    const json no_funding = answer("include_funding=0");
    const json no_basis = answer("include_basis=0");
    const json no_carry = answer("include_carry=0");
    EXPECT_TRUE(item(no_funding, "SOL-USDT")["funding_8h_pct"].is_null());
    EXPECT_FALSE(item(no_funding, "SOL-USDT")["basis_bps"].is_null());
    EXPECT_TRUE(item(no_basis, "SOL-USDT")["basis_bps"].is_null());
    EXPECT_FALSE(item(no_carry, "SOL-USDT")["funding_8h_pct"].is_null());
    const double funding_part = -0.5 * -0.02;
    EXPECT_NEAR(score(whole) - score(no_funding), funding_part, 2e-4);
    EXPECT_NEAR(score(whole) - score(no_basis), score(no_funding) - score(no_carry), 2e-4);
    EXPECT_EQ(score(answer("include_funding=0&include_basis=0")), score(no_carry));
}

TEST_F(Rankings, select_without_touching_the_ranks) {
    const json all = answer("");
    const json some = answer("symbols=sol,doge");
    EXPECT_THAT(symbols(some), UnorderedElementsAre("SOL-USDT", "DOGE-USDT"));
    EXPECT_EQ(item(some, "SOL-USDT")["rank"], item(all, "SOL-USDT")["rank"]);
    EXPECT_EQ(some["total"], 2);
}

TEST_F(Rankings, filter_by_manipulation) {
    ranking::Ranking flagged = ranking_;
    auto& manipulation = edit_contract(flagged, "ETH-USDT").numbers.manipulation;
    manipulation.manip_score = 55.0;
    manipulation.manip_flags = {*signals::find_manipulation_flag("scam_wick")};
    const auto codes = [&](const std::string& query) {
        return symbols(json::parse(*render_rankings(flagged, parse(query)).body()));
    };
    EXPECT_THAT(codes("max_manip_score=55&symbols=eth"), ElementsAre("ETH-USDT"));
    EXPECT_THAT(codes("max_manip_score=54.99&symbols=eth"), ElementsAre());
    EXPECT_THAT(codes("exclude_flags=scam_wick&symbols=eth"), ElementsAre());
    EXPECT_THAT(codes("exclude_flags=liquidity_wall&symbols=eth"), ElementsAre("ETH-USDT"));
}

TEST_F(Rankings, sort_by_any_field_nulls_last) {
    EXPECT_THAT(symbols(answer("sort=qvol_usdt")), ElementsAre("BTC-USDT", "ETH-USDT", "SOL-USDT", "DOGE-USDT"));
    EXPECT_THAT(symbols(answer("sort=qvol_usdt&order=asc")),
                ElementsAre("DOGE-USDT", "SOL-USDT", "ETH-USDT", "BTC-USDT"));
    EXPECT_THAT(symbols(answer("sort=symbol")), ElementsAre("BTC-USDT", "DOGE-USDT", "ETH-USDT", "SOL-USDT"));
    EXPECT_EQ(symbols(answer("sort=funding_8h_pct")).back(), "DOGE-USDT");
    EXPECT_EQ(symbols(answer("sort=funding_8h_pct&order=asc")).back(), "DOGE-USDT");
    EXPECT_EQ(symbols(answer("sort=funding_8h_pct&order=asc")).front(), "SOL-USDT");
    EXPECT_EQ(symbols(answer("sort=rank")), symbols(answer("")));
}

TEST_F(Rankings, cut_to_top_and_then_page) {
    const auto all = symbols(answer("sort=qvol_usdt"));
    const json first = answer("sort=qvol_usdt&top=3&page_size=2");
    EXPECT_EQ(first["total"], 4) << "what is there, whatever top leaves of it";
    EXPECT_EQ(first["total_after_top"], 3);
    EXPECT_THAT(symbols(first), ElementsAre(all[0], all[1]));
    EXPECT_THAT(symbols(answer("sort=qvol_usdt&top=3&page_size=2&page=2")), ElementsAre(all[2]));
    const json beyond = answer("sort=qvol_usdt&top=3&page_size=2&page=3");
    EXPECT_THAT(symbols(beyond), ElementsAre());
    EXPECT_EQ(beyond["total_after_top"], 3);
    EXPECT_EQ(beyond["page"], 3);
    EXPECT_THAT(symbols(answer("page=9223372036854775807&page_size=100")), ElementsAre());
}

TEST_F(Rankings, show_the_requested_fields_in_their_order) {
    const auto body =
        nlohmann::ordered_json::parse(*render_rankings(ranking_, parse("fields=score,symbol&top=1")).body());
    EXPECT_EQ(body["items"][0].size(), 2U);
    EXPECT_EQ(body["items"][0].begin().key(), "score");
}

TEST_F(Rankings, come_as_csv) {
    const Rendered rendered = render_rankings(ranking_, parse("format=csv&sort=symbol&fields=symbol,rank,qvol_usdt,"
                                                              "funding_8h_pct,manip_flags&symbols=doge,btc"));
    EXPECT_TRUE(rendered.content_type().starts_with("text/csv"));
    const auto rank = [this](const char* code) { return std::to_string(item(answer(""), code)["rank"].get<int>()); };
    EXPECT_EQ(*rendered.body(), "symbol,rank,qvol_usdt,funding_8h_pct,manip_flags\r\nBTC/USDT:USDT," +
                                    rank("BTC-USDT") + ",145000000,0.01," + "\r\nDOGE/USDT:USDT," + rank("DOGE-USDT") +
                                    ",40000000,,\r\n");
}

TEST_F(Rankings, explain_what_each_filter_took) {
    const json body = answer("explain=1&symbols=btc,eth,sol&top=2&max_manip_score=100");
    std::vector<std::string> stages;
    for (const json& stage : body["funnel"]) stages.push_back(stage["stage"]);
    EXPECT_THAT(stages, ElementsAre("inactive", "turnover_rank", "min_qvol", "max_spread_bps", "symbols",
                                    "max_manip_score", "top"));
    EXPECT_EQ(body["funnel"][0]["in"], 8);
    for (std::size_t i = 1; i < body["funnel"].size(); ++i) {
        EXPECT_EQ(body["funnel"][i]["in"], body["funnel"][i - 1]["out"]) << i;
    }
    EXPECT_EQ(body["funnel"][0]["examples"], json::parse(R"(["OLD/USDT:USDT"])"));
    EXPECT_EQ(body["funnel"][2]["examples"], json::parse(R"(["THIN/USDT:USDT"])"));
    EXPECT_EQ(body["funnel"][3]["examples"], json::parse(R"(["WIDE/USDT:USDT"])"));
    EXPECT_EQ(body["funnel"][4]["examples"], json::parse(R"(["DOGE/USDT:USDT"])"));
    EXPECT_EQ(body["funnel"].back()["out"], body["total_after_top"]);
    EXPECT_EQ(body["total"], 3);
}

TEST_F(Rankings, explain_widened_filters_too) {
    const json body = answer("explain=1&min_qvol=0&max_spread_bps=1000");
    EXPECT_EQ(body["funnel"].back()["out"], 6);
    EXPECT_EQ(body["total"], 6);
}

TEST_F(Rankings, of_a_simulated_market_say_so) {
    auto settings = test::make_settings();
    settings.simulated = true;
    const auto simulated = test::make_ranking(1, test::kNow, settings);
    const Rendered rendered = render_rankings(simulated, parse(""));
    EXPECT_EQ(json::parse(*rendered.body())["simulated"], true);
    EXPECT_TRUE(rendered.stamp()->simulated);
}

TEST_F(Rankings, take_carry_from_the_settings_unless_asked) {
    auto settings = test::make_settings();
    settings.include_carry = false;
    ranking_ = test::make_ranking(1, test::kNow, settings);
    EXPECT_EQ(answer("")["filters"]["include_carry"], false);
    EXPECT_NE(item(answer(""), "SOL-USDT")["score"], item(answer("include_carry=1"), "SOL-USDT")["score"]);
}

TEST_F(Rankings, without_a_contract_have_no_age) {
    ranking_ = test::make_ranking(1, test::kNow, test::make_settings(), {});
    const json body = answer("explain=1");
    EXPECT_TRUE(body["data_age_ms"].is_null());
    EXPECT_EQ(body["total"], 0);
    EXPECT_EQ(body["items"], json::array());
}

TEST_F(Rankings, are_a_function_of_their_arguments) {
    const RankingsQuery query = parse("explain=1&top=3");
    const Rendered first = render_rankings(ranking_, query);
    const Rendered second = render_rankings(ranking_, query);
    EXPECT_EQ(*first.body(), *second.body());
    EXPECT_EQ(first.etag(), second.etag());
    EXPECT_NE(first.etag(), render_rankings(test::make_ranking(8), query).etag());
}

}  // namespace
}  // namespace scanner::api
