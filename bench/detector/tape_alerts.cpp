// Episodes a day of every flag that the tape alone decides, on recorded trades from standard input:
// `ts_ms,side,price,amount` a line; any other line begins the next tape. Only what is outside of the hours around an
// announced pump may be given to it: bench/detector/tape-alerts.sh does.
#include "scanner/core/numeric.hpp"
#include "scanner/signals/detect/contract_detectors.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

int main() {
    using namespace scanner;
    std::array<std::uint64_t, signals::kDetectorFlagCount> begun{};
    std::array<double, signals::kDetectorFlagCount> known{};
    auto detectors = std::make_unique<signals::ContractDetectors>(signals::ContractDetectors::Thresholds::shipped);
    core::WallTime last{};
    core::WallTime asked{};
    std::array<char, 256> line{};
    while (std::fgets(line.data(), static_cast<int>(line.size()), stdin) != nullptr) {
        char side = 's';
        long long ms = 0;
        double price = 0.0;
        double amount = 0.0;
        if (std::sscanf(line.data(), "%lld,%c,%lf,%lf", &ms, &side, &price, &amount) != 4) {
            detectors = std::make_unique<signals::ContractDetectors>(signals::ContractDetectors::Thresholds::shipped);
            last = {};
            continue;
        }
        const market::Trade trade{.price = price,
                                  .size = amount,
                                  .taker_side = side == 'b' ? market::Side::buy : market::Side::sell,
                                  .time = core::from_unix_ms(ms)};
        if (last == core::WallTime{}) asked = trade.time;
        last = trade.time;
        // A quiet tape is confirmed every quarter minute, as the daemon does.
        for (; asked + std::chrono::seconds(15) <= trade.time; asked += std::chrono::seconds(15)) {
            detectors->on_trades({}, asked);
            const signals::Verdict& verdict = detectors->verdict(asked);
            for (const auto& flag : signals::kDetectorFlags) {
                if (!verdict.unknown.has(flag.flag)) known[static_cast<std::size_t>(flag.flag)] += 15.0 / 86'400.0;
            }
        }
        detectors->on_trades({&trade, 1}, trade.time);
        for (const auto& episode : detectors->take_episode_changes()) {
            if (!episode.end && episode.phase == signals::EpisodePhase::ignition &&
                episode.changed_at - episode.start <= std::chrono::seconds(15)) {
                ++begun[static_cast<std::size_t>(episode.flag)];
            }
        }
    }
    for (const auto& flag : signals::kDetectorFlags) {
        const auto place = static_cast<std::size_t>(flag.flag);
        if (known[place] <= 0.0) continue;
        std::printf("%s: %llu episodes in %.1f symbol-days, %.3f a day\n", std::string(flag.name).c_str(),
                    static_cast<unsigned long long>(begun[place]), known[place],
                    static_cast<double>(begun[place]) / known[place]);
    }
    return 0;
}
