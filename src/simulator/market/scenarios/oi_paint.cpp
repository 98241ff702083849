#include "simulator/market/scenarios/episode.hpp"

#include <algorithm>

// Open interest that grows by more than was traded: the one thing that the honest market of this simulator cannot do.
namespace scanner::simulator {
namespace {

class OiPaint final : public Episode {
public:
    explicit OiPaint(const EpisodePlan& plan) : Episode(plan) {}

    Micros step(Stage& stage) override {
        if (stage.now >= end()) return kNever;
        phase_ = "painting";
        const auto traded = stage.venue().traded_contracts();
        const auto since = last_traded_ < 0 ? 0 : traded - last_traded_;
        last_traded_ = traded;
        // Beyond whatever has been traded in this second, so that no second explains itself.
        const auto ordinary = stage.agents.contracts_for(stage.agents.minute_usdt() / 60.0);
        const auto painted =
            static_cast<std::int64_t>(plan_.intensity * static_cast<double>(ordinary) * random_.uniform(0.5, 1.5));
        stage.venue().paint_open_interest(since + std::max<std::int64_t>(1, painted));
        return stage.now + kSecond;
    }

private:
    std::int64_t last_traded_ = -1;
};

}  // namespace

std::unique_ptr<Episode> make_oi_paint(const EpisodePlan& plan) {
    return std::make_unique<OiPaint>(plan);
}

}  // namespace scanner::simulator
