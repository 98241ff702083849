#pragma once

#include "scanner/signals/numbers.hpp"

#include <optional>
#include <utility>

namespace scanner::signals {

/// Calls `write` with what a value of that line stands for: nullptr where there is none, a bool, a text (which lives
/// for ever) or a double. What writes numbers, in whatever form, takes them from here.
template <class Write>
decltype(auto) visit_value(const NumberField& field, const std::optional<double>& value, Write&& write) {
    if (!value) return std::forward<Write>(write)(nullptr);
    if (field.type == FieldType::boolean) return std::forward<Write>(write)(*value != 0.0);
    if (field.type == FieldType::text) return std::forward<Write>(write)(text_of(*value));
    return std::forward<Write>(write)(*value);
}

}  // namespace scanner::signals
