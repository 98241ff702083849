#include "api/rankings/queries.hpp"

#include "api/sample.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace scanner::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FixedLists final : public operators::WatchlistSource {
public:
    [[nodiscard]] std::optional<std::vector<std::string>> contracts(std::string_view name) const override {
        if (name == "majors") return std::vector<std::string>{"BTC-USDT", "ETH-USDT"};
        return std::nullopt;
    }
    [[nodiscard]] std::vector<std::string> names() const override { return {"majors"}; }
};

class Queries : public testing::Test {
protected:
    [[nodiscard]] QueryContext context() const {
        return {.ranking = &ranking_, .watchlists = &lists_, .default_top = 12};
    }
    [[nodiscard]] std::expected<RankingsQuery, Problem> parse(const std::string& query) const {
        return parse_rankings_query(*net::parse_query(query), context());
    }
    /// The names of what is wrong, in order.
    [[nodiscard]] std::vector<std::string> wrong(const std::string& query) const {
        const auto parsed = parse(query);
        std::vector<std::string> names;
        if (parsed) return names;
        EXPECT_EQ(parsed.error().status, 422);
        for (const FieldError& error : parsed.error().errors) names.push_back(error.name);
        return names;
    }

    ranking::Ranking ranking_ = test::make_ranking();
    FixedLists lists_;
};

