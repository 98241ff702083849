#include "scanner/core/error.hpp"

#include "scanner/core/version.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace scanner::core {
namespace {

TEST(ErrorCodes, have_names_of_their_own) {
    std::set<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
        EXPECT_TRUE(names.insert(to_string(static_cast<ErrorCode>(code))).second) << code;
    }
    EXPECT_EQ(to_string(ErrorCode::rate_limited), "rate_limited");
}

TEST(Errors, say_where_they_happened) {
    const Error error = Error(ErrorCode::timeout, "no answer in 5 s").within("depth").within("BTC-USDT");
    EXPECT_EQ(error.code(), ErrorCode::timeout);
    EXPECT_EQ(error.message(), "BTC-USDT: depth: no answer in 5 s");
}

TEST(Errors, travel_in_results) {
    const Result<int> result = fail(ErrorCode::malformed, "tick: no bids");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message(), "tick: no bids");
}

TEST(Version, is_the_one_that_is_built) {
    std::ifstream file(SCANNER_SOURCE_DIR "/CMakeLists.txt");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NE(text.find("project(market_scanner VERSION " + std::string(kVersion) + " "), std::string::npos);
}

}  // namespace
}  // namespace scanner::core
