#include "recording/records.hpp"

#include "scanner/recording/answer_memory.hpp"
#include "scanner/recording/disk.hpp"
#include "scanner/recording/tools.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace scanner::recording {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RecordingTools : public testing::Test {
protected:
    RecordingTools() : folder_(fs::temp_directory_path() / ("recording-tools-" + std::to_string(getpid()))) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ~RecordingTools() override { fs::remove_all(folder_); }
    RecordingTools(const RecordingTools&) = delete;
    RecordingTools& operator=(const RecordingTools&) = delete;
    RecordingTools(RecordingTools&&) = delete;
    RecordingTools& operator=(RecordingTools&&) = delete;

    static std::vector<SegmentFile> found(const fs::path& path) {
        const std::vector<fs::path> paths{path};
        auto files = find_segments(paths);
        EXPECT_TRUE(files.has_value()) << files.error().message();
        return files ? *files : std::vector<SegmentFile>();
    }

    struct Read {
        std::vector<Record> records;
        std::vector<FileDamage> damage;
        std::size_t gaps = 0;
    };
    static Read read(const fs::path& path, std::int64_t from_wall_ns = INT64_MIN) {
        Read all;
        RecordingReader reader(found(path), from_wall_ns);
        for (;;) {
            auto next = reader.next();
            EXPECT_TRUE(next.has_value());
            if (!next || !*next) break;
            if (reader.after_gap()) ++all.gaps;
            all.records.push_back(std::move(**next));
        }
        all.damage = reader.damage();
        return all;
    }

    /// A segment as a recorder would leave it.
    void store(std::uint32_t number, bool after_gap, std::int64_t from_ms, const std::vector<Record>& records) {
        SegmentEncoder encoder(
            {.recording_started_ns = kWall, .number = number, .after_gap = after_gap, .started = at(from_ms)});
        std::string bytes;
        for (const Record& record : records) {
            ASSERT_TRUE(encoder.add(record));
            bytes += encoder.take(false);
        }
        bytes += encoder.finish();
        std::ofstream(folder_ / segment_name(kWall, number), std::ios::binary) << bytes;
    }

    static Record book(std::int64_t ms, const std::string& code, const std::string& body) {
        return {at(ms), RestAnswer{.url = "https://host/depth?contract_code=" + code + "&type=step0",
                                   .status = 200,
                                   .headers = {},
                                   .body = body,
                                   .error = ""}};
    }
    static Record frame(std::int64_t ms, const std::string& text) {
        return {at(ms), SocketFrame{.connection = 0, .binary = true, .bytes = text}};
    }

    core::Result<void> import(const std::string& text, const std::string& name) {
        auto into = SegmentFolder::make(folder_ / name);
        EXPECT_TRUE(into.has_value());
        std::istringstream lines(text);
        return import_lines(lines, *into);
    }

    fs::path folder_;
};

TEST_F(RecordingTools, reads_segments_in_order_and_tells_what_is_missing) {
    store(4, true, 400, {{at(400), Step{"d", "", ""}}});
    store(1, true, 0, {{at(0), Step{"a", "", ""}}});
    store(2, false, 200, {{at(200), Step{"b", "", ""}}});
    Read all = read(folder_);
    std::vector<std::string> names;
    for (const Record& record : all.records) names.push_back(std::get<Step>(record.body).name);
    EXPECT_THAT(names, ElementsAre("a", "b", "d"));
    EXPECT_EQ(all.gaps, 2U);
    ASSERT_THAT(all.damage, SizeIs(1));
    EXPECT_THAT(all.damage.front().damage.what, HasSubstr("segments 3 to 3 are missing"));
    EXPECT_THAT(read(folder_, at(250).wall_ns).records, SizeIs(2)) << "from the segment in which that time is";
    const std::vector<fs::path> twice{folder_, folder_ / segment_name(kWall, 1)};
    EXPECT_FALSE(find_segments(twice).has_value());
    const std::vector<fs::path> none{folder_ / "nowhere"};
    EXPECT_FALSE(find_segments(none).has_value());
}

