#include "rules/rule_lexer.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace scanner::rules {
namespace detail {
namespace {

constexpr std::size_t kMaxExcerpt = 160;  // characters of a line that are shown

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
/// Not the first byte of a character.
bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}
std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}
/// The byte where character `count` of `text` begins.
std::size_t byte_of(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if (is_continuation(text[at])) continue;
        if (count == 0) break;
        --count;
    }
    return at;
}

/// A single character, with a hint where it means something else in other languages.
struct Stranger {
    std::string_view text;
    std::string_view advice;
};
constexpr auto kStrangers = std::to_array<Stranger>({
    {"&&", "write 'and'"},
    {"&", "write 'and'"},
    {"||", "write 'or'"},
    {"|", "write 'or'"},
    {"!", "write 'not', or '!=' for 'differs from'"},
    {"=>", "write '>='"},
    {"=<", "write '<='"},
    {"=", "write '==' to compare"},
    {"[", "there are no lists; combine conditions with 'or'"},
    {"%", "numbers are written without '%': ret_15 and *_pct are percent already"},
    {"\xE2\x80\x9C", "write plain quotes: \""},
    {"\xE2\x80\x9D", "write plain quotes: \""},
    {"\xE2\x80\x98", "write plain quotes: '"},
    {"\xE2\x80\x99", "write plain quotes: '"},
    {"\xE2\x89\xA5", "write '>='"},
    {"\xE2\x89\xA4", "write '<='"},
    {"\xE2\x89\xA0", "write '!='"},
    {"\xE2\x88\x92", "write the minus of the keyboard: '-'"},
});

class Lexer {
public:
    explicit Lexer(std::string_view expression) : expression_(expression) {}

    std::expected<std::vector<Token>, RuleError> run() {
        std::vector<Token> tokens;
        for (;;) {
            while (at_ < expression_.size() && is_space(expression_[at_])) ++at_;
            if (at_ == expression_.size()) break;
            auto token = next();
            if (!token) return std::unexpected(std::move(token.error()));
            tokens.push_back(std::move(*token));
            if (tokens.size() > kMaxRuleTerms) {
                return std::unexpected(error_at(
                    expression_, tokens.back().span,
                    fmt::format("the rule has more than {} parts; split it into several rules", kMaxRuleTerms)));
            }
        }
        tokens.push_back({.kind = TokenKind::end, .span = {expression_.size(), expression_.size()}});
        return tokens;
    }

private:
    using Outcome = std::expected<Token, RuleError>;

    Outcome next() {
        const char c = expression_[at_];
        if (is_digit(c) || (c == '.' && at_ + 1 < expression_.size() && is_digit(expression_[at_ + 1]))) {
            return number();
        }
        if (is_letter(c)) return name();
        if (c == '"' || c == '\'') return quoted(c);
        return symbol();
    }

    Outcome number() {
        const std::size_t begin = at_;
        skip(is_digit);
        if (here() == '.') {
            ++at_;
            skip(is_digit);
        }
        skip_exponent();
        if (is_letter(here())) {
            skip([](char c) { return is_letter(c) || is_digit(c); });
            return Token{.kind = TokenKind::duration, .span = {begin, at_}, .text = slice(begin)};
        }
        const auto value = core::parse_double(expression_.substr(begin, at_ - begin));
        if (!value) return fail({begin, at_}, fmt::format("'{}' is not a number that can be held", slice(begin)));
        return Token{.kind = TokenKind::number, .span = {begin, at_}, .text = slice(begin), .number = *value};
    }

    /// "e7", "E-3": taken only when digits follow, so that "2e" is seen as a number with letters after it.
    void skip_exponent() {
        if (here() != 'e' && here() != 'E') return;
        std::size_t digits = at_ + 1;
        if (digits < expression_.size() && (expression_[digits] == '-' || expression_[digits] == '+')) ++digits;
        if (digits >= expression_.size() || !is_digit(expression_[digits])) return;
        at_ = digits;
        skip(is_digit);
    }

    Outcome name() {
        const std::size_t begin = at_;
        skip([](char c) { return is_letter(c) || is_digit(c); });
        return Token{.kind = TokenKind::name, .span = {begin, at_}, .text = slice(begin)};
    }

