#include "recording/records.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/recording/recorder.hpp"
#include "scanner/recording/tap.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace scanner::recording {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

/// A disk in memory, that can be full, slow or broken.
struct MemoryDisk {
    std::mutex mutex;
    std::map<std::string, std::string> files;
    std::uint64_t free = 100'000'000'000;
    bool broken = false;
    bool hangs = false;
    std::condition_variable changed;

    void set(const std::function<void(MemoryDisk&)>& change) {
        const std::scoped_lock guard(mutex);
        change(*this);
        changed.notify_all();
    }
    std::map<std::string, std::string> copy() {
        const std::scoped_lock guard(mutex);
        return files;
    }
};

class MemoryFile final : public FileWriter {
public:
    MemoryFile(std::shared_ptr<MemoryDisk> disk, std::string name) : disk_(std::move(disk)), name_(std::move(name)) {}
    core::Result<void> append(std::string_view bytes) override {
        std::unique_lock lock(disk_->mutex);
        disk_->changed.wait(lock, [&] { return !disk_->hangs; });
        if (disk_->broken) return core::fail(core::ErrorCode::io, "no space left on device");
        disk_->files[name_] += bytes;
        return {};
    }
    core::Result<void> sync() override { return {}; }

private:
    std::shared_ptr<MemoryDisk> disk_;
    std::string name_;
};

class DiskView final : public RecordingDisk {
public:
    explicit DiskView(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}
    core::Result<std::unique_ptr<FileWriter>> create(const std::string& name) override {
        disk_->set([&](MemoryDisk& disk) { disk.files[name]; });
        return std::make_unique<MemoryFile>(disk_, name);
    }
    core::Result<std::vector<StoredFile>> list() override {
        std::vector<StoredFile> files;
        for (const auto& [name, bytes] : disk_->copy()) files.push_back({.name = name, .bytes = bytes.size()});
        return files;
    }
    core::Result<void> remove(const std::string& name) override {
        disk_->set([&](MemoryDisk& disk) { disk.files.erase(name); });
        return {};
    }
    core::Result<std::uint64_t> free_bytes() override {
        const std::scoped_lock guard(disk_->mutex);
        return disk_->free;
    }

private:
    std::shared_ptr<MemoryDisk> disk_;
};

class RecorderTest : public testing::Test {
protected:
    std::unique_ptr<Recorder> make(RecorderOptions options = {}) {
        options.flush_interval = 10ms;
        options.retry_interval = 10ms;
        return make_recorder(std::make_unique<DiskView>(disk_), kWall, options);
    }

    static bool wait_for(const std::function<bool()>& condition) {
        const auto until = std::chrono::steady_clock::now() + 30s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::sleep_for(1ms);
        }
        return true;
    }

    /// What a program does: a checkpoint where one is wanted, then the record.
    static void offer(Recorder& recorder, const Record& record) {
        if (recorder.wants_checkpoint()) recorder.begin_segment(record.at, {{record.at, SettingsInEffect{"A=1\n"}}});
        recorder.offer(record);
    }

    std::vector<Record> stored(bool checkpoints = false) {
        std::vector<Record> all;
        for (const auto& [name, bytes] : disk_->copy()) {
            for (Record& record : read_all(bytes).records) {
                if (checkpoints || !std::holds_alternative<SettingsInEffect>(record.body))
                    all.push_back(std::move(record));
            }
        }
        return all;
    }

    std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
};

