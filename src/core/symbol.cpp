#include "scanner/core/symbol.hpp"

#include "core/characters.hpp"
#include "core/utf8.hpp"

#include "scanner/core/names.hpp"
#include "scanner/core/url.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace scanner::core {
namespace {

/// Of a quote or date. A base has kMaxNameBytes; what is made of them is longer, and must be understood as well.
constexpr std::size_t kMaxQuoteBytes = 16;
constexpr std::size_t kMaxTextBytes = kMaxNameBytes + 3 * (kMaxQuoteBytes + 1);
constexpr std::string_view kQuote = "USDT";

char upper(char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

std::string upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char c) { return upper(c); });
    return result;
}

/// A base, quote or date: ASCII letters and digits, '.', and visible characters beyond ASCII.
bool is_name_part(std::string_view part) {
    if (part.empty() || part == "." || part == "..") return false;
    while (!part.empty()) {
        const std::size_t length = utf8_sequence_length(part);
        if (length == 0) return false;
        const char c = part[0];
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '.';
        if (length == 1 ? !plain : is_invisible_character(utf8_code_point(part.substr(0, length)))) return false;
        part.remove_prefix(length);
    }
    return true;
}

/// The parts of a code joined by '-', when each is possible.
std::optional<std::string> joined(std::string_view base, std::string_view quote, std::string_view date = {}) {
    if (!is_name_part(base) || !is_name_part(quote)) return std::nullopt;
    if (base.size() > kMaxNameBytes || quote.size() > kMaxQuoteBytes || date.size() > kMaxQuoteBytes) {
        return std::nullopt;
    }
    std::string code = std::string(base) + '-' + std::string(quote);
    if (date.empty()) return code;
    if (!is_name_part(date)) return std::nullopt;
    return code + '-' + std::string(date);
}

/// "BTC/USDT", "BTC/USDT:USDT", "BTC/USDT:USDT-261225", cut at the slash.
std::optional<std::string> from_unified(std::string_view base, std::string_view rest) {
    const std::size_t colon = rest.find(':');
    const std::string_view quote = rest.substr(0, colon);
    if (colon == std::string_view::npos) return joined(base, quote);
    const std::string_view settle_and_date = rest.substr(colon + 1);
    const std::size_t dash = settle_and_date.find('-');
    if (settle_and_date.substr(0, dash) != quote) return std::nullopt;  // settled in something else: not a linear swap
    if (dash == std::string_view::npos) return joined(base, quote);
    const std::string_view date = settle_and_date.substr(dash + 1);
    return date.empty() ? std::nullopt : joined(base, quote, date);
}

/// "BTC-USDT", "BTC-USDT-261225", "BTC", "BTCUSDT".
std::optional<std::string> from_code(std::string_view name) {
    const std::size_t dash = name.find('-');
    if (dash == std::string_view::npos) {
        if (name.size() > kQuote.size() && name.ends_with(kQuote)) name.remove_suffix(kQuote.size());
        return joined(name, kQuote);
    }
    const std::string_view rest = name.substr(dash + 1);
    const std::size_t second = rest.find('-');
    if (second == std::string_view::npos) return joined(name.substr(0, dash), rest);
    const std::string_view date = rest.substr(second + 1);
    return date.empty() ? std::nullopt : joined(name.substr(0, dash), rest.substr(0, second), date);
}

/// A name without the part that all contracts share, so that only the rest is compared.
std::string stem(std::string_view name) {
    std::string result = upper(name);
    if (const std::size_t slash = result.find('/'); slash != std::string::npos) result.resize(slash);
    for (const std::string_view suffix : {std::string_view("-USDT"), kQuote}) {
        if (result.size() > suffix.size() && result.ends_with(suffix)) result.resize(result.size() - suffix.size());
    }
    return result;
}

