#include "scanner/alerts/scope.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/symbol.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace scanner::alerts {
namespace {

using nlohmann::json;

class ScopeReader {
public:
    std::expected<AlertScope, std::vector<ScopeError>> read(const json& given) {
        if (given.is_null() || given == json("all")) return AlertScope{};
        if (!given.is_object()) {
            fail("scope", R"(must be "all" or an object with some of symbols, watchlist and profile)");
            return std::unexpected(std::move(errors_));
        }
        for (const auto& [name, value] : given.items()) {
            if (name == "symbols") {
                read_symbols(value);
            } else if (name == "watchlist") {
                scope_.watchlist = read_name(name, value);
            } else if (name == "profile") {
                scope_.profile = read_name(name, value);
            } else {
                fail("scope." + name.substr(0, core::kMaxNameBytes),
                     "unknown; known are symbols, watchlist and profile");
            }
        }
        if (!scope_.contracts.empty() && !scope_.watchlist.empty()) {
            fail("scope.watchlist", "give symbols or a watchlist, not both");
        }
        if (!errors_.empty()) return std::unexpected(std::move(errors_));
        return std::move(scope_);
    }

private:
    void read_symbols(const json& given) {
        if (!given.is_array() || given.empty()) return fail("scope.symbols", "must be a list of at least one contract");
        if (given.size() > kMaxScopeSymbols) {
            return fail("scope.symbols", fmt::format("at most {} contracts", kMaxScopeSymbols));
        }
        for (std::size_t i = 0; i < given.size(); ++i) {
            const auto code = given[i].is_string() ? core::parse_symbol(given[i].get_ref<const std::string&>())
                                                   : std::optional<std::string>();
            if (!code) {
                fail(fmt::format("scope.symbols.{}", i), "must be the name of a contract, as in \"BTC-USDT\"");
            } else if (std::ranges::find(scope_.contracts, *code) == scope_.contracts.end()) {
                scope_.contracts.push_back(*code);
            }
        }
    }

    std::string read_name(const std::string& member, const json& given) {
        if (given.is_null()) return "";
        const std::string* const name = given.get_ptr<const std::string*>();
        if (name == nullptr || name->empty() || name->size() > core::kMaxNameBytes) {
            fail("scope." + member, fmt::format("must be a name of 1 to {} bytes", core::kMaxNameBytes));
            return "";
        }
        return *name;
    }

    void fail(std::string member, std::string message) {
        errors_.push_back({.member = std::move(member), .message = std::move(message)});
    }

    AlertScope scope_;
    std::vector<ScopeError> errors_;
};

}  // namespace

std::expected<AlertScope, std::vector<ScopeError>> parse_scope(std::string_view text) {
    if (text.empty() || text == "all") return AlertScope{};
    const json given = json::parse(text, nullptr, false);
    if (given.is_discarded()) return std::unexpected(std::vector<ScopeError>{{"scope", "is not JSON"}});
    return ScopeReader().read(given);
}

std::string render_scope(const AlertScope& scope) {
    core::JsonWriter out;
    if (scope.everything() && scope.profile.empty()) return out.value("all").take();
    out.begin_object();
    if (!scope.contracts.empty()) {
        out.key("symbols").begin_array();
        for (const std::string& code : scope.contracts) out.value(core::unified_symbol(code));
        out.end_array();
    }
    if (!scope.watchlist.empty()) out.field("watchlist", scope.watchlist);
    if (!scope.profile.empty()) out.field("profile", scope.profile);
    return out.end_object().take();
}

}  // namespace scanner::alerts
