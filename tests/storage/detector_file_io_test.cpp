#include "support/run_coroutine.hpp"

#include "scanner/storage/detector_states.hpp"
#include "scanner/storage/private_files.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace scanner::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr core::WallTime kNow{std::chrono::milliseconds(1'796'000'000'000)};

class DetectorFile : public testing::Test {
protected:
    DetectorFile() {
        char folder[] = "/tmp/market-scanner-detectors-XXXXXX";
        folder_ = ::mkdtemp(folder);
        path_ = folder_ / "data" / "detectors";
    }
    ~DetectorFile() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    using States = std::map<std::string, std::string>;
    /// What a program that starts now finds.
    States read() {
        const auto file = make_detector_file(path_, clock_);
        return read(*file);
    }
    States read(DetectorStates& file) {
        const auto found = test::run_on(io_, file.read());
        EXPECT_TRUE(found) << found.error().message();
        States states;
        for (const auto& state : found.value_or(std::vector<DetectorState>())) {
            states[state.contract_code] = state.bytes;
        }
        return states;
    }
    bool write(DetectorStates& file, std::vector<DetectorState> changed) {
        return test::run_on(io_, file.write(std::move(changed))).has_value();
    }
    std::string bytes() { return read_whole_file(path_, 1U << 30U).value_or(""); }
    void set_bytes(const std::string& text) { std::ofstream(path_, std::ios::binary | std::ios::trunc) << text; }

    boost::asio::io_context io_;
    core::ManualClock clock_{kNow};
    fs::path folder_;
    fs::path path_;
};

TEST_F(DetectorFile, holds_the_newest_of_each_contract) {
    EXPECT_THAT(read(), IsEmpty()) << "there is none yet";
    const auto file = make_detector_file(path_, clock_);
    EXPECT_THAT(read(*file), IsEmpty());
    const std::string large(50'000, 'x');
    ASSERT_TRUE(write(*file, {{"A-USDT", kNow, "one"}, {"B-USDT", kNow, large}}));
    EXPECT_THAT(read(), UnorderedElementsAre(Pair("A-USDT", "one"), Pair("B-USDT", large)));
    const auto before = bytes().size();
    EXPECT_LT(before, 5'000U) << "packed";
    ASSERT_TRUE(write(*file, {{"A-USDT", kNow, "two"}}));
    EXPECT_THAT(read(), UnorderedElementsAre(Pair("A-USDT", "two"), Pair("B-USDT", large)));
    EXPECT_LT(bytes().size(), before + 100) << "added, not written anew";
    ASSERT_TRUE(write(*file, {{"B-USDT", kNow, ""}}));
    EXPECT_THAT(read(), UnorderedElementsAre(Pair("A-USDT", "two")));
}

TEST_F(DetectorFile, goes_on_after_a_crash_in_the_middle_of_a_write) {
    {
        const auto file = make_detector_file(path_, clock_);
        ASSERT_TRUE(write(*file, {{"A-USDT", kNow, "one"}, {"B-USDT", kNow, "two"}}));
        ASSERT_TRUE(write(*file, {{"A-USDT", kNow, "three"}}));
    }
    const std::string whole = bytes();
    set_bytes(whole.substr(0, whole.size() - 1));
    EXPECT_THAT(read(), UnorderedElementsAre(Pair("A-USDT", "one"), Pair("B-USDT", "two")));
    for (std::size_t cut = 18; cut < whole.size(); cut += 13) {
        set_bytes(whole.substr(0, cut));
        const auto file = make_detector_file(path_, clock_);
        const States found = read(*file);
        for (const auto& [code, bytes] : found) EXPECT_THAT(bytes, testing::AnyOf("one", "two", "three")) << cut;
        ASSERT_TRUE(write(*file, {{"C-USDT", kNow, "new"}}));
        EXPECT_EQ(read().at("C-USDT"), "new") << "not lost behind what was cut: " << cut;
        EXPECT_EQ(read().size(), found.size() + 1);
    }
}

TEST_F(DetectorFile, leaves_out_what_is_damaged) {
    {
        const auto file = make_detector_file(path_, clock_);
        ASSERT_TRUE(write(*file, {{"A-USDT", kNow, "one"}, {"B-USDT", kNow, "two"}}));
    }
    const std::string whole = bytes();
    for (std::size_t i = 18; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
        set_bytes(damaged);
        const States found = read();
        EXPECT_LE(found.size(), 1U) << i;
        for (const auto& [code, bytes] : found) EXPECT_THAT(bytes, testing::AnyOf("one", "two")) << i;
    }
    set_bytes("something else");
    const auto file = make_detector_file(path_, clock_);
    EXPECT_FALSE(test::run_on(io_, file->read()));
    ASSERT_TRUE(write(*file, {{"A-USDT", kNow, "one"}})) << "takes its place";
    EXPECT_THAT(read(), UnorderedElementsAre(Pair("A-USDT", "one")));
}

TEST_F(DetectorFile, forgets_what_is_a_day_old) {
    const auto file = make_detector_file(path_, clock_);
    ASSERT_TRUE(write(*file, {{"A-USDT", kNow - std::chrono::hours(23), "old"}, {"B-USDT", kNow, "new"}}));
    EXPECT_EQ(read().size(), 2U);
    clock_.advance(std::chrono::hours(2));
    EXPECT_THAT(read(), UnorderedElementsAre(Pair("B-USDT", "new")));
}

TEST_F(DetectorFile, does_not_grow_for_ever) {
    const auto file = make_detector_file(path_, clock_);
    std::uint32_t noise = 1;
    std::size_t largest = 0;
    for (int round = 0; round < 160; ++round) {
        std::string state(100'000, ' ');  // that cannot be packed
        for (char& byte : state) byte = static_cast<char>((noise = noise * 1'664'525U + 1'013'904'223U) >> 24U);
        ASSERT_TRUE(write(*file, {{"A-USDT", kNow, state}}));
        largest = std::max(largest, static_cast<std::size_t>(fs::file_size(path_)));
    }
    EXPECT_LT(largest, 9U << 20U);
    EXPECT_EQ(read().size(), 1U);
}

TEST_F(DetectorFile, gives_back_a_file_of_the_first_version_whole) {
    fs::create_directories(path_.parent_path());
    set_bytes("manip-watch and so on");
    EXPECT_THAT(read(), UnorderedElementsAre(Pair("", "manip-watch and so on")));
}

TEST_F(DetectorFile, says_when_it_cannot_be_written) {
    fs::create_directories(path_.parent_path());
    fs::create_directories(path_);  // a folder in its place
    const auto file = make_detector_file(path_, clock_);
    EXPECT_FALSE(test::run_on(io_, file->read()));
    EXPECT_FALSE(write(*file, {{"A-USDT", kNow, "one"}}));
}

}  // namespace
}  // namespace scanner::storage