/// Edits (insert, remove, change, swap neighbours) between the two, in bytes; nothing when they are more than `most`.
std::optional<std::size_t> edit_distance(std::string_view left, std::string_view right, std::size_t most) {
    const std::size_t surplus = std::max(left.size(), right.size()) - std::min(left.size(), right.size());
    if (surplus > most) return std::nullopt;
    const std::size_t beyond = most + 1;
    std::vector<std::size_t> before_last(right.size() + 1, beyond);
    std::vector<std::size_t> last(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1, beyond);
    std::iota(last.begin(), last.end(), std::size_t{0});
    std::size_t least_of_last = 0;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        // Cells further than `most` from the diagonal are beyond it anyway.
        const std::size_t first = i > most ? i - most : 1;
        const std::size_t end = std::min(right.size(), i + most);
        row[first - 1] = first == 1 ? i : beyond;
        std::size_t least = row[first - 1];
        for (std::size_t j = first; j <= end; ++j) {
            const std::size_t change = left[i - 1] == right[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
            least = std::min(least, row[j]);
        }
        if (least > most && least_of_last > most) return std::nullopt;
        if (end < right.size()) row[end + 1] = beyond;
        least_of_last = least;
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[right.size()] <= most ? std::optional(last[right.size()]) : std::nullopt;
}

/// How unlike two stems are; nothing when they have too little in common to be worth a suggestion.
std::optional<double> unlikeness(std::string_view wanted, std::string_view known) {
    const std::size_t shorter = std::min(wanted.size(), known.size());
    const std::size_t longer = std::max(wanted.size(), known.size());
    const std::size_t allowed = longer <= 2 ? 1 : (longer + 2) / 3;
    const auto surplus = static_cast<double>(longer - shorter);
    const bool is_front = shorter >= 2 && (known.starts_with(wanted) || wanted.starts_with(known));
    // "1000PEPE" elsewhere is "PEPE" here.
    const bool is_inside =
        shorter >= 3 && (wanted.find(known) != std::string_view::npos || known.find(wanted) != std::string_view::npos);
    double least = std::numeric_limits<double>::infinity();
    const auto distance = edit_distance(wanted, known, allowed);
    if (distance && *distance < longer) least = static_cast<double>(*distance);
    if (is_front) least = std::min(least, 1.0 + surplus / 8.0);
    if (is_inside) least = std::min(least, 2.0 + surplus / 8.0);
    return std::isfinite(least) ? std::optional(least) : std::nullopt;
}

}  // namespace

std::string unified_symbol(std::string_view contract_code) {
    const std::size_t dash = contract_code.find('-');
    if (dash == std::string_view::npos || dash == 0 || contract_code.substr(dash + 1) != kQuote) {
        return std::string(contract_code);
    }
    std::string symbol(contract_code.substr(0, dash));
    return symbol.append("/").append(kQuote).append(":").append(kQuote);
}

std::optional<std::string> parse_symbol(std::string_view text) {
    if (text.empty() || text.size() > 3 * kMaxTextBytes) return std::nullopt;
    const auto decoded = percent_decode(text);
    if (!decoded || decoded->empty() || decoded->size() > kMaxTextBytes) return std::nullopt;
    std::string name = upper(std::string_view(*decoded));
    std::ranges::replace(name, '_', '-');
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) return from_code(name);
    return from_unified(std::string_view(name).substr(0, slash), std::string_view(name).substr(slash + 1));
}

std::vector<std::string> nearest_names(std::string_view wanted, std::span<const std::string> known, std::size_t most) {
    if (wanted.empty() || wanted.size() > 2 * kMaxNameBytes) return {};
    const std::string wanted_stem = stem(wanted);
    struct Candidate {
        double unlikeness;
        const std::string* name;
    };
    std::vector<Candidate> candidates;
    for (const std::string& name : known) {
        if (const auto unlike = unlikeness(wanted_stem, stem(name))) candidates.push_back({*unlike, &name});
    }
    std::ranges::sort(candidates, [](const Candidate& left, const Candidate& right) {
        return left.unlikeness != right.unlikeness ? left.unlikeness < right.unlikeness : *left.name < *right.name;
    });
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates) {
        if (names.size() == most) break;
        if (names.empty() || names.back() != *candidate.name) names.push_back(*candidate.name);
    }
    return names;
}

std::optional<std::string> contract_code_fault(std::string_view code) {
    if (auto fault = text_fault(code)) return fault;
    if (parse_symbol(code) == code) return std::nullopt;
    return "is no contract code: upper-case letters, digits, '.' and visible characters beyond ASCII, as in BTC-USDT";
}

}  // namespace scanner::core
