#include "simulator/face/encode/decimal.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace scanner::simulator::face {
namespace {

/// Digits without leading zeros (none for zero) and how many of them follow the point; negative: zeros to add.
struct Digits {
    bool negative = false;
    std::string text;
    int scale = 0;
};

Digits digits_of(std::int64_t unscaled, int scale) {
    Digits digits{.negative = unscaled < 0, .text = {}, .scale = scale};
    std::array<char, 24> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), unscaled).ptr;
    const char* begin = text.data() + (digits.negative ? 1 : 0);
    if (*begin != '0') digits.text.append(begin, static_cast<const char*>(end));
    return digits;
}

Digits digits_of(double value) {
    std::array<char, 40> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
    std::string_view text(buffer.data(), end);
    Digits digits;
    if (text.front() == '-') {
        digits.negative = true;
        text.remove_prefix(1);
    }
    const std::size_t e = text.find('e');
    int exponent = 0;
    std::string_view power = text.substr(e + 1);
    if (power.front() == '+') power.remove_prefix(1);
    std::from_chars(power.data(), power.data() + power.size(), exponent);
    for (const char c : text.substr(0, e)) {
        if (c != '.') digits.text += c;
    }
    digits.scale = static_cast<int>(digits.text.size()) - 1 - exponent;
    if (digits.text.find_first_not_of('0') == std::string::npos) digits = Digits{};
    return digits;
}

void strip_trailing_zeros(Digits& digits) {
    while (!digits.text.empty() && digits.text.back() == '0') {
        digits.text.pop_back();
        --digits.scale;
    }
    if (digits.text.empty()) digits.scale = 0;
    if (digits.scale < 0) {  // no exchange prints 4.58094E+11: keep whole numbers whole
        digits.text.append(static_cast<std::size_t>(-digits.scale), '0');
        digits.scale = 0;
    }
}

/// Adds one to the last digit.
void round_up(std::string& text) {
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit) {
        if (*digit != '9') {
            ++*digit;
            return;
        }
        *digit = '0';
    }
    text.insert(text.begin(), '1');
}

/// Half up, as the exchange's decimals do.
void set_scale(Digits& digits, int scale) {
    if (digits.text.empty()) {
        digits.scale = scale;
        return;
    }
    if (digits.scale <= scale) {
        digits.text.append(static_cast<std::size_t>(scale - digits.scale), '0');
        digits.scale = scale;
        return;
    }
    const auto drop = static_cast<std::size_t>(digits.scale - scale);
    digits.scale = scale;
    if (drop > digits.text.size()) {
        digits.text.clear();
        return;
    }
    const bool up = digits.text[digits.text.size() - drop] >= '5';
    digits.text.resize(digits.text.size() - drop);
    if (up) round_up(digits.text);
}

void append_plain(std::string& out, const Digits& digits) {
    const auto scale = static_cast<std::size_t>(digits.scale);
    const std::size_t whole = digits.text.size() > scale ? digits.text.size() - scale : 0;
    if (whole == 0) {
        out += '0';
    } else {
        out.append(digits.text, 0, whole);
    }
    if (scale == 0) return;
    out += '.';
    if (digits.text.size() < scale) out.append(scale - digits.text.size(), '0');
    out.append(digits.text, whole);
}

/// BigDecimal.toString: plain while the first digit stands no deeper than the sixth decimal.
void append_java(std::string& out, const Digits& digits) {
    const int length = std::max(1, static_cast<int>(digits.text.size()));
    const int adjusted = length - 1 - digits.scale;
    if (adjusted >= -6) {
        append_plain(out, digits);
        return;
    }
    const std::string_view text = digits.text.empty() ? std::string_view("0") : std::string_view(digits.text);
    out += text.front();
    if (text.size() > 1) {
        out += '.';
        out += text.substr(1);
    }
    out += 'E';
    out += std::to_string(adjusted);
}

void append(std::string& out, Digits digits, Print print) {
    if (print == Print::scale18) {
        set_scale(digits, 18);
    } else {
        strip_trailing_zeros(digits);
    }
    if (digits.negative && !digits.text.empty()) out += '-';
    switch (print) {
        case Print::plain: append_plain(out, digits); return;
        case Print::dotted:
            append_plain(out, digits);
            if (digits.scale == 0) out += ".0";
            return;
        case Print::number:
        case Print::scale18: append_java(out, digits); return;
    }
}

}  // namespace

Step step_of(double value) {
    Digits digits = digits_of(value);
    strip_trailing_zeros(digits);
    Step step{.mantissa = 0, .scale = digits.scale};
    const auto [end, error] =
        std::from_chars(digits.text.data(), digits.text.data() + digits.text.size(), step.mantissa);
    if (error != std::errc() || step.mantissa <= 0) return Step{};
    return step;
}

void append_decimal(std::string& out, std::int64_t unscaled, int scale, Print print) {
    append(out, digits_of(unscaled, scale), print);
}

void append_decimal(std::string& out, double value, Print print) {
    append(out, digits_of(value), print);
}

std::string decimal_text(std::int64_t unscaled, int scale, Print print) {
    std::string out;
    append_decimal(out, unscaled, scale, print);
    return out;
}

std::string decimal_text(double value, Print print) {
    std::string out;
    append_decimal(out, value, print);
    return out;
}

void append_steps(std::string& out, std::int64_t count, Step step, Print print) {
    std::int64_t unscaled = 0;
    if (__builtin_mul_overflow(count, step.mantissa, &unscaled)) {
        double value = static_cast<double>(count) * static_cast<double>(step.mantissa);
        for (int i = 0; i < step.scale; ++i) value /= 10.0;
        append_decimal(out, value, print);
        return;
    }
    append_decimal(out, unscaled, step.scale, print);
}

std::string steps_text(std::int64_t count, Step step, Print print) {
    std::string out;
    append_steps(out, count, step, print);
    return out;
}

double tidy(double value, int scale) {
    return core::round_to(value, std::clamp(scale, 0, 12));
}

}  // namespace scanner::simulator::face
