#include "storage/spool/spool_segment.hpp"
#include "storage/spool_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <random>

namespace scanner::storage {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

class SpoolTest : public SpoolFixture {
protected:
    static void put(Spool& spool, std::uint64_t sequence, std::size_t size = 100) {
        ASSERT_TRUE(spool.append(payload(sequence, size), sequence, kNow + seconds(sequence)));
        ASSERT_TRUE(spool.sync());
    }
    static std::string payload(std::uint64_t sequence, std::size_t size = 100) {
        std::string text = std::to_string(sequence) + ":";
        text.resize(size, static_cast<char>('a' + sequence % 26));
        return text;
    }
    std::vector<fs::path> segments() const {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator(options_.directory)) {
            if (entry.path().extension() == ".spool") found.push_back(entry.path());
        }
        std::ranges::sort(found);
        return found;
    }
};

TEST_F(SpoolTest, keeps_records_in_order_until_they_are_released) {
    const auto spool = open();
    for (std::uint64_t i = 1; i <= 5; ++i) put(*spool, i);
    auto records = spool->read(3, 1U << 20U);
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].payload, payload(1));
    EXPECT_EQ(records[0].appended, kNow + seconds(1));
    EXPECT_LT(records[0].number, records[1].number);
    EXPECT_EQ(contents(*spool).size(), 5U) << "reading takes nothing away";
    spool->release(records[2].number);
    EXPECT_EQ(contents(*spool), (std::vector{payload(4), payload(5)}));
    EXPECT_EQ(spool->status().records, 2U);
    EXPECT_EQ(spool->status().oldest, kNow + seconds(4));
}

TEST_F(SpoolTest, shows_a_record_only_once_it_is_synced) {
    const auto spool = open();
    ASSERT_TRUE(spool->append("x", 9, kNow));
    EXPECT_TRUE(contents(*spool).empty());
    EXPECT_EQ(spool->last_sequence(), 0U);
    ASSERT_TRUE(spool->sync());
    EXPECT_EQ(contents(*spool).size(), 1U);
    EXPECT_EQ(spool->last_sequence(), 9U);
}

TEST_F(SpoolTest, has_everything_again_after_a_restart) {
    std::string id;
    std::uint64_t released = 0;
    {
        const auto spool = open();
        id = spool->id();
        for (std::uint64_t i = 1; i <= 4; ++i) put(*spool, i);
        released = spool->read(1, 1)[0].number;
    }
    const auto spool = open(kNow + seconds(100));
    EXPECT_EQ(spool->id(), id);
    EXPECT_EQ(contents(*spool), (std::vector{payload(1), payload(2), payload(3), payload(4)}));
    spool->release(released);  // what the database says it has
    put(*spool, 5);
    EXPECT_EQ(contents(*spool), (std::vector{payload(2), payload(3), payload(4), payload(5)}));
    EXPECT_EQ(spool->last_sequence(), 5U);
}

TEST_F(SpoolTest, remembers_the_sequence_when_nothing_is_left) {
    for (int life = 0; life < 3; ++life) {
        const auto spool = open(kNow + seconds(life));
        EXPECT_EQ(spool->last_sequence(), static_cast<std::uint64_t>(life) * 10);
        put(*spool, static_cast<std::uint64_t>(life + 1) * 10);
        spool->release(spool->read(1, 1)[0].number);
    }
    EXPECT_EQ(segments().size(), 1U) << "empty segments go";
}

TEST_F(SpoolTest, cuts_off_a_torn_tail_at_any_byte) {
    {
        const auto spool = open();
        for (std::uint64_t i = 1; i <= 3; ++i) put(*spool, i);
    }
    ASSERT_EQ(segments().size(), 1U);
    const fs::path saved = options_.directory.parent_path() / "saved";
    fs::copy_file(segments()[0], saved);
    const auto whole = fs::file_size(saved);
    const auto frame = (whole - kSegmentHeaderBytes) / 3;
    for (auto length = whole - frame; length < whole; length += 3) {
        for (const auto& path : segments()) fs::remove(path);
        const fs::path torn = options_.directory / "00000001.spool";
        fs::copy_file(saved, torn);
        fs::resize_file(torn, length);
        const auto spool = open();
        ASSERT_EQ(contents(*spool), (std::vector{payload(1), payload(2)})) << length;
        put(*spool, 4);
        ASSERT_EQ(contents(*spool).back(), payload(4));
    }
}

TEST_F(SpoolTest, survives_a_header_that_was_never_finished) {
    {
        const auto spool = open();
        put(*spool, 7);
    }
    std::ofstream(options_.directory / "00000002.spool") << "MSSPO";
    const auto spool = open();
    EXPECT_EQ(contents(*spool), (std::vector{payload(7)}));
    EXPECT_EQ(spool->last_sequence(), 7U);
}

TEST_F(SpoolTest, loses_only_the_rest_of_a_damaged_segment) {
    options_.segment_bytes = 500;  // three records each
    {
        const auto spool = open();
        for (std::uint64_t i = 1; i <= 9; ++i) put(*spool, i);
    }
    ASSERT_EQ(segments().size(), 3U);
    {
        std::fstream file(segments()[1], std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(kSegmentHeaderBytes + 132 + 60));  // in the second record of it
        file.put('!');
    }
    const auto spool = open();
    EXPECT_EQ(contents(*spool),
              (std::vector{payload(1), payload(2), payload(3), payload(4), payload(7), payload(8), payload(9)}));
    EXPECT_GE(spool->status().dropped, 1U);
    const bool kept_aside = fs::exists(options_.directory / "00000002.spool.damaged");
    EXPECT_TRUE(kept_aside);
}

