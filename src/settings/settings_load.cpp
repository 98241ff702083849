#include "scanner/settings/settings_load.hpp"

#include "settings/settings_table.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/core/text.hpp"
#include "scanner/settings/settings.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace scanner::settings {
namespace {

constexpr std::string_view kPrefix = "SCANNER_";
constexpr std::string_view kExchange = "SCANNER_EXCHANGE";
constexpr std::size_t kMaxShownBytes = 120;
constexpr std::size_t kShortTokenBytes = 16;
constexpr std::size_t kFewCharacters = 6;  // different ones

/// A text that was given for a setting, under the name that it was given with.
struct Given {
    std::string name;
    SettingSource source = SettingSource::built_in;
    std::string text;
};

/// A given value as messages show it.
std::string shown(const SettingSpec& spec, std::string_view text) {
    std::string result = spec.type.mask ? spec.type.mask(text) : std::string(text);
    if (result.size() > kMaxShownBytes) {
        std::size_t end = kMaxShownBytes;
        while (end > 0 && (static_cast<unsigned char>(result[end]) & 0xC0U) == 0x80U) --end;  // not inside a character
        result.resize(end);
        result += "…";
    }
    return result;
}

/// Whether a token looks guessable rather than generated.
bool is_easily_guessed(std::string_view token) {
    if (token.size() < kShortTokenBytes) return true;
    if (std::set<char>(token.begin(), token.end()).size() < kFewCharacters) return true;
    for (std::size_t unit = 1; unit <= token.size() / 2; ++unit) {
        if (token.substr(unit) == token.substr(0, token.size() - unit)) return true;  // the same again and again
    }
    const std::string lower = core::lower_case(token);
    return std::ranges::any_of(std::array{"password", "changeme", "change-me", "change_me"},
                               [&lower](const char* word) { return lower.contains(word); });
}

/// Reads all settings from one set of inputs.
class Loader {
public:
    Loader(const SettingInputs& inputs, std::span<const ExchangeChoice> exchanges)
        : inputs_(inputs), exchanges_(exchanges) {}

    std::expected<LoadedSettings, std::vector<SettingProblem>> load() {
        for (const SettingSpec& spec : setting_specs()) load_one(spec);
        settle_exchange();
        check_access();
        check_role();
        if (!problems_.empty()) return std::unexpected(std::move(problems_));
        warn_of_doubtful_combinations();
        warn_of_unknown_names(inputs_.file, SettingSource::file);
        warn_of_unknown_names(inputs_.environment, SettingSource::environment);
        return std::move(loaded_);
    }

private:
    void load_one(const SettingSpec& spec) {
        const auto given = find(spec);
        loaded_.sources.emplace(spec.name, given ? given->source : SettingSource::built_in);
        if (!given) return;
        auto complaint = spec.type.parse(loaded_.settings, given->text);
        if (!complaint && spec.name == kExchange && !exchanges_.empty() && chosen_exchange() == nullptr) complaint = "";
        if (!complaint) return;
        std::string expected =
            spec.name == kExchange && !exchanges_.empty() ? names_of_exchanges() : spec.type.expected;
        if (!complaint->empty()) expected += " (" + *complaint + ")";
        problems_.push_back(
            {.name = given->name, .source = given->source, .given = shown(spec, given->text), .expected = expected});
    }

    /// The one that is named, or the default.
    const ExchangeChoice* chosen_exchange() const {
        if (loaded_.settings.exchange.empty()) return exchanges_.empty() ? nullptr : exchanges_.data();
        const auto found = std::ranges::find_if(exchanges_, [this](const ExchangeChoice& choice) {
            return core::equal_ignoring_case(choice.name, loaded_.settings.exchange);
        });
        return found == exchanges_.end() ? nullptr : &*found;
    }

    void settle_exchange() {
        const ExchangeChoice* const chosen = chosen_exchange();
        if (chosen == nullptr) return;
        loaded_.settings.exchange = chosen->name;
        if (loaded_.settings.exchange_url.empty()) loaded_.settings.exchange_url = chosen->base_url;
    }

