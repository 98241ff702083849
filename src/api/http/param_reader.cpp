#include "api/http/param_reader.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace scanner::api {
namespace {

template <class Number>
std::string range_text(std::string_view kind, Number low, Number high) {
    if (high == std::numeric_limits<Number>::max()) return fmt::format("expected {} of at least {}", kind, low);
    return fmt::format("expected {} from {} to {}", kind, low, high);
}

/// The upper end as far as there is one.
template <class Number>
std::optional<double> bound(Number high) {
    if (high == std::numeric_limits<Number>::max()) return std::nullopt;
    return static_cast<double>(high);
}

}  // namespace

const std::string* ParamReader::single(std::string_view name) {
    known_.emplace_back(name);
    const std::string* found = nullptr;
    std::size_t count = 0;
    for (std::size_t i = 0; i < params_.size(); ++i) {
        if (params_[i].name != name) continue;
        taken_[i] = true;
        found = &params_[i].value;
        ++count;
    }
    if (count < 2) return found;
    reject(name, fmt::format("given {} times, once is right", count));
    return nullptr;
}

std::optional<std::int64_t> ParamReader::integer(std::string_view name, std::int64_t low, std::int64_t high) {
    note({.name = std::string(name),
          .kind = ParamSpec::Kind::integer,
          .low = static_cast<double>(low),
          .high = bound(high)});
    const std::string* const given = single(name);
    if (given == nullptr) return std::nullopt;
    const auto value = core::parse_int(*given);
    if (value && *value >= low && *value <= high) return value;
    reject(name, fmt::format("{}, got {}", range_text("a whole number", low, high), in_quotes(*given)));
    return std::nullopt;
}

std::optional<double> ParamReader::number(std::string_view name, double low, double high) {
    note({.name = std::string(name), .kind = ParamSpec::Kind::number, .low = low, .high = bound(high)});
    const std::string* const given = single(name);
    if (given == nullptr) return std::nullopt;
    const auto value = core::parse_double(*given);
    if (value && *value >= low && *value <= high) return *value + 0.0;  // + 0.0: "-0" is 0
    reject(name, fmt::format("{}, got {}", range_text("a finite number", low, high), in_quotes(*given)));
    return std::nullopt;
}

std::optional<bool> ParamReader::flag(std::string_view name) {
    note({.name = std::string(name), .kind = ParamSpec::Kind::flag});
    const std::string* const given = single(name);
    if (given == nullptr) return std::nullopt;
    const std::string value = core::lower_case(*given);
    if (value == "true" || value == "1" || value == "yes" || value == "on") return true;
    if (value == "false" || value == "0" || value == "no" || value == "off") return false;
    reject(name, fmt::format("expected true or false, got {}", in_quotes(*given)));
    return std::nullopt;
}

std::optional<std::string> ParamReader::text(std::string_view name) {
    note({.name = std::string(name), .kind = ParamSpec::Kind::text});
    const std::string* const given = single(name);
    if (given == nullptr) return std::nullopt;
    if (!given->empty()) return *given;
    reject(name, "is empty; leave the parameter out instead");
    return std::nullopt;
}

std::optional<std::string> ParamReader::choice(std::string_view name, std::span<const std::string_view> choices,
                                               Choices kind) {
    note({.name = std::string(name),
          .kind = kind == Choices::fixed ? ParamSpec::Kind::choice : ParamSpec::Kind::open_choice,
          .choices = std::vector<std::string>(choices.begin(), choices.end())});
    const std::string* const given = single(name);
    if (given == nullptr) return std::nullopt;
    if (std::ranges::find(choices, *given) != choices.end()) return *given;
    reject(name, fmt::format("expected one of {}, got {}", fmt::join(choices, ", "), in_quotes(*given)));
    return std::nullopt;
}

std::optional<std::vector<std::string>> ParamReader::list(std::string_view name,
                                                          std::span<const std::string_view> choices) {
    note({.name = std::string(name), .kind = ParamSpec::Kind::list, .choices = {choices.begin(), choices.end()}});
    known_.emplace_back(name);
    std::optional<std::vector<std::string>> entries;
    for (std::size_t i = 0; i < params_.size(); ++i) {
        if (params_[i].name != name) continue;
        taken_[i] = true;
        if (!entries) entries.emplace();
        std::string_view rest = params_[i].value;
        while (!rest.empty()) {
            const std::size_t comma = rest.find(',');
            const std::string_view entry = core::trimmed(rest.substr(0, comma));
            if (!entry.empty() && std::ranges::find(*entries, entry) == entries->end()) {
                if (entries->size() == kMaxEntries) {
                    take_all(name);
                    reject(name, fmt::format("at most {} entries", kMaxEntries));
                    return std::nullopt;
                }
                entries->emplace_back(entry);
            }
            rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        }
    }
    return entries;
}

void ParamReader::take_all(std::string_view name) {
    for (std::size_t i = 0; i < params_.size(); ++i) taken_[i] = taken_[i] || params_[i].name == name;
}

void ParamReader::reject(std::string_view name, std::string message) {
    errors_.add({.in = "query", .name = std::string(name), .message = std::move(message)});
}

std::vector<FieldError> ParamReader::finish() {
    for (std::size_t i = 0; i < params_.size(); ++i) {
        const std::string& name = params_[i].name;
        if (taken_[i] || name.starts_with('_')) continue;
        if (std::ranges::any_of(errors_.kept(), [&](const FieldError& error) { return error.name == name; })) continue;
        if (full()) {
            reject(name, {});
            continue;
        }
        const auto near = core::nearest_names(name, known_, 1);
        if (!near.empty()) {
            reject(name, fmt::format("unknown parameter; did you mean {}?", near.front()));
        } else if (known_.empty()) {
            reject(name, "unknown parameter; this route takes none");
        } else {
            reject(name, fmt::format("unknown parameter; known: {}", fmt::join(known_, ", ")));
        }
    }
    std::vector<FieldError> ordered;
    ordered.reserve(errors_.kept().size() + 1);
    for (const net::QueryParameter& param : params_) {
        for (FieldError& error : errors_.kept()) {
            if (!error.message.empty() && error.name == param.name) {
                ordered.push_back({.in = error.in, .name = error.name, .message = std::exchange(error.message, {})});
            }
        }
    }
    errors_.add_rest_to(ordered);
    return ordered;
}

std::optional<Problem> refuse_parameters(const net::QueryParameters& params) {
    ParamReader reader(params);
    auto errors = reader.finish();
    if (errors.empty()) return std::nullopt;
    return invalid_parameters(std::move(errors));
}

}  // namespace scanner::api
