#include "simulator/options.hpp"

#include "simulator/face/encode/duration.hpp"

#include "scanner/core/numeric.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

namespace scanner::simulator {
namespace {

constexpr std::array<std::string_view, 9> kScenarios{"layering", "wall",     "vacuum",   "wick",        "pump",
                                                     "wash",     "ignition", "oi_paint", "funding_push"};

/// Each with a twin that looks alike. What they do is seen as soon as the detectors know what is usual: books after ten
/// minutes, trades after twenty-five.
constexpr std::array<std::string_view, 6> kDemo{
    "layering:contract=LINK-USDT:after=11m:every=8m:for=4m:intensity=30",
    "iceberg:contract=SUI-USDT:after=11m:every=8m:for=4m:intensity=30",
    "pump:contract=WIF-USDT:after=12m:every=30m:for=6m:intensity=25",
    "news:contract=ARB-USDT:after=12m:every=30m:for=6m:intensity=6",
    "wash:contract=PEPE-USDT:after=30m:every=20m:for=8m:intensity=0.85",
    "child_orders:contract=UNI-USDT:after=30m:every=20m:for=8m:intensity=0.85",
};

struct Flag {
    std::string_view name;
    std::string_view value;  ///< empty: a switch
    std::string_view help;
};

constexpr std::array<Flag, 14> kFlags{{
    {"--port", "N", "port to listen on, 0 for any free one (9010)"},
    {"--address", "ADDRESS", "numeric address to listen on (127.0.0.1)"},
    {"--contracts", "N", "active swaps, 1 to 400 (130); a few suspended, delisted and dated ones come on top"},
    {"--seed", "N", "everything random follows from it (1)"},
    {"--speed", "X", "simulated seconds in a real one, over 0 to 1000 (1)"},
    {"--latency-ms", "N", "how long every answer takes, 0 to 60000 (0)"},
    {"--market", "real|busy", "real: a few deep contracts and a long thin tail; busy: half of them deep (real)"},
    {"--scenario", "KIND|all|none", "manipulation to plant, repeatable (all)"},
    {"--prevalence", "X", "share of contract-seconds within a planted scenario, 0 to 0.5 (0.005)"},
    {"--plant", "NAME[:OPTION=…]…|demo", "a scenario or a twin at a known time and place, repeatable; see below"},
    {"--over-limit", "MODE", "beyond the exchange's rate limits: 1032 (HTTP 200), 429, 429-html, none (1032)"},
    {"--fault", "KIND[:OPTION=…]…", "something that goes wrong, repeatable; see below"},
    {"--help", "", "this text"},
    {"--version", "", "the version"},
}};

class Reader {
public:
    std::expected<Options, std::vector<std::string>> read(std::span<const std::string_view> arguments) {
        for (std::size_t i = 0; i < arguments.size(); ++i) {
            std::string_view name = arguments[i];
            std::optional<std::string_view> value;
            if (const std::size_t equals = name.find('='); name.starts_with("--") && equals != std::string_view::npos) {
                value = name.substr(equals + 1);
                name = name.substr(0, equals);
            }
            const auto flag = std::ranges::find(kFlags, name, &Flag::name);
            if (flag == kFlags.end()) {
                problem(fmt::format("unknown argument \"{}\"", arguments[i]));
            } else if (flag->value.empty()) {
                if (value) problem(fmt::format("{} takes no value", name));
                (name == "--help" ? options_.help : options_.version) = true;
            } else if (value || i + 1 < arguments.size()) {
                set(name, value ? *value : arguments[++i]);
            } else {
                problem(fmt::format("{} needs a value", name));
            }
        }
        finish_scenarios();
        if (!problems_.empty()) return std::unexpected(std::move(problems_));
        return std::move(options_);
    }

private:
    void problem(std::string text) { problems_.push_back(std::move(text)); }

