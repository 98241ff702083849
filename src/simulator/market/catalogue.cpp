#include "simulator/market/catalogue.hpp"

#include "scanner/core/symbol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace scanner::simulator {
namespace {

using core::Random;

/// FNV-1a: what is drawn from a name must not depend on the standard library's hash.
constexpr std::uint64_t hash_name(std::string_view name) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return hash;
}

/// 10^exponent as the decimal literal would be: a quotient of exact powers, correctly rounded.
double power_of_ten(int exponent) {
    double power = 1.0;
    for (int i = 0; i < std::abs(exponent); ++i) power *= 10.0;
    return exponent < 0 ? 1.0 / power : power;
}
int decade(double value) {
    return static_cast<int>(std::floor(core::portable_log(value) / 2.302585092994046 + 1e-9));
}

struct Range {
    double low = 0.0;
    double high = 0.0;
    [[nodiscard]] double draw(Random& random) const { return random.log_uniform(low, high); }
};
/// One row of the liquidity table: what a tier's contracts look like, close to those of the real market.
struct TierShape {
    Range turnover_usdt, fills_per_day, spread_bps, touch_usdt, range_bps, levels, sigma_minute_bps;
};
struct TierShapes {
    TierShape mega, major, alt, thin;
};

constexpr TierShapes kRealShapes{
    .mega = {{350e6, 600e6}, {26'000, 34'000}, {0.02, 0.05}, {12e3, 45e3}, {45, 70}, {125, 145}, {5.0, 6.5}},
    .major = {{3e6, 40e6}, {8'000, 20'000}, {0.4, 2.5}, {3e3, 16e3}, {90, 140}, {60, 100}, {7, 11}},
    .alt = {{0.1e6, 3e6}, {2'500, 8'000}, {2.5, 40}, {500, 4'500}, {150, 300}, {28, 70}, {9, 18}},
    .thin = {{4e3, 0.12e6}, {1'200, 2'700}, {30, 350}, {20, 500}, {500, 1'500}, {12, 40}, {9, 24}},
};
constexpr TierShapes kBusyShapes{
    .mega = {{500e6, 900e6}, {30'000, 44'000}, {0.02, 0.05}, {40e3, 110e3}, {45, 70}, {125, 145}, {5.0, 6.5}},
    .major = {{70e6, 320e6}, {18'000, 34'000}, {0.3, 1.5}, {18e3, 60e3}, {80, 130}, {70, 110}, {7, 11}},
    .alt = {{28e6, 90e6}, {9'000, 22'000}, {0.9, 4.0}, {6e3, 22e3}, {100, 200}, {40, 80}, {9, 16}},
    .thin = {{0.1e6, 12e6}, {1'800, 8'000}, {5, 90}, {400, 4'000}, {200, 900}, {20, 50}, {9, 22}},
};

const TierShape& shape_of(const TierShapes& shapes, Tier tier) {
    switch (tier) {
        case Tier::mega: return shapes.mega;
        case Tier::major: return shapes.major;
        case Tier::alt: return shapes.alt;
        case Tier::thin: break;
    }
    return shapes.thin;
}

double listed_price(const CatalogueName& name) {
    if (name.price > 0.0) return name.price;
    Random random(hash_name(name.base));
    return random.log_uniform(12.0, 600.0);
}

double tick_of(const CatalogueName& name, double price) {
    if (name.base == "BTC") return 0.1;
    // 0.1 to 1 basis point, a tenth of that on majors.
    return power_of_ten(decade(price * (name.tier == Tier::mega || name.tier == Tier::major ? 1e-5 : 1e-4)));
}

double contract_size_of(const CatalogueName& name, double price) {
    if (name.base == "BTC") return 0.001;
    if (name.base == "ETH") return 0.01;
    return power_of_ten(std::clamp(decade(15.0 / price), -4, 6));  // a contract is worth 1.5 to 15 USDT
}

int funding_interval_hours(const CatalogueName& name, Random& random) {
    if (name.tier == Tier::mega || name.tier == Tier::major) return 8;
    const double draw = random.uniform();
    if (name.kind == Kind::crypto) return draw < 0.40 ? 8 : draw < 0.94 ? 4 : 1;
    return draw < 0.80 ? 8 : draw < 0.96 ? 4 : 1;
}

void set_labels(SimulatedContract& listing, const CatalogueName& name) {
    if (name.base == "XOM") {  // seen on the wire: neither "tradfi" nor a tradfi label
        listing.labels = {"stock"};
        return;
    }
    if (name.kind == Kind::crypto) {
        if (name.tier == Tier::mega || name.base == "PEPE") listing.labels.emplace_back("hot");
        listing.labels.emplace_back("common");
        return;
    }
    switch (name.kind) {
        case Kind::stock:
            listing.labels = {"tradfi", "stock", "common"};
            listing.tradfi_labels = {"Stocks"};
            break;
        case Kind::index:
            listing.labels = {"tradfi", "indices", "common"};
            listing.tradfi_labels = {"Indices"};
            if (name.base == "TQQQ" || name.base == "QQQ" || name.base == "SPY") {
                listing.labels = {"tradfi", "stock", "common"};
                listing.tradfi_labels = {"Stocks", "Indices"};
            }
            break;
        case Kind::metal:
            listing.labels = {"tradfi", "commodities", "common"};
            listing.tradfi_labels = {"Metals"};
            break;
        case Kind::commodity:
            listing.labels = {"tradfi", "commodities", "common"};
            listing.tradfi_labels = {"Commodities"};
            break;
        case Kind::crypto: break;
    }
}

std::string date_text(std::chrono::sys_days day, bool short_year) {
    const std::chrono::year_month_day date(day);
    const int year = static_cast<int>(date.year());
    return short_year ? fmt::format("{:02}{:02}{:02}", year % 100, static_cast<unsigned>(date.month()),
                                    static_cast<unsigned>(date.day()))
                      : fmt::format("{:04}{:02}{:02}", year, static_cast<unsigned>(date.month()),
                                    static_cast<unsigned>(date.day()));
}

SimulatedContract make_listing(std::string code, double tick, double contract_size) {
    SimulatedContract listing;
    listing.contract.symbol = core::unified_symbol(code);
    listing.contract.contract_code = std::move(code);
    listing.contract.contract_size = contract_size;
    listing.contract.price_tick = tick;
    listing.contract.status = market::ContractStatus::listed;
    return listing;
}

bool is_tradfi(const SimulatedContract& listing) {
    return !listing.tradfi_labels.empty() || std::ranges::find(listing.labels, "stock") != listing.labels.end();
}

Profile make_profile(const CatalogueName& name, const TierShape& shape, double price, double tick, Random& random) {
    Profile profile;
    profile.start_price = price;
    profile.turnover_usdt = shape.turnover_usdt.draw(random);
    profile.fills_per_day = shape.fills_per_day.draw(random);
    profile.spread_bps = std::max(shape.spread_bps.draw(random), tick / price * 1e4);
    profile.touch_usdt = shape.touch_usdt.draw(random);
    profile.range_bps = std::max(shape.range_bps.draw(random), 6.0 * profile.spread_bps);
    profile.levels = shape.levels.draw(random);
    profile.sigma_minute = shape.sigma_minute_bps.draw(random) * 1e-4;
    profile.major = name.tier == Tier::mega || name.tier == Tier::major;
    profile.crowd_lifetime_s = name.tier == Tier::mega  ? 25.0
                               : profile.major          ? 35.0
                               : name.tier == Tier::alt ? 50.0
                                                        : 90.0;
    profile.makers = profile.major ? 4 : name.tier == Tier::alt ? 3 : 2;
    profile.ladder = name.tier == Tier::mega ? 12 : profile.major ? 8 : name.tier == Tier::alt ? 6 : 4;
    profile.common_share = random.uniform(0.3, 0.65);
    profile.premium_sd_bps = std::clamp(0.4 * profile.spread_bps, 1.2, 8.0) * random.uniform(0.7, 1.4);
    profile.premium_mean_bps = 0.4 * profile.premium_sd_bps * random.normal();
    profile.open_interest_usdt =
        profile.turnover_usdt * random.log_uniform(profile.major ? 0.8 : 0.02, profile.major ? 4.0 : 1.5);
    profile.funding_cap = name.base == "BTC" ? 0.003 : 0.02;
    return profile;
}

void adapt_to_kind(Profile& profile, const CatalogueName& name, bool busy) {
    if (name.kind == Kind::crypto) return;
    profile.session = name.kind == Kind::stock ? Session::us_stocks : Session::weekdays;
    profile.closed_spread_matters = !busy;
    if (!busy && profile.major) {  // deep quotes, little trade (gold, oil)
        profile.turnover_usdt *= 0.06;
        profile.fills_per_day *= 0.3;
        profile.open_interest_usdt *= 0.06;
    }
    profile.common_share *= 0.25;  // stocks and metals follow the crypto market only a little
    profile.sigma_minute *= name.kind == Kind::stock ? 0.6 : 0.35;
}

std::size_t crypto_count(std::size_t contracts) {
    // 130 of 353 on the exchange are crypto; a small market keeps a larger share, so that it looks like one.
    const auto wanted = contracts <= 130 ? std::ceil(0.62 * static_cast<double>(contracts))
                                         : 80.0 + 0.26 * static_cast<double>(contracts - 130);
    return std::min({static_cast<std::size_t>(wanted), crypto_names().size(), contracts});
}

/// In the busy market about half of everything passes a first filter: most of the crypto, a sixth of the rest.
Tier tier_in(MarketKind kind, const CatalogueName& name, std::size_t rank, std::size_t of) {
    if (kind == MarketKind::real) return name.tier;
    const bool crypto = name.kind == Kind::crypto;
    if (crypto && rank < 2) return Tier::mega;
    const double share = crypto ? 0.73 : 0.17;
    if (static_cast<double>(rank) >= share * static_cast<double>(of)) return Tier::thin;
    return name.tier == Tier::major ? Tier::major : Tier::alt;
}

std::string listing_date(const CatalogueName& name, bool major) {
    if (name.tier == Tier::mega) return "20201021";
    Random random(hash_name(name.base), 1);
    const auto first = major ? std::chrono::year(2020) / 10 / 26 : std::chrono::year(2022) / 1 / 10;
    const auto later = static_cast<int>(random.below(major ? 300 : 1'700));
    return date_text(std::chrono::sys_days(first) + std::chrono::days(later), false);
}

CatalogueEntry make_active(const CatalogueName& name, Tier tier, const MarketOptions& options) {
    const double listed = listed_price(name);
    const double tick = tick_of(name, listed);
    const double size = contract_size_of(name, listed);
    Random random(options.seed, hash_name(name.base));
    CatalogueEntry entry;
    entry.active = true;
    // Another seed is another market: the same names near the same prices, not at them.
    const double price = std::max(std::floor(listed * random.log_uniform(0.93, 1.07) / tick + 0.5), 1.0) * tick;
    entry.price = price;
    entry.listing = make_listing(std::string(name.base) + "-USDT", tick, size);
    set_labels(entry.listing, name);
    const bool busy = options.kind == MarketKind::busy;
    CatalogueName placed = name;
    placed.tier = tier;
    auto& contract = entry.listing.contract;
    entry.profile = make_profile(placed, shape_of(busy ? kBusyShapes : kRealShapes, tier), price, tick, random);
    adapt_to_kind(entry.profile, name, busy);
    contract.asset_class = is_tradfi(entry.listing) ? market::AssetClass::tradfi : market::AssetClass::crypto;
    contract.funding_interval_hours = funding_interval_hours(placed, random);
    // 0.01 % per eight hours is the usual interest; what follows a stock or a metal mostly has none.
    const bool interest = contract.asset_class == market::AssetClass::crypto || random.chance(0.25);
    entry.profile.interest_rate = interest ? 0.0001 * contract.funding_interval_hours / 8.0 : 0.0;
    entry.listing.create_date = listing_date(name, entry.profile.major);
    return entry;
}

CatalogueEntry make_frozen(std::string code, double price, double tick, double contract_size,
                           market::ContractStatus status) {
    CatalogueEntry entry;
    entry.listing = make_listing(std::move(code), tick, contract_size);
    entry.listing.contract.status = status;
    entry.listing.labels = {"common"};
    entry.listing.create_date = "20230821";
    entry.price = price;
    return entry;
}

void append_suspended(std::vector<CatalogueEntry>& catalogue) {
    struct Row {
        std::string_view code;
        double price, tick, contract_size;
    };
    constexpr auto kSuspended = std::to_array<Row>({{"CYBER-USDT", 0.771, 0.001, 0.1},
                                                    {"H-USDT", 0.05213, 0.00001, 10},
                                                    {"BLESS-USDT", 0.01931, 0.00001, 100},
                                                    {"BSB-USDT", 0.1372, 0.0001, 10}});
    for (const auto& row : kSuspended) {
        auto entry = make_frozen(std::string(row.code), row.price, row.tick, row.contract_size,
                                 market::ContractStatus::suspended);
        entry.listing.contract.funding_interval_hours = 4;
        catalogue.push_back(std::move(entry));
    }
}

void append_ghosts(std::vector<CatalogueEntry>& catalogue) {
    constexpr auto kGhosts =
        std::to_array<std::string_view>({"CVX", "MASK", "ALPACA", "BAL", "BNX", "LINA", "VIDT", "AGIX", "OCEAN", "REEF",
                                         "TOMO", "SRM", "LUNA", "FTT", "BTT", "OMG"});
    for (const auto base : kGhosts) {
        Random random(hash_name(base));
        auto entry = make_frozen(std::string(base) + "-USDT", std::floor(random.log_uniform(50, 50'000)) * 1e-4, 1e-4,
                                 10, market::ContractStatus::delivered);
        entry.listing.delisted_ghost = true;
        entry.listing.labels.clear();
        catalogue.push_back(std::move(entry));
    }
}

/// This and next week's Friday, and the last Friday of the quarter: the dates of HTX's dated futures.
void append_dated(std::vector<CatalogueEntry>& catalogue, const MarketOptions& options) {
    using std::chrono::days;
    const auto today = std::chrono::floor<days>(options.start);
    const auto this_week = today + (std::chrono::Friday - std::chrono::weekday(today));
    const std::chrono::year_month_day date(this_week + days(8));
    const auto quarter_month = std::chrono::month((static_cast<unsigned>(date.month()) - 1) / 3 * 3 + 3);
    const auto quarter = std::chrono::sys_days(date.year() / quarter_month / std::chrono::Friday[std::chrono::last]);
    const std::size_t bases = std::min<std::size_t>(2, static_cast<std::size_t>(options.contracts));
    for (std::size_t i = 0; i < 4; ++i) {
        const auto& base = catalogue[std::min(i / 2, bases - 1)];
        const auto expiry = i % 2 == 0 ? this_week : quarter;
        auto entry = make_frozen(base.listing.contract.contract_code + "-" + date_text(expiry, true), base.price,
                                 base.listing.contract.price_tick, base.listing.contract.contract_size,
                                 market::ContractStatus::listed);
        entry.listing.dated_future = true;
        entry.listing.create_date = date_text(this_week - days(14), false);
        if (bases > 1 || i < 2) catalogue.push_back(std::move(entry));
    }
}

}  // namespace

std::vector<CatalogueEntry> build_catalogue(const MarketOptions& options) {
    const auto contracts = static_cast<std::size_t>(std::clamp(options.contracts, 1, 400));
    const std::size_t crypto = crypto_count(contracts);
    const std::size_t tradfi = contracts - crypto;
    std::vector<CatalogueEntry> catalogue;
    catalogue.reserve(contracts + 24);
    for (std::size_t rank = 0; rank < crypto; ++rank) {
        const auto& name = crypto_names()[rank];
        catalogue.push_back(make_active(name, tier_in(options.kind, name, rank, crypto), options));
    }
    for (std::size_t rank = 0; rank < tradfi; ++rank) {
        const auto& name = tradfi_names()[rank];
        catalogue.push_back(make_active(name, tier_in(options.kind, name, rank, tradfi), options));
    }
    append_suspended(catalogue);
    append_ghosts(catalogue);
    append_dated(catalogue, options);
    return catalogue;
}

}  // namespace scanner::simulator
