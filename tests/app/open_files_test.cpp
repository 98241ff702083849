#include "app/open_files.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

namespace scanner::app {
namespace {

TEST(OpenFiles, may_be_as_many_as_the_system_allows) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit low{.rlim_cur = 256, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    const auto limit = raise_open_file_limit();
    rlimit after{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
    EXPECT_EQ(limit, after.rlim_cur);
    EXPECT_EQ(after.rlim_cur, std::min<rlim_t>(before.rlim_max, 1U << 20U));
    EXPECT_EQ(after.rlim_max, before.rlim_max);
    EXPECT_EQ(raise_open_file_limit(), after.rlim_cur) << "twice does no harm";
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace scanner::app