TEST_F(RecordingTools, cuts_out_a_time_with_what_must_be_known_to_begin_there) {
    store(1, true, 0,
          {{at(0), SettingsInEffect{"SCANNER_FEED=auto\n"}},
           book(1, "BTC-USDT", "old"),
           book(2, "BTC-USDT", "new"),
           book(3, "ETH-USDT", "eth"),
           {at(4), OperatorChange{.kind = "settings", .text = "{}"}},
           frame(50, R"({"ch":"market.BTC-USDT.depth","tick":1})"),
           frame(51, R"({"ch":"market.ETH-USDT.depth","tick":2})"),
           frame(52, R"({"ping":1})"),
           {at(53), OperatorChange{.kind = "settings", .text = "{}"}},
           {at(54), CycleDigest{.sequence = 1, .hash = 2}},
           frame(90, R"({"ch":"market.BTC-USDT.depth","tick":3})")});
    auto whole = SegmentFolder::make(folder_ / "whole");
    ASSERT_TRUE(whole.has_value());
    ASSERT_TRUE(
        cut(found(folder_), {.from_wall_ns = at(40).wall_ns, .to_wall_ns = at(90).wall_ns}, *whole).has_value());
    const Read all = read(folder_ / "whole");
    ASSERT_THAT(all.records, SizeIs(7));
    EXPECT_EQ(all.records[0].body, RecordBody(SettingsInEffect{"SCANNER_FEED=auto\n"}));
    const auto btc = answer_of(std::get<Checkpoint>(all.records[1].body));
    ASSERT_TRUE(btc);
    EXPECT_EQ(btc->body, "new");
    EXPECT_EQ(all.records[1].at, at(50));
    EXPECT_EQ(all.records[3].at, at(50));
    EXPECT_TRUE(std::holds_alternative<CycleDigest>(all.records[6].body));

    auto part = SegmentFolder::make(folder_ / "part");
    ASSERT_TRUE(part.has_value());
    ASSERT_TRUE(cut(found(folder_ / segment_name(kWall, 1)),
                    {.from_wall_ns = at(40).wall_ns, .contracts = {"BTC-USDT"}, .with_operator = true}, *part)
                    .has_value());
    std::vector<std::string> texts;
    for (const Record& record : read(folder_ / "part").records) {
        if (const auto* kept = std::get_if<SocketFrame>(&record.body)) texts.push_back(kept->bytes.substr(0, 20));
        if (std::holds_alternative<OperatorChange>(record.body)) texts.emplace_back("operator");
        if (std::holds_alternative<CycleDigest>(record.body)) texts.emplace_back("digest");
    }
    EXPECT_THAT(texts, ElementsAre("operator", R"({"ch":"market.BTC-US)", R"({"ping":1})", "operator",
                                   R"({"ch":"market.BTC-US)"))
        << "what operators had set before is told at the beginning";

    EXPECT_FALSE(SegmentFolder::make(folder_).has_value()) << "nothing is written among another recording";
    auto empty = SegmentFolder::make(folder_ / "empty");
    ASSERT_TRUE(empty.has_value());
    EXPECT_FALSE(cut(found(folder_ / segment_name(kWall, 1)), {.from_wall_ns = at(1'000).wall_ns}, *empty).has_value());
}

TEST_F(RecordingTools, imports_lines) {
    ASSERT_TRUE(import(R"({"t":1795325040000000000,"kind":"rest","topic_or_url":"https://h/t","body":"{}"}
{"t":1795325040000000001,"connection":"m","kind":"ws","topic_or_url":"market.X","body":"{\"ping\":1}"}

{"t":1795325040000000002,"connection":"m","kind":"ws","body_base64":"eyJwb25nIjoxfQ=="}
{"t":1795325040000000002,"connection":"n","kind":"ws","body_base64":"H4s="}
)",
                       "made")
                    .has_value());
    const Read all = read(folder_ / "made");
    EXPECT_THAT(all.damage, IsEmpty());
    const Stamp third{.wall_ns = kWall + 2, .steady_ns = kWall + 2};
    const std::vector<Record> expected{
        {{.wall_ns = kWall, .steady_ns = kWall},
         RestAnswer{.url = "https://h/t", .status = 200, .headers = {}, .body = "{}", .error = ""}},
        {{.wall_ns = kWall + 1, .steady_ns = kWall + 1}, ConnectionEvent{.connection = 0, .open = true, .name = "m"}},
        {{.wall_ns = kWall + 1, .steady_ns = kWall + 1},
         SocketFrame{.connection = 0, .binary = true, .bytes = R"({"ping":1})"}},
        {third, SocketFrame{.connection = 0, .binary = true, .bytes = R"({"pong":1})"}},
        {third, ConnectionEvent{.connection = 1, .open = true, .name = "n"}},
        {third, SocketFrame{.connection = 1, .binary = true, .compressed = true, .bytes = "\x1f\x8b"}}};
    EXPECT_THAT(all.records, ElementsAreArray(expected));
}

TEST_F(RecordingTools, says_which_line_cannot_be_imported) {
    const std::string good = R"({"t":5,"kind":"rest","topic_or_url":"u","body":""})";
    int number = 0;
    for (const auto& [line, problem] : std::vector<std::pair<std::string, std::string>>{
             {"[]", "not a JSON object"},
             {"{", "not a JSON object"},
             {R"({"kind":"ws","body":""})", "t: must be"},
             {R"({"t":1.5,"kind":"ws","body":""})", "t: must be"},
             {R"({"t":4,"kind":"ws","body":""})", "t: goes back"},
             {R"({"t":6,"kind":"wss","body":""})", "kind: must be"},
             {R"({"t":6,"kind":"ws"})", "body: missing"},
             {R"({"t":6,"kind":"ws","body_base64":"a"})", "body_base64: not base64"},
             {R"({"t":6,"kind":"ws","body_base64":"=AAA"})", "body_base64: not base64"},
             {R"({"t":6,"kind":"ws","body":"","body_base64":""})", "body and body_base64: only one"},
             {R"({"t":6,"kind":"rest","body":""})", "topic_or_url: must be"}}) {
        const auto done = import(good + "\n" + line + "\n", "bad-" + std::to_string(++number));
        ASSERT_FALSE(done.has_value()) << line;
        EXPECT_THAT(done.error().message(), HasSubstr("line 2: " + problem));
    }
    EXPECT_FALSE(import("\n", "nothing").has_value());
}

TEST_F(RecordingTools, summarizes) {
    std::vector<Record> records = one_of_each();
    records.erase(records.begin() + 7);  // whose clock was set back
    store(1, true, 0, records);
    const auto summary = summarize(found(folder_));
    ASSERT_TRUE(summary.has_value());
    EXPECT_EQ(summary->records.at("rest"), 2U);
    EXPECT_EQ(summary->content.at("rest"), 15U);
    EXPECT_EQ(summary->records.at("websocket"), 2U);
    EXPECT_EQ(summary->first_wall_ns, at(0).wall_ns);
    EXPECT_EQ(summary->last_wall_ns, at(6).wall_ns);
    EXPECT_THAT(summary->damage, IsEmpty());
}

TEST(AnswerMemory, keeps_the_newest_answer_of_each_request) {
    AnswerMemory memory;
    const auto answer = [](const std::string& url, int status, const std::string& body) {
        return Record{at(0), RestAnswer{.url = url, .status = status, .headers = {}, .body = body, .error = ""}};
    };
    memory.note(answer("a", 200, "1"));
    memory.note(answer("b", 200, "2"));
    memory.note(answer("a", 200, "3"));
    memory.note(answer("b", 500, "no"));
    std::vector<std::string> kept;
    for (const Record& piece : memory.checkpoint(at(9))) {
        const auto content = answer_of(std::get<Checkpoint>(piece.body));
        ASSERT_TRUE(content);
        kept.push_back(content->url + content->body);
    }
    EXPECT_THAT(kept, ElementsAre("b2", "a3"));
    for (std::size_t i = 0; i < AnswerMemory::kMaxAnswers; ++i) memory.note(answer(std::to_string(i), 200, ""));
    EXPECT_THAT(memory.checkpoint(at(9)), SizeIs(AnswerMemory::kMaxAnswers));
    EXPECT_EQ(contract_of_url("https://h/d?contract_code=%E9%BE%99-USDT&type=x"), "龙-USDT");
    EXPECT_EQ(contract_of_url("https://h/d?contract_code=A-USDT,B-USDT"), "");
    EXPECT_EQ(contract_of_url("https://h/d"), "");
}

}  // namespace
}  // namespace scanner::recording
