#include "net/client/read_ahead.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace scanner::net {
namespace {

constexpr std::string_view kAnswer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

std::string frame(unsigned char first, std::string_view payload) {
    std::string bytes(1, static_cast<char>(first));
    const std::size_t length = payload.size();
    const auto put = [&](std::size_t count) {
        for (std::size_t at = count; at-- > 0;) bytes.push_back(static_cast<char>(length >> (8 * at) & 0xFFU));
    };
    if (length < 126) {
        put(1);
    } else if (length < 65'536) {
        bytes.push_back(126);
        put(2);
    } else {
        bytes.push_back(127);
        put(8);
    }
    return bytes.append(payload);
}

/// As much of `bytes` as there is room for.
std::size_t give(ReadAhead& ahead, std::string_view bytes) {
    const auto room = ahead.prepare();
    EXPECT_FALSE(room.empty());
    const std::size_t count = std::min(room.size(), bytes.size());
    std::ranges::copy(bytes.substr(0, count), room.begin());
    ahead.commit(count);
    return count;
}

std::string take_all(ReadAhead& ahead) {
    std::string taken(ahead.available(), '\0');
    EXPECT_EQ(ahead.take(taken), taken.size());
    return taken;
}

TEST(ReadAhead, hands_out_the_answer_and_each_frame_by_itself) {
    ReadAhead ahead;
    const std::string one = frame(0x82, "one");
    const std::string ping = frame(0x89, "");
    const std::string two = frame(0x82, std::string(300, 'x'));
    give(ahead, std::string(kAnswer) + one + ping + two);
    EXPECT_FALSE(ahead.holds_message(1'000)) << "an HTTP answer is none";
    EXPECT_EQ(take_all(ahead), kAnswer);
    EXPECT_TRUE(ahead.holds_message(1'000));
    EXPECT_EQ(take_all(ahead), one);
    EXPECT_FALSE(ahead.holds_message(1'000)) << "a ping wants an answer";
    EXPECT_EQ(take_all(ahead), ping);
    EXPECT_TRUE(ahead.holds_message(300));
    EXPECT_FALSE(ahead.holds_message(299));
    EXPECT_EQ(take_all(ahead), two);
    EXPECT_EQ(ahead.available(), 0);
}

TEST(ReadAhead, calls_nothing_a_message_that_is_not_whole_or_not_plain) {
    for (const auto& [first, is_message] : {std::pair(0x82, true), std::pair(0x81, false), std::pair(0x02, false),
                                            std::pair(0x80, false), std::pair(0xC2, false), std::pair(0x88, false)}) {
        ReadAhead ahead;
        give(ahead, kAnswer);
        take_all(ahead);
        give(ahead, frame(static_cast<unsigned char>(first), "text"));
        EXPECT_EQ(ahead.holds_message(100), is_message) << first;
    }
    ReadAhead ahead;
    give(ahead, kAnswer);
    take_all(ahead);
    const std::string whole = frame(0x82, std::string(200, 'x'));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        ReadAhead part = ahead;
        if (size > 0) give(part, std::string_view(whole).substr(0, size));
        EXPECT_FALSE(part.holds_message(1'000)) << size;
    }
    std::string masked = frame(0x82, "text");
    masked[1] = static_cast<char>(masked[1] | 0x80);
    give(ahead, masked + "mask");
    EXPECT_FALSE(ahead.holds_message(100));
    EXPECT_EQ(take_all(ahead), masked + "mask");
}

TEST(ReadAhead, loses_nothing_however_it_comes_and_is_taken) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        std::mt19937 random(seed);
        const auto upto = [&](std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random); };
        std::vector<std::string> parts{std::string(kAnswer)};
        for (int i = 0; i < 40; ++i) {
            const std::size_t size = upto(9) == 0 ? upto(200'000) : upto(9) < 5 ? upto(130) : upto(3'000);
            std::string payload(size, '\0');
            for (char& each : payload) each = static_cast<char>(random());
            parts.push_back(frame(upto(4) == 0 ? 0x81 : 0x82, payload));
        }
        std::string wire;
        for (const auto& part : parts) wire += part;
        ReadAhead ahead;
        std::string_view left = wire;
        std::size_t part = 0;
        std::string taken;
        while (part < parts.size()) {
            if (ahead.available() == 0) {
                ASSERT_FALSE(left.empty()) << "seed " << seed;
                left.remove_prefix(give(ahead, left.substr(0, 1 + upto(upto(3) == 0 ? 100'000 : 20))));
                continue;
            }
            if (ahead.holds_message(1U << 20U)) {
                EXPECT_TRUE(taken.empty());
                EXPECT_GE(ahead.available(), parts[part].size());
            }
            std::string piece(1 + upto(2'000), '\0');
            piece.resize(ahead.take(piece));
            ASSERT_FALSE(piece.empty());
            taken += piece;
            ASSERT_LE(taken.size(), parts[part].size()) << "nothing of the next is handed out with it";
            if (taken.size() < parts[part].size()) continue;
            ASSERT_EQ(taken, parts[part]) << "seed " << seed;
            taken.clear();
            ++part;
        }
        EXPECT_TRUE(left.empty());
    }
}

TEST(ReadAhead, hands_out_what_is_no_protocol) {
    ReadAhead ahead;
    const std::string junk(20'000, 'z');
    give(ahead, junk);
    std::string taken;
    while (ahead.available() > 0) taken += take_all(ahead);
    EXPECT_EQ(taken, junk);
}

}  // namespace
}  // namespace scanner::net
