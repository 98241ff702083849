#include "rules/rule_tree.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/symbol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace scanner::rules::detail {
namespace {

using Index = std::size_t;
using Parsed = std::expected<Index, RuleError>;

struct Operator {
    std::string_view text;
    Op op;
};
constexpr auto kComparisons = std::to_array<Operator>({{"<", Op::less},
                                                       {"<=", Op::less_equal},
                                                       {">", Op::greater},
                                                       {">=", Op::greater_equal},
                                                       {"==", Op::equal},
                                                       {"!=", Op::not_equal}});
constexpr auto kSums = std::to_array<Operator>({{"+", Op::add}, {"-", Op::subtract}});
constexpr auto kProducts = std::to_array<Operator>({{"*", Op::multiply}, {"/", Op::divide}});

struct Function {
    std::string_view name;
    Op op;
    std::size_t arguments;
};
constexpr auto kFunctions = std::to_array<Function>(
    {{"abs", Op::absolute, 1}, {"known", Op::known, 1}, {"min", Op::minimum, 2}, {"max", Op::maximum, 2}});

/// What can be asked of an episode: the highest so far.
struct EpisodeMember {
    std::string_view name;
    double signals::OpenEpisode::* member;
};
constexpr auto kEpisodeMembers = std::to_array<EpisodeMember>(
    {{"probability", &signals::OpenEpisode::probability}, {"severity", &signals::OpenEpisode::severity}});
constexpr std::string_view kEpisode = "episode";

constexpr std::array<std::string_view, 7> kWords{"and", "or", "not", "in", "for", "true", "false"};

class Parser {
public:
    Parser(std::string_view expression, std::vector<Token> tokens) : tokens_(std::move(tokens)) {
        program_.text = std::string(expression);
    }

    std::expected<Program, RuleError> run() {
        if (here().kind == TokenKind::end) return fail(here(), "the rule is empty");
        const Parsed root = disjunction();
        if (!root) return std::unexpected(root.error());
        program_.root = *root;
        if (is_word("for")) {
            if (auto held = duration(); !held) return std::unexpected(std::move(held.error()));
            if (here().kind != TokenKind::end) {
                return fail(here(),
                            fmt::format("'for' ends the rule, but '{}' follows; put it before 'for'", shown(here())));
            }
        }
        if (here().kind != TokenKind::end) return unexpected_token();
        return std::move(program_);
    }

private:
    Parsed disjunction() { return chain("or", Op::logical_or, &Parser::conjunction); }
    Parsed conjunction() { return chain("and", Op::logical_and, &Parser::negation); }

    Parsed chain(std::string_view word, Op op, Parsed (Parser::*operand)()) {
        Parsed left = (this->*operand)();
        while (left && is_word(word)) {
            ++at_;
            const Parsed right = (this->*operand)();
            if (!right) return right;
            left = binary(op, *left, *right);
        }
        return left;
    }

    Parsed negation() {
        if (!is_word("not")) return relation();
        return nested([this](const Token& word) -> Parsed {
            const Parsed operand = negation();
            return operand ? Parsed(unary(Op::logical_not, word.span.begin, *operand)) : operand;
        });
    }

    Parsed relation() {
        const Parsed left = sum();
        if (!left) return left;
        const std::optional<Op> op = relation_operator();
        if (!op) return left;
        const Parsed right = sum();
        if (!right) return right;
        const Index result = binary(*op, *left, *right);
        const Token& next = here();
        if (relation_operator()) {
            return fail(next, fmt::format("comparisons do not chain; write 'a {} b and b {} c'",
                                          is_comparison(*op) ? operator_text(*op) : "in", next.text));
        }
        return result;
    }

    std::optional<Op> relation_operator() {
        if (const auto op = symbol_of(kComparisons)) return op;
        if (is_word("in")) {
            ++at_;
            return Op::in;
        }
        if (is_word("not") && tokens_[at_ + 1].kind == TokenKind::name && tokens_[at_ + 1].text == "in") {
            at_ += 2;
            return Op::not_in;
        }
        return std::nullopt;
    }

    Parsed sum() {
        Parsed left = product();
        while (left) {
            const auto op = symbol_of(kSums);
            if (!op) break;
            const Parsed right = product();
            if (!right) return right;
            left = binary(*op, *left, *right);
        }
        return left;
    }

    Parsed product() {
        Parsed left = sign();
        while (left) {
            const auto op = symbol_of(kProducts);
            if (!op) break;
            const Parsed right = sign();
            if (!right) return right;
            left = binary(*op, *left, *right);
        }
        return left;
    }

    Parsed sign() {
        const bool minus = is_symbol("-");
        if (!minus && !is_symbol("+")) return primary();
        return nested([this, minus](const Token& token) -> Parsed {
            const Parsed operand = sign();
            return operand && minus ? Parsed(unary(Op::negate, token.span.begin, *operand)) : operand;
        });
    }

