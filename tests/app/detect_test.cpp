#include "app/commands/detect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace scanner::app {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kStart = 1'700'000'010'000;  // a bar's beginning
constexpr std::int64_t kOnset = kStart + std::int64_t{10} * 3'600'000;

class Detect : public testing::Test {
protected:
    Detect() : folder_(std::filesystem::temp_directory_path() / ("detect-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(folder_);
    }
    ~Detect() override { std::filesystem::remove_all(folder_); }
    Detect(const Detect&) = delete;
    Detect& operator=(const Detect&) = delete;
    Detect(Detect&&) = delete;
    Detect& operator=(Detect&&) = delete;

    std::string plain(const std::string& name, const std::string& text) {
        std::ofstream(folder_ / name, std::ios::binary) << text;
        return (folder_ / name).string();
    }
    std::string packed(const std::string& name, const std::string& text) {
        const std::string path = (folder_ / name).string();
        const gzFile file = gzopen(path.c_str(), "wb");
        gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
        gzclose(file);
        return path;
    }

    struct Outcome {
        int code = -1;
        std::vector<Json> lines;
        std::string err;
    };
    static Outcome run(const std::vector<std::string>& tapes, bool features = false) {
        std::ostringstream out;
        std::ostringstream err;
        Outcome outcome{.code = run_detect(tapes, features, out, err), .lines = {}, .err = err.str()};
        std::istringstream lines(out.str());
        for (std::string line; std::getline(lines, line);) outcome.lines.push_back(Json::parse(line));
        return outcome;
    }

private:
    std::filesystem::path folder_;
};

/// Twelve hours of quiet trading, and in the tenth a minute of fast buying.
std::string pump() {
    std::mt19937 random(20261130);
    std::ostringstream text;
    double price = 100.0;
    for (std::int64_t time = kStart; time < kStart + std::int64_t{12} * 3'600'000; time += 10'000 + random() % 20'000) {
        if (time >= kOnset && time < kOnset + 60'000) {
            for (; time < kOnset + 60'000; time += 100) {
                price *= 1.0003;
                text << time << ",b," << price << ",2\n" << time << ",b," << price << ",1\n";
            }
        }
        price *= 1.0 + (static_cast<double>(random() % 1000) - 499.5) * 1e-6;
        text << time << (random() % 2 == 0 ? ",b," : ",s,") << price << ",1.5\n";
    }
    return text.str();
}

TEST_F(Detect, flags_the_bars_of_a_pump_and_no_others) {
    const auto found = run({packed("T1.csv.gz", pump())});
    EXPECT_EQ(found.code, 0);
    EXPECT_EQ(found.err, "");
    std::vector<std::int64_t> flagged;
    for (const Json& line : found.lines) {
        EXPECT_EQ(line["file"], "T1.csv.gz");
        EXPECT_EQ(line["ts_ms"].get<std::int64_t>() % 15'000, 0);
        EXPECT_GT(line["p"].get<double>(), 1e-5);
        EXPECT_EQ(line["p"], line["score"]);
        if (!line["flags"].empty()) {
            EXPECT_EQ(line["flags"][0], "pump_ignition") << "nothing that needs a book or an index";
            flagged.push_back(line["ts_ms"]);
        }
    }
    ASSERT_FALSE(flagged.empty());
    EXPECT_GT(flagged.front(), kOnset);
    EXPECT_LE(flagged.front(), kOnset + 30'000);
    EXPECT_LE(flagged.back(), kOnset + 3'600'000) << "an hour is the longest";
}

TEST_F(Detect, tells_what_becomes_of_a_pump) {
    // Half of the move is given back within minutes.
    std::string text = pump();
    std::istringstream lines(text);
    std::ostringstream back;
    double top = 0.0;
    for (std::string line; std::getline(lines, line);) {
        const std::int64_t time = std::stoll(line);
        const std::size_t price_at = line.find(',', line.find(',') + 1) + 1;
        const double price = std::stod(line.substr(price_at));
        if (time < kOnset + 60'000) top = std::max(top, price);
        const double now = time < kOnset + 120'000 ? price : price * 0.8;
        back << line.substr(0, price_at) << now << line.substr(line.find(',', price_at)) << '\n';
    }
    bool reversed = false;
    for (const Json& line : run({plain("T2.csv", back.str())}, true).lines) {
        for (const Json& flag : line["flags"]) reversed = reversed || flag == "post_surge_reversal";
    }
    EXPECT_TRUE(reversed) << top;
}

TEST_F(Detect, reads_plain_and_packed_tapes_alike_and_starts_each_cold) {
    const std::string text = pump();
    auto two = run({plain("a.csv", text), packed("b.csv.gz", text)}).lines;
    ASSERT_EQ(two.size() % 2, 0U);
    for (std::size_t i = 0; i < two.size() / 2; ++i) {
        Json& other = two[two.size() / 2 + i];
        EXPECT_EQ(other["file"], "b.csv.gz");
        other["file"] = "a.csv";
        EXPECT_EQ(two[i], other);
    }
}

TEST_F(Detect, tells_what_it_looked_at_of_every_bar_with_a_trade) {
    const auto all = run({plain("a.csv", pump())}, true);
    EXPECT_GT(all.lines.size(), 1'000U);
    for (const Json& line : all.lines) EXPECT_EQ(line["features"].size(), 13U);
}

TEST_F(Detect, says_nothing_of_the_first_six_hours) {
    const auto all = run({plain("a.csv", pump())}, true);
    EXPECT_GE(all.lines.front()["ts_ms"].get<std::int64_t>(), kStart + std::int64_t{6} * 3'600'000);
}

TEST_F(Detect, names_the_line_and_the_field_at_fault_and_goes_on) {
    const std::string good = "1700000010000,b,1.5,2\n";
    const std::vector<std::pair<std::string, std::string>> cases{
        {"x,b,1,1", "line 2: ts_ms: must be milliseconds since the epoch, is \"x\""},
        {"1700000010,b,1,1", "line 2: ts_ms: must be milliseconds since the epoch"},
        {"1700000009999,b,1,1", "line 2: ts_ms: must be at least that of the line before"},
        {"9223372036854775807,b,1,1", "line 2: ts_ms"},
        {"1700000010000,buy,1,1", "line 2: side: must be b or s, is \"buy\""},
        {"1700000010000,b,0,1", "line 2: price: must be a number over 0"},
        {"1700000010000,b,nan,1", "line 2: price"},
        {"1700000010000,b,1,-2", "line 2: amount: must be a number over 0"},
        {"1700000010000,b,1", "line 2: fewer than four fields"},
        {"1700000010000,b,1,1,1", "line 2: more than four fields"},
        {"", "line 2: fewer than four fields"},
        {std::string(2'000, '1'), "line 2: the line is too long"},
    };
    for (const auto& [line, problem] : cases) {
        const auto outcome = run({plain("bad.csv", good + line + "\n" + good), plain("good.csv", pump())});
        EXPECT_EQ(outcome.code, 1);
        EXPECT_THAT(outcome.err, HasSubstr("bad.csv: " + problem));
        EXPECT_FALSE(outcome.lines.empty()) << "the other tape is read all the same";
    }
    EXPECT_THAT(run({"/no/such/tape"}).err, HasSubstr("/no/such/tape: cannot be opened"));
}

TEST_F(Detect, says_that_a_packed_tape_is_cut_off) {
    const std::string path = packed("T1.csv.gz", pump());
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    const auto outcome = run({path});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("cannot be read"));
}

TEST_F(Detect, has_nothing_to_say_of_an_empty_tape) {
    const auto outcome = run({plain("empty.csv", "")});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(outcome.lines.empty());
}

}  // namespace
}  // namespace scanner::app
