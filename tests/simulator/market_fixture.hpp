#pragma once

#include "simulator/market/contract_simulation.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::simulator::testing {

inline constexpr std::int64_t kStartMs = 1'795'354'123'123;  // 2026-11-22, a Sunday, 13:28:43 UTC

inline MarketOptions small_market(int contracts, std::uint64_t seed, MarketKind kind = MarketKind::busy) {
    return {.contracts = contracts, .seed = seed, .kind = kind, .start = core::from_unix_ms(kStartMs)};
}

/// One contract alone, with an episode planted by hand.
class Solo {
public:
    static constexpr std::int64_t kBegin = 1'795'354'080;  // a whole minute

    explicit Solo(std::string_view code, std::uint64_t seed = 1, std::int64_t begin = kBegin, int market_size = 40)
        : common_(seed), begin_(begin), now_(begin * kSecond) {
        auto options = small_market(market_size, seed);
        options.start = core::from_unix_ms(begin * 1000);
        for (const auto& entry : build_catalogue(options)) {
            if (entry.listing.contract.contract_code == code) entry_ = std::make_unique<CatalogueEntry>(entry);
        }
        std::vector<CommonStep> history;
        for (int i = 0; i < 300; ++i) history.push_back(common_.step(60.0));
        simulation = std::make_unique<ContractSimulation>(*entry_, seed, 77, history, begin);
        window_.first_second = begin + 1;
    }

    /// Plants an episode of this kind `delay_s` from now; its other parameters come from `seed`.
    void plant(ScenarioKind kind, bool manipulation, double intensity, double duration_s, std::string_view label,
               std::uint64_t seed = 11, double delay_s = 0.0) {
        simulation->plant({.id = 1,
                           .contract = 0,
                           .kind = kind,
                           .manipulation = manipulation,
                           .label = label,
                           .intensity = intensity,
                           .duration_s = duration_s,
                           .start = now_ + static_cast<Micros>(delay_s * 1e6),
                           .seed = seed});
    }

    void run(double seconds) {
        now_ += static_cast<Micros>(seconds * 1e6);
        while (window_.first_second + static_cast<std::int64_t>(window_.steps.size()) <= now_ / kSecond) {
            window_.steps.push_back(common_.step(1.0));
        }
        simulation->play(now_, window_);
    }

    [[nodiscard]] const Book& book() const { return simulation->venue().book(); }
    [[nodiscard]] double last() const { return simulation->ticker().last; }
    [[nodiscard]] double middle() const {
        return 0.5 * (simulation->venue().scale().price(book().best(Side::buy)) +
                      simulation->venue().scale().price(book().best(Side::sell)));
    }
    [[nodiscard]] double premium() const { return middle() / simulation->index_price() - 1.0; }
    [[nodiscard]] double spread_bps() const {
        return static_cast<double>(book().best(Side::sell) - book().best(Side::buy)) /
               static_cast<double>(book().best(Side::buy)) * 1e4;
    }
    [[nodiscard]] double depth(std::size_t levels) const {
        return static_cast<double>(book().contracts(Side::buy, levels) + book().contracts(Side::sell, levels));
    }
    [[nodiscard]] const Profile& profile() const { return entry_->profile; }

    std::unique_ptr<ContractSimulation> simulation;

private:
    CommonFactor common_;
    std::int64_t begin_;
    Micros now_;
    std::unique_ptr<CatalogueEntry> entry_;
    CommonWindow window_;
};

}  // namespace scanner::simulator::testing
