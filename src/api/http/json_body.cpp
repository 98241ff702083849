#include "api/http/json_body.hpp"

#include "scanner/core/names.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/core/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

namespace scanner::api {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 8;

bool is_json_type(std::string_view content_type) {
    const std::string type = core::lower_case(core::trimmed(content_type.substr(0, content_type.find(';'))));
    return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

/// Watches a body being parsed for members that are there twice: the parser takes the last one without a word.
class MemberNames {
public:
    void see(std::size_t depth, json::parse_event_t event, const json& value) {
        if (event == json::parse_event_t::object_start) {
            levels_[depth + 1] = {};
        } else if (event == json::parse_event_t::array_start) {
            levels_[depth + 1].last.clear();
        } else if (event == json::parse_event_t::key) {
            Level& level = levels_[depth];
            level.last = value.get<std::string>();
            if (!level.seen.insert(level.last).second) report(depth);
        }
    }
    [[nodiscard]] std::vector<FieldError> finish() const {
        std::vector<FieldError> errors = errors_.kept();
        errors_.add_rest_to(errors);
        return errors;
    }

private:
    struct Level {
        std::set<std::string> seen;
        std::string last;  ///< the member that is being read
    };

    void report(std::size_t depth) {
        std::string path;
        for (std::size_t level = 1; level <= depth && !errors_.full(); ++level) {
            if (levels_[level].last.empty() && level < depth) continue;  // an element of an array
            if (!path.empty()) path += '.';
            path += levels_[level].last.substr(0, core::kMaxNameBytes);
        }
        errors_.add({.in = "body", .name = std::move(path), .message = "is there more than once"});
    }

    std::array<Level, kMaxDepth + 2> levels_;  ///< by depth; the outermost object's members are at 1
    FieldErrors errors_;
};

std::string shown(double value) {
    return core::format_double(value);
}

}  // namespace

std::expected<std::shared_ptr<const json>, Problem> read_json_body(const net::ServerRequest& request,
                                                                   const JsonBody& limits) {
    if (!is_json_type(request.header("Content-Type"))) {
        return std::unexpected(plain_problem(415, "The body must be JSON: send 'Content-Type: application/json'."));
    }
    if (request.body.size() > limits.max_bytes) {
        return std::unexpected(plain_problem(
            413, fmt::format("The body has {} bytes; at most {} are taken.", request.body.size(), limits.max_bytes)));
    }
    bool too_deep = false;
    MemberNames names;
    json body;
    try {
        body = json::parse(request.body, [&](int depth, json::parse_event_t event, json& value) {
            too_deep = too_deep || depth > kMaxDepth;
            if (!too_deep) names.see(static_cast<std::size_t>(depth), event, value);
            return !too_deep;
        });
    } catch (const json::parse_error& error) {
        return std::unexpected(malformed_request(fmt::format("The body is not JSON: wrong at byte {}.", error.byte)));
    } catch (const json::exception&) {
        return std::unexpected(malformed_request("The body holds a number that is too large."));
    }
    if (too_deep) {
        return std::unexpected(malformed_request(fmt::format("The body is nested deeper than {} levels.", kMaxDepth)));
    }
    if (!body.is_object()) {
        return std::unexpected(invalid_body({{.in = "body", .name = "", .message = "must be a JSON object"}}));
    }
    if (auto errors = names.finish(); !errors.empty()) return std::unexpected(invalid_body(std::move(errors)));
    return std::make_shared<const json>(std::move(body));
}

std::expected<double, std::string> read_number(const json& value, double low, double high) {
    const double given = value.is_number() ? value.get<double>() : std::nan("");
    if (std::isfinite(given) && given >= low && given <= high) return given;
    return std::unexpected(fmt::format("must be a finite number from {} to {}", shown(low), shown(high)));
}

const json* BodyReader::member(std::string_view name) {
    known_.emplace_back(name);
    const auto found = body_.find(std::string(name));
    return found == body_.end() ? nullptr : &*found;
}

std::optional<std::string> BodyReader::text(std::string_view name) {
    const json* const value = member(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    reject(name, "must be a text");
    return std::nullopt;
}

std::optional<double> BodyReader::number(std::string_view name, double low, double high) {
    const json* const value = member(name);
    if (value == nullptr) return std::nullopt;
    auto number = read_number(*value, low, high);
    if (number) return *number;
    reject(name, std::move(number.error()));
    return std::nullopt;
}

std::optional<std::int64_t> BodyReader::integer(std::string_view name, std::int64_t low, std::int64_t high) {
    const json* const value = member(name);
    if (value == nullptr) return std::nullopt;
    const auto number = read_number(*value, static_cast<double>(low), static_cast<double>(high));
    if (number && *number == std::trunc(*number)) return static_cast<std::int64_t>(*number);
    reject(name, fmt::format("must be a whole number from {} to {}", low, high));
    return std::nullopt;
}

std::optional<bool> BodyReader::flag(std::string_view name) {
    const json* const value = member(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    reject(name, "must be true or false");
    return std::nullopt;
}

std::optional<std::optional<double>> BodyReader::nullable_number(std::string_view name, double low, double high) {
    const auto found = body_.find(std::string(name));
    if (found != body_.end() && found->is_null()) {
        known_.emplace_back(name);
        return std::optional<double>();
    }
    const auto given = number(name, low, high);
    if (!given) return std::nullopt;
    return std::optional<double>(*given);
}

std::optional<std::string> BodyReader::required_name(std::string_view name) {
    if (!body_.contains(std::string(name))) {
        static_cast<void>(member(name));
        reject(name, "is required");
        return std::nullopt;
    }
    auto given = text(name);
    if (!given) return std::nullopt;
    if (auto fault = core::name_fault(*given)) {
        reject(name, std::move(*fault));
        return std::nullopt;
    }
    return given;
}

void BodyReader::reject(std::string_view name, std::string message, std::optional<FieldError::Position> position) {
    errors_.add({.in = "body", .name = std::string(name), .message = std::move(message), .position = position});
}

std::vector<FieldError> BodyReader::finish() {
    for (const auto& [name, value] : body_.items()) {
        if (std::ranges::find(known_, name) != known_.end()) continue;
        if (full()) {
            reject({}, {});
            continue;
        }
        const auto near = core::nearest_names(name, known_, 1);
        std::string shown_name = name.substr(0, core::kMaxNameBytes);
        reject(shown_name, near.empty() ? fmt::format("unknown; known are {}", fmt::join(known_, ", "))
                                        : fmt::format("unknown; did you mean {}?", near.front()));
    }
    std::vector<FieldError> errors = errors_.kept();
    errors_.add_rest_to(errors);
    return errors;
}

}  // namespace scanner::api
