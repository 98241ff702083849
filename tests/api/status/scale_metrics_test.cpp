#include "api/status/scale_metrics.hpp"

#include "scanner/api/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace scanner::api {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string text_of(const ScaleStatus& scale) {
    Metrics metrics("1");
    metrics.add_source([&scale](core::MetricSink& sink) { collect(sink, scale); });
    return metrics.render({});
}

TEST(ScaleMetrics, a_replica_tells_its_epoch_and_its_lag) {
    const std::string text = text_of({.role = "replica", .epoch = 7, .lag = std::chrono::milliseconds(3)});
    EXPECT_THAT(text, HasSubstr("scanner_scale_elected{role=\"replica\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("scanner_scale_epoch 7\n"));
    EXPECT_THAT(text, HasSubstr("scanner_scale_lag_seconds 0.003\n"));
}

TEST(ScaleMetrics, one_that_makes_the_rankings_is_not_behind_them) {
    const std::string text = text_of({.role = "scanner", .epoch = 8, .elected = true});
    EXPECT_THAT(text, HasSubstr("scanner_scale_elected{role=\"scanner\"} 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("scanner_scale_lag_seconds")));
}

}  // namespace
}  // namespace scanner::api
