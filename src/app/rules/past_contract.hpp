#pragma once

#include "scanner/ranking/scoring.hpp"
#include "scanner/rules/rule.hpp"
#include "scanner/signals/number_field.hpp"
#include "scanner/storage/records.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Rules and the past: what history keeps of a recorded cycle, as rules see it.
namespace scanner::app {

/// What rules may ask of a row of history: the numbers that `rule` names, and no others.
class PastFields {
public:
    /// A sentence that names the fields which history does not keep, where the rule asks for one.
    [[nodiscard]] static std::optional<std::string> not_kept(const rules::Rule& rule);

    explicit PastFields(const rules::Rule& rule);
    /// Whether rows are needed with their inputs.
    [[nodiscard]] bool needs_inputs() const { return needs_inputs_; }

private:
    friend class PastContract;
    struct Wanted {
        const signals::NumberField* field = nullptr;
        std::string group;  ///< the inputs' member that has it
    };
    std::vector<Wanted> numbers_;
    bool needs_inputs_ = false;
};

/// A contract of a recorded cycle. Movable; `subject` refers into it.
class PastContract {
public:
    /// Nothing where the row has no inputs that are needed (they have left before the ranking), or damaged ones.
    [[nodiscard]] static std::optional<PastContract> of(const storage::RankingRow& row, const PastFields& fields);

    [[nodiscard]] rules::RuleSubject subject() const;
    [[nodiscard]] const std::string& contract_code() const { return kept_->snapshot.data.contract->contract_code; }
    [[nodiscard]] const std::string& symbol() const { return kept_->snapshot.data.contract->symbol; }

private:
    struct Kept {
        ranking::ContractSnapshot snapshot;
        signals::Edges edges;
        signals::FlowNumbers flow;
        bool has_flow = false;
        ranking::ScoredContract scored;
    };
    std::unique_ptr<Kept> kept_;
};

}  // namespace scanner::app
