#include "recording/records.hpp"

#include "scanner/recording/disk.hpp"
#include "scanner/recording/recording_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

/// A recording of three segments, damaged at every byte of a frame and at a thousand others.
namespace scanner::recording {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::size_t kPerSegment = 12;
constexpr std::size_t kPerFrame = 4;
constexpr std::size_t kSegments = 3;

class Damaged : public testing::Test {
protected:
    Damaged() : folder_(fs::temp_directory_path() / ("recording-damage-" + std::to_string(getpid()))) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        all_ = a_feed(kSegments * kPerSegment, 60);
        for (std::size_t number = 1; number <= kSegments; ++number) {
            const std::size_t first = (number - 1) * kPerSegment;
            SegmentEncoder encoder({.recording_started_ns = kWall,
                                    .number = static_cast<std::uint32_t>(number),
                                    .after_gap = number == 1,
                                    .started = all_[first].at});
            std::string bytes;
            for (std::size_t i = 0; i < kPerSegment; ++i) {
                EXPECT_TRUE(encoder.add(all_[first + i]));
                bytes += encoder.take((i + 1) % kPerFrame == 0);
            }
            sound_.push_back(bytes + encoder.finish());
            put(number, sound_.back());
        }
    }
    ~Damaged() override { fs::remove_all(folder_); }
    Damaged(const Damaged&) = delete;
    Damaged& operator=(const Damaged&) = delete;
    Damaged(Damaged&&) = delete;
    Damaged& operator=(Damaged&&) = delete;

    fs::path path(std::size_t number) const {
        return folder_ / segment_name(kWall, static_cast<std::uint32_t>(number));
    }
    /// In place: a file that is emptied and written anew is flushed to the disk, thousands of times.
    void put(std::size_t number, const std::string& bytes) const {
        if (!fs::exists(path(number))) std::ofstream(path(number), std::ios::binary).flush();
        std::fstream(path(number), std::ios::binary | std::ios::in | std::ios::out) << bytes;
        fs::resize_file(path(number), bytes.size());
    }

    struct Outcome {
        std::vector<Record> records;
        std::vector<FileDamage> damage;
        std::optional<std::size_t> resume_at;
    };
    Outcome read(AtHole at_hole) const {
        Outcome outcome;
        const std::vector<fs::path> paths{folder_};
        auto files = find_segments(paths);
        EXPECT_TRUE(files.has_value()) << files.error().message();
        if (!files) return outcome;
        EXPECT_EQ(files->size(), kSegments);
        RecordingReader reader(std::move(*files), INT64_MIN, at_hole);
        for (;;) {
            auto next = reader.next();
            EXPECT_TRUE(next.has_value());
            if (!next || !*next) break;
            outcome.records.push_back(std::move(**next));
        }
        outcome.damage = reader.damage();
        outcome.resume_at = reader.resume_at();
        return outcome;
    }
    /// The first `count` records, and those of the segments after `number`.
    std::vector<Record> around(std::size_t count, std::size_t number) const {
        std::vector<Record> kept(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(count));
        kept.insert(kept.end(), all_.begin() + static_cast<std::ptrdiff_t>(number * kPerSegment), all_.end());
        return kept;
    }
    bool is_beginning(const std::vector<Record>& records) const {
        return records.size() <= all_.size() && std::equal(records.begin(), records.end(), all_.begin());
    }

    fs::path folder_;
    std::vector<Record> all_;
    std::vector<std::string> sound_;  ///< by segment
};

TEST_F(Damaged, is_not_when_nothing_was_done) {
    for (const AtHole at_hole : {AtHole::read_on, AtHole::end}) {
        const Outcome outcome = read(at_hole);
        EXPECT_EQ(outcome.records, all_);
        EXPECT_THAT(outcome.damage, IsEmpty());
        EXPECT_FALSE(outcome.resume_at.has_value());
    }
}

TEST_F(Damaged, is_read_up_to_its_last_frame_wherever_that_is_torn_off_or_changed) {
    const SegmentScan scan = scan_segment(sound_[1]);
    ASSERT_EQ(scan.frames.size(), kPerSegment / kPerFrame);
    const auto begin = static_cast<std::size_t>(scan.frames.back().offset);
    const std::size_t end = begin + 56 + scan.frames.back().header.compressed_size;
    const std::vector<Record> kept = around(2 * kPerSegment - kPerFrame, 2);
    const std::vector<Record> before(kept.begin(), kept.begin() + (2 * kPerSegment - kPerFrame));
    std::mt19937 random(3);
    for (std::size_t where = begin; where < end; ++where) {
        for (const bool torn : {true, false}) {
            std::string bytes = sound_[1];
            if (torn) {
                bytes.resize(where);
            } else {
                bytes[where] = static_cast<char>(bytes[where] ^ static_cast<char>(1 + (random() % 255)));
            }
            put(2, bytes);
            const Outcome all = read(AtHole::read_on);
            ASSERT_EQ(all.records, kept) << where;
            ASSERT_THAT(all.damage, Not(IsEmpty())) << where;
            for (const FileDamage& found : all.damage) ASSERT_EQ(found.file, path(2));
            ASSERT_TRUE(
                std::ranges::any_of(all.damage, [&](const FileDamage& found) { return found.damage.offset == begin; }))
                << where << ": " << all.damage.front().damage.what;
            const Outcome whole = read(AtHole::end);
            ASSERT_EQ(whole.records, before) << where;
            ASSERT_EQ(whole.resume_at, 2U) << where;
            ASSERT_EQ(whole.damage.back().damage.offset, begin) << where;
            ASSERT_THAT(whole.damage.back().damage.what, HasSubstr("-000003.amsrec goes on"));
        }
    }
}

