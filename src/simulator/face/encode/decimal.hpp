#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Numbers as HTX prints them. The exchange keeps decimals, not doubles: an E-notation like
/// "1.0000000000E-8" and "0E-18" is java.math.BigDecimal.toString of a value with 18 decimals.
namespace scanner::simulator::face {

enum class Print {
    plain,    ///< as short as it is exact, never E-notation: "0.0000034008", "458094000000"
    number,   ///< the same, but E-notation below 1e-6: "84066.9", "3.398E-7"
    dotted,   ///< `plain` with ".0" on whole numbers: "0.0", "2.736"
    scale18,  ///< always 18 decimals, E-notation below 1e-6: "0.100000000000000000", "1.0000000000E-8", "0E-18"
};

/// A decimal step such as a price tick or a contract size: `mantissa` x 10^-`scale`, scale >= 0.
struct Step {
    std::int64_t mantissa = 1;
    int scale = 0;
};
/// The step whose shortest decimal text is that of `value`, which must be finite and > 0.
[[nodiscard]] Step step_of(double value);

/// unscaled x 10^-scale (scale 0..40).
void append_decimal(std::string& out, std::int64_t unscaled, int scale, Print print);
/// The shortest decimal that reads back as `value`; `value` must be finite.
void append_decimal(std::string& out, double value, Print print);

[[nodiscard]] std::string decimal_text(std::int64_t unscaled, int scale, Print print);
[[nodiscard]] std::string decimal_text(double value, Print print);

/// `count` steps, exactly: book and trade prices, contracts in base units.
void append_steps(std::string& out, std::int64_t count, Step step, Print print);
[[nodiscard]] std::string steps_text(std::int64_t count, Step step, Print print);

/// `value` without the noise that double arithmetic leaves behind its `scale` decimals (at most 12 are kept).
[[nodiscard]] double tidy(double value, int scale);

}  // namespace scanner::simulator::face
