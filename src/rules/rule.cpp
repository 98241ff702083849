#include "scanner/rules/rule.hpp"

#include "rules/rule_tree.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace scanner::rules {
namespace {

using detail::Node;
using detail::Op;
using detail::Program;

/// Evaluates nodes of one program on one subject. Recursion is bounded by the limits of the language.
class Evaluation {
public:
    Evaluation(const Program& program, const RuleSubject& subject) : program_(program), subject_(subject) {}

    [[nodiscard]] bool condition(const Node& node) const {
        switch (node.op) {
            case Op::boolean: return node.number != 0.0;
            case Op::field: return flag(node).value_or(false);
            case Op::known: return number(left(node)).has_value();
            case Op::logical_not: return !condition(left(node));
            case Op::logical_and: return condition(left(node)) && condition(right(node));
            case Op::logical_or: return condition(left(node)) || condition(right(node));
            case Op::in: return contains(node);
            case Op::not_in: return !contains(node);
            default: return compare(node);
        }
    }

    /// Nothing is null.
    [[nodiscard]] std::optional<double> number(const Node& node) const {
        if (node.op == Op::number) return node.number;
        if (node.op == Op::field) {
            const RuleValue value = node.field->get(subject_);
            const auto* const known = std::get_if<double>(&value);
            return known == nullptr ? std::nullopt : finite(*known);
        }
        if (node.op == Op::episode) return of_episode(node);
        const auto a = number(left(node));
        if (!a) return std::nullopt;
        if (node.op == Op::negate) return -*a;
        if (node.op == Op::absolute) return std::fabs(*a);
        const auto b = number(right(node));
        if (!b) return std::nullopt;
        return finite(arithmetic(node.op, *a, *b));
    }

    [[nodiscard]] RuleValue value(const Node& node) const {
        switch (node.type) {
            case ValueType::number: {
                const auto known = number(node);
                return known ? RuleValue(*known) : RuleValue();
            }
            case ValueType::boolean: return condition(node);
            case ValueType::text: return text(node);
            case ValueType::flags: return node.field->get(subject_);
        }
        return {};
    }

private:
    [[nodiscard]] static double arithmetic(Op op, double a, double b) {
        switch (op) {
            case Op::add: return a + b;
            case Op::subtract: return a - b;
            case Op::multiply: return a * b;
            case Op::minimum: return std::min(a, b);
            case Op::maximum: return std::max(a, b);
            default: return b == 0.0 ? HUGE_VAL : a / b;  // becomes null
        }
    }
    [[nodiscard]] static std::optional<double> finite(double value) {
        return std::isfinite(value) ? std::optional(value) : std::nullopt;
    }

    /// A condition; nothing for a field that is null.
    [[nodiscard]] std::optional<bool> flag(const Node& node) const {
        if (node.op != Op::field) return condition(node);
        const RuleValue value = node.field->get(subject_);
        const auto* const known = std::get_if<bool>(&value);
        return known == nullptr ? std::nullopt : std::optional(*known);
    }

    /// The highest of the open episodes of a flag, 0 without one; nothing where no detector can tell.
    [[nodiscard]] std::optional<double> of_episode(const Node& node) const {
        const signals::DetectorVerdict* const verdict = subject_.snapshot->numbers.detection.verdict.get();
        if (verdict == nullptr) return std::nullopt;
        std::optional<double> highest;
        for (const signals::OpenEpisode& episode : verdict->episodes) {
            if (episode.flag == node.text) highest = std::max(highest, std::optional(episode.*node.member));
        }
        const bool unknown = std::ranges::find(verdict->unknown_flags, node.text) != verdict->unknown_flags.end();
        if (highest) return finite(*highest);
        return unknown || !verdict->judged ? std::nullopt : std::optional(0.0);
    }

    [[nodiscard]] std::string_view text(const Node& node) const {
        return node.op == Op::text ? std::string_view(node.text)
                                   : std::get<std::string_view>(node.field->get(subject_));
    }

    [[nodiscard]] bool contains(const Node& node) const {
        const RuleValue value = right(node).field->get(subject_);
        const auto flags = std::get<std::span<const std::string_view>>(value);
        return std::ranges::find(flags, std::string_view(left(node).text)) != flags.end();
    }

    [[nodiscard]] bool compare(const Node& node) const {
        const ValueType type = left(node).type;
        if (type == ValueType::text) return (text(left(node)) == text(right(node))) == (node.op == Op::equal);
        if (type == ValueType::boolean) {
            const auto a = flag(left(node));
            const auto b = flag(right(node));
            return a && b && (*a == *b) == (node.op == Op::equal);
        }
        const auto a = number(left(node));
        const auto b = number(right(node));
        if (!a || !b) return false;
        switch (node.op) {
            case Op::less: return *a < *b;
            case Op::less_equal: return *a <= *b;
            case Op::greater: return *a > *b;
            case Op::greater_equal: return *a >= *b;
            case Op::equal: return *a == *b;
            default: return *a != *b;
        }
    }

    [[nodiscard]] const Node& left(const Node& node) const { return program_.nodes[node.left]; }
    [[nodiscard]] const Node& right(const Node& node) const { return program_.nodes[node.right]; }

    const Program& program_;
    const RuleSubject& subject_;
};

bool is_connective(Op op) {
    return op == Op::logical_and || op == Op::logical_or || op == Op::logical_not;
}

/// The conditions under `node` that are not put together from others, in the order of the text.
void collect_conditions(const Program& program, const Node& node, std::vector<const Node*>& found) {
    if (!is_connective(node.op)) {
        found.push_back(&node);
        return;
    }
    collect_conditions(program, program.nodes[node.left], found);
    if (node.op != Op::logical_not) collect_conditions(program, program.nodes[node.right], found);
}

}  // namespace

std::expected<Rule, RuleError> Rule::compile(std::string_view text) {
    auto parsed = detail::parse_rule(text);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    auto program = std::make_shared<Program>(std::move(*parsed));
    if (auto checked = detail::check_types(*program); !checked) return std::unexpected(std::move(checked.error()));
    return Rule(std::move(program));
}

bool Rule::holds(const RuleSubject& subject) const {
    return Evaluation(*program_, subject).condition(program_->nodes[program_->root]);
}

std::vector<ConditionResult> Rule::explain(const RuleSubject& subject) const {
    std::vector<const Node*> conditions;
    collect_conditions(*program_, program_->nodes[program_->root], conditions);
    const Evaluation evaluation(*program_, subject);
    std::vector<ConditionResult> results;
    for (const Node* node : conditions) {
        ConditionResult& result = results.emplace_back();
        result.text = program_->text.substr(node->span.begin, node->span.end - node->span.begin);
        result.holds = evaluation.condition(*node);
        if (detail::is_comparison(node->op) || node->op == Op::in || node->op == Op::not_in) {
            result.left = evaluation.value(program_->nodes[node->left]);
            result.right = evaluation.value(program_->nodes[node->right]);
        } else if (node->op == Op::known) {
            result.left = evaluation.value(program_->nodes[node->left]);
        } else {
            result.left = evaluation.value(*node);
        }
    }
    return results;
}

std::chrono::milliseconds Rule::hold() const {
    return program_->hold;
}
const std::string& Rule::text() const {
    return program_->text;
}
const std::vector<std::string_view>& Rule::fields() const {
    return program_->fields;
}

}  // namespace scanner::rules
