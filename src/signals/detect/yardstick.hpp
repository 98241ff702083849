#pragma once

#include "signals/detect/state_codec.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace scanner::signals::detect {

/// The last N values of something that is looked at regularly, and their median: what is usual for this contract. A
/// value is compared with it before it is added, so that no value is part of its own yardstick. 4 bytes a value.
template <std::size_t N>
class Yardstick {
public:
    /// Nothing real is as large, and a float holds it.
    static constexpr double kLargest = 1e37;

    void add(double value) {
        if (!(std::abs(value) < kLargest)) return;
        values_[next_] = static_cast<float>(value);
        next_ = (next_ + 1) % N;
        count_ = std::min<std::uint32_t>(count_ + 1, N);
        measure();
    }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] double median() const { return median_; }
    /// Median distance from the median, as a standard deviation of a normal law.
    [[nodiscard]] double deviation() const { return deviation_; }

    static void persist(auto& self, auto& archive) {
        archive(self.count_, self.next_, self.values_);
        if constexpr (std::remove_reference_t<decltype(archive)>::kReads) {
            archive.require(self.count_ <= N && self.next_ < N);
            if (archive.ok()) self.measure();
        }
    }

private:
    void measure() {
        if (count_ == 0) return;
        std::array<float, N> sorted;
        std::copy_n(values_.begin(), count_, sorted.begin());
        const auto middle = sorted.begin() + count_ / 2;
        const auto end = sorted.begin() + count_;
        std::nth_element(sorted.begin(), middle, end);
        const float median = *middle;
        for (auto value = sorted.begin(); value != end; ++value) *value = std::abs(*value - median);
        std::nth_element(sorted.begin(), middle, end);
        median_ = static_cast<double>(median);
        deviation_ = 1.4826 * static_cast<double>(*middle);
    }

    std::array<float, N> values_{};
    std::uint32_t count_ = 0;
    std::uint32_t next_ = 0;
    double median_ = 0.0;
    double deviation_ = 0.0;
};

}  // namespace scanner::signals::detect
