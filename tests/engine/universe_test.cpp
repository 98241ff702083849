#include "engine/universe.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace scanner::engine {
namespace {

using market::AssetClass;
using market::Contract;
using market::ContractStatus;
using market::Ticker;

struct Listing {
    std::vector<std::shared_ptr<const Contract>> contracts;
    std::unordered_map<std::string, Ticker> tickers;

    void add(const std::string& code, double turnover, ContractStatus status = ContractStatus::listed,
             AssetClass asset_class = AssetClass::crypto) {
        Contract contract;
        contract.contract_code = code;
        contract.status = status;
        contract.asset_class = asset_class;
        contracts.push_back(std::make_shared<const Contract>(contract));
        Ticker ticker;
        ticker.contract_code = code;
        ticker.turnover_24h = turnover;
        tickers[code] = ticker;
    }
};

std::vector<std::string> codes(const Universe& universe) {
    std::vector<std::string> names;
    for (const Candidate& candidate : universe.candidates) names.push_back(candidate.contract->contract_code);
    return names;
}

std::string reason_for(const Universe& universe, const std::string& code) {
    for (const ranking::Exclusion& exclusion : universe.exclusions) {
        if (exclusion.contract_code == code) return exclusion.reason;
    }
    return "";
}

TEST(Universe, orders_by_turnover_then_code_and_cuts_at_the_top) {
    Listing listing;
    listing.add("C-USDT", 5.0);
    listing.add("B-USDT", 9.0);
    listing.add("A-USDT", 5.0);
    listing.add("D-USDT", 1.0);
    UniverseOptions options;
    options.top_by_turnover = 3;
    const Universe universe = select_universe(listing.contracts, listing.tickers, options);
    EXPECT_EQ(codes(universe), (std::vector<std::string>{"B-USDT", "A-USDT", "C-USDT"}));
    EXPECT_EQ(reason_for(universe, "D-USDT"), "turnover_rank");
}

TEST(Universe, says_why_each_contract_is_left_out) {
    Listing listing;
    listing.add("OK-USDT", 1.0);
    listing.add("HALT-USDT", 1.0, ContractStatus::suspended);
    listing.add("XAU-USDT", 1.0, ContractStatus::listed, AssetClass::tradfi);
    listing.add("QUIET-USDT", 1.0);
    listing.tickers.erase("QUIET-USDT");
    UniverseOptions options;
    options.kind = UniverseKind::crypto;
    const Universe universe = select_universe(listing.contracts, listing.tickers, options);
    EXPECT_EQ(codes(universe), (std::vector<std::string>{"OK-USDT"}));
    EXPECT_EQ(reason_for(universe, "HALT-USDT"), "inactive");
    EXPECT_EQ(reason_for(universe, "XAU-USDT"), "asset_class");
    EXPECT_EQ(reason_for(universe, "QUIET-USDT"), "no_ticker");
}

TEST(Universe, an_allowed_name_that_is_not_listed_shows) {
    Listing listing;
    listing.add("BTC-USDT", 1.0);
    listing.add("ETH-USDT", 2.0);
    UniverseOptions options;
    options.allowed = {"BTC-USDT", "BTX-USDT"};
    const Universe universe = select_universe(listing.contracts, listing.tickers, options);
    EXPECT_EQ(codes(universe), (std::vector<std::string>{"BTC-USDT"}));
    EXPECT_EQ(reason_for(universe, "ETH-USDT"), "not_allowed");
    EXPECT_EQ(reason_for(universe, "BTX-USDT"), "unknown_contract");
}

}  // namespace
}  // namespace scanner::engine
