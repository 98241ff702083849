#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::core {

/// A finite double from the whole of `text` (plain or E-notation, as exchanges print them); nothing for anything else:
/// empty, spaces, trailing text, "NaN", infinities, overflow.
[[nodiscard]] std::optional<double> parse_double(std::string_view text);
/// A 64-bit integer from the whole of `text`; nothing for anything else, overflow included.
[[nodiscard]] std::optional<std::int64_t> parse_int(std::string_view text);

/// `value` rounded to `decimals` (0..12), ties to even in binary. Never negative zero; non-finite values come back
/// unchanged.
[[nodiscard]] double round_to(double value, int decimals);

/// The shortest text that reads back as exactly `value` ("0.1", "1e-09", "84066.9"). `value` must be finite.
[[nodiscard]] std::string format_double(double value);
/// Appends what `format_double` gives.
void append_double(std::string& out, double value);

[[nodiscard]] inline bool is_finite_positive(double value) {
    return std::isfinite(value) && value > 0.0;
}

}  // namespace scanner::core
