#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

/// Lets a room report its metrics without knowing the collector. Plain values; no library's types.
namespace scanner::core {

struct MetricLabel {
    std::string_view name;
    std::string_view value;
};
using MetricLabels = std::initializer_list<MetricLabel>;

/// Observations by size. Not synchronised.
class Histogram {
public:
    /// `bounds`: upper ends of the buckets, inclusive and ascending; must outlive the histogram.
    explicit Histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}
    void observe(double value);

    [[nodiscard]] std::span<const double> bounds() const noexcept { return bounds_; }
    /// Of each bucket alone, the last one being for what is above every bound.
    [[nodiscard]] std::span<const std::uint64_t> counts() const noexcept { return counts_; }
    [[nodiscard]] double sum() const noexcept { return sum_; }

private:
    std::span<const double> bounds_;
    std::vector<std::uint64_t> counts_;
    double sum_ = 0.0;
};

/// Takes samples, one family (a name) after the other: those of a family must follow each other. Names and meanings are
/// the documentation's (docs/api.md, "Metrics"). What is passed need only live for the call.
class MetricSink {
public:
    virtual ~MetricSink() = default;

    template <class Number>
        requires std::is_arithmetic_v<Number>
    void gauge(std::string_view name, std::string_view help, Number value, MetricLabels labels = {}) {
        add_gauge(name, help, static_cast<double>(value), labels);
    }
    template <class Number>
        requires std::is_arithmetic_v<Number>
    void counter(std::string_view name, std::string_view help, Number value, MetricLabels labels = {}) {
        add_counter(name, help, static_cast<double>(value), labels);
    }
    void histogram(std::string_view name, std::string_view help, const Histogram& histogram, MetricLabels labels = {}) {
        add_histogram(name, help, histogram, labels);
    }

private:
    virtual void add_gauge(std::string_view name, std::string_view help, double value, MetricLabels labels) = 0;
    virtual void add_counter(std::string_view name, std::string_view help, double value, MetricLabels labels) = 0;
    virtual void add_histogram(std::string_view name, std::string_view help, const Histogram& histogram,
                               MetricLabels labels) = 0;
};

}  // namespace scanner::core
