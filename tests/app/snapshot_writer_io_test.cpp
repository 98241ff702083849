#include "app/snapshot_writer.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace scanner::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Entry = storage::SnapshotCache::Entry;

/// Writes down what it is given, and on which thread.
class RecordingCache final : public storage::SnapshotCache {
public:
    void put(std::vector<Entry> entries) override {
        for (const Entry& entry : entries) values.push_back(*entry.value);
        put_on = std::this_thread::get_id();
    }
    boost::asio::awaitable<core::Result<std::optional<std::string>>> get(std::string, std::size_t) override {
        co_return std::nullopt;
    }
    storage::StoreStatus status() const override { return {}; }
    boost::asio::awaitable<void> close(milliseconds) override { co_return; }

    std::vector<std::string> values;
    std::thread::id put_on;
};

class SnapshotWriterTest : public testing::Test {
protected:
    static std::vector<Entry> entry(std::string value) {
        return {{"snaps:latest", std::make_shared<const std::string>(std::move(value)), seconds(90)}};
    }
    void drain(milliseconds grace = seconds(10)) { test::run_on(io_, writer_.drain(grace)); }

    boost::asio::io_context io_{1};
    std::shared_ptr<RecordingCache> cache_ = std::make_shared<RecordingCache>();
    SnapshotWriter writer_{io_.get_executor(), cache_};
};

TEST_F(SnapshotWriterTest, encodes_on_a_thread_of_its_own_and_hands_over_on_the_loop) {
    std::thread::id made_on;
    writer_.put([&made_on] {
        made_on = std::this_thread::get_id();
        return entry("1");
    });
    drain();
    EXPECT_EQ(cache_->values, std::vector<std::string>{"1"});
    EXPECT_NE(made_on, std::this_thread::get_id());
    EXPECT_EQ(cache_->put_on, std::this_thread::get_id());
}

TEST_F(SnapshotWriterTest, the_newest_replaces_the_one_that_waits) {
    std::latch others_are_there(1);
    writer_.put([&] {
        others_are_there.wait();
        return entry("1");
    });
    for (const char* const value : {"2", "3", "4"}) writer_.put([value] { return entry(value); });
    others_are_there.count_down();
    drain();
    EXPECT_EQ(cache_->values, (std::vector<std::string>{"1", "4"}));
}

TEST_F(SnapshotWriterTest, draining_waits_for_what_is_being_encoded_at_shutdown) {
    writer_.put([] {
        std::this_thread::sleep_for(milliseconds(100));
        return entry("last");
    });
    EXPECT_TRUE(cache_->values.empty());
    drain();
    EXPECT_EQ(cache_->values, std::vector<std::string>{"last"});
    drain(milliseconds(0));  // nothing is left to wait for
}

TEST_F(SnapshotWriterTest, draining_ends_after_its_grace) {
    std::latch encoded(1);
    writer_.put([&] {
        encoded.wait();
        return entry("late");
    });
    drain(milliseconds(20));
    EXPECT_TRUE(cache_->values.empty());
    encoded.count_down();
    drain();
    EXPECT_EQ(cache_->values, std::vector<std::string>{"late"});
}

TEST_F(SnapshotWriterTest, an_encoding_that_throws_does_not_stop_the_next) {
    writer_.put([]() -> std::vector<Entry> { throw std::runtime_error("too long"); });
    drain();
    writer_.put([] { return entry("2"); });
    drain();
    EXPECT_EQ(cache_->values, std::vector<std::string>{"2"});
}

}  // namespace
}  // namespace scanner::app
