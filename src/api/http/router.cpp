#include "api/http/router.hpp"

#include <algorithm>

namespace scanner::api {

PathPattern::PathPattern(std::string_view pattern) : text_(pattern) {
    std::string_view rest = pattern;
    while (rest.starts_with('/')) {
        rest.remove_prefix(1);
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const std::string_view segment = rest.substr(0, end);
        rest.remove_prefix(end);
        if (segment.empty()) continue;
        if (segment.starts_with('{')) {
            variable_ = true;
        } else {
            (variable_ ? after_ : before_).emplace_back(segment);
        }
    }
}

std::optional<std::string> PathPattern::match(std::span<const std::string> segments) const {
    const std::size_t literal = before_.size() + after_.size();
    if (variable_ ? segments.size() <= literal : segments.size() != literal) return std::nullopt;
    if (!std::ranges::equal(before_, segments.first(before_.size()))) return std::nullopt;
    if (!std::ranges::equal(after_, segments.last(after_.size()))) return std::nullopt;
    std::string variable;
    for (const std::string& segment : segments.subspan(before_.size(), segments.size() - literal)) {
        if (!variable.empty()) variable += '/';
        variable += segment;
    }
    return variable;
}

std::string allowed_methods(std::span<const std::string_view> own) {
    std::string allowed;
    const auto add = [&allowed](std::string_view method) {
        if (!allowed.empty()) allowed += ", ";
        allowed += method;
    };
    for (const std::string_view method : own) {
        add(method);
        if (method == "GET") add("HEAD");
    }
    add("OPTIONS");
    return allowed;
}

}  // namespace scanner::api
