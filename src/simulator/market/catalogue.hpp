#pragma once

#include "simulator/market/profile.hpp"

#include "scanner/core/random.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace scanner::simulator {

enum class Tier : std::uint8_t { mega, major, alt, thin };
enum class Kind : std::uint8_t { crypto, stock, index, metal, commodity };

/// A name of the catalogue. A price of 0 is drawn from the name, so that it is the same under every seed.
struct CatalogueName {
    std::string_view base;
    double price;
    Tier tier;
    Kind kind;
};
[[nodiscard]] std::span<const CatalogueName> crypto_names();
[[nodiscard]] std::span<const CatalogueName> tradfi_names();

struct CatalogueEntry {
    SimulatedContract listing;
    Profile profile;
    bool active = false;  ///< has agents; else frozen
    double price = 0.0;   ///< last price of a frozen one
};

/// The active swaps first (`options.contracts` of them, BTC and ETH leading), then suspended, delisted and dated ones.
[[nodiscard]] std::vector<CatalogueEntry> build_catalogue(const MarketOptions& options);

}  // namespace scanner::simulator
