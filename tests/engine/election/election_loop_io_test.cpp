#include "scanner/core/clock.hpp"
#include "scanner/engine/election_loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The loop around the pure Election, by a clock and a lease that do as they are told: what it asks, in which order,
/// and what it does with the answers. On a real Redis: App.elections, and tests/storage/epochs.
namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// By the injected clock. Waits of the loop are parts of it by the machine's, so it is short.
constexpr milliseconds kLease{120};

/// A server that has the lease, as the scripts in Redis do, and may be away.
class OneLease final : public storage::ScannerLease {
public:
    std::string holder_token;
    std::uint64_t epoch = 0;
    std::optional<storage::StreamPosition> last;
    bool away = false;
    milliseconds answers_after{0};  ///< by the injected clock
    std::function<void(milliseconds)> pass;
    std::vector<std::string> tokens;  ///< that asked for it
    int renewals = 0;
    bool stopped = false;

    asio::awaitable<core::Result<std::optional<storage::LeaseClaim>>> acquire(std::string token) override {
        if (away) co_return core::fail(core::ErrorCode::unavailable, "no connection");
        tokens.push_back(token);
        if (!holder_token.empty() && holder_token != token) co_return std::nullopt;
        holder_token = token;
        co_return storage::LeaseClaim{.token = token, .epoch = epoch, .last = last, .run = "r1"};
    }
    asio::awaitable<core::Result<storage::Leadership>> install(std::string token, std::uint64_t wanted) override {
        if (away) co_return core::fail(core::ErrorCode::unavailable, "no connection");
        if (holder_token != token || epoch > wanted)
            co_return core::fail(core::ErrorCode::conflict, "the lease is lost");
        epoch = wanted;
        co_return storage::Leadership{.epoch = epoch, .token = token};
    }
    asio::awaitable<core::Result<void>> renew(std::string token) override {
        if (answers_after.count() > 0) pass(answers_after);
        if (away) co_return core::fail(core::ErrorCode::unavailable, "no connection");
        if (holder_token != token) co_return core::fail(core::ErrorCode::conflict, "the lease is lost");
        ++renewals;
        co_return core::Result<void>();
    }
    asio::awaitable<core::Result<void>> release(std::string token) override {
        if (holder_token == token) holder_token.clear();
        co_return core::Result<void>();
    }
    asio::awaitable<core::Result<std::optional<std::string>>> holder() override {
        if (holder_token.empty()) co_return std::nullopt;
        co_return holder_token;
    }
    storage::StoreStatus status() const override { return {}; }
    void stop() override { stopped = true; }
};

/// A database in memory, by the program's own plan.
class Ledger final : public storage::EpochLedger {
public:
    std::vector<storage::EpochRow> rows;
    bool away = false;
    bool closed = false;
    std::vector<storage::Author> authors;

    asio::awaitable<core::Result<storage::EpochPlan>> open_epoch(storage::LeaseClaim claim,
                                                                 std::uint64_t known) override {
        if (away) co_return core::fail(core::ErrorCode::unavailable, "the database is away");
        storage::EpochPlan plan = storage::plan_epoch(rows, claim, known);
        for (const auto& [epoch, at] : plan.closings) rows.at(epoch - 1).closed = at;
        rows.push_back(plan.opened);
        co_return plan;
    }
    asio::awaitable<core::Result<void>> reserve(std::uint64_t epoch, std::uint64_t up_to) override {
        if (away) co_return core::fail(core::ErrorCode::unavailable, "the database is away");
        if (closed) co_return core::fail(core::ErrorCode::conflict, "the epoch is closed");
        rows.at(epoch - 1).reserved = up_to;
        co_return core::Result<void>();
    }
    void set_author(storage::Author author) override { authors.push_back(author); }
    std::uint64_t fenced_batches() const override { return 0; }
};

class Elections : public testing::Test {
protected:
    Elections() {
        lease_->pass = [this](milliseconds time) { clock_.advance(time); };
        asio::co_spawn(io_, loop_->run(), [this](const std::exception_ptr& thrown) { ended_ = thrown == nullptr; });
    }
    ~Elections() override {
        loop_->stop();
        EXPECT_TRUE(run_until([this] { return ended_; })) << "it ends when it is told to";
    }

    /// Runs it while the clock stands still, until `done`.
    bool run_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(milliseconds(1));
        }
        return done();
    }
    /// The same while the clock goes on, at whatever pace the machine allows.
    bool wait_until(const std::function<bool()>& done) {
        return run_until([&] {
            if (!done()) clock_.advance(milliseconds(1));
            return done();
        });
    }
    bool elected() const { return loop_->status().state == ElectionState::elected; }

    asio::io_context io_{1};
    core::ManualClock clock_{core::from_unix_ms(1'800'000'000'000)};
    std::shared_ptr<OneLease> lease_ = std::make_shared<OneLease>();
    Ledger ledger_;
    std::uint64_t shown_ = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> begun_;  ///< epoch, after
    int ends_ = 0;
    bool ended_ = false;
    std::unique_ptr<ElectionLoop> loop_ =
        make_election_loop(io_.get_executor(), lease_, ledger_, clock_, {.lease = kLease, .instance = "host/1"},
                           {.begin = [this](const storage::Leadership& leadership,
                                            std::uint64_t after) { begun_.emplace_back(leadership.epoch, after); },
                            .end = [this]() -> asio::awaitable<void> {
                                ++ends_;
                                co_return;
                            },
                            .shown = [this] { return shown_; }});
};

