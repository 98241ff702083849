#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::alerts {

inline constexpr std::size_t kMaxScopeSymbols = 2'000;  ///< as many contracts as may be scanned

/// Which contracts a rule looks at, and under which profile's ranking. Contracts or a watchlist, not both; neither:
/// every ranked contract.
struct AlertScope {
    std::vector<std::string> contracts;  ///< contract codes, no duplicates
    std::string watchlist;               ///< its name; resolved at each cycle
    std::string profile;                 ///< empty: the default profile

    [[nodiscard]] bool everything() const { return contracts.empty() && watchlist.empty(); }
    friend bool operator==(const AlertScope&, const AlertScope&) = default;
};

/// One thing wrong with a scope: which member ("scope.symbols"), and what would be right.
struct ScopeError {
    std::string member;
    std::string message;
};

/// Reads a scope: "all" (with or without quotes), null, or an object with some of `symbols` (any spelling of a
/// contract), `watchlist` and `profile`. Everything that is wrong at once.
[[nodiscard]] std::expected<AlertScope, std::vector<ScopeError>> parse_scope(std::string_view json);
/// As JSON, in the form in which it is stored and shown: "all" in quotes, or an object with unified symbols.
[[nodiscard]] std::string render_scope(const AlertScope& scope);

}  // namespace scanner::alerts
