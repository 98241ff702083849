#include "exchange/htx/feed/frames/level_text.hpp"

#include "exchange/htx/feed/frames/book_text.hpp"
#include "exchange/htx/feed/frames/digits.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/random.hpp"
#include "scanner/net/gzip_inflater.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::exchange::htx::feed {
namespace {

using market::Level;
using testing::ElementsAre;

struct Read {
    const char* problem = nullptr;
    std::vector<Level> levels;
    std::string_view rest;  ///< what stands behind the array
};

/// With the room behind it that the inflater leaves, full of what could be mistaken for more of the array.
Read read(std::string_view text) {
    static const auto list = std::make_unique<LevelList>();
    static std::string padded;
    padded = std::string(text) + std::string("],[1,1]]9]]]],[2.5,7]]").append(net::GzipInflater::kPadding, '9');
    list->count = 0;
    const char* at = padded.data();
    const char* const end = at + text.size();
    Read out{.problem = read_levels(at, end, *list)};
    if (out.problem != nullptr) return out;
    out.levels.assign(list->all().begin(), list->all().end());
    out.rest = {at, static_cast<std::size_t>(end - at)};
    return out;
}

TEST(LevelText, digits_of_eight_characters) {
    for (unsigned count = 1; count <= 8; ++count) {
        core::Random random(count);
        for (int i = 0; i < 200; ++i) {
            std::string text;
            std::uint64_t value = 0;
            for (unsigned d = 0; d < count; ++d) {
                const auto digit = random.below(10);
                text += static_cast<char>('0' + digit);
                value = value * 10 + digit;
            }
            const std::string before = text;
            text += static_cast<char>(random.below(256));
            text.append(8, static_cast<char>(random.below(256)));
            EXPECT_EQ(digits_of(load_eight(text.data()), count), value) << before;
        }
    }
    for (int c = 0; c < 256; ++c) {
        for (int place = 0; place < 8; ++place) {
            std::string text = "12345678";
            text[static_cast<std::size_t>(place)] = static_cast<char>(c);
            const auto others = no_digits(load_eight(text.data()));
            const bool is_digit = c >= '0' && c <= '9';
            EXPECT_EQ(others == 0, is_digit) << c;
            if (!is_digit) EXPECT_EQ(std::countr_zero(others) / 8, place) << c;
        }
    }
}

TEST(LevelText, numbers_are_the_nearest_doubles) {
    core::Random random(3);
    for (int i = 0; i < 20'000; ++i) {
        const double number = random.log_uniform(1e-12, 1e12);
        const auto digits = static_cast<int>(random.below(20));
        const std::string text =
            random.chance(0.5) ? fmt::format("{:.{}f}", number, digits) : fmt::format("{:.{}e}", number, digits);
        const auto nearest = core::parse_double(text);
        ASSERT_TRUE(nearest.has_value()) << text;
        const auto got = read("[[1, " + text + "] ]");
        ASSERT_EQ(got.problem, nullptr) << text;
        EXPECT_THAT(got.levels, ElementsAre(Level{1, *nearest})) << text;
    }
}

TEST(LevelText, books_of_any_prices_are_read_as_they_are_printed) {
    core::Random random(4);
    for (int i = 0; i < 3'000; ++i) {
        // Prices around one place, of which some lose a decimal: as the exchange prints them.
        const double base = random.log_uniform(1e-9, 1e7);
        const auto decimals = static_cast<int>(random.below(11));
        std::string text = "[";
        std::vector<Level> expected;
        const auto count = random.below(12);
        for (std::uint64_t level = 0; level < count; ++level) {
            const double moved = base * (1.0 + 0.01 * random.uniform());
            const std::string price = random.chance(0.3) ? core::format_double(core::round_to(moved, decimals))
                                                         : fmt::format("{:.{}f}", moved, decimals);
            const std::string size = random.chance(0.2) ? "0" : fmt::format("{:.0f}", random.log_uniform(1.0, 1e10));
            const Level made{core::parse_double(price).value_or(-1), core::parse_double(size).value_or(-1)};
            if (!(made.price > 0.0)) continue;
            expected.push_back(made);
            text += fmt::format("{}[{},{}]", text.size() > 1 ? "," : "", price, size);
        }
        // What follows in a message, or nothing at all.
        const std::string_view tail = random.chance(0.5) ? "" : R"(,"bids":[[1,1]],"version":1789895280797}})";
        const auto got = read(text + "]" + std::string(tail));
        ASSERT_EQ(got.problem, nullptr) << text;
        ASSERT_EQ(got.levels, expected) << text;
        ASSERT_EQ(got.rest, tail) << text;
    }
}

TEST(LevelText, what_is_no_number_of_json_is_none_here) {
    const std::string tail = R"(,[86859.9,817],[86859.9,817],[86859.9,817]])";
    for (const char* const number :
         {"01",    ".5",    "5.",       "+5",    "-",   "--5", "1e",    "1e+",   "1.e5",  "0x10",
          "1_000", "NaN",   "Infinity", "1e999", "1 2", "",    "\"5\"", "null",  "5a",    "00.5",
          "1..5",  "1.5.5", "1:5",      "1/5",   "0",   "0.0", "-5",    "1\xff", "1.\xff"}) {
        const std::string text(number);
        EXPECT_NE(read("[[" + text + ",5]]").problem, nullptr) << number;
        EXPECT_NE(read("[[" + text + ",5]" + tail).problem, nullptr) << number;
        EXPECT_NE(read("[[86859.9,817],[" + text + ",5]" + tail).problem, nullptr) << number;
        if (text == "0" || text == "0.0") continue;
        EXPECT_NE(read("[[5," + text + "]]").problem, nullptr) << number;
        EXPECT_NE(read("[[5," + text + "]" + tail).problem, nullptr) << number;
    }
    for (const char* const text : {"", "[", "[[1,2]", "[[1,2],]", "[,[1,2]]", "[[1,2,3]]", "[[1]]", "[1,2]", "{}",
                                   "[[1,2] [3,4]]", "[[1,2", "[[1,", "[[1", "[[1,2],", "[[1,2],[3,4"}) {
        EXPECT_NE(read(text).problem, nullptr) << text;
    }
    EXPECT_THAT(read(" [ [ 1 , 0 ] , [0.5,2e0] ] ").levels, ElementsAre(Level{1, 0}, Level{0.5, 2}));
    EXPECT_EQ(read("[]").problem, nullptr);
    EXPECT_EQ(read("[]]").rest, "]");
}

TEST(LevelText, takes_no_more_levels_than_there_is_room_for) {
    const auto text = [](std::size_t count) {
        std::string levels = "[[1,1]";
        for (std::size_t i = 1; i < count; ++i) levels += ",[1,1]";
        return levels + "]";
    };
    EXPECT_EQ(read(text(LevelList::kMaxLevels)).levels.size(), LevelList::kMaxLevels);
    EXPECT_NE(read(text(LevelList::kMaxLevels + 1)).problem, nullptr);
}

class BookTexts : public testing::Test {
protected:
    bool is_usual(std::string_view text) {
        padded_ = std::string(text).append(net::GzipInflater::kPadding, '}');
        bids_->count = asks_->count = 0;
        out_ = {};
        return read_book_text({padded_.data(), text.size()}, out_, *bids_, *asks_);
    }