TEST_F(Elections, begins_a_term_with_the_next_epoch_over_all_that_was_published) {
    lease_->epoch = 6;
    lease_->last = storage::StreamPosition{.epoch = 6, .seq = 40};
    shown_ = 42;
    ASSERT_TRUE(run_until([this] { return elected(); }));
    EXPECT_THAT(begun_, ElementsAre(Pair(7U, 42U)));
    EXPECT_TRUE(loop_->may_publish());
    EXPECT_EQ(loop_->status().epoch, 7U);
    EXPECT_EQ(loop_->status().leader, "host/1");
    EXPECT_EQ(ledger_.authors, (std::vector<storage::Author>{{.epoch = 7, .sequence = 42}}));
    ASSERT_TRUE(wait_until([this] { return lease_->renewals >= 5; })) << "it renews, and goes on";
    EXPECT_EQ(loop_->status().terms, 1U);
    EXPECT_EQ(ends_, 0);
}

TEST_F(Elections, waits_while_somebody_else_has_the_lease_and_says_who) {
    lease_->holder_token = "other/2/0123";
    ASSERT_TRUE(wait_until([this] { return lease_->tokens.size() >= 3; }));
    EXPECT_EQ(loop_->status().leader, "other/2");
    EXPECT_FALSE(loop_->may_publish());
    EXPECT_NE(lease_->tokens.at(0), lease_->tokens.at(1)) << "an answer that comes late belongs to none but its own";
    lease_->holder_token.clear();
    ASSERT_TRUE(wait_until([this] { return elected(); }));
}

TEST_F(Elections, stops_publishing_by_its_own_clock_when_it_cannot_renew) {
    ASSERT_TRUE(run_until([this] { return elected(); }));
    lease_->away = true;
    clock_.advance(kLease * 3 / 4);
    EXPECT_FALSE(loop_->may_publish()) << "before the loop has come to notice";
    EXPECT_EQ(loop_->status().state, ElectionState::fenced);
    ASSERT_TRUE(run_until([this] { return ends_ == 1; }));
    lease_->away = false;
    lease_->holder_token.clear();  // it has run out at the server
    ASSERT_TRUE(wait_until([this] { return begun_.size() == 2; }));
    EXPECT_EQ(begun_.at(1).first, 2U) << "an epoch of which it was the leader is not gone on with";
}

TEST_F(Elections, an_answer_that_comes_too_late_revives_nothing) {
    ASSERT_TRUE(run_until([this] { return elected(); }));
    lease_->answers_after = kLease;
    ASSERT_TRUE(wait_until([this] { return ends_ == 1; }));
    EXPECT_GE(lease_->renewals, 1) << "the server took it";
    EXPECT_EQ(loop_->status().epoch, 0U);
}

TEST_F(Elections, ends_a_term_at_once_when_publishing_was_refused) {
    ASSERT_TRUE(run_until([this] { return elected(); }));
    lease_->holder_token = "other/2/0123";
    loop_->fenced();
    EXPECT_FALSE(loop_->may_publish());
    ASSERT_TRUE(run_until([this] { return ends_ == 1; })) << "without waiting for the next renewal";
    EXPECT_EQ(loop_->status().refused, 1U);
    EXPECT_EQ(loop_->status().terms, 1U);
}

TEST_F(Elections, is_not_elected_without_the_database) {
    ledger_.away = true;
    ASSERT_TRUE(wait_until([this] { return !loop_->status().problem.empty(); }));
    EXPECT_THAT(loop_->status().problem, HasSubstr("the database is away"));
    EXPECT_TRUE(begun_.empty());
    EXPECT_EQ(lease_->renewals, 0) << "one that can open an epoch should have the lease";
    lease_->holder_token.clear();  // it has run out at the server
    ledger_.away = false;
    ASSERT_TRUE(wait_until([this] { return elected(); }));
}

TEST_F(Elections, publishes_no_number_that_was_not_reserved) {
    ASSERT_TRUE(run_until([this] { return elected(); }));
    const std::uint64_t reserved = ledger_.rows.at(0).reserved;
    EXPECT_EQ(reserved, storage::kEpochBlock);
    ledger_.away = true;
    shown_ = reserved - 1;
    ASSERT_TRUE(wait_until([this] { return lease_->renewals >= 2; }));
    EXPECT_TRUE(loop_->may_publish()) << "what was reserved is used up while the database is away";
    shown_ = reserved;
    EXPECT_FALSE(loop_->may_publish());
    ledger_.away = false;
    ASSERT_TRUE(wait_until([this] { return loop_->may_publish(); }));
    EXPECT_GT(ledger_.rows.at(0).reserved, reserved);
    ledger_.closed = true;
    shown_ = ledger_.rows.at(0).reserved;
    ASSERT_TRUE(wait_until([this] { return ends_ == 1; })) << "its epoch is over";
}

TEST_F(Elections, gives_the_lease_back_at_its_end) {
    ASSERT_TRUE(run_until([this] { return elected(); }));
    loop_->stop();
    EXPECT_FALSE(loop_->may_publish());
    ASSERT_TRUE(run_until([this] { return ended_; }));
    EXPECT_EQ(ends_, 1) << "the term first";
    EXPECT_EQ(lease_->holder_token, "");
    EXPECT_TRUE(lease_->stopped);
}

}  // namespace
}  // namespace scanner::engine
