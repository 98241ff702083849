#include "recording/records.hpp"

#include "scanner/recording/digest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace scanner::recording {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

bool is_part_of(const std::vector<Record>& part, const std::vector<Record>& whole) {
    auto at = whole.begin();
    for (const Record& record : part) {
        at = std::find(at, whole.end(), record);
        if (at == whole.end()) return false;
        ++at;
    }
    return true;
}

TEST(Segment, gives_back_every_kind_of_record) {
    const auto records = one_of_each();
    for (const std::size_t per_frame : {0U, 1U, 3U}) {
        const Read read = read_all(segment_of(records, per_frame));
        EXPECT_THAT(read.records, ElementsAreArray(records));
        EXPECT_TRUE(read.scan.complete);
        EXPECT_THAT(read.damage, IsEmpty());
        ASSERT_TRUE(read.scan.header.has_value());
        EXPECT_EQ(*read.scan.header, header());
    }
}

TEST(Segment, cuts_a_long_record_into_frames) {
    std::vector<Record> records = one_of_each();
    std::mt19937 random(1);
    std::string noise(3U << 20U, ' ');
    for (char& byte : noise) byte = static_cast<char>(random());
    records.push_back({at(7), RestAnswer{.url = "u", .status = 200, .headers = {}, .body = noise, .error = ""}});
    records.push_back({at(8), Step{"after", "", ""}});
    const std::string bytes = segment_of(records);
    const Read read = read_all(bytes);
    EXPECT_THAT(read.records, ElementsAreArray(records));
    EXPECT_GE(read.scan.frames.size(), 4U);
    for (const FramePlace& frame : read.scan.frames) EXPECT_LE(frame.header.inflated_size, kMaxFrameBytes);
}

TEST(Segment, refuses_a_record_that_no_reader_would_take) {
    SegmentEncoder encoder(header());
    EXPECT_FALSE(
        encoder.add({at(0), Checkpoint{.version = 1, .name = "", .bytes = std::string(kMaxRecordBytes, 'x')}}));
    EXPECT_TRUE(encoder.add({at(0), Step{"next", "", ""}}));
    EXPECT_THAT(read_all(encoder.take(true)).records, SizeIs(1));
}

TEST(Segment, begins_reading_at_a_time) {
    const auto records = a_feed(400);
    const Read read = read_all(segment_of(records, 50), at(210).wall_ns);
    ASSERT_THAT(read.records, SizeIs(200));  // whole frames
    EXPECT_EQ(read.records.front(), records[200]);
    EXPECT_THAT(read.damage, IsEmpty());
}

TEST(Segment, reads_what_is_whole_of_one_that_is_cut_anywhere_in_its_last_frame) {
    const auto records = a_feed(46);
    SegmentEncoder encoder(header());
    std::string bytes;
    std::size_t before = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
        ASSERT_TRUE(encoder.add(records[i]));
        if (i + 1 == 40) bytes = encoder.take(true);
    }
    before = bytes.size();
    bytes += encoder.take(true);
    ASSERT_GT(bytes.size(), before);
    const std::vector<Record> intact(records.begin(), records.begin() + 40);
    for (std::size_t size = before; size < bytes.size(); ++size) {
        const Read read = read_all(std::string_view(bytes).substr(0, size));
        ASSERT_EQ(read.records, intact) << size;
        ASSERT_FALSE(read.scan.complete);
        ASSERT_FALSE(read.scan.damage.empty());
        ASSERT_EQ(read.scan.damage.front().offset, before) << size;
    }
    EXPECT_EQ(read_all(bytes).records, records);
}

TEST(Segment, reads_what_is_whole_whichever_bit_has_changed) {
    const auto records = a_feed(300, 200);
    const std::string bytes = segment_of(records, 20);
    const SegmentScan sound = scan_segment(bytes);
    ASSERT_THAT(sound.frames, SizeIs(15));
    std::mt19937 random(2);
    for (int i = 0; i < 1'000; ++i) {
        std::string damaged = bytes;
        const std::size_t where = random() % damaged.size();
        damaged[where] = static_cast<char>(damaged[where] ^ (1 << (random() % 8)));
        const Read read = read_all(damaged);
        ASSERT_FALSE(read.scan.complete) << where;
        ASSERT_FALSE(read.scan.damage.empty()) << where;
        ASSERT_TRUE(is_part_of(read.records, records)) << where;
        ASSERT_GE(read.records.size(), records.size() - 20) << where;
        if (where < kSegmentHeaderBytes) continue;  // the index is checked as a whole, and names no place in itself
        const auto hit = std::ranges::find_if(sound.frames, [&](const FramePlace& frame) {
            return where >= frame.offset && where < frame.offset + 56 + frame.header.compressed_size;
        });
        if (hit == sound.frames.end()) continue;
        ASSERT_TRUE(std::ranges::any_of(read.scan.damage, [&](const Damage& damage) {
            return damage.offset == hit->offset;
        })) << where;
    }
}

TEST(Segment, tells_of_a_frame_that_has_been_taken_out) {
    const auto records = a_feed(60);
    std::string bytes = segment_of(records, 20);
    const SegmentScan sound = scan_segment(bytes);
    const auto begin = static_cast<std::size_t>(sound.frames[1].offset);
    bytes.erase(begin, static_cast<std::size_t>(sound.frames[2].offset) - begin);
    const Read read = read_all(bytes);
    EXPECT_THAT(read.records, SizeIs(40));
    EXPECT_FALSE(read.scan.complete);
}

TEST(Segment, does_not_join_a_record_to_one_whose_beginning_is_lost) {
    std::vector<Record> records = a_feed(3'200, 1'500);  // 5 MB: frames end within records
    std::string bytes = segment_of(records);
    const SegmentScan sound = scan_segment(bytes);
    ASSERT_GT(sound.frames.size(), 4U);
    bytes[static_cast<std::size_t>(sound.frames[2].offset) + 80] ^= 1;
    const Read read = read_all(bytes);
    EXPECT_TRUE(is_part_of(read.records, records));
    EXPECT_GE(read.records.size(), records.size() - 800);
    EXPECT_LT(read.records.size(), records.size());
    EXPECT_THAT(read.damage, SizeIs(1));
}

TEST(Segment, does_not_read_a_later_version) {
    std::string bytes = segment_of(one_of_each());
    bytes[8] = 2;
    EXPECT_THAT(scan_segment(bytes).damage.front().what, HasSubstr("damaged")) << "its checksum says that it is not so";
    const std::uint64_t sum = content_hash(std::string_view(bytes).substr(0, kSegmentHeaderBytes - 8));
    for (std::size_t i = 0; i < 8; ++i) bytes[kSegmentHeaderBytes - 8 + i] = static_cast<char>(sum >> (8 * i));
    const SegmentScan scan = scan_segment(bytes);
    EXPECT_THAT(scan.frames, IsEmpty());
    ASSERT_THAT(scan.damage, SizeIs(1));
    EXPECT_THAT(scan.damage.front().what, HasSubstr("version 2"));
}

TEST(Segment, says_what_is_no_segment) {
    const std::string bytes = segment_of(one_of_each());
    EXPECT_THAT(read_all("not a recording at all").scan.damage, SizeIs(1));
    EXPECT_THAT(read_all("").scan.damage, SizeIs(1));
    EXPECT_FALSE(read_all(bytes.substr(0, 30)).scan.header.has_value());
}

}  // namespace
}  // namespace scanner::recording
