#include "app/commands/compute.hpp"

#include "app/commands/compute_input.hpp"

#include "scanner/signals/contract_numbers.hpp"
#include "scanner/signals/cross_section.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/signals/score.hpp"

#include <nlohmann/json.hpp>

#include <istream>
#include <map>
#include <ostream>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::app {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kLongestLine = std::size_t{64} << 20;
constexpr std::size_t kMostProblems = 20;

Json or_null(const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json snapshot_json(const std::string& symbol, const signals::ContractNumbers& numbers) {
    const signals::Metrics& m = numbers.metrics;
    const signals::Edges& e = numbers.edges;
    return {{"symbol", symbol},
            {"qvol_usdt", m.qvol_usdt},
            {"spread_bps", m.spread_bps},
            {"top5_depth_usdt", m.top5_depth_usdt},
            {"atr_pct", m.atr_pct},
            {"ret_1", m.ret_1},
            {"ret_15", m.ret_15},
            {"slip_bps", m.slip_bps},
            {"funding_8h_pct", or_null(m.funding_8h_pct)},
            {"open_interest", or_null(m.open_interest)},
            {"basis_bps", or_null(m.basis_bps)},
            {"volume_zscore", m.volume_zscore},
            {"order_flow_imbalance", m.order_flow_imbalance},
            {"volatility_regime", m.volatility_regime},
            {"price_velocity", m.price_velocity},
            {"anomaly_score", m.anomaly_score},
            {"depth_to_volume_ratio", m.depth_to_volume_ratio},
            {"liquidity_edge", e.liquidity_edge},
            {"momentum_edge", e.momentum_edge},
            {"volatility_edge", e.volatility_edge},
            {"microstructure_edge", e.microstructure_edge},
            {"anomaly_residual", e.anomaly_residual},
            {"manip_score", numbers.manipulation.manip_score},
            {"manip_flags", numbers.manipulation.manip_flags}};
}

Json features_json(const signals::ManipulationFeatures& f) {
    return {{"imbalance", f.imbalance},
            {"order_flow_imbalance", f.order_flow_imbalance},
            {"imbalance_delta", f.imbalance_delta},
            {"wall_ratio", f.wall_ratio},
            {"total_depth", f.total_depth},
            {"wick_ratio", f.wick_ratio},
            {"oi_delta", f.oi_delta},
            {"funding", f.funding},
            {"volume_zscore", f.volume_zscore},
            {"volume_z_trend", f.volume_z_trend},
            {"vol_regime", f.vol_regime},
            {"velocity", f.velocity},
            {"velocity_trend", f.velocity_trend},
            {"pump_dump_score", f.pump_dump_score}};
}

Json microstructure_json(const signals::Microstructure& m) {
    return {{"depth_decay", m.depth_decay},
            {"trade_imbalance", m.trade_imbalance},
            {"spoof_unwind", m.spoof_unwind},
            {"passive_absorption", m.passive_absorption},
            {"pump_signature", m.pump_signature},
            {"dump_signature", m.dump_signature},
            {"volatility_bucket", signals::to_string(m.volatility_bucket)}};
}

Json momentum_json(const signals::Momentum& m) {
    return {
        {"z_15s", m.z_15s}, {"z_1m", m.z_1m}, {"z_5m", m.z_5m}, {"vwap_distance", m.vwap_distance}, {"rsi14", m.rsi14}};
}

Json execution_json(const signals::Execution& e) {
    return {{"queue_position", e.queue_position}, {"simulated_impact_bps", e.simulated_impact_bps}};
}

Json components_json(const signals::Score& score) {
    Json result = Json::object();
    if (!score.score) return result;
    for (const signals::ComponentField& field : signals::component_fields()) {
        result[std::string(field.name)] = score.components.*field.member;
    }
    return result;
}

/// The ranking of one profile, in the making.
using RankKeys = std::vector<signals::RankKey>;

Json profiles_json(const CycleSymbol& symbol, const signals::ContractNumbers& numbers, const CycleSettings& settings,
                   std::map<std::string, RankKeys>& ranked) {
    Json result = Json::object();
    for (const signals::Profile& profile : signals::builtin_profiles()) {
        const signals::ScoreOptions options{.min_qvol_usdt = settings.min_qvol_usdt,
                                            .max_spread_bps = settings.max_spread_bps};
        signals::ScoreOptions without_carry = options;
        without_carry.include_carry = false;
        const signals::Score score = signals::score_contract(numbers, profile.weights, options);
        const signals::Score plain = signals::score_contract(numbers, profile.weights, without_carry);
        result[profile.name] = {{"score", or_null(score.score)},
                                {"score_without_carry", or_null(plain.score)},
                                {"components", components_json(score)}};
        if (score.score) {
            ranked[profile.name].push_back(
                {.score = *score.score, .qvol_usdt = numbers.metrics.qvol_usdt, .symbol = symbol.symbol});
        }
    }
    return result;
}

Json rankings_json(const std::map<std::string, RankKeys>& ranked) {
    Json result = Json::object();
    for (const signals::Profile& profile : signals::builtin_profiles()) {
        Json symbols = Json::array();
        if (const auto keys = ranked.find(profile.name); keys != ranked.end()) {
            for (const std::size_t i : signals::rank_order(keys->second)) symbols.push_back(keys->second[i].symbol);
        }
        result[profile.name] = std::move(symbols);
    }
    return result;
}

using States = std::unordered_map<std::string, signals::ContractState>;

Json compute_cycle(const CycleInput& input, States& states) {
    std::vector<signals::ContractNumbers> contracts;
    contracts.reserve(input.symbols.size());
    for (const CycleSymbol& symbol : input.symbols) {
        contracts.push_back(
            signals::compute_contract(symbol.data, input.settings.notional_usdt, states[symbol.symbol]));
    }
    std::vector<signals::ContractNumbers*> pointers;
    pointers.reserve(contracts.size());
    for (signals::ContractNumbers& numbers : contracts) pointers.push_back(&numbers);
    signals::apply_cross_section(pointers);

    Json results = Json::array();
    std::map<std::string, RankKeys> ranked;
    for (std::size_t i = 0; i < contracts.size(); ++i) {
        const CycleSymbol& symbol = input.symbols[i];
        const signals::ContractNumbers& numbers = contracts[i];
        results.push_back({{"snapshot", snapshot_json(symbol.symbol, numbers)},
                           {"manipulation_features", features_json(numbers.manipulation.features)},
                           {"microstructure", microstructure_json(numbers.microstructure)},
                           {"momentum", momentum_json(numbers.momentum)},
                           {"execution", execution_json(numbers.execution)},
                           {"profiles", profiles_json(symbol, numbers, input.settings, ranked)}});
    }
    return {{"cycle", input.cycle}, {"results", std::move(results)}, {"rankings", rankings_json(ranked)}};
}

enum class ReadOutcome { line, end, too_long };

/// std::getline with a bound on what is kept in memory.
ReadOutcome read_line(std::istream& in, std::string& line) {
    line.clear();
    std::streambuf& source = *in.rdbuf();
    constexpr int kEnd = std::char_traits<char>::eof();
    for (int next = source.sbumpc(); next != '\n'; next = source.sbumpc()) {
        if (next == kEnd) return line.empty() ? ReadOutcome::end : ReadOutcome::line;
        if (line.size() == kLongestLine) return ReadOutcome::too_long;
        line.push_back(std::char_traits<char>::to_char_type(next));
    }
    return ReadOutcome::line;
}

/// Counts problems and prints the first of them.
class ProblemReport {
public:
    explicit ProblemReport(std::ostream& err) : err_(err) {}

    void add(std::size_t line, const FieldProblem& problem) {
        if (++count_ > kMostProblems) return;
        err_ << "line " << line << ": " << problem.field << (problem.field.empty() ? "" : ": ") << problem.what << '\n';
    }
    void close() {
        if (count_ > kMostProblems) err_ << count_ - kMostProblems << " further lines with problems\n";
    }
    [[nodiscard]] bool any() const { return count_ > 0; }

private:
    std::ostream& err_;
    std::size_t count_ = 0;
};

}  // namespace

int run_compute(std::istream& in, std::ostream& out, std::ostream& err) {
    States states;
    ProblemReport problems(err);
    std::string line;
    for (std::size_t number = 1;; ++number) {
        const ReadOutcome outcome = read_line(in, line);
        if (outcome == ReadOutcome::end) break;
        if (outcome == ReadOutcome::too_long) {
            problems.add(number, {.field = "", .what = "longer than 64 MiB; nothing after it was read"});
            break;
        }
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        const auto input = parse_cycle(line);
        if (!input) {
            problems.add(number, input.error());
            continue;
        }
        if (problems.any()) continue;
        out << compute_cycle(*input, states).dump() << '\n';
        if (!out) {
            err << "line " << number << ": the results could not be written\n";
            return 1;
        }
    }
    problems.close();
    out.flush();
    return problems.any() || !out ? 1 : 0;
}

}  // namespace scanner::app
