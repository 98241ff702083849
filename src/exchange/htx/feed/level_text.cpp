#include "exchange/htx/feed/level_text.hpp"

#include "scanner/core/numeric.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

namespace scanner::exchange::htx::feed {
namespace {

/// Powers of ten that are doubles exactly.
constexpr std::array<double, 16> kPowers{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                         1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
/// So many digits are a whole double, which one division by a power rounds once, hence correctly.
constexpr int kExactDigits = 15;

class Reader {
public:
    explicit Reader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    /// Whether `c` comes next; it is taken then.
    bool take(char c) {
        skip_space();
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }
    [[nodiscard]] bool at_end() {
        skip_space();
        return at_ == end_;
    }
    /// A JSON number.
    bool number(double& out) {
        skip_space();
        const char* const begin = at_;
        const bool negative = at_ != end_ && *at_ == '-';
        if (negative) ++at_;
        std::uint64_t digits = 0;
        const char* const whole = at_;
        take_digits(digits);
        const auto whole_digits = at_ - whole;
        if (whole_digits == 0 || (whole_digits > 1 && *whole == '0')) return false;
        std::ptrdiff_t decimals = 0;
        if (at_ != end_ && *at_ == '.') {
            const char* const fraction = ++at_;
            take_digits(digits);
            decimals = at_ - fraction;
            if (decimals == 0) return false;
        }
        const bool has_exponent = at_ != end_ && (*at_ == 'e' || *at_ == 'E');
        if (has_exponent || whole_digits + decimals > kExactDigits) return slow_number(begin, has_exponent, out);
        const double value = static_cast<double>(digits) / kPowers[static_cast<std::size_t>(decimals)];
        out = negative ? -value : value;
        return true;
    }

private:
    void skip_space() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
    }
    void take_digits(std::uint64_t& digits) {
        // More than 19 digits overflow; they are read in the slow way.
        for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
            digits = digits * 10 + static_cast<std::uint64_t>(*at_ - '0');
        }
    }
    bool slow_number(const char* begin, bool has_exponent, double& out) {
        if (has_exponent) {
            ++at_;
            if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
            const char* const exponent = at_;
            std::uint64_t ignored = 0;
            take_digits(ignored);
            if (at_ == exponent) return false;
        }
        const auto read = std::from_chars(begin, at_, out);
        return read.ec == std::errc() && read.ptr == at_;
    }

    const char* at_;
    const char* end_;
};

}  // namespace

const char* read_levels(std::string_view text, std::size_t max_levels, std::vector<market::Level>& levels) {
    static constexpr const char* kNoPair = "a level is not [price, contracts]";
    Reader reader(text);
    if (!reader.take('[')) return "a side is not an array";
    if (reader.take(']')) return reader.at_end() ? nullptr : kNoPair;
    do {
        market::Level level;
        if (!reader.take('[') || !reader.number(level.price) || !reader.take(',') || !reader.number(level.size) ||
            !reader.take(']')) {
            return kNoPair;
        }
        if (!core::is_finite_positive(level.price)) return "a price that is not > 0";
        if (!std::isfinite(level.size) || level.size < 0.0) return "a size that is not >= 0";
        if (levels.size() == max_levels) return "more levels than a book has";
        levels.push_back(level);
    } while (reader.take(','));
    return reader.take(']') && reader.at_end() ? nullptr : kNoPair;
}

}  // namespace scanner::exchange::htx::feed
