#pragma once

namespace scanner::core {

/// A positive decimal number (a price tick, a contract size) taken apart, so that whole multiples of it are the doubles
/// nearest to the exact decimals: 1672 times 0.1 is 167.2, where the product of the doubles is 167.20000000000002.
/// Immutable; any thread.
class DecimalUnit {
public:
    /// The decimal is the shortest one that reads back as `value`. Anything but a finite number above 0, and a value of
    /// more digits than a double can multiply exactly, makes a unit whose multiples are plain products.
    explicit DecimalUnit(double value);

    [[nodiscard]] double value() const noexcept { return value_; }
    /// `count` units: the double nearest to the exact decimal where `count` is whole and the digits of the product fit
    /// into a double (2^53); the product of the doubles otherwise.
    [[nodiscard]] double times(double count) const;
    /// The multiple of the unit that `amount` is but for the last bits of a sum or product; any other amount unchanged.
    [[nodiscard]] double cleaned(double amount) const;
    /// `amount` with as many decimals as the unit has; unchanged where nothing would be left of it, or where so many
    /// digits fit into no double.
    [[nodiscard]] double rounded(double amount) const;
    /// How many decimals the unit has: 3 for 0.125, 0 for 5 and where it was not taken apart.
    [[nodiscard]] int decimals() const noexcept { return exponent_ < 0 ? -exponent_ : 0; }

private:
    double value_;
    double digits_ = 0.0;  ///< whole; value = digits * 10^exponent; 0: not taken apart
    int exponent_ = 0;
};

/// a + b with as many decimals as the finer of the two has: 0.1 + 0.2 is 0.3, whatever the doubles add up to.
[[nodiscard]] double add_decimals(double a, double b);

}  // namespace scanner::core
