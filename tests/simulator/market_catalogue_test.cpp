#include "simulator/market/catalogue.hpp"
#include "simulator/market_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace scanner::simulator {
namespace {

std::vector<CatalogueEntry> catalogue_of(int contracts, MarketKind kind = MarketKind::real) {
    return build_catalogue(testing::small_market(contracts, 1, kind));
}

const CatalogueEntry& find(const std::vector<CatalogueEntry>& catalogue, std::string_view code) {
    return *std::ranges::find_if(
        catalogue, [code](const CatalogueEntry& entry) { return entry.listing.contract.contract_code == code; });
}

TEST(Catalogue, has_as_many_active_swaps_as_asked_for_and_no_code_twice) {
    for (const int wanted : {1, 2, 8, 130, 353, 400}) {
        const auto catalogue = catalogue_of(wanted);
        std::set<std::string> codes;
        int active = 0;
        for (const auto& entry : catalogue) {
            const auto& contract = entry.listing.contract;
            EXPECT_TRUE(codes.insert(contract.contract_code).second) << contract.contract_code;
            EXPECT_GT(contract.contract_size, 0.0);
            EXPECT_GT(contract.price_tick, 0.0);
            EXPECT_GT(entry.price, 0.0);
            active += entry.active ? 1 : 0;
        }
        EXPECT_EQ(active, wanted);
        EXPECT_EQ(catalogue[0].listing.contract.contract_code, "BTC-USDT");
    }
}

TEST(Catalogue, carries_the_awkward_ones) {
    const auto catalogue = catalogue_of(130);
    EXPECT_EQ(catalogue[1].listing.contract.contract_code, "ETH-USDT");
    EXPECT_EQ(catalogue[0].listing.contract.contract_size, 0.001);
    EXPECT_EQ(catalogue[0].listing.contract.price_tick, 0.1);
    const auto& pepe = find(catalogue, "PEPE-USDT").listing.contract;
    EXPECT_EQ(pepe.contract_size, 1e6);
    EXPECT_EQ(pepe.price_tick, 1e-10);
    EXPECT_EQ(find(catalogue, "龙虾-USDT").listing.contract.symbol, "龙虾/USDT:USDT");
    const auto& xom = find(catalogue, "XOM-USDT").listing;
    EXPECT_TRUE(xom.tradfi_labels.empty());
    EXPECT_EQ(xom.labels, std::vector<std::string>{"stock"});
    EXPECT_EQ(xom.contract.asset_class, market::AssetClass::tradfi);
    EXPECT_EQ(find(catalogue, "CYBER-USDT").listing.contract.status, market::ContractStatus::suspended);
    EXPECT_TRUE(find(catalogue, "CVX-USDT").listing.delisted_ghost);
    EXPECT_TRUE(find(catalogue, "BTC-USDT-261127").listing.dated_future);  // the Friday after the start
    EXPECT_TRUE(find(catalogue, "BTC-USDT-261225").listing.dated_future);  // the last Friday of the quarter
}

TEST(Catalogue, mixes_funding_intervals_and_asset_classes) {
    std::set<int> intervals;
    int tradfi = 0;
    for (const auto& entry : catalogue_of(130)) {
        if (!entry.active) continue;
        intervals.insert(entry.listing.contract.funding_interval_hours);
        tradfi += entry.listing.contract.asset_class == market::AssetClass::tradfi ? 1 : 0;
    }
    EXPECT_EQ(intervals, (std::set<int>{1, 4, 8}));
    EXPECT_GT(tradfi, 35);
    EXPECT_LT(tradfi, 65);
}

TEST(Catalogue, real_market_has_few_deep_contracts_and_a_long_thin_tail) {
    int deep = 0, thin = 0;
    for (const auto& entry : catalogue_of(353)) {
        if (!entry.active) continue;
        deep += entry.profile.turnover_usdt > 20e6 ? 1 : 0;
        thin += entry.profile.turnover_usdt < 0.2e6 ? 1 : 0;
    }
    EXPECT_GE(deep, 2);
    EXPECT_LE(deep, 14);
    EXPECT_GT(thin, 150);
}

TEST(PriceScale, gives_the_decimal_and_not_its_neighbour) {
    EXPECT_EQ(price_from_ticks(848'669, 0.1), 84'866.9);
    EXPECT_EQ(price_from_ticks(98'412, 1e-10), 9.8412e-06);
    EXPECT_EQ(price_from_ticks(13'081, 1.0), 13'081.0);
    EXPECT_EQ(PriceScale(0.01).nearest_ticks(244.63), 24'463);
}

}  // namespace
}  // namespace scanner::simulator
