#include "rules/rule_tree.hpp"

#include "scanner/core/symbol.hpp"
#include "scanner/signals/detect/flags.hpp"
#include "scanner/signals/detector_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace scanner::rules::detail {
namespace {

using Checked = std::expected<void, RuleError>;

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& known) {
    const auto near = core::nearest_names(wanted, known, 3);
    if (near.empty()) return "";
    std::string list;
    for (std::size_t i = 0; i < near.size(); ++i) {
        if (i > 0) list += i + 1 == near.size() ? " or " : ", ";
        list += fmt::format("'{}'", near[i]);
    }
    return fmt::format("; did you mean {}?", list);
}

class TypeCheck {
public:
    explicit TypeCheck(Program& program) : program_(program) {}

    Checked run() {
        // Operands come before their operators, so one pass in order of the vector meets them first.
        for (Node& node : program_.nodes) {
            if (auto checked = check(node); !checked) return checked;
        }
        const Node& root = program_.nodes[program_.root];
        if (root.type != ValueType::boolean) return fail(root, not_a_condition(root));
        if (program_.fields.empty()) {
            return fail(root, "the rule looks at no field, so it could never change");
        }
        return {};
    }

private:
    Checked check(Node& node) {
        switch (node.op) {
            case Op::number: return become(node, ValueType::number);
            case Op::text: return become(node, ValueType::text);
            case Op::boolean: return become(node, ValueType::boolean);
            case Op::field: return check_field(node);
            case Op::episode: return check_episode(node);
            case Op::known: return check_known(node);
            case Op::negate:
            case Op::absolute: return check_numbers(node, {left(node)});
            case Op::add:
            case Op::subtract:
            case Op::multiply:
            case Op::divide:
            case Op::minimum:
            case Op::maximum: return check_numbers(node, {left(node), right(node)});
            case Op::logical_not: return check_conditions(node, {left(node)});
            case Op::logical_and:
            case Op::logical_or: return check_conditions(node, {left(node), right(node)});
            case Op::less:
            case Op::less_equal:
            case Op::greater:
            case Op::greater_equal: return check_order(node);
            case Op::equal:
            case Op::not_equal: return check_equality(node);
            case Op::in:
            case Op::not_in: return check_membership(node);
        }
        return fail(node, "not understood");
    }

    Checked check_field(Node& node) {
        node.field = find_rule_field(node.text);
        if (node.field == nullptr) {
            std::vector<std::string> known;
            for (const RuleField& field : rule_fields()) known.emplace_back(field.name);
            for (const std::string_view word : {"and", "or", "not", "in", "for"}) known.emplace_back(word);
            return fail(node, fmt::format("there is no field '{}'{}", node.text, did_you_mean(node.text, known)));
        }
        if (!node.field->alias_of.empty()) node.field = find_rule_field(node.field->alias_of);
        if (std::ranges::find(program_.fields, node.field->name) == program_.fields.end()) {
            program_.fields.push_back(node.field->name);
        }
        return become(node, node.field->type);
    }

    /// The seed model's names of flags are understood.
    Checked check_episode(Node& node) {
        const auto flag = signals::find_detector_flag(node.text);
        if (!flag) {
            std::vector<std::string> known;
            for (const signals::DetectorFlagInfo& each : signals::kDetectorFlags) known.emplace_back(each.name);
            std::string advice = did_you_mean(node.text, known);
            if (advice.empty()) advice = fmt::format("; there are {}", fmt::join(known, ", "));
            return fail(node, fmt::format("there are no episodes of \"{}\"{}", node.text, advice));
        }
        node.text = to_string(*flag);
        constexpr std::string_view kLookedAt = "manip_flags";
        if (std::ranges::find(program_.fields, kLookedAt) == program_.fields.end()) {
            program_.fields.push_back(kLookedAt);
        }
        return become(node, ValueType::number);
    }

    Checked check_known(Node& node) {
        if (left(node).type != ValueType::number) {
            return fail(left(node), fmt::format("known() takes a number, this is {}", describe(left(node).type)));
        }
        return become(node, ValueType::boolean);
    }

    Checked check_numbers(Node& node, std::initializer_list<std::reference_wrapper<const Node>> operands) {
        for (const Node& operand : operands) {
            if (operand.type != ValueType::number) {
                return fail(operand, fmt::format("arithmetic takes numbers, this is {}", describe(operand.type)));
            }
        }
        return become(node, ValueType::number);
    }