TEST_F(SpoolTest, drops_the_oldest_segment_when_it_is_full_and_says_how_much) {
    options_.segment_bytes = 1'000;
    options_.max_bytes = 4'000;
    const auto spool = open();
    for (std::uint64_t i = 1; i <= 100; ++i) put(*spool, i);
    const SpoolStatus status = spool->status();
    EXPECT_LE(status.bytes, options_.max_bytes);
    EXPECT_EQ(status.records + status.dropped, 100U);
    EXPECT_GT(status.dropped, 50U);
    const auto left = contents(*spool);
    EXPECT_EQ(left.size(), status.records);
    EXPECT_EQ(left.back(), payload(100));
    EXPECT_EQ(left.front(), payload(101 - status.records)) << "no hole among those that are left";
}

TEST_F(SpoolTest, refuses_a_record_that_can_never_fit_and_keeps_the_others) {
    options_.segment_bytes = 500;
    options_.max_bytes = 4'000;
    const auto spool = open();
    for (std::uint64_t i = 11; i <= 18; ++i) put(*spool, i);
    ASSERT_GT(segments().size(), 2U);
    const auto refused = spool->append(std::string(5'000, 'x'), 1, kNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), core::ErrorCode::unavailable);
    EXPECT_EQ(spool->unsynced(), 0U);
    EXPECT_EQ(contents(*spool).size(), 8U);
    put(*spool, 2, 3'000);
    EXPECT_EQ(contents(*spool).back(), payload(2, 3'000)) << "what fits is taken, at the cost of the oldest";
    EXPECT_EQ(spool->durable(), 9U);
}

TEST_F(SpoolTest, numbers_nothing_twice_when_the_folder_comes_back_from_a_backup) {
    const fs::path backup = options_.directory.parent_path() / "backup";
    std::uint64_t highest = 0;
    {
        const auto spool = open(kNow);
        put(*spool, 1);
    }
    fs::copy(options_.directory, backup, fs::copy_options::recursive);
    {
        const auto spool = open(kNow + seconds(10));
        for (std::uint64_t i = 2; i <= 50; ++i) put(*spool, i);
        highest = spool->read(100, 1U << 20U).back().number;
    }
    fs::remove_all(options_.directory);
    fs::copy(backup, options_.directory, fs::copy_options::recursive);
    const auto spool = open(kNow + seconds(20));
    put(*spool, 2);
    EXPECT_GT(spool->read(100, 1U << 20U).back().number, highest);
}

TEST_F(SpoolTest, belongs_to_one_process_at_a_time) {
    const auto spool = open();
    const auto second = open_spool(options_, kNow);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), core::ErrorCode::conflict);
}

TEST_F(SpoolTest, says_when_its_folder_cannot_be_used) {
    std::ofstream(options_.directory.parent_path() / "file") << "x";
    options_.directory = options_.directory.parent_path() / "file" / "spool";
    const auto spool = open_spool(options_, kNow);
    ASSERT_FALSE(spool);
    EXPECT_EQ(spool.error().code(), core::ErrorCode::io);
    options_.directory = options_.directory.parent_path().parent_path() / "spool";
}

TEST_F(SpoolTest, puts_refused_records_where_a_person_can_find_them) {
    const auto spool = open();
    put(*spool, 1);
    const auto records = spool->read(1, 1);
    spool->set_aside(records[0]);
    EXPECT_EQ(spool->status().dropped, 1U);
    const auto scan = scan_segment(options_.directory / "refused.spool");
    ASSERT_TRUE(scan);
    ASSERT_EQ(scan->frames.size(), 1U);
    EXPECT_EQ(scan->frames[0].header.number, records[0].number);
}

TEST_F(SpoolTest, agrees_with_a_simple_model_whatever_is_done_to_it) {
    options_.segment_bytes = 700;
    std::mt19937 random(17);
    std::vector<std::pair<std::uint64_t, std::string>> model;  // number once known, payload
    auto spool = open();
    std::uint64_t sequence = 0;
    for (int step = 0; step < 600; ++step) {
        const auto dice = random() % 10;
        if (dice < 6) {
            ++sequence;
            const std::size_t size = 20 + random() % 300;
            put(*spool, sequence, size);
            model.emplace_back(sequence, payload(sequence, size));
        } else if (dice < 9) {
            const auto records = spool->read(random() % 5, 1U << 20U);
            if (!records.empty()) {
                spool->release(records.back().number);
                model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(records.size()));
            }
        } else {
            // What was released may come back: the database, which knows better, is not part of this.
            const auto left = spool->read(100'000, 1U << 30U);
            const std::uint64_t released = left.empty() ? ~0ULL : left.front().number - 1;
            spool.reset();
            spool = open(kNow + seconds(step));
            if (released == ~0ULL) {
                const auto all = spool->read(100'000, 1U << 30U);
                if (!all.empty()) spool->release(all.back().number);
            } else {
                spool->release(released);
            }
        }
        std::vector<std::string> expected;
        for (const auto& [number, text] : model) expected.push_back(text);
        ASSERT_EQ(contents(*spool), expected) << "step " << step;
        ASSERT_EQ(spool->last_sequence(), sequence);
    }
}

}  // namespace
}  // namespace scanner::storage
