#include "app/commands/recording_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace scanner::app {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RecordingCommand : public testing::Test {
protected:
    RecordingCommand() : folder_(fs::temp_directory_path() / ("recording-command-" + std::to_string(getpid()))) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ~RecordingCommand() override { fs::remove_all(folder_); }
    RecordingCommand(const RecordingCommand&) = delete;
    RecordingCommand& operator=(const RecordingCommand&) = delete;
    RecordingCommand(RecordingCommand&&) = delete;
    RecordingCommand& operator=(RecordingCommand&&) = delete;

    struct Outcome {
        int code = -1;
        std::string out;
        std::string err;
    };
    static Outcome run(const std::vector<std::string>& arguments, const std::string& input = "") {
        std::istringstream in(input);
        std::ostringstream out;
        std::ostringstream err;
        const int code = run_recording(arguments, in, out, err);
        return {.code = code, .out = out.str(), .err = err.str()};
    }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    static constexpr const char* kLines =
        R"({"t":1795325040000000000,"kind":"rest","topic_or_url":"https://h/tickers","body":"{\"status\":\"ok\"}"}
{"t":1795325041000000000,"connection":"m","kind":"ws","body":"{\"ch\":\"market.BTC-USDT.depth\"}"}
{"t":1795325042000000000,"connection":"m","kind":"ws","body":"{\"ch\":\"market.ETH-USDT.depth\"}"}
)";

private:
    fs::path folder_;
};

TEST_F(RecordingCommand, imports_looks_checks_and_cuts) {
    std::ofstream(path("lines.jsonl")) << kLines;
    ASSERT_EQ(run({"import", path("lines.jsonl"), "--out", path("a")}).code, 0);
    ASSERT_EQ(run({"import", "--out=" + path("b")}, kLines).code, 0) << "from standard input";

    const Outcome info = run({"info", path("a")});
    EXPECT_EQ(info.code, 0);
    EXPECT_THAT(info.out, HasSubstr("from        2026-11-22T05:24:00.000Z"));
    EXPECT_THAT(info.out, HasSubstr("(2.0 s)"));
    EXPECT_THAT(info.out, HasSubstr("websocket          2 (60 bytes)"));
    EXPECT_THAT(run({"verify", path("a")}).out, HasSubstr("1 segments, 4 records: sound"));

    const Outcome cut =
        run({"cut", path("a"), "--from", "2026-11-22T05:24:01Z", "--symbols", "btc", "--out", path("c")});
    EXPECT_EQ(cut.code, 0) << cut.err;
    EXPECT_THAT(cut.out, HasSubstr("3 records"));  // the checkpoint's answer, the connection and one frame
    EXPECT_EQ(run({"verify", path("c")}).code, 0);
}

TEST_F(RecordingCommand, says_what_is_damaged_and_where) {
    ASSERT_EQ(run({"import", "--out", path("a")}, kLines).code, 0);
    const fs::path file = fs::directory_iterator(path("a"))->path();
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(64 + 60);
    stream.put('\x55');
    stream.close();
    const Outcome verified = run({"verify", path("a")});
    EXPECT_EQ(verified.code, 1);
    EXPECT_THAT(verified.out, HasSubstr(file.filename().string() + ": at byte 64: frame 0 is damaged"));
    EXPECT_THAT(run({"info", path("a")}).out, HasSubstr("at byte 64"));
}

TEST_F(RecordingCommand, explains_what_it_does_not_understand) {
    for (const auto& [arguments, problem] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{}, "expected info, verify, cut or import"},
             {{"look"}, "unknown: \"look\""},
             {{"info"}, "info needs the recording"},
             {{"info", "--out", "x", "y"}, "--out is not valid for info"},
             {{"cut", "x"}, "cut needs --out FOLDER"},
             {{"cut", "x", "--out"}, "--out needs a value"},
             {{"cut", "x", "--out", path("o"), "--from", "noon"}, "--from: must be a time"},
             {{"cut", "x", "--out", path("o"), "--symbols", "btc,"}, "--symbols: \"\" is no contract"},
             {{"import", "a", "b", "--out", "x"}, "import reads one file"}}) {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.code, 2) << problem;
        EXPECT_THAT(outcome.err, HasSubstr(problem));
    }
    EXPECT_EQ(run({"info", path("nowhere")}).code, 1);
    EXPECT_EQ(run({"import", path("nowhere"), "--out", path("n")}).code, 1);
    const Outcome wrong = run({"import", "--out", path("w")}, "{}\n");
    EXPECT_EQ(wrong.code, 1);
    EXPECT_THAT(wrong.err, HasSubstr("line 1: t: must be"));
}

}  // namespace
}  // namespace scanner::app