    Parsed primary() {
        const Token& token = here();
        switch (token.kind) {
            case TokenKind::number: ++at_; return add({.op = Op::number, .span = token.span, .number = token.number});
            case TokenKind::text: ++at_; return add({.op = Op::text, .span = token.span, .text = token.text});
            case TokenKind::duration: return bad_number(token);
            case TokenKind::name: return name();
            case TokenKind::symbol:
                if (token.text == "(") return parenthesis();
                break;
            case TokenKind::end: break;
        }
        return expected_operand();
    }

    Parsed name() {
        const Token& token = here();
        if (token.text == "true" || token.text == "false") {
            ++at_;
            return add({.op = Op::boolean, .span = token.span, .number = token.text == "true" ? 1.0 : 0.0});
        }
        if (std::ranges::find(kWords, token.text) != kWords.end()) return expected_operand();
        const Token& after = tokens_[at_ + 1];
        if (after.kind == TokenKind::symbol && after.text == "(") return call();
        if (token.text == kEpisode) return fail(token, std::string(kEpisodeForm));
        if (std::ranges::find(kFunctions, token.text, &Function::name) != kFunctions.end()) {
            return fail(token, fmt::format("{0} is a function: write {0}(…)", token.text));
        }
        ++at_;
        return add({.op = Op::field, .span = token.span, .text = token.text});
    }

    Parsed call() {
        if (here().text == kEpisode) return episode();
        const auto function = std::ranges::find(kFunctions, here().text, &Function::name);
        if (function == kFunctions.end()) {
            return fail(here(), fmt::format("there is no function '{}'; there are abs(x), known(x), min(a, b), "
                                            "max(a, b) and episode(\"flag\")",
                                            here().text));
        }
        ++at_;
        const std::size_t begin = tokens_[at_ - 1].span.begin;
        return nested([this, function, begin](const Token&) -> Parsed {
            std::array<Index, 2> arguments{};
            for (std::size_t i = 0; i < function->arguments; ++i) {
                if (i > 0 && !take_symbol(",")) return fail(here(), argument_count(*function));
                const Parsed argument = disjunction();
                if (!argument) return argument;
                arguments[i] = *argument;
            }
            if (is_symbol(",")) return fail(here(), argument_count(*function));
            if (!take_symbol(")")) return missing_parenthesis();
            return add({.op = function->op,
                        .span = {begin, tokens_[at_ - 1].span.end},
                        .left = arguments[0],
                        .right = arguments[1]});
        });
    }

    static constexpr std::string_view kEpisodeForm =
        "of an episode there are episode(\"pump_ignition\").probability and .severity";

    /// Of a flag that is named at once: a rule has no texts that it could compute.
    Parsed episode() {
        const std::size_t begin = here().span.begin;
        at_ += 2;  // the name and "("
        const Token flag = here();
        if (flag.kind != TokenKind::text) return fail(flag, std::string(kEpisodeForm));
        ++at_;
        if (!take_symbol(")") || !take_symbol(".")) return fail(here(), std::string(kEpisodeForm));
        const auto* const member = std::ranges::find(kEpisodeMembers, here().text, &EpisodeMember::name);
        if (here().kind != TokenKind::name || member == kEpisodeMembers.end()) {
            return fail(here(), std::string(kEpisodeForm));
        }
        ++at_;
        return add({.op = Op::episode,
                    .span = {begin, tokens_[at_ - 1].span.end},
                    .text = flag.text,
                    .member = member->member});
    }

    static std::string argument_count(const Function& function) {
        return fmt::format("{} takes {}", function.name, function.arguments == 1 ? "one value" : "two values: (a, b)");
    }

    Parsed parenthesis() {
        return nested([this](const Token& open) -> Parsed {
            const Parsed inner = disjunction();
            if (!inner) return inner;
            if (!take_symbol(")")) return missing_parenthesis();
            // The parentheses belong to what they enclose when it is shown.
            program_.nodes[*inner].span = {open.span.begin, tokens_[at_ - 1].span.end};
            return inner;
        });
    }

    Parsed missing_parenthesis() {
        if (is_word("for")) return fail(here(), "'for' stands at the end of the whole rule, outside of parentheses");
        if (here().kind == TokenKind::end) return fail(here(), "a closing ')' is missing");
        return fail(here(), fmt::format("expected ')' or an operator, found '{}'", shown(here())));
    }

    /// Takes the current token, one level deeper.
    template <class Inner>
    Parsed nested(Inner inner) {
        const Token& token = here();
        if (depth_ == kMaxRuleDepth) {
            return fail(token, fmt::format("more than {} levels within each other", kMaxRuleDepth));
        }
        ++at_;
        ++depth_;
        Parsed result = inner(token);
        --depth_;
        return result;
    }

