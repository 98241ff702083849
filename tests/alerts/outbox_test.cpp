#include "alerts/outbox.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace scanner::alerts {
namespace {

std::string saved(std::string_view time, std::string_view sequence, std::string_view attempts) {
    return fmt::format(
        R"({{"edges":{{"format":1,"rules":{{}}}},"waiting":[],"given_up":[{{"rule":"r","symbol":"BTC/USDT:USDT",)"
        R"("time_ms":{},"sequence":{},"payload":"{{}}","attempts":{},"error":"410"}}]}})",
        time, sequence, attempts);
}

TEST(Outbox, what_is_saved_is_read_back) {
    const std::string text = saved("1795325040123", "18446744073709551615", "10");
    const auto state = decode_state(text, {});
    ASSERT_TRUE(state) << state.error().message();
    ASSERT_EQ(state->given_up.size(), 1U);
    EXPECT_EQ(state->given_up[0].attempts, 10);
    EXPECT_EQ(encode_state(*state), text);
}

TEST(Outbox, rejects_out_of_range_saved_numbers) {
    // The first is what a fuzzer found: a conversion that is undefined.
    EXPECT_FALSE(decode_state(saved("17953218446744073709551615", "4", "10"), {}));
    EXPECT_FALSE(decode_state(saved("-1", "4", "10"), {}));
    EXPECT_FALSE(decode_state(saved("9223372036854775807", "4", "10"), {}));
    EXPECT_FALSE(decode_state(saved("1795325040123", "-1", "10"), {}));
    EXPECT_FALSE(decode_state(saved("1795325040123", "4.0", "10"), {}));
    EXPECT_FALSE(decode_state(saved("1795325040123", "4", "4294967296"), {}));
    EXPECT_FALSE(decode_state(saved("1795325040123", "4", "-1"), {}));
    EXPECT_FALSE(decode_state(saved("1795325040123", "4", "null"), {}));
}

}  // namespace
}  // namespace scanner::alerts