    std::string names_of_exchanges() const {
        std::vector<std::string_view> names;
        for (const ExchangeChoice& choice : exchanges_) names.push_back(choice.name);
        return one_of(names);
    }

    /// The text that counts: flags over environment over file.
    std::optional<Given> find(const SettingSpec& spec) {
        if (!inputs_.flags.empty()) {
            const auto flag = inputs_.flags.find(std::string(spec.name));
            if (flag != inputs_.flags.end()) {
                return Given{.name = "--" + flag_of(spec), .source = SettingSource::flag, .text = flag->second};
            }
        }
        if (auto given = find_in(inputs_.environment, SettingSource::environment, spec)) return given;
        return find_in(inputs_.file, SettingSource::file, spec);
    }

    /// An empty text is what shells and compose files leave behind for "not given". It counts only where it is a value,
    /// and never hides an alias that has one.
    std::optional<Given> find_in(const SettingTexts& texts, SettingSource source, const SettingSpec& spec) {
        std::optional<Given> found;
        if (texts.empty()) return found;
        std::vector<std::string_view> names{spec.name};
        names.insert(names.end(), spec.aliases.begin(), spec.aliases.end());
        for (const std::string_view name : names) {
            const auto text = texts.find(std::string(name));
            if (text == texts.end() || (text->second.empty() && !spec.type.empty_is_value)) continue;
            if (!found || found->text.empty()) {
                found = Given{.name = std::string(name), .source = source, .text = text->second};
            } else if (!text->second.empty() && text->second != found->text) {
                warn(std::string(name) + " (" + std::string(to_string(source)) + ") is overridden by " + found->name);
            }
        }
        return found;
    }

    static std::string flag_of(const SettingSpec& spec) {
        const auto infos = setting_infos();
        return std::ranges::find(infos, spec.name, &SettingInfo::name)->flag;
    }

    void check_access() {
        const Settings& settings = loaded_.settings;
        if (core::is_loopback_host(settings.http_address)) return;
        if (settings.api_token && is_easily_guessed(*settings.api_token)) {
            problems_.push_back({.name = "SCANNER_API_TOKEN",
                                 .source = loaded_.sources.at("SCANNER_API_TOKEN"),
                                 .given = "***",
                                 .expected = "a token of at least 16 characters that is not easily guessed, because "
                                             "SCANNER_HTTP_ADDRESS=" +
                                             settings.http_address +
                                             " is reachable from other machines (`openssl rand -hex 32` makes one)"});
            return;
        }
        if (settings.api_token || settings.allow_anonymous_writes) return;
        const bool token_was_refused = std::ranges::any_of(problems_, [](const SettingProblem& problem) {
            return problem.name.ends_with("API_TOKEN") || problem.name == "--api-token";
        });
        if (token_was_refused) return;
        problems_.push_back(
            {.name = "SCANNER_API_TOKEN",
             .source = SettingSource::built_in,
             .given = "",
             .expected = "a token, because SCANNER_HTTP_ADDRESS=" + settings.http_address +
                         " is reachable from other machines (or SCANNER_ALLOW_ANONYMOUS_WRITES=true to let "
                         "anyone change things)"});
    }

    /// Several processes have to meet somewhere.
    void check_role() {
        const Settings& settings = loaded_.settings;
        if (settings.record && settings.role == Role::replica) {
            problems_.push_back({.name = "SCANNER_RECORD",
                                 .source = loaded_.sources.at("SCANNER_RECORD"),
                                 .given = "true",
                                 .expected = "false, because SCANNER_ROLE=replica: a replica hears nothing of the "
                                             "exchange; scanners record"});
        }
        const bool redis = settings.redis_url.has_value();
        const bool missing = (settings.role == Role::scanner && !redis && !settings.postgres_url) ||
                             (settings.role == Role::replica && !redis);
        if (!missing) return;
        problems_.push_back(
            {.name = "SCANNER_ROLE",
             .source = loaded_.sources.at("SCANNER_ROLE"),
             .given = std::string(to_string(settings.role)),
             .expected = settings.role == Role::replica
                             ? "SCANNER_REDIS_URL with it: that is where a replica reads what it serves"
                             : "SCANNER_REDIS_URL or SCANNER_POSTGRES_URL with it, where scanners elect "
                               "one of them"});
    }

