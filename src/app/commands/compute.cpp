#include "app/commands/compute.hpp"

#include "app/commands/compute_input.hpp"

#include "scanner/ranking/ranker.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/number_value.hpp"
#include "scanner/signals/numbers.hpp"
#include "scanner/signals/profile.hpp"
#include "scanner/signals/score.hpp"

#include <nlohmann/json.hpp>

#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace scanner::app {
namespace {

using Json = nlohmann::ordered_json;
using signals::FieldGroup;
constexpr std::size_t kMaxLineLength = std::size_t{64} << 20;
constexpr std::size_t kMaxProblems = 20;

Json or_null(const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
}

/// The formulas as they stand, neutral values and all digits included.
void add_group(Json& into, FieldGroup group, const signals::NumbersView& numbers) {
    for (const signals::NumberField& field : signals::numbers_of(group)) {
        Json& member = into[std::string(field.name)];
        signals::visit_value(field, field.get(numbers), [&member](auto value) { member = value; });
    }
}

Json group_json(FieldGroup group, const signals::NumbersView& numbers) {
    Json json = Json::object();
    add_group(json, group, numbers);
    return json;
}

Json snapshot_json(const std::string& symbol, const signals::NumbersView& numbers) {
    Json json{{"symbol", symbol}};
    add_group(json, FieldGroup::metrics, numbers);
    add_group(json, FieldGroup::edges, numbers);
    add_group(json, FieldGroup::manipulation, numbers);
    json["manip_flags"] = numbers.numbers.manipulation.manip_flags;
    return json;
}

Json components_json(const signals::ScoreComponents& components) {
    Json result = Json::object();
    for (const signals::ComponentField& field : signals::component_fields()) {
        result[std::string(field.name)] = components.*field.member;
    }
    return result;
}

/// The score of every contract that has one under a profile, by its index in the ranking.
std::vector<std::optional<double>> scores_of(const ranking::Ranking& ranking, const ranking::Scoring& scoring) {
    std::vector<std::optional<double>> scores(ranking.contracts.size());
    for (const ranking::ScoredContract& item : ranking::score_contracts(ranking, scoring)) {
        scores[item.contract] = item.score;
    }
    return scores;
}

/// Every contract's results under one profile, by its index in the ranking.
std::vector<Json> profile_json(const ranking::Ranking& ranking, const std::string& profile) {
    ranking::Scoring without_carry = ranking::cycle_scoring(ranking.settings, profile);
    without_carry.include_carry = false;
    const auto plain = scores_of(ranking, without_carry);
    std::vector<Json> result(ranking.contracts.size());
    for (std::size_t i = 0; i < result.size(); ++i) {
        result[i] = {{"score", nullptr}, {"score_without_carry", or_null(plain[i])}, {"components", Json::object()}};
    }
    for (const ranking::RankedEntry& entry : ranking.ranked.at(profile)) {
        result[entry.contract]["score"] = entry.score;
        result[entry.contract]["components"] = components_json(entry.components);
    }
    return result;
}

Json rankings_json(const ranking::Ranking& ranking) {
    Json result = Json::object();
    for (const signals::Profile& profile : ranking.profiles) {
        Json symbols = Json::array();
        for (const ranking::RankedEntry& entry : ranking.ranked.at(profile.name)) {
            symbols.push_back(ranking.contract(entry.contract).data.contract->symbol);
        }
        result[profile.name] = std::move(symbols);
    }
    return result;
}

/// The input as the ranker takes it: contracts go by their symbols here.
ranking::RankerInput ranker_input(const CycleInput& input) {
    ranking::RankerInput result;
    for (const CycleSymbol& symbol : input.symbols) {
        market::Contract contract;
        contract.contract_code = contract.symbol = symbol.symbol;
        market::MarketData data = symbol.data;
        data.contract = std::make_shared<const market::Contract>(std::move(contract));
        result.data.push_back(std::make_shared<const market::MarketData>(std::move(data)));
    }
    return result;
}

Json compute_cycle(const CycleInput& input, ranking::Ranker& ranker) {
    const auto builtin = signals::builtin_profiles();
    ranking::RankingSettings settings;
    settings.notional_usdt = input.settings.notional_usdt;
    settings.min_qvol_usdt = input.settings.min_qvol_usdt;
    settings.max_spread_bps = input.settings.max_spread_bps;
    const ranking::Ranking ranking =
        ranker.rank(ranker_input(input), settings, {builtin.begin(), builtin.end()}, ranking::Ranker::Cycle{});
    std::vector<std::vector<Json>> profiles;
    for (const signals::Profile& profile : builtin) profiles.push_back(profile_json(ranking, profile.name));

    Json results = Json::array();
    for (const CycleSymbol& symbol : input.symbols) {
        const std::optional<std::size_t> place = ranking.index_of(symbol.symbol);
        if (!place) throw std::logic_error("a contract of the cycle is not in its ranking: " + symbol.symbol);
        const std::size_t i = *place;
        const signals::NumbersView numbers = ranking.numbers_view(i);
        Json of_profiles = Json::object();
        for (std::size_t p = 0; p < builtin.size(); ++p) of_profiles[builtin[p].name] = std::move(profiles[p][i]);
        results.push_back({{"snapshot", snapshot_json(symbol.symbol, numbers)},
                           {"manipulation_features", group_json(FieldGroup::features, numbers)},
                           {"microstructure", group_json(FieldGroup::micro, numbers)},
                           {"momentum", group_json(FieldGroup::momentum, numbers)},
                           {"execution", group_json(FieldGroup::execution, numbers)},
                           {"profiles", std::move(of_profiles)}});
    }
    return {{"cycle", input.cycle}, {"results", std::move(results)}, {"rankings", rankings_json(ranking)}};
}

enum class ReadOutcome { line, end, too_long };

/// std::getline with a bound on what is kept in memory.
ReadOutcome read_line(std::istream& in, std::string& line) {
    line.clear();
    std::streambuf& source = *in.rdbuf();
    constexpr int kEnd = std::char_traits<char>::eof();
    for (int next = source.sbumpc(); next != '\n'; next = source.sbumpc()) {
        if (next == kEnd) return line.empty() ? ReadOutcome::end : ReadOutcome::line;
        if (line.size() == kMaxLineLength) return ReadOutcome::too_long;
        line.push_back(std::char_traits<char>::to_char_type(next));
    }
    return ReadOutcome::line;
}

/// Counts problems and prints the first of them.
class ProblemReport {
public:
    explicit ProblemReport(std::ostream& err) : err_(err) {}

    void add(std::size_t line, const FieldProblem& problem) {
        if (++count_ > kMaxProblems) return;
        err_ << "line " << line << ": " << problem.field << (problem.field.empty() ? "" : ": ") << problem.what << '\n';
    }
    void close() {
        if (count_ > kMaxProblems) err_ << count_ - kMaxProblems << " further lines with problems\n";
    }
    [[nodiscard]] bool any() const { return count_ > 0; }

private:
    std::ostream& err_;
    std::size_t count_ = 0;
};

}  // namespace

int run_compute(std::istream& in, std::ostream& out, std::ostream& err) {
    ranking::Ranker ranker({.formulas_only = true});
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
        out << compute_cycle(*input, ranker).dump() << '\n';
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