    std::unique_ptr<LevelList> bids_ = std::make_unique<LevelList>();
    std::unique_ptr<LevelList> asks_ = std::make_unique<LevelList>();
    BookText out_;
    std::string padded_;
};

constexpr std::string_view kBook =
    R"({"ch":"market.BTC-USDT.depth.size_150.high_freq","ts":1790134831873,"tick":{"asks":[],"bids":[[86853.4,2],[86848.5,0]],"ch":"market.BTC-USDT.depth.size_150.high_freq","event":"update","id":100129125618998,"mrid":100129125618997,"ts":1790134831871,"version":1789895280798}})";

TEST_F(BookTexts, a_book_as_the_exchange_prints_it) {
    ASSERT_TRUE(is_usual(kBook));
    EXPECT_EQ(out_.topic, "market.BTC-USDT.depth.size_150.high_freq");
    EXPECT_EQ(out_.sent, 1790134831873);
    EXPECT_EQ(out_.time, 1790134831871);
    EXPECT_EQ(out_.matching_id, 100129125618997);
    EXPECT_EQ(out_.version, 1789895280798);
    EXPECT_EQ(out_.event, "update");
    EXPECT_EQ(asks_->count, 0);
    EXPECT_THAT(bids_->all(), ElementsAre(Level{86853.4, 2}, Level{86848.5, 0}));
}

TEST_F(BookTexts, anything_else_is_for_the_parser_of_all_json) {
    for (std::size_t length = 0; length < kBook.size(); ++length) {
        EXPECT_FALSE(is_usual(kBook.substr(0, length))) << length;
    }
    for (const auto& [piece, other] : std::vector<std::pair<std::string_view, std::string_view>>{
             {"{\"ch\"", " {\"ch\""},
             {"}}", "}} "},
             {"}}", "}},"},
             {"}}", "},\"tick\":{\"version\":1}}"},
             {"}}", "},\"ts\":5}"},
             {"\"event\":\"update\"", "\"event\":\"upd\\u0061te\""},
             {"\"event\":\"update\"", "\"event\":\"updat\xc3\xa9\""},
             {"\"event\":\"update\"", "\"event\":null"},
             {"\"event\":\"update\"", "\"other\":\"update\""},
             {"\"id\":100129125618998", "\"id\":-100129125618998"},
             {"\"id\":100129125618998", "\"id\":0100129125618998"},
             {"\"id\":100129125618998", "\"id\":1.5"},
             {"\"id\":100129125618998", "\"id\":99999999999999999999"},
             {"\"id\":100129125618998", "\"id\":\"100129125618998\""},
             {"\"id\":100129125618998", "\"mrid\":100129125618998"},
             {"\"asks\":[]", "\"bids\":[]"},
             {"[86848.5,0]", "[86848.5,-1]"},
             {"[86848.5,0]", "[86848.5,0],"},
         }) {
        std::string text(kBook);
        const auto place = text.find(piece);
        ASSERT_NE(place, std::string::npos) << piece;
        EXPECT_FALSE(is_usual(text.replace(place, piece.size(), other))) << other;
    }
}

}  // namespace
}  // namespace scanner::exchange::htx::feed