    void warn_of_doubtful_combinations() {
        const Settings& settings = loaded_.settings;
        if (settings.redis_snapshots_ttl <= settings.scan_interval) {
            warn(
                "SCANNER_REDIS_SNAPSHOTS_TTL_SEC is not longer than SCANNER_SCAN_INTERVAL_SEC: between cycles nothing "
                "fresh "
                "can be served");
        }
        if (settings.api_token && is_easily_guessed(*settings.api_token)) {
            warn("SCANNER_API_TOKEN is short enough to be guessed; `openssl rand -hex 32` makes a good one");
        }
        if (settings.alert_webhook_secret && !settings.alert_webhook_url) {
            warn("SCANNER_ALERT_WEBHOOK_SECRET is set without SCANNER_ALERT_WEBHOOK_URL: nothing is posted");
        }
        if (settings.allow_anonymous_writes && settings.api_token) {
            warn("SCANNER_ALLOW_ANONYMOUS_WRITES has no effect while SCANNER_API_TOKEN is set");
        } else if (settings.allow_anonymous_writes && !core::is_loopback_host(settings.http_address)) {
            warn("anyone who reaches " + settings.http_address +
                 " may change settings (SCANNER_ALLOW_ANONYMOUS_WRITES)");
        }
    }

    void warn_of_unknown_names(const SettingTexts& texts, SettingSource source) {
        static const std::vector<std::string> kKnown = known_names();
        for (const auto& [name, text] : texts) {
            if (!core::equal_ignoring_case(name.substr(0, kPrefix.size()), kPrefix)) continue;
            const std::string rest = name.substr(kPrefix.size());
            if (name.starts_with(kPrefix) && std::ranges::find(kKnown, rest) != kKnown.end()) continue;
            const auto nearest = core::nearest_names(rest, kKnown, 1);
            warn(name + " (" + std::string(to_string(source)) + ") is not a setting" +
                 (nearest.empty() ? std::string() : "; did you mean " + std::string(kPrefix) + nearest.front() + "?"));
        }
    }

    /// Without the prefix, which would make all names similar.
    static std::vector<std::string> known_names() {
        std::vector<std::string> known;
        for (const SettingSpec& spec : setting_specs()) {
            known.emplace_back(spec.name.substr(kPrefix.size()));
            for (const std::string_view alias : spec.aliases) {
                if (alias.starts_with(kPrefix)) known.emplace_back(alias.substr(kPrefix.size()));
            }
        }
        return known;
    }

    void warn(std::string warning) { loaded_.warnings.push_back(std::move(warning)); }

    const SettingInputs& inputs_;
    std::span<const ExchangeChoice> exchanges_;
    LoadedSettings loaded_;
    std::vector<SettingProblem> problems_;
};

}  // namespace

std::string_view to_string(SettingSource source) noexcept {
    switch (source) {
        case SettingSource::built_in: return "default";
        case SettingSource::file: return "file";
        case SettingSource::environment: return "environment";
        case SettingSource::flag: return "flag";
    }
    return "default";
}

std::string to_string(const SettingProblem& problem) {
    std::string text = problem.name;
    if (problem.source == SettingSource::built_in) {
        text += " is not set";
    } else {
        if (problem.source != SettingSource::flag) text += " (" + std::string(to_string(problem.source)) + ")";
        text += " is ";
        core::append_json_string(text, problem.given);
    }
    return text + ": expected " + problem.expected;
}

std::expected<LoadedSettings, std::vector<SettingProblem>> load_settings(const SettingInputs& inputs,
                                                                         std::span<const ExchangeChoice> exchanges) {
    return Loader(inputs, exchanges).load();
}

}  // namespace scanner::settings
