#pragma once

#include "scanner/signals/number_field.hpp"

#include <array>
#include <string_view>

namespace scanner::api {

/// The JSON text of a finite number, rounded to `digits`: whole numbers without exponent or fraction (20000000, not
/// 2e+07), others as the shortest text that reads back as the rounded double. Frames and answers are mostly such
/// numbers, so the usual ones are written as the whole number of their last digit and a point, without a search for the
/// shortest text. Pure; valid while the object lives.
class NumberText {
public:
    explicit NumberText(double value, signals::Digits digits = signals::all_digits()) : text_(write(value, digits)) {}
    NumberText(const NumberText&) = delete;
    NumberText& operator=(const NumberText&) = delete;
    ~NumberText() = default;

    [[nodiscard]] std::string_view view() const noexcept { return text_; }

private:
    [[nodiscard]] std::string_view write(double value, signals::Digits digits);
    /// `whole` / 10^`places`; `whole` is whole and under 2^53, `places` from 0 to 17.
    [[nodiscard]] std::string_view write_decimal(double whole, int places);
    [[nodiscard]] std::string_view write_shortest(double value);

    std::array<char, 40> buffer_;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is viewed
    std::string_view text_;        ///< in `buffer_`, or a literal
};

}  // namespace scanner::api
