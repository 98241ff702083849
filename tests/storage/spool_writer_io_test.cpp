#include "storage/spool/spool_writer.hpp"
#include "storage/spool_fixture.hpp"
#include "support/file_size_limit.hpp"

#include "scanner/core/random.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::storage {
namespace {

namespace fs = std::filesystem;

class SpoolWriterTest : public SpoolFixture {
protected:
    void begin() {
        spool_ = open();
        ASSERT_NE(spool_, nullptr);
        writer_.emplace(*spool_);
    }
    static std::string payload(int number) { return std::to_string(number) + std::string(300, 'x'); }
    void add(int first, int last) {
        for (int number = first; number <= last; ++number)
            ASSERT_TRUE(writer_->add(payload(number), static_cast<std::uint64_t>(number), kNow));
    }
    void add(int number) { add(number, number); }
    static std::vector<std::string> payloads(int first, int last) {
        std::vector<std::string> expected;
        for (int number = first; number <= last; ++number) expected.push_back(payload(number));
        return expected;
    }

    std::unique_ptr<Spool> spool_;
    std::optional<SpoolWriter> writer_;
};

TEST_F(SpoolWriterTest, lets_go_of_what_is_durable_only) {
    begin();
    add(1);
    EXPECT_EQ(writer_->sync_pending(true), 0U) << "another one comes: they share a sync";
    EXPECT_EQ(writer_->held(), 1U);
    EXPECT_TRUE(contents(*spool_).empty());
    add(2);
    EXPECT_EQ(writer_->sync_pending(false), 2U);
    EXPECT_EQ(writer_->held(), 0U);
    EXPECT_EQ(contents(*spool_), payloads(1, 2));
}

TEST_F(SpoolWriterTest, does_not_put_off_a_sync_for_ever) {
    begin();
    std::size_t settled = 0;
    for (int number = 1; number <= 40; ++number) {
        add(number);
        settled += writer_->sync_pending(true);
        EXPECT_LE(writer_->held(), SpoolWriter::kMaxUnsynced);
    }
    EXPECT_GE(settled, 32U);
}

TEST_F(SpoolWriterTest, keeps_what_a_full_disk_does_not_take_until_it_does) {
    begin();
    add(1);
    EXPECT_EQ(writer_->sync_pending(false), 1U);
    {
        const test::FileSizeLimit full(fs::file_size(options_.directory / "00000001.spool") + 500);
        add(2, 6);
        EXPECT_EQ(writer_->sync_pending(false), 1U) << "one more fits";
        EXPECT_TRUE(writer_->is_stuck());
        add(7);
        EXPECT_EQ(writer_->sync_pending(false), 0U);
        EXPECT_EQ(writer_->held(), 5U);
    }
    EXPECT_EQ(contents(*spool_), payloads(1, 2));
    EXPECT_EQ(writer_->sync_pending(false), 5U);
    EXPECT_FALSE(writer_->is_stuck());
    EXPECT_EQ(contents(*spool_), payloads(1, 7));
    EXPECT_EQ(spool_->status().dropped, 0U);
    writer_.reset();
    spool_.reset();
    begin();
    EXPECT_EQ(contents(*spool_), payloads(1, 7)) << "half a frame is nowhere left";
}

TEST_F(SpoolWriterTest, gives_up_what_no_spool_can_hold_and_nothing_else) {
    options_.max_bytes = 4'000;
    begin();
    add(1);
    ASSERT_TRUE(writer_->add(std::string(5'000, 'x'), 2, kNow));
    add(3);
    EXPECT_EQ(writer_->sync_pending(false), 3U);
    EXPECT_EQ(writer_->held(), 0U);
    EXPECT_FALSE(writer_->is_stuck());
    EXPECT_EQ(spool_->status().dropped, 1U);
    EXPECT_EQ(contents(*spool_), (std::vector{payload(1), payload(3)}));
}

TEST_F(SpoolWriterTest, holds_no_more_than_its_bound_and_continues_when_there_is_room) {
    begin();
    const std::string large(SpoolWriter::kMaxHeldBytes / 4, 'x');
    {
        const test::FileSizeLimit full(1'000);
        for (int i = 0; i < 4; ++i) EXPECT_TRUE(writer_->add(large, 0, kNow));
        EXPECT_FALSE(writer_->add("x", 0, kNow));
        EXPECT_EQ(writer_->sync_pending(false), 0U);
        EXPECT_EQ(writer_->held(), 4U);
    }
    EXPECT_EQ(writer_->sync_pending(false), 4U);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(writer_->add(large, 0, kNow));
    EXPECT_FALSE(writer_->add("x", 0, kNow));
    EXPECT_EQ(writer_->sync_pending(false), 4U);
    EXPECT_EQ(spool_->status().records, 8U);
}

/// A disk on which writing and syncing fail by chance; a failed sync takes back what was appended, as Spool says.
class ShakySpool final : public Spool {
public:
    explicit ShakySpool(std::uint64_t seed) : random_(seed) {}
    const std::string& id() const override { return id_; }
    std::uint64_t last_sequence() const override { return 0; }
    core::Result<void> append(std::string_view payload, std::uint64_t /*sequence*/, core::WallTime /*now*/) override {
        if (random_.chance(0.1)) {  // a segment is full
            if (auto synced = sync(); !synced) return synced;
        }
        if (random_.chance(0.2)) return core::fail(core::ErrorCode::io, "full");
        appended_.emplace_back(payload);
        return {};
    }
    core::Result<void> sync() override {
        const bool fails = random_.chance(0.3);
        if (!fails) kept_.insert(kept_.end(), appended_.begin(), appended_.end());
        appended_.clear();
        return fails ? core::fail(core::ErrorCode::io, "broken") : core::Result<void>();
    }
    std::size_t unsynced() const override { return appended_.size(); }
    std::uint64_t durable() const override { return kept_.size(); }
    std::vector<SpoolRecord> read(std::size_t /*max_records*/, std::size_t /*max_bytes*/) override { return {}; }
    void release(std::uint64_t /*number*/) override {}
    void set_aside(const SpoolRecord& /*record*/) override {}
    void count_dropped() override { ++dropped_; }
    SpoolStatus status() const override { return {.dropped = dropped_}; }
    const std::vector<std::string>& kept() const { return kept_; }

private:
    core::Random random_;
    std::string id_ = "shaky";
    std::vector<std::string> appended_;
    std::vector<std::string> kept_;
    std::uint64_t dropped_ = 0;
};

TEST_F(SpoolWriterTest, brings_everything_in_once_and_in_order_however_the_disk_behaves) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        core::Random random(seed);
        ShakySpool spool(seed * 7919);
        SpoolWriter writer(spool);
        std::size_t settled = 0;
        for (int number = 1; number <= 100; ++number) {
            ASSERT_TRUE(writer.add(payload(number), 0, kNow));
            if (random.chance(0.7)) settled += writer.sync_pending(random.chance(0.5));
            EXPECT_EQ(settled, spool.kept().size());
            EXPECT_EQ(settled + writer.held(), static_cast<std::size_t>(number));
        }
        for (int i = 0; i < 1'000 && writer.held() > 0; ++i) settled += writer.sync_pending(false);
        EXPECT_EQ(settled, 100U);
        EXPECT_EQ(spool.kept(), payloads(1, 100));
        EXPECT_EQ(spool.status().dropped, 0U);
    }
}

}  // namespace
}  // namespace scanner::storage