TEST_F(Damaged, is_read_but_for_what_was_hit_a_thousand_times) {
    std::mt19937 random(4);
    for (int i = 0; i < 1'000; ++i) {
        const std::size_t hit = random() % kSegments;
        std::string bytes = sound_[hit];
        const std::size_t where = random() % bytes.size();
        bytes[where] = static_cast<char>(bytes[where] ^ (1 << (random() % 8)));
        put(hit + 1, bytes);
        const Outcome all = read(AtHole::read_on);
        put(hit + 1, sound_[hit]);
        ASSERT_GE(all.records.size(), all_.size() - kPerFrame) << hit << " at " << where;
        ASSERT_TRUE(std::ranges::includes(
            all_, all.records, [](const Record& a, const Record& b) { return a.at.steady_ns < b.at.steady_ns; }))
            << hit << " at " << where;
        ASSERT_THAT(all.damage, Not(IsEmpty())) << hit << " at " << where;
        for (const FileDamage& found : all.damage) ASSERT_EQ(found.file, path(hit + 1)) << where;
        // Told where it begins: a frame's header, or the index as a whole.
        const SegmentScan scan = scan_segment(sound_[hit]);
        const auto frame = std::ranges::find_if(scan.frames, [where](const FramePlace& place) {
            return where >= place.offset && where < place.offset + 56 + place.header.compressed_size;
        });
        if (frame != scan.frames.end()) {
            ASSERT_EQ(all.records.size(), all_.size() - kPerFrame) << where;
            ASSERT_TRUE(std::ranges::any_of(
                all.damage, [&](const FileDamage& found) { return found.damage.offset == frame->offset; }));
        } else {
            ASSERT_EQ(all.records, all_) << "header and index hold no record: " << hit << " at " << where;
        }
    }
}

TEST_F(Damaged, ends_before_what_was_hit_for_who_needs_all_of_it) {
    std::mt19937 random(5);
    for (int i = 0; i < 100; ++i) {
        const std::size_t hit = random() % kSegments;
        std::string bytes = sound_[hit];
        const std::size_t where = random() % bytes.size();
        bytes[where] = static_cast<char>(bytes[where] ^ (1 << (random() % 8)));
        put(hit + 1, bytes);
        const Outcome whole = read(AtHole::end);
        put(hit + 1, sound_[hit]);
        ASSERT_TRUE(is_beginning(whole.records)) << hit << " at " << where;
        ASSERT_GE(whole.records.size(), hit * kPerSegment) << hit << " at " << where;
        if (hit + 1 < kSegments) {
            ASSERT_EQ(whole.resume_at, hit + 1) << where;
        }
        ASSERT_THAT(whole.damage, Not(IsEmpty())) << where;
    }
}

TEST_F(Damaged, tells_what_a_file_was_whose_header_is_gone) {
    put(2, std::string(kSegmentHeaderBytes, 'x') + sound_[1].substr(kSegmentHeaderBytes));
    EXPECT_EQ(read(AtHole::read_on).records, all_);
    const std::vector<fs::path> paths{folder_};
    const auto files = find_segments(paths);
    ASSERT_TRUE(files.has_value());
    EXPECT_EQ((*files)[1].header.number, 2U);
    EXPECT_EQ((*files)[1].header.started.wall_ns, all_[kPerSegment].at.wall_ns);
    for (const std::string& nothing : {std::string(), std::string(200, 'x')}) {
        put(2, nothing);
        EXPECT_EQ(read(AtHole::read_on).records, around(kPerSegment, 2));
        EXPECT_THAT(read(AtHole::read_on).damage, Not(IsEmpty()));
    }
    EXPECT_FALSE(parse_segment_name("20261330T000000.000Z-000001.amsrec").has_value());
    EXPECT_FALSE(parse_segment_name("notes.txt").has_value());
}

}  // namespace
}  // namespace scanner::recording