TEST_F(RecorderTest, writes_what_it_was_offered_into_segments) {
    const auto records = a_feed(3'000);
    {
        const auto recorder = make({.segment_bytes = 100'000});
        for (const Record& record : records) {
            offer(*recorder, record);
            // As slowly as it is written, so that segments are not as long as the test is fast.
            ASSERT_TRUE(wait_for([&] { return recorder->status().queued_bytes < 50'000; }));
        }
        ASSERT_TRUE(recorder->finish(30s));
        EXPECT_EQ(recorder->status().state, RecorderState::ended);
        EXPECT_GT(recorder->status().segments, 1U);
        EXPECT_EQ(recorder->status().lost, 0U);
    }
    EXPECT_EQ(stored(), records);
    std::uint32_t number = 0;
    for (const auto& [name, bytes] : disk_->copy()) {
        const Read read = read_all(bytes);
        ASSERT_TRUE(read.scan.header.has_value());
        EXPECT_EQ(read.scan.header->number, ++number);
        EXPECT_EQ(read.scan.header->after_gap, number == 1);
        EXPECT_TRUE(read.scan.complete) << name;
        EXPECT_EQ(name, segment_name(kWall, number));
        ASSERT_FALSE(read.records.empty());
        EXPECT_TRUE(std::holds_alternative<SettingsInEffect>(read.records.front().body));
    }
}

TEST_F(RecorderTest, stores_compressed_frames_inflated_where_they_can_be_read) {
    std::string packed(200, '\0');
    const std::string text = "{\"ch\":\"market\"}";
    z_stream stream{};
    ASSERT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);

    const auto recorder = make();
    offer(*recorder, {at(0), SocketFrame{.connection = 1, .binary = true, .compressed = true, .bytes = packed}});
    offer(*recorder, {at(1), SocketFrame{.connection = 1, .binary = true, .compressed = true, .bytes = "no gzip"}});
    ASSERT_TRUE(recorder->finish(30s));
    const auto records = stored();
    ASSERT_THAT(records, SizeIs(2));
    EXPECT_EQ(records[0].body, RecordBody(SocketFrame{.connection = 1, .binary = true, .bytes = text}));
    EXPECT_EQ(records[1].body,
              RecordBody(SocketFrame{.connection = 1, .binary = true, .compressed = true, .bytes = "no gzip"}));
}

TEST_F(RecorderTest, loses_little_when_the_program_ends_without_a_word) {
    const auto recorder = make();
    const auto records = a_feed(100);
    for (const Record& record : records) offer(*recorder, record);
    ASSERT_TRUE(wait_for([&] { return stored() == records; })) << "flushed by itself";
    EXPECT_FALSE(scan_segment(disk_->copy().begin()->second).complete);
}

TEST_F(RecorderTest, ends_when_a_slow_disk_lets_too_much_pile_up) {
    const auto recorder = make({.max_queued_bytes = 100'000});
    const auto records = a_feed(2'000);
    offer(*recorder, records.front());
    ASSERT_TRUE(wait_for([&] { return !stored().empty(); }));
    disk_->set([](MemoryDisk& disk) { disk.hangs = true; });
    const auto began = std::chrono::steady_clock::now();
    for (const Record& record : records) offer(*recorder, record);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 20s) << "offering never waits for the disk";
    EXPECT_EQ(recorder->status().state, RecorderState::failed);
    EXPECT_THAT(recorder->status().error, HasSubstr("more came than could be written"));
    disk_->set([](MemoryDisk& disk) { disk.hangs = false; });
    ASSERT_TRUE(recorder->finish(30s));
    // What it has is the beginning, without a hole.
    auto all = stored();
    ASSERT_FALSE(all.empty());
    ASSERT_LT(all.size(), records.size());
    all.erase(all.begin());
    EXPECT_TRUE(std::equal(all.begin(), all.end(), records.begin()));
}

TEST_F(RecorderTest, keeps_no_ranking_waiting_while_the_disk_does_not_answer) {
    boost::asio::io_context io{1};
    const auto recorder = make();
    const auto tap = make_tap(io.get_executor(), core::system_clock(), "A=1\n");
    tap->record_to(recorder.get());
    tap->step("publish", "", "0");
    ASSERT_TRUE(wait_for([&] { return !stored().empty(); }));
    disk_->set([](MemoryDisk& disk) { disk.hangs = true; });
    // A loop that publishes while thousands of messages come, and a disk that has not taken one of them yet.
    constexpr int kRankings = 200;
    int published = 0;
    std::function<void()> publish = [&] {
        for (int i = 0; i < 20; ++i) {
            tap->note(
                SocketFrame{.connection = 0, .binary = false, .compressed = false, .bytes = std::string(300, 'x')});
        }
        tap->step("publish", "", std::to_string(++published));
        if (published < kRankings) boost::asio::post(io, publish);
    };
    boost::asio::post(io, publish);
    ASSERT_TRUE(wait_for([&] {
        io.restart();
        io.poll();
        return published == kRankings;
    }));
    EXPECT_EQ(stored().size(), 1U) << "nothing was written meanwhile";
    EXPECT_EQ(recorder->status().state, RecorderState::recording);
    tap->record_to(nullptr);
    disk_->set([](MemoryDisk& disk) { disk.hangs = false; });
    ASSERT_TRUE(recorder->finish(30s));
    const auto all = stored();
    ASSERT_EQ(all.size(), 1U + (kRankings * 21));
    EXPECT_EQ(std::get<Step>(all.back().body).detail, std::to_string(kRankings)) << "and nothing was lost";
}

TEST_F(RecorderTest, begins_a_segment_with_more_than_may_wait_otherwise) {
    const auto recorder = make({.max_queued_bytes = 100'000});
    std::vector<Record> checkpoint;
    for (int i = 0; i < 100; ++i) {
        checkpoint.push_back(
            {at(0), Checkpoint{.version = 1, .name = std::to_string(i), .bytes = std::string(10'000, 'x')}});
    }
    recorder->begin_segment(at(0), checkpoint);
    const auto records = a_feed(10);
    for (const Record& record : records) recorder->offer(record);
    ASSERT_TRUE(recorder->finish(30s));
    checkpoint.insert(checkpoint.end(), records.begin(), records.end());
    EXPECT_TRUE(stored() == checkpoint);
}

TEST_F(RecorderTest, pauses_while_the_disk_is_full_and_says_so_in_the_next_segment) {
    for (const bool broken : {false, true}) {
        disk_ = std::make_shared<MemoryDisk>();
        const auto recorder = make();
        const auto records = a_feed(30);
        offer(*recorder, records[0]);
        ASSERT_TRUE(wait_for([&] { return !stored().empty(); }));
        disk_->set([&](MemoryDisk& disk) {
            disk.broken = broken;
            if (!broken) disk.free = 4'000'000'000;
        });
        std::int64_t ms = 100;
        ASSERT_TRUE(wait_for([&] {
            recorder->offer({at(++ms), Step{"lost", "", ""}});
            return recorder->status().state == RecorderState::paused;
        }));
        EXPECT_FALSE(recorder->status().error.empty());
        const std::uint64_t lost = recorder->status().lost;
        ASSERT_TRUE(wait_for([&] {
            recorder->offer({at(++ms), Step{"lost", "", ""}});
            return recorder->status().lost > lost;
        }));
        disk_->set([](MemoryDisk& disk) {
            disk.broken = false;
            disk.free = 6'000'000'000;
        });
        ASSERT_TRUE(wait_for([&] {
            offer(*recorder, {at(++ms), Step{"again", "", ""}});
            return recorder->status().state == RecorderState::recording;
        }));
        ASSERT_TRUE(recorder->finish(30s));
        const auto files = disk_->copy();
        ASSERT_GE(files.size(), 2U);
        const auto last = scan_segment(files.rbegin()->second);
        ASSERT_TRUE(last.header.has_value());
        EXPECT_TRUE(last.header->after_gap);
        EXPECT_EQ(stored().front(), records[0]);
        EXPECT_EQ(std::get<Step>(stored().back().body).name, "again");
    }
}

TEST_F(RecorderTest, removes_the_oldest_segments_beyond_the_bound) {
    disk_->set([](MemoryDisk& disk) {
        disk.files["20200101T000000.000Z-000001.amsrec"] = std::string(40'000, 'x');
        disk.files["20200101T000000.000Z-000002.amsrec"] = std::string(40'000, 'x');
    });
    const auto recorder = make({.max_bytes = 100'000, .segment_bytes = 30'000});
    const auto records = a_feed(2'500);
    for (const Record& record : records) {
        offer(*recorder, record);
        ASSERT_TRUE(wait_for([&] { return recorder->status().queued_bytes < 20'000; }));
    }
    ASSERT_TRUE(recorder->finish(30s));
    std::size_t all = 0;
    const auto files = disk_->copy();
    for (const auto& [name, bytes] : files) all += bytes.size();
    EXPECT_LE(all, 150'000U);  // a segment is as long as a batch makes it
    EXPECT_GE(recorder->status().removed, 2U);
    for (const auto& [name, bytes] : files) EXPECT_THAT(name, StartsWith("2026"));
    const auto kept = stored();
    ASSERT_FALSE(kept.empty());
    EXPECT_EQ(kept.back(), records.back()) << "the newest stays";
}

TEST(RecordingDisk, makes_private_files_with_names_in_order) {
    const auto folder = std::filesystem::temp_directory_path() / ("recording-disk-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    const auto disk = make_recording_disk(folder / "deeper");
    ASSERT_TRUE(disk.has_value());
    for (const std::uint32_t number : {10U, 9U}) {
        auto file = (*disk)->create(segment_name(kWall, number));
        ASSERT_TRUE(file.has_value()) << file.error().message();
        ASSERT_TRUE((*file)->append("abc").has_value());
        ASSERT_TRUE((*file)->sync().has_value());
    }
    EXPECT_FALSE((*disk)->create(segment_name(kWall, 9)).has_value()) << "nothing is overwritten";
    const auto files = (*disk)->list();
    ASSERT_TRUE(files.has_value());
    ASSERT_THAT(*files, SizeIs(2));
    EXPECT_EQ(files->front().name, "20261122T052400.000Z-000009.amsrec");
    EXPECT_EQ(files->front().bytes, 3U);
    EXPECT_TRUE((*disk)->free_bytes().value_or(0) > 0);
    EXPECT_EQ(std::filesystem::status(folder / "deeper" / files->front().name).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    ASSERT_TRUE((*disk)->remove(files->front().name).has_value());
    EXPECT_THAT((*disk)->list().value_or(std::vector<StoredFile>()), SizeIs(1));
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace scanner::recording