    Outcome quoted(char quote) {
        const std::size_t begin = at_++;
        std::string text;
        while (at_ < expression_.size()) {
            const char c = expression_[at_];
            if (c == '\n' || c == '\r') break;
            ++at_;
            if (c == quote) return Token{.kind = TokenKind::text, .span = {begin, at_}, .text = std::move(text)};
            if (c != '\\') {
                text += c;
            } else if (here() == quote || here() == '\\') {
                text += expression_[at_++];
            } else {
                return fail({at_ - 1, at_}, "a backslash may stand only before a quote or another backslash");
            }
        }
        return fail({begin, at_}, fmt::format("the text that begins here has no closing {}", quote));
    }

    Outcome symbol() {
        static constexpr std::array<std::string_view, 14> kSymbols{"<=", ">=", "==", "!=", "<", ">", "+",
                                                                   "-",  "*",  "/",  "(",  ")", ",", "."};
        const std::string_view rest = expression_.substr(at_);
        // "=>" and "=<" would otherwise read as "=" and something.
        for (const std::string_view known : kSymbols) {
            if (!rest.starts_with(known)) continue;
            const std::size_t begin = at_;
            at_ += known.size();
            return Token{.kind = TokenKind::symbol, .span = {begin, at_}, .text = std::string(known)};
        }
        for (const Stranger& stranger : kStrangers) {
            if (!rest.starts_with(stranger.text)) continue;
            return fail({at_, at_ + stranger.text.size()},
                        fmt::format("'{}' means nothing here; {}", stranger.text, stranger.advice));
        }
        std::size_t end = at_ + 1;
        while (end < expression_.size() && is_continuation(expression_[end])) ++end;
        const auto byte = static_cast<unsigned char>(expression_[at_]);
        if (byte < 0x20 || byte == 0x7F) return fail({at_, end}, "a control character may not stand in a rule");
        return fail({at_, end}, fmt::format("'{}' means nothing here", expression_.substr(at_, end - at_)));
    }

    template <class Predicate>
    void skip(Predicate wanted) {
        while (at_ < expression_.size() && wanted(expression_[at_])) ++at_;
    }
    [[nodiscard]] char here() const { return at_ < expression_.size() ? expression_[at_] : '\0'; }
    [[nodiscard]] std::string slice(std::size_t begin) const {
        return std::string(expression_.substr(begin, at_ - begin));
    }
    [[nodiscard]] std::unexpected<RuleError> fail(Span span, std::string message) const {
        return std::unexpected(error_at(expression_, span, std::move(message)));
    }

    std::string_view expression_;
    std::size_t at_ = 0;
};

}  // namespace

RuleError error_at(std::string_view expression, Span span, std::string message) {
    const std::size_t begin = std::min(span.begin, expression.size());
    const std::string_view before = expression.substr(0, begin);
    const std::size_t line_break = before.rfind('\n');
    const std::size_t line_begin = line_break == std::string_view::npos ? 0 : line_break + 1;
    std::string_view line = expression.substr(line_begin);
    line = line.substr(0, line.find_first_of("\r\n"));
    const std::size_t caret = characters(expression.substr(line_begin, begin - line_begin));
    const std::size_t end = std::clamp(span.end, begin, line_begin + std::max(line.size(), begin - line_begin));
    RuleError error{.line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
                    .column = caret + 1,
                    .length = std::max<std::size_t>(1, characters(expression.substr(begin, end - begin))),
                    .message = std::move(message)};
    // The offending part stays in view, with something around it.
    const std::size_t first = caret < kMaxExcerpt / 2 ? 0 : caret - kMaxExcerpt / 2;
    const std::size_t from = byte_of(line, first);
    const std::string_view shown = line.substr(from);
    error.excerpt = std::string(shown.substr(0, byte_of(shown, kMaxExcerpt)));
    for (char& c : error.excerpt) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    }
    error.caret = caret - first;
    error.length = std::min(error.length, kMaxExcerpt);
    return error;
}

std::expected<std::vector<Token>, RuleError> read_tokens(std::string_view expression) {
    if (!core::is_valid_utf8(expression)) {
        return std::unexpected(RuleError{.message = "the rule is not UTF-8 text"});
    }
    if (expression.size() > kMaxRuleBytes) {
        return std::unexpected(
            error_at(expression, {0, 1},
                     fmt::format("the rule has {} bytes; at most {} are allowed", expression.size(), kMaxRuleBytes)));
    }
    return Lexer(expression).run();
}

}  // namespace detail

}  // namespace scanner::rules
