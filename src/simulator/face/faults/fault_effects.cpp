#include "simulator/face/faults/fault_effects.hpp"

#include "simulator/face/encode/errors.hpp"
#include "simulator/face/random.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace scanner::simulator::face {
namespace {

struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// A number in the text, and whether quotes stand around it (they are inside the span then).
struct Number {
    Span span;
    bool quoted = false;
};

bool is_exempt(std::string_view key) {
    static constexpr std::array<std::string_view, 12> kExempt{
        "ts",          "id",       "mrid",          "version",       "index_ts",   "funding_time",
        "create_date", "query_id", "delivery_time", "delivery_date", "created_at", "settlement_date"};
    return std::ranges::find(kExempt, key) != kExempt.end();
}

/// Walks over the JSON text and collects its numbers, bare or as whole strings, without those of exempt keys.
class NumberFinder {
public:
    explicit NumberFinder(std::string_view text) : text_(text) {}

    std::vector<Number> find(Span within) {
        at_ = within.begin;
        while (at_ < within.end) step();
        return std::move(numbers_);
    }

private:
    void step() {
        const char c = text_[at_];
        if (c == '"') return quoted();
        if (c == '-' || (c >= '0' && c <= '9')) return bare();
        ++at_;
    }
    void quoted() {
        const std::size_t begin = at_++;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        at_ = std::min(at_ + 1, text_.size());
        const std::string_view inside = text_.substr(begin + 1, at_ - begin - 2);
        if (at_ < text_.size() && text_[at_] == ':') {
            key_ = inside;
        } else if (core::parse_double(inside)) {
            keep({.span = {begin, at_}, .quoted = true});
        }
    }
    void bare() {
        const std::size_t begin = at_;
        at_ = std::min(text_.find_first_not_of("+-.0123456789eE", at_), text_.size());
        keep({.span = {begin, at_}, .quoted = false});
    }
    void keep(Number number) {
        if (!is_exempt(key_)) numbers_.push_back(number);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string_view key_;
    std::vector<Number> numbers_;
};

/// The flat object around `"contract_code":"CODE"`, or an empty span.
Span row_of(std::string_view body, std::string_view contract) {
    const std::size_t found = body.find("\"contract_code\":\"" + std::string(contract) + "\"");
    if (found == std::string_view::npos) return {};
    return {body.rfind('{', found), std::min(body.find('}', found), body.size() - 1) + 1};
}

}  // namespace

std::string make_malformed(const std::string& body, std::uint64_t draw) {
    switch (draw % 3) {
        case 0: return body.substr(0, body.size() * 2 / 3);
        case 1: return html_page(200);
        default: {
            // The same envelope with text where there should be a list or an object.
            for (const std::string_view name : {"\"data\":", "\"ticks\":", "\"tick\":"}) {
                const std::size_t at = body.find(name);
                if (at != std::string::npos) return body.substr(0, at + name.size()) + "\"unavailable\"}";
            }
            return "[]";
        }
    }
}

std::string make_non_finite(const std::string& body, std::string_view contract, std::uint64_t draw) {
    static constexpr std::array<std::string_view, 3> kValues{"NaN", "1e999", "\"NaN\""};
    Span within{0, body.size()};
    if (!contract.empty() && body.find("\"contract_code\":\"") != std::string::npos) within = row_of(body, contract);
    const std::vector<Number> numbers = NumberFinder(body).find(within);
    if (numbers.empty()) return body;
    const std::size_t first = mix(draw) % std::min<std::size_t>(3, numbers.size());
    std::string spoilt;
    std::size_t copied = 0;
    for (std::size_t i = first; i < numbers.size(); i += 3) {
        const Number& number = numbers[i];
        spoilt.append(body, copied, number.span.begin - copied);
        spoilt += number.quoted ? "\"NaN\"" : kValues[draw % kValues.size()];
        copied = number.span.end;
    }
    return spoilt.append(body, copied);
}

}  // namespace scanner::simulator::face