TEST_F(Queries, fills_in_every_default_from_the_settings) {
    const auto query = parse("");
    ASSERT_TRUE(query);
    EXPECT_EQ(query->top, 12);
    EXPECT_EQ(query->page, 1);
    EXPECT_EQ(query->page_size, 25);
    EXPECT_EQ(query->scoring.profile, "scalp");
    EXPECT_EQ(query->scoring.min_qvol_usdt, 20e6);
    EXPECT_EQ(query->scoring.max_spread_bps, 8.0);
    EXPECT_EQ(query->scoring.notional_usdt, 5'000.0);
    EXPECT_TRUE(query->scoring.include_funding && query->scoring.include_basis && query->scoring.include_carry);
    EXPECT_EQ(query->sort->name, "score");
    EXPECT_FALSE(query->ascending);
    EXPECT_TRUE(is_cycle_scoring(ranking_.settings, query->scoring));
}

TEST_F(Queries, reads_every_parameter) {
    const auto query = parse(
        "top=2000&profile=news&min_qvol=0&max_spread_bps=1e9&notional=1&page=3&page_size=500&min_listed_days=7.5&"
        "include_funding=0&"
        "include_basis=no&include_carry=FALSE&max_manip_score=40.5&exclude_flags=scam_wick,liquidity_wall&"
        "exclude_flags=wash_trade_volume&symbols=btc,ETH%2FUSDT:USDT&symbols=SOLUSDT&watchlist=majors&sort=qvol_usdt&"
        "order=asc&fields=symbol,score&format=json&explain=1&seq=7&_=123");
    ASSERT_TRUE(query) << query.error().detail;
    EXPECT_EQ(query->top, 2'000);
    EXPECT_EQ(query->scoring.profile, "news");
    EXPECT_EQ(query->scoring.min_qvol_usdt, 0.0);
    EXPECT_EQ(query->scoring.notional_usdt, 1.0);
    EXPECT_EQ(query->page_size, 500);
    EXPECT_EQ(query->scoring.min_listed_days, 7.5);
    EXPECT_FALSE(query->scoring.include_funding || query->scoring.include_basis || query->scoring.include_carry);
    EXPECT_EQ(query->selection.max_manip_score, 40.5);
    EXPECT_THAT(query->selection.exclude_flags, ElementsAre("liquidity_wall", "scam_wick", "wash_trade_volume"));
    EXPECT_THAT(*query->selection.symbols, ElementsAre("BTC-USDT", "ETH-USDT", "SOL-USDT"));
    EXPECT_THAT(query->selection.watchlist_codes, ElementsAre("BTC-USDT", "ETH-USDT"));
    EXPECT_EQ(query->sort->name, "qvol_usdt");
    EXPECT_TRUE(query->ascending);
    ASSERT_TRUE(query->fields);
    EXPECT_EQ(query->fields->size(), 2U);
    EXPECT_TRUE(query->explain);
    EXPECT_FALSE(query->csv);
}

TEST_F(Queries, of_a_file_ask_for_all_of_it_unless_they_ask_for_pages) {
    EXPECT_EQ(parse("format=csv&top=2000")->page_size, 2'000);
    EXPECT_EQ(parse("format=csv&page_size=50")->page_size, 50);
    EXPECT_EQ(parse("format=csv&page=2")->page_size, 25);
    EXPECT_EQ(parse("format=json&top=2000")->page_size, 25);
}

TEST_F(Queries, sorts_ranks_and_names_ascending_by_default) {
    EXPECT_TRUE(parse("sort=rank")->ascending);
    EXPECT_TRUE(parse("sort=symbol")->ascending);
    EXPECT_TRUE(parse("sort=age_ms")->ascending);
    EXPECT_FALSE(parse("sort=qvol_usdt")->ascending);
    EXPECT_FALSE(parse("sort=rank&order=desc")->ascending);
}

TEST_F(Queries, names_everything_that_is_wrong) {
    EXPECT_THAT(wrong("top=0&page=0&page_size=501&min_listed_days=-1&min_qvol=-1&max_spread_bps=nan&notional=0.5&max_"
                      "manip_score=101"),
                ElementsAre("top", "page", "page_size", "min_listed_days", "min_qvol", "max_spread_bps", "notional",
                            "max_manip_score"));
    EXPECT_THAT(wrong("profile=Scalp&sort=manip_flags&order=up&format=xml&include_funding=maybe&seq=0&explain=2"),
                ElementsAre("profile", "sort", "order", "format", "include_funding", "seq", "explain"));
    EXPECT_THAT(wrong("fields=symbol,scor&exclude_flags=scamwick&watchlist=mine&symbols=btc,nonesuch,-&topp=3"),
                ElementsAre("fields", "exclude_flags", "watchlist", "symbols", "symbols", "topp"));
    EXPECT_THAT(wrong("symbols=&fields=,&watchlist=&format="), ElementsAre("symbols", "fields", "watchlist", "format"));
    EXPECT_THAT(wrong("format=csv&explain=1"), ElementsAre("explain"));
    EXPECT_THAT(wrong("exclude_flags=&_anything=%20"), ElementsAre());
}

TEST_F(Queries, of_hostile_making_are_refused_by_name) {
    for (const char* value : {"99999999999999999999", "1e2", "0x10", "%2B5", "5%20", "%F0%9F%92%A9", "٣", "true"}) {
        EXPECT_THAT(wrong(std::string("top=") + value), ElementsAre("top")) << value;
        EXPECT_THAT(wrong(std::string("page=") + value), ElementsAre("page")) << value;
    }
    for (const char* value : {"nan", "inf", "-inf", "1e999", "-1e-300", "1_000", "%E2%88%9E"}) {
        EXPECT_THAT(wrong(std::string("min_qvol=") + value), ElementsAre("min_qvol")) << value;
        EXPECT_THAT(wrong(std::string("notional=") + value), ElementsAre("notional")) << value;
    }
    EXPECT_THAT(wrong("top=5&top=6&notional=5&notional=5"), ElementsAre("top", "notional"));
    EXPECT_THAT(wrong("symbols=" + std::string(5000, 'A')), ElementsAre("symbols"));
    EXPECT_TRUE(parse("page=9223372036854775807&page_size=100"));
    EXPECT_TRUE(parse("notional=1e308&min_qvol=1e308"));
}

TEST_F(Queries, say_what_would_be_right) {
    EXPECT_THAT(parse("profile=turbo").error().detail, HasSubstr("scalp, swing, news"));
    EXPECT_THAT(parse("fields=x").error().detail, HasSubstr("price_velocity"));
    EXPECT_THAT(parse("exclude_flags=x").error().detail, HasSubstr("scam_wick"));
    EXPECT_THAT(parse("watchlist=x").error().detail, HasSubstr("majors"));
    EXPECT_THAT(parse("symbols=BTCC").error().detail, HasSubstr("BTC-USDT"));
    EXPECT_THAT(parse("min_volume=5").error().detail, HasSubstr("unknown parameter"));
}

TEST_F(Queries, know_contracts_that_were_left_out_of_the_scan) {
    EXPECT_THAT(*parse("symbols=OLD-USDT,tail")->selection.symbols, ElementsAre("OLD-USDT", "TAIL-USDT"));
}

TEST_F(Queries, without_lists_refuse_any_watchlist) {
    const auto params = *net::parse_query("watchlist=majors");
    const auto query = parse_rankings_query(params, {.ranking = &ranking_});
    ASSERT_FALSE(query);
    EXPECT_THAT(query.error().detail, HasSubstr("there are none"));
}

TEST_F(Queries, are_checked_before_the_first_ranking_too) {
    const QueryContext nothing_yet{};
    EXPECT_TRUE(parse_rankings_query(*net::parse_query("profile=swing&symbols=btc"), nothing_yet));
    EXPECT_FALSE(parse_rankings_query(*net::parse_query("profile=turbo"), nothing_yet));
    EXPECT_FALSE(parse_rankings_query(*net::parse_query("top=0"), nothing_yet));
}

TEST_F(Queries, that_ask_the_same_have_one_canonical_form) {
    const std::string plain = canonical(*parse(""));
    for (const char* same : {"top=12", "min_qvol=2e7", "page=1&page_size=25", "order=desc", "include_carry=yes",
                             "exclude_flags=", "_=5", "format=json", "seq=7"}) {
        const auto query = parse(same);
        ASSERT_TRUE(query) << same;
        EXPECT_EQ(canonical(*query), plain) << same;
    }
    EXPECT_EQ(canonical(*parse("exclude_flags=scam_wick,liquidity_wall")),
              canonical(*parse("exclude_flags=liquidity_wall&exclude_flags=scam_wick")));
    EXPECT_EQ(canonical(*parse("symbols=btc")), canonical(*parse("symbols=BTC%2FUSDT:USDT")));
}

TEST_F(Queries, that_ask_something_else_have_another) {
    std::set<std::string> seen;
    for (const char* query : {"",
                              "top=13",
                              "profile=swing",
                              "min_qvol=1",
                              "max_spread_bps=1",
                              "notional=1",
                              "min_listed_days=1",
                              "page=2",
                              "page_size=26",
                              "include_funding=0",
                              "include_basis=0",
                              "include_carry=0",
                              "max_manip_score=0",
                              "max_manip_score=100",
                              "exclude_flags=scam_wick",
                              "watchlist=majors",
                              "symbols=btc,eth",
                              "symbols=eth,btc",
                              "symbols=btc",
                              "sort=rank",
                              "order=asc",
                              "sort=qvol_usdt",
                              "fields=symbol",
                              "fields=symbol,score",
                              "fields=score,symbol",
                              "format=csv",
                              "explain=1"}) {
        const auto parsed = parse(query);
        ASSERT_TRUE(parsed) << query;
        EXPECT_TRUE(seen.insert(canonical(*parsed)).second) << query;
    }
}

TEST_F(Queries, of_opportunities_have_their_own_bounds) {
    const auto query = parse_opportunities_query({}, context());
    ASSERT_TRUE(query);
    EXPECT_EQ(query->top, 12);
    EXPECT_EQ(query->scoring.notional_usdt, 10'000.0);
    EXPECT_EQ(query->scoring.min_qvol_usdt, 20e6);
    EXPECT_FALSE(parse_opportunities_query(*net::parse_query("top=2001"), context()));
    EXPECT_FALSE(parse_opportunities_query(*net::parse_query("page=1"), context()));
    EXPECT_TRUE(parse_opportunities_query(*net::parse_query("top=2000&notional=1&exclude_flags=scam_wick"), context()));
    EXPECT_FALSE(parse_opportunities_query(*net::parse_query("sort=rank"), context()));
    EXPECT_FALSE(parse_opportunities_query(*net::parse_query("tradable=maybe"), context()));
    std::set<std::string> seen;
    for (const char* text : {"", "sort=reward_risk_net", "sort=confidence", "tradable=1", "tradable=0"}) {
        const auto parsed = parse_opportunities_query(*net::parse_query(text), context());
        ASSERT_TRUE(parsed) << text;
        EXPECT_TRUE(seen.insert(canonical(*parsed)).second) << text;
    }
    EXPECT_TRUE(seen.contains(canonical(*parse_opportunities_query(*net::parse_query("sort=score"), context()))));
}

TEST_F(Queries, bind_to_a_cycle) {
    EXPECT_EQ(bound_sequence(*net::parse_query("seq=12&top=0")), 12U);
    EXPECT_EQ(bound_sequence(*net::parse_query("seq=-1")), std::nullopt);
    EXPECT_EQ(bound_sequence(*net::parse_query("seq=1&seq=2")), std::nullopt);
    EXPECT_EQ(bound_sequence({}), std::nullopt);
}

}  // namespace
}  // namespace scanner::api
