#include "exchange/htx/feed/frames/level_text.hpp"

#include "exchange/htx/feed/frames/digits.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <system_error>

namespace scanner::exchange::htx::feed {
namespace {

/// Powers of ten that are doubles exactly.
constexpr std::array<double, 16> kPowers{1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                         1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr auto kWholePowers = [] {
    std::array<std::uint64_t, 15> powers{1};
    for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
    return powers;
}();
/// So many digits are a whole double, which one division by a power rounds once, hence correctly.
constexpr unsigned kExactDigits = 15;

/// Reads anything that JSON allows here, a character at a time.
class Reader {
public:
    Reader(const char* at, const char* end) : at_(at), end_(end) {}

    [[nodiscard]] const char* at() const { return at_; }
    /// Whether `c` comes next; it is taken then.
    bool take(char c) {
        skip_space();
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }
    bool level(market::Level& out) {
        return take('[') && number(out.price) && take(',') && number(out.size) && take(']');
    }

private:
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
        if (has_exponent || whole_digits + decimals > std::ptrdiff_t{kExactDigits})
            return slow_number(begin, has_exponent, out);
        const double value = static_cast<double>(digits) / kPowers[static_cast<std::size_t>(decimals)];
        out = negative ? -value : value;
        return true;
    }
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

/// How the price of a level is printed: "86859.9" has 5 digits before the point and 1 behind it.
class PriceForm {
public:
    /// The price at `at`, as its digits without the point; nothing when it is of another form or something is wrong.
    [[nodiscard]] std::uint64_t read(const char* at) const {
        const std::uint64_t eight = load_eight(at);
        if (at[length_] != ',' || ((eight & 0xffU) == '0' && whole_ > 1)) return 0;
        if (length_ <= 8) {
            if ((no_digits(eight) & digit_tops_) != point_top_ || (eight & point_mask_) != point_) return 0;
            const std::uint64_t joined = (eight & whole_mask_) | ((eight >> 8U) & ~whole_mask_);
            return digits_of(joined, whole_ + decimals_);
        }
        const std::uint64_t behind = load_eight(at + whole_ + 1);
        const bool digits = (no_digits(eight) & whole_mask_) == 0 && (no_digits(behind) & decimals_mask_) == 0;
        if (!digits || at[whole_] != '.') return 0;
        std::uint64_t value = digits_of(eight, whole_) * kWholePowers[decimals_];
        if (decimals_ <= 8) return value + digits_of(behind, decimals_);
        const std::uint64_t rest = load_eight(at + whole_ + 9);
        if ((no_digits(rest) & rest_mask_) != 0) return 0;
        return value + digits_of(behind, 8) * kWholePowers[decimals_ - 8] + digits_of(rest, decimals_ - 8);
    }
    /// The form of the price at `at`; nothing when it is none that `read` can read.
    [[nodiscard]] static std::optional<PriceForm> of(const char* at) {
        PriceForm form;
        form.whole_ = digits_at(at);
        const bool has_point = at[form.whole_] == '.';
        if (form.whole_ - 1 > 6) return std::nullopt;
        if (has_point) {
            const char* const behind = at + form.whole_ + 1;
            form.decimals_ = digits_at(behind);
            if (form.decimals_ == 8) form.decimals_ += digits_at(behind + 8);
            if (form.decimals_ == 0 || form.whole_ + form.decimals_ > kExactDigits) return std::nullopt;
        }
        form.length_ = form.whole_ + (has_point ? 1 + form.decimals_ : 0);
        form.whole_mask_ = has_point ? first(form.whole_) : ~std::uint64_t{0};
        form.decimals_mask_ = first(form.decimals_);
        form.rest_mask_ = form.decimals_ > 8 ? first(form.decimals_ - 8) : 0;
        form.digit_tops_ = 0x8080808080808080U & first(form.length_);
        form.point_mask_ = has_point ? std::uint64_t{0xff} << (8 * form.whole_) : 0;
        form.point_ = form.point_mask_ & 0x2e2e2e2e2e2e2e2eU;
        form.point_top_ = form.point_mask_ & 0x8080808080808080U;
        return form;
    }
    [[nodiscard]] unsigned length() const { return length_; }
    [[nodiscard]] double divisor() const { return kPowers[decimals_]; }

private:
    static unsigned digits_at(const char* at) {
        return static_cast<unsigned>(std::countr_zero(no_digits(load_eight(at)))) / 8;
    }
    /// The bytes of so many characters.
    static std::uint64_t first(unsigned count) {
        return count == 0 ? 0 : ~std::uint64_t{0} >> (64 - 8 * std::min(count, 8U));
    }

    unsigned whole_ = 1;
    unsigned decimals_ = 0;
    unsigned length_ = 1;
    std::uint64_t whole_mask_ = ~std::uint64_t{0};
    std::uint64_t decimals_mask_ = 0;
    std::uint64_t rest_mask_ = 0;
    std::uint64_t digit_tops_ = 0x80;
    std::uint64_t point_mask_ = 0;
    std::uint64_t point_ = 0;
    std::uint64_t point_top_ = 0;
};

/// Reads levels as they are printed almost always, eight characters at a time: "[86859.9,817]" without spaces, signs or
/// exponents, up to seven digits before the point of the price and in the size, and fifteen in the whole price.
///
/// The prices of a book mostly have as many digits as the one before. That they do is a guess which is then checked,
/// so that the processor need not know where a price ends before it begins with the next.
class UsualLevels {
public:
    /// So many characters are looked at.
    static constexpr std::ptrdiff_t kReach = 40;

    /// Where the level that begins at `at` ends; nullptr when it is not of this kind.
    const char* read(const char* at, market::Level& out) {
        if (*at != '[') return nullptr;
        const char* const price = at + 1;
        std::uint64_t digits = form_.read(price);
        if (digits == 0) {
            const auto form = PriceForm::of(price);
            if (!form) return nullptr;
            form_ = *form;
            digits = form_.read(price);
            if (digits == 0) return nullptr;
        }
        const char* const size = price + form_.length() + 1;
        const std::uint64_t eight = load_eight(size);
        const auto length = static_cast<unsigned>(std::countr_zero(no_digits(eight))) / 8;
        // Without a branch for a size of 0, which is as likely as not.
        const auto leading_zero = static_cast<unsigned>((eight & 0xffU) == '0') & static_cast<unsigned>(length > 1);
        if (length - 1 > 6 || size[length] != ']' || leading_zero != 0) return nullptr;
        out.price = static_cast<double>(static_cast<std::int64_t>(digits)) / form_.divisor();
        out.size = static_cast<double>(static_cast<std::int64_t>(digits_of(eight, length)));
        return size + length + 1;
    }

private:
    PriceForm form_;
};

}  // namespace

const char* read_levels(const char*& at, const char* end, LevelList& list) {
    static constexpr const char* kNoPair = "a level is not [price, contracts]";
    static constexpr const char* kTooMany = "more levels than a book has";
    Reader reader(at, end);
    if (!reader.take('[')) return "a side is not an array";
    if (reader.take(']')) {
        at = reader.at();
        return nullptr;
    }
    UsualLevels usual;
    market::Level* out = list.levels.data() + list.count;
    market::Level* const room = list.levels.data() + LevelList::kMaxLevels;
    const char* next = reader.at();
    for (;;) {
        if (out == room) return kTooMany;
        const char* behind = end - next >= UsualLevels::kReach ? usual.read(next, *out) : nullptr;
        if (behind != nullptr && *behind == ',') {
            next = behind + 1;
            ++out;
            continue;
        }
        reader = Reader(behind != nullptr ? behind : next, end);
        if (behind == nullptr) {
            if (!reader.level(*out)) return kNoPair;
            if (!core::is_finite_positive(out->price)) return "a price that is not > 0";
            if (!std::isfinite(out->size) || out->size < 0.0) return "a size that is not >= 0";
        }
        ++out;
        if (!reader.take(',')) break;
        next = reader.at();
    }
    if (!reader.take(']')) return kNoPair;
    list.count = static_cast<std::size_t>(out - list.levels.data());
    at = reader.at();
    return nullptr;
}

}  // namespace scanner::exchange::htx::feed