    void set(std::string_view name, std::string_view value) {
        if (name == "--port") return integer(name, value, 0, 65'535, options_.port);
        if (name == "--address") return address(value);
        if (name == "--contracts") return integer(name, value, 1, 400, options_.contracts);
        if (name == "--seed") return integer(name, value, 0, INT64_MAX, options_.seed);
        if (name == "--speed") return number(name, value, 1'000.0, options_.speed, true);
        if (name == "--latency-ms") return latency(value);
        if (name == "--market") return market(value);
        if (name == "--scenario") return scenarios_.emplace_back(value), void();
        if (name == "--prevalence") return number(name, value, 0.5, options_.prevalence, false);
        if (name == "--plant") return plant(value);
        if (name == "--over-limit") return over_limit(value);
        fault(value);
    }
    template <class T>
    void integer(std::string_view name, std::string_view value, std::int64_t least, std::int64_t most, T& into) {
        const auto parsed = core::parse_int(value);
        if (parsed && *parsed >= least && *parsed <= most) {
            into = static_cast<T>(*parsed);
        } else {
            problem(fmt::format("{} is \"{}\": expected a whole number from {} to {}", name, value, least, most));
        }
    }
    void number(std::string_view name, std::string_view value, double most, double& into, bool positive) {
        const auto parsed = core::parse_double(value);
        if (parsed && *parsed <= most && (positive ? *parsed > 0.0 : *parsed >= 0.0)) {
            into = *parsed;
        } else {
            problem(fmt::format("{} is \"{}\": expected a number {} 0 to {}", name, value, positive ? "over" : "from",
                                most));
        }
    }
    void latency(std::string_view value) {
        std::int64_t ms = 0;
        integer("--latency-ms", value, 0, 60'000, ms);
        options_.latency = std::chrono::milliseconds(ms);
    }
    void address(std::string_view value) {
        // The server says precisely what is wrong with an address; this is for the obvious.
        if (value.empty()) return problem("--address is empty: expected a numeric address such as 127.0.0.1");
        options_.address = value;
    }
    void market(std::string_view value) {
        if (value == "real" || value == "busy") {
            options_.market = value == "real" ? MarketKind::real : MarketKind::busy;
        } else {
            problem(fmt::format("--market is \"{}\": expected real or busy", value));
        }
    }
    void over_limit(std::string_view value) {
        if (const auto mode = face::parse_over_limit(value)) {
            options_.over_limit = *mode;
        } else {
            problem(fmt::format("--over-limit is \"{}\": expected 1032, 429, 429-html or none", value));
        }
    }
    void fault(std::string_view value) {
        if (auto parsed = face::parse_fault(value)) {
            options_.faults.push_back(std::move(*parsed));
        } else {
            problem(fmt::format("--fault \"{}\": {}", value, parsed.error().message()));
        }
    }
    void plant(std::string_view value) {
        if (value == "demo") {
            for (const std::string_view one : kDemo) plant(one);
            return;
        }
        if (auto parsed = parse_planted(value)) {
            options_.planted.push_back(std::move(*parsed));
        } else {
            problem(fmt::format("--plant \"{}\": {}", value, parsed.error().message()));
        }
    }
    void finish_scenarios() {
        if (scenarios_.empty()) return;
        options_.scenarios.clear();
        for (const std::string& scenario : scenarios_) {
            const bool special = scenario == "all" || scenario == "none";
            if (!special && std::ranges::find(kScenarios, scenario) == kScenarios.end()) {
                problem(fmt::format("--scenario is \"{}\": expected all, none or one of {}", scenario,
                                    fmt::join(kScenarios, ", ")));
            } else if (special && scenarios_.size() > 1) {
                problem(fmt::format("--scenario {} cannot be combined with others", scenario));
            } else if (scenario != "none") {
                options_.scenarios.push_back(scenario);
            }
        }
    }

    Options options_;
    std::vector<std::string> scenarios_;
    std::vector<std::string> problems_;
};

}  // namespace

std::expected<Options, std::vector<std::string>> parse_options(std::span<const std::string_view> arguments) {
    return Reader().read(arguments);
}

core::Result<PlantedScenario> parse_planted(std::string_view text) {
    const auto wrong = [](std::string message) {
        return core::fail(core::ErrorCode::invalid_input, std::move(message));
    };
    PlantedScenario planted;
    planted.name = text.substr(0, text.find(':'));
    const std::vector<std::string> twins = scenario_twins();
    if (std::ranges::find(kScenarios, planted.name) == kScenarios.end() &&
        std::ranges::find(twins, planted.name) == twins.end()) {
        return wrong(fmt::format("expected one of {}, or one of the twins {}", fmt::join(kScenarios, ", "),
                                 fmt::join(twins, ", ")));
    }
    text.remove_prefix(planted.name.size());
    while (!text.empty()) {
        text.remove_prefix(1);  // the colon
        const std::string_view option = text.substr(0, text.find(':'));
        text.remove_prefix(option.size());
        const std::string_view name = option.substr(0, option.find('='));
        const std::string_view value = option.size() > name.size() ? option.substr(name.size() + 1) : "";
        const auto duration = face::parse_duration(value);
        const auto number = core::parse_double(value);
        if (name == "contract" && !value.empty()) {
            planted.contract_code = value;
        } else if (name == "after" && duration) {
            planted.after = *duration;
        } else if (name == "every" && duration && duration->count() > 0) {
            planted.every = *duration;
        } else if (name == "for" && duration && duration->count() > 0) {
            planted.duration = *duration;
        } else if (name == "intensity" && number && *number > 0.0 && *number <= 1'000.0) {
            planted.intensity = *number;
        } else {
            return wrong(
                fmt::format("\"{}\" is none of contract=CODE, after=10m, every=20m, for=5m and intensity=X", option));
        }
    }
    // A share, of the volume or of what is left of the depth.
    const bool share = planted.name == "wash" || planted.name == "child_orders" || planted.name == "busy_hour" ||
                       planted.name == "vacuum" || planted.name == "quiet_hour";
    if (share && planted.intensity && *planted.intensity > 0.95) {
        return wrong(fmt::format("the intensity of {} is a share, at most 0.95", planted.name));
    }
    return planted;
}

std::string_view to_string(MarketKind kind) {
    return kind == MarketKind::busy ? "busy" : "real";
}

std::string help_text() {
    std::string text =
        "htx-simulator: a simulated market behind the REST and WebSocket faces of HTX's USDT-margined swaps\n\n"
        "usage: htx-simulator [flag]…\n\n";
    auto out = std::back_inserter(text);
    for (const Flag& flag : kFlags) {
        const std::string left = std::string(flag.name) + (flag.value.empty() ? "" : " ") + std::string(flag.value);
        fmt::format_to(out, "  {:<28} {}\n", left, flag.help);
    }
    fmt::format_to(out, "\nScenarios: {}\nTheir twins, for --plant: {}\n", fmt::join(kScenarios, ", "),
                   fmt::join(scenario_twins(), ", "));
    text +=
        "Plant options: contract=CODE (else one that suits), after=10m, every=20m (else once), for=5m and intensity=X\n"
        "                               (else drawn). demo: a layering, a pump, a wash, and a twin of "
        "each\n\nFaults:\n";
    for (const face::FaultInfo& info : face::fault_infos()) {
        fmt::format_to(out, "  {:<28} {}\n", info.name, info.help);
    }
    text +=
        "\nFault options:\n"
        "  rate=0.1                     share of the requests (of the contracts, for faults about them; of frames, "
        "topics\n"
        "                               or connections for ws-*: see docs/simulator.md)\n"
        "  on=5s, off=10s, after=1m     on for 5 s, off for 10 s, and so on, beginning after a minute; on alone: "
        "once;\n"
        "                               off alone: begins after it\n"
        "  contract=CODE, path=TEXT     only for this contract; only for paths that hold this text\n"
        "\nExamples:\n"
        "  htx-simulator --market busy --scenario all --prevalence 0.02\n"
        "  htx-simulator --scenario none --plant wash:after=30m:every=1h:for=8m:intensity=0.8 --plant child_orders\n"
        "  htx-simulator --port 0 --seed 7 --speed 20 --scenario none\n"
        "  htx-simulator --fault 429:rate=0.05 --fault slow:delay=3s:path=history/kline:on=30s:off=2m\n"
        "  htx-simulator --fault stale-book:contract=BTC-USDT --fault 404-bulk\n"
        "  htx-simulator --fault ws-disconnect:rate=0.02 --fault ws-stall:rate=0.1:on=20s:off=1m\n"
        "\nWhile it runs: GET /_simulator/status, GET and POST /_simulator/faults (a JSON list replaces the set),\n"
        "GET /_simulator/labels?since=TIME[&follow=true] (what was planted, one JSON object a line),\n"
        "GET /_simulator/book?contract_code=CODE[&mrid=N] (the truth about a book).\n";
    return text;
}

}  // namespace scanner::simulator