    std::expected<void, RuleError> duration() {
        ++at_;
        const Token& token = here();
        constexpr std::string_view kForm = "after 'for' comes a whole number with s, m or h: 'for 30s', 'for 5m'";
        if (token.kind == TokenKind::number) {
            return fail(token, fmt::format("the unit is missing: 'for {}s' or 'for {}m'", token.text, token.text));
        }
        if (token.kind != TokenKind::duration) return fail(token, std::string(kForm));
        const std::string_view text = token.text;
        const auto count = core::parse_int(text.substr(0, text.size() - 1));
        const std::optional<std::int64_t> unit = unit_ms(text.back());
        if (!count || !unit) return fail(token, std::string(kForm));
        const std::int64_t most = std::chrono::milliseconds(kMaxHold).count() / *unit;
        if (*count < 1 || *count > most) return fail(token, "'for' takes from 1s to 24h");
        program_.hold = std::chrono::milliseconds(*count * *unit);
        ++at_;
        return {};
    }

    static std::optional<std::int64_t> unit_ms(char unit) {
        switch (unit) {
            case 's': return 1'000;
            case 'm': return 60'000;
            case 'h': return 3'600'000;
            default: return std::nullopt;
        }
    }

    Parsed bad_number(const Token& token) {
        const char last = token.text.back();
        if (last == 's' || last == 'm' || last == 'h') {
            return fail(token, fmt::format("'{}' is a time, which stands only after 'for' at the end; numbers are "
                                           "written out: 20000000 or 2e7",
                                           token.text));
        }
        return fail(token, fmt::format("'{}' is not a number", token.text));
    }

    Parsed expected_operand() {
        const Token& token = here();
        if (token.kind == TokenKind::end) return fail(token, "the rule ends where a value is expected");
        return fail(token, fmt::format("expected a field, a number or a text, found '{}'", shown(token)));
    }

    std::unexpected<RuleError> unexpected_token() {
        const Token& token = here();
        if (token.kind == TokenKind::symbol && token.text == ")") return fail(token, "this ')' closes nothing");
        if (token.kind == TokenKind::name && find_rule_field(token.text) == nullptr) {
            std::vector<std::string> words(kWords.begin(), kWords.end());
            const auto near = core::nearest_names(token.text, words, 1);
            if (!near.empty() && near[0] != token.text) {
                return fail(token, fmt::format("'{}' means nothing here; did you mean '{}'?", token.text, near[0]));
            }
        }
        return fail(token, fmt::format("expected 'and', 'or', 'for' or the end of the rule, found '{}'", shown(token)));
    }

    static std::string_view operator_text(Op op) { return std::ranges::find(kComparisons, op, &Operator::op)->text; }
    [[nodiscard]] std::string_view shown(const Token& token) const {
        return std::string_view(program_.text).substr(token.span.begin, token.span.end - token.span.begin);
    }

    [[nodiscard]] const Token& here() const { return tokens_[at_]; }
    [[nodiscard]] bool is_word(std::string_view word) const {
        return here().kind == TokenKind::name && here().text == word;
    }
    [[nodiscard]] bool is_symbol(std::string_view symbol) const {
        return here().kind == TokenKind::symbol && here().text == symbol;
    }
    bool take_symbol(std::string_view symbol) {
        if (!is_symbol(symbol)) return false;
        ++at_;
        return true;
    }
    template <std::size_t N>
    std::optional<Op> symbol_of(const std::array<Operator, N>& known) {
        if (here().kind != TokenKind::symbol) return std::nullopt;
        const auto found = std::ranges::find(known, here().text, &Operator::text);
        if (found == known.end()) return std::nullopt;
        ++at_;
        return found->op;
    }

    Index add(Node node) {
        program_.nodes.push_back(std::move(node));
        return program_.nodes.size() - 1;
    }
    Index unary(Op op, std::size_t begin, Index operand) {
        return add({.op = op, .span = {begin, program_.nodes[operand].span.end}, .left = operand});
    }
    Index binary(Op op, Index left, Index right) {
        return add({.op = op,
                    .span = {program_.nodes[left].span.begin, program_.nodes[right].span.end},
                    .left = left,
                    .right = right});
    }
    [[nodiscard]] std::unexpected<RuleError> fail(const Token& token, std::string message) const {
        return std::unexpected(error_at(program_.text, token.span, std::move(message)));
    }

    std::vector<Token> tokens_;
    Program program_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
};

}  // namespace

std::expected<Program, RuleError> parse_rule(std::string_view expression) {
    auto tokens = read_tokens(expression);
    if (!tokens) return std::unexpected(std::move(tokens.error()));
    return Parser(expression, std::move(*tokens)).run();
}

}  // namespace scanner::rules::detail
