#pragma once

#include "simulator/face/faults/faults.hpp"
#include "simulator/face/faults/limits.hpp"
#include "simulator/market.hpp"

#include "scanner/core/error.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::simulator {

/// The command line of htx-simulator.
struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 9010;
    int contracts = 130;
    std::uint64_t seed = 1;
    double speed = 1.0;  ///< simulated seconds in a real one
    std::chrono::milliseconds latency{0};
    MarketKind market = MarketKind::real;
    std::vector<std::string> scenarios{"all"};  ///< kinds; "all" alone for every kind; empty: none
    double prevalence = 0.005;
    std::vector<PlantedScenario> planted;
    face::OverLimit over_limit = face::OverLimit::body;
    std::vector<face::FaultSpec> faults;
    bool help = false;
    bool version = false;
};

/// Reads "--flag value" and "--flag=value" (without the program's name). All problems at once, a sentence each.
[[nodiscard]] std::expected<Options, std::vector<std::string>> parse_options(
    std::span<const std::string_view> arguments);

/// "NAME[:contract=CODE][:after=10m][:every=20m][:for=5m][:intensity=X]"; NAME is a kind or the name of a twin. Fails
/// with one sentence that names what is wrong.
[[nodiscard]] core::Result<PlantedScenario> parse_planted(std::string_view text);

[[nodiscard]] std::string help_text();
/// "real", "busy"
[[nodiscard]] std::string_view to_string(MarketKind kind);

}  // namespace scanner::simulator
