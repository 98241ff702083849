#include "scanner/net/request_target.hpp"

#include "scanner/core/url.hpp"

#include <algorithm>
#include <utility>

namespace scanner::net {
namespace {

using core::ErrorCode;
using core::fail;

bool has_control_characters(std::string_view text) {
    return std::ranges::any_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
}

/// What a text is called in messages; put together only when there is one.
struct TextName {
    std::string_view kind;
    std::optional<std::string_view> of = std::nullopt;  ///< "parameter 'top'"

    [[nodiscard]] std::string text() const {
        std::string name(kind);
        if (of) name.append(" '").append(*of).append("'");
        return name;
    }
};

core::Result<std::string> decode(std::string_view text, TextName name) {
    auto decoded = core::percent_decode(text);
    if (!decoded) {
        return fail(ErrorCode::invalid_input, name.text() + ": '%' must be followed by two hexadecimal digits");
    }
    if (!core::is_valid_utf8(*decoded)) return fail(ErrorCode::invalid_input, name.text() + " is not UTF-8");
    if (has_control_characters(*decoded)) {
        return fail(ErrorCode::invalid_input, name.text() + " holds control characters");
    }
    return std::move(*decoded);
}

core::Result<std::string> decode_form(std::string_view text, TextName name) {
    if (text.find('+') == std::string_view::npos) return decode(text, name);
    std::string spaced(text);
    std::ranges::replace(spaced, '+', ' ');
    return decode(spaced, name);
}

/// Calls `visit(segment)` for each non-empty piece between slashes until it returns false.
template <class Visit>
bool for_each_segment(std::string_view path, Visit visit) {
    while (!path.empty()) {
        const auto slash = path.find('/');
        const auto segment = path.substr(0, slash);
        if (!segment.empty() && !visit(segment)) return false;
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return true;
}

bool is_dots(std::string_view segment) {
    return segment == "." || segment == "..";
}

core::Result<void> check_path(std::string_view path) {
    if (!path.starts_with('/')) return fail(ErrorCode::invalid_input, "the path must begin with '/'");
    return {};
}

core::Result<void> check_decoded(std::string_view text) {
    if (text.find('\\') != std::string_view::npos) {
        return fail(ErrorCode::invalid_input, "the path holds a backslash");
    }
    if (!for_each_segment(text, [](std::string_view segment) { return !is_dots(segment); })) {
        return fail(ErrorCode::invalid_input, "the path holds a '.' or '..' segment");
    }
    return {};
}

/// Where the path of a target begins: behind the authority of an absolute-form target.
std::string_view without_authority(std::string_view target) noexcept {
    if (target.starts_with('/')) return target;
    const auto scheme = target.find("://");
    if (scheme == std::string_view::npos || target.find_first_of("/?") < scheme) return target;
    const auto path = target.find_first_of("/?", scheme + 3);
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

core::Result<QueryParameters> parse_query(std::string_view query) {
    QueryParameters parameters;
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto piece = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        if (piece.empty()) continue;
        const auto equals = piece.find('=');
        auto name = decode_form(piece.substr(0, equals), {.kind = "a parameter's name"});
        if (!name) return std::unexpected(std::move(name).error());
        QueryParameter parameter{std::move(*name), {}};
        if (equals != std::string_view::npos) {
            auto value = decode_form(piece.substr(equals + 1), {.kind = "parameter", .of = parameter.name});
            if (!value) return std::unexpected(std::move(value).error());
            parameter.value = std::move(*value);
        }
        parameters.push_back(std::move(parameter));
    }
    return parameters;
}

std::optional<std::string_view> find_parameter(const QueryParameters& parameters, std::string_view name) {
    for (auto it = parameters.rbegin(); it != parameters.rend(); ++it) {
        if (it->name == name) return std::string_view(it->value);
    }
    return std::nullopt;
}

std::string encode_query(const QueryParameters& parameters) {
    std::string query;
    for (const auto& parameter : parameters) {
        if (!query.empty()) query += '&';
        query += core::percent_encode(parameter.name);
        query += '=';
        query += core::percent_encode(parameter.value);
    }
    return query;
}

core::Result<std::string> normalize_path(std::string_view path) {
    if (auto checked = check_path(path); !checked) return std::unexpected(std::move(checked).error());
    auto decoded = decode(path, {.kind = "the path"});
    if (!decoded) return decoded;
    if (auto checked = check_decoded(*decoded); !checked) return std::unexpected(std::move(checked).error());
    std::string normal;
    normal.reserve(decoded->size());
    for_each_segment(*decoded, [&](std::string_view segment) {
        normal += '/';
        normal += segment;
        return true;
    });
    if (normal.empty()) normal = "/";
    return normal;
}

core::Result<std::vector<std::string>> split_path(std::string_view path) {
    // Refuses what normalize_path refuses, so that the two agree on which paths are valid.
    if (auto normal = normalize_path(path); !normal) return std::unexpected(std::move(normal).error());
    std::vector<std::string> segments;
    for_each_segment(path, [&](std::string_view segment) {
        segments.push_back(*core::percent_decode(segment));
        return true;
    });
    return segments;
}

std::string_view target_path(std::string_view target) noexcept {
    target = without_authority(target);
    const auto path = target.substr(0, target.find_first_of("?#"));
    return path.empty() && target.starts_with('?') ? std::string_view("/") : path;
}

std::string_view target_query(std::string_view target) noexcept {
    target = without_authority(target);
    target = target.substr(0, target.find('#'));
    const auto mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

std::string_view without_base_path(std::string_view target, std::string_view base_path) noexcept {
    if (base_path.empty()) return target;
    std::string_view rest = without_authority(target);
    if (!rest.starts_with(base_path)) return target;
    rest.remove_prefix(base_path.size());
    if (rest.empty()) return "/";
    // Without its slash ("/scanner?top=5") the path is empty, which target_path takes for "/".
    return rest.starts_with('/') || rest.starts_with('?') ? rest : target;
}

}  // namespace scanner::net