    Checked check_conditions(Node& node, std::initializer_list<std::reference_wrapper<const Node>> operands) {
        for (const Node& operand : operands) {
            if (operand.type != ValueType::boolean) return fail(operand, not_a_condition(operand));
        }
        return become(node, ValueType::boolean);
    }

    Checked check_order(Node& node) {
        for (const Node* operand : {&left(node), &right(node)}) {
            if (operand->type != ValueType::number) {
                return fail(*operand,
                            fmt::format("only numbers are more or less, this is {}{}", describe(operand->type),
                                        operand->type == ValueType::flags ? flags_advice(*operand) : ""));
            }
        }
        return become(node, ValueType::boolean);
    }

    Checked check_equality(Node& node) {
        Node& a = program_.nodes[node.left];
        Node& b = program_.nodes[node.right];
        for (const Node* operand : {&a, &b}) {
            if (operand->type == ValueType::flags) {
                return fail(node, "flags are looked into, not compared" + flags_advice(*operand));
            }
        }
        if (a.type != b.type) {
            return fail(node, fmt::format("{} cannot equal {}", describe(a.type), describe(b.type)));
        }
        if (auto checked = check_literal(a, b); !checked) return checked;
        if (auto checked = check_literal(b, a); !checked) return checked;
        return become(node, ValueType::boolean);
    }

    /// A text that is compared with a field must be one that the field can have; contracts are understood in any
    /// spelling and kept in the field's own.
    Checked check_literal(Node& literal, const Node& other) {
        if (literal.op != Op::text || other.op != Op::field) return {};
        const std::string_view field = other.field->name;
        if (field == "symbol" || field == "contract_code") {
            const auto code = core::parse_symbol(literal.text);
            if (!code) return fail(literal, "this cannot be the name of a contract; write one as \"BTC-USDT\"");
            literal.text = field == "symbol" ? core::unified_symbol(*code) : *code;
        } else if (field == "volatility_bucket") {
            static constexpr std::array<std::string_view, 3> kBuckets{"low", "medium", "high"};
            if (std::ranges::find(kBuckets, literal.text) == kBuckets.end()) {
                return fail(literal, "volatility_bucket is \"low\", \"medium\" or \"high\"");
            }
        }
        return {};
    }

    Checked check_membership(Node& node) {
        const Node& wanted = left(node);
        if (right(node).type != ValueType::flags) {
            return fail(right(node), fmt::format("'in' looks into 'flags', this is {}", describe(right(node).type)));
        }
        if (wanted.op != Op::text) {
            return fail(wanted, "left of 'in' stands the name of a flag in quotes: \"scam_wick\" in flags");
        }
        std::vector<std::string> known;
        for (const std::string_view flag : signals::manipulation_flag_names()) known.emplace_back(flag);
        if (std::ranges::find(known, wanted.text) == known.end()) {
            std::string advice = did_you_mean(wanted.text, known);
            if (advice.empty()) advice = fmt::format("; there are {}", fmt::join(known, ", "));
            return fail(wanted, fmt::format("there is no flag \"{}\"{}", wanted.text, advice));
        }
        return become(node, ValueType::boolean);
    }

    [[nodiscard]] static std::string flags_advice(const Node& flags) {
        return fmt::format(": write \"scam_wick\" in {}", flags.text);
    }
    [[nodiscard]] static std::string not_a_condition(const Node& node) {
        switch (node.type) {
            case ValueType::number:
                return "a condition is expected, this is a number: compare it with something, as in 'rank <= 10'";
            case ValueType::text:
                return "a condition is expected, this is a text: as in '\"scam_wick\" in flags' or 'symbol == \"BTC\"'";
            case ValueType::flags: return "a condition is expected, this is a list" + flags_advice(node);
            case ValueType::boolean: break;
        }
        return "a condition is expected";
    }

    static Checked become(Node& node, ValueType type) {
        node.type = type;
        return {};
    }
    [[nodiscard]] const Node& left(const Node& node) const { return program_.nodes[node.left]; }
    [[nodiscard]] const Node& right(const Node& node) const { return program_.nodes[node.right]; }
    [[nodiscard]] Checked fail(const Node& node, std::string message) const {
        return std::unexpected(error_at(program_.text, node.span, std::move(message)));
    }

    Program& program_;
};

}  // namespace

std::expected<void, RuleError> check_types(Program& program) {
    return TypeCheck(program).run();
}

}  // namespace scanner::rules::detail
