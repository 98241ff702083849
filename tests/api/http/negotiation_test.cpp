#include "api/http/negotiation.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <string>
#include <string_view>

namespace scanner::api {
namespace {

struct EncodingCase {
    std::string_view header;
    bool gzip;
};

TEST(AcceptEncoding, is_read_with_its_q_values) {
    static constexpr auto kCases = std::to_array<EncodingCase>({
        {"", false},
        {"gzip", true},
        {"GZip", true},
        {"x-gzip", true},
        {"gzip, deflate, br", true},
        {"deflate, br", false},
        {"br;q=1.0, gzip;q=0.5", true},
        {"gzip;q=0", false},
        {"gzip; q=0.0", false},
        {"gzip;q=0.000, *", false},
        {"*", true},
        {"*;q=0", false},
        {"identity", false},
        {"identity;q=1, gzip;q=0.5", false},
        {"identity;q=0.5, gzip;q=1", true},
        {"gzip;q=nan", false},
        {"gzip;q=2", false},
        {"gzip;q=", false},
        {"gzip;Q=0.3", true},
        {" \tgzip\t ;\tq=0.3 ", true},
        {"gzipped", false},
        {";;;,,,q=1", false},
    });
    for (const EncodingCase& test : kCases) EXPECT_EQ(accepts_gzip(test.header), test.gzip) << test.header;
}

TEST(IfNoneMatch, compares_weakly_and_accepts_lists_and_the_star) {
    const std::string tag = "\"abc\"";
    EXPECT_TRUE(none_match_hits("\"abc\"", tag));
    EXPECT_TRUE(none_match_hits("W/\"abc\"", tag));
    EXPECT_TRUE(none_match_hits("\"x\", \"abc\" ,\"y\"", tag));
    EXPECT_TRUE(none_match_hits(" * ", tag));
    EXPECT_FALSE(none_match_hits("", tag));
    EXPECT_FALSE(none_match_hits("abc", tag));
    EXPECT_FALSE(none_match_hits("\"abc-gzip\"", tag));
    EXPECT_FALSE(none_match_hits("\"ab", tag));
    EXPECT_FALSE(none_match_hits(",,,", tag));
}

std::string gunzip(const std::string& packed) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string plain(1U << 20U, '\0');
    std::string input = packed;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(plain.data());
    stream.avail_out = static_cast<uInt>(plain.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    plain.resize(stream.total_out);
    inflateEnd(&stream);
    return plain;
}

TEST(Gzip, packs_what_is_worth_it_always_the_same_way) {
    std::string body;
    while (body.size() < 20'000) body += R"({"symbol":"BTC/USDT:USDT","score":)" + std::to_string(body.size()) + "},";
    const auto packed = gzip_if_worth(body);
    ASSERT_NE(packed, nullptr);
    EXPECT_LT(packed->size(), body.size() / 4);
    EXPECT_EQ(gunzip(*packed), body);
    EXPECT_EQ(*gzip_if_worth(body), *packed);
}

TEST(Gzip, leaves_short_and_incompressible_bodies_alone) {
    EXPECT_EQ(gzip_if_worth(std::string(kLeastGzipBytes - 1, 'a')), nullptr);
    EXPECT_NE(gzip_if_worth(std::string(kLeastGzipBytes, 'a')), nullptr);
    std::string noise;
    std::uint32_t state = 1;
    while (noise.size() < 5'000) {
        state = state * 1'664'525U + 1'013'904'223U;
        noise += static_cast<char>(state >> 24U);
    }
    EXPECT_EQ(gzip_if_worth(noise), nullptr);
}

TEST(Match, takes_strong_tags_only) {
    EXPECT_TRUE(match_hits("\"abc\"", "\"abc\""));
    EXPECT_TRUE(match_hits("\"x\" , \"abc\"", "\"abc\""));
    EXPECT_TRUE(match_hits(" * ", "\"abc\""));
    EXPECT_TRUE(match_hits("W/\"abc\"", "\"abc\"")) << "as a proxy that compresses hands it out";
    EXPECT_TRUE(match_hits("\"x\", W/\"abc\"", "\"abc\""));
    EXPECT_FALSE(match_hits("W/\"abd\"", "\"abc\""));
    EXPECT_FALSE(match_hits("W/", "\"abc\""));
    EXPECT_FALSE(match_hits("w/\"abc\"", "\"abc\"")) << "the W is upper case";
    EXPECT_FALSE(match_hits("abc", "\"abc\""));
    EXPECT_FALSE(match_hits("", "\"abc\""));
}

TEST(AllValues, make_one_list_of_the_lines) {
    net::ServerRequest request;
    request.headers = {{"if-match", "\"a\""}, {"Host", "x"}, {"If-Match", "\"b\", \"c\""}};
    EXPECT_EQ(all_values(request, "If-Match"), "\"a\", \"b\", \"c\"");
    EXPECT_EQ(all_values(request, "Accept"), "");
}

}  // namespace
}  // namespace scanner::api
