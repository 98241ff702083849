#include "engine/manipulation/manipulation_loop.hpp"
#include "engine/scripted_exchange.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/net/deadline.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using Said = std::vector<std::string>;

const core::WallTime kNow = core::from_unix_ms(1'790'000'010'000);

/// A store of states that says when it was written, and fails or hangs when it is told to.
class Store final : public storage::DetectorStates {
public:
    explicit Store(Said& said) : said_(said) {}

    boost::asio::awaitable<core::Result<std::vector<storage::DetectorState>>> read() override { co_return kept; }
    boost::asio::awaitable<core::Result<void>> write(std::vector<storage::DetectorState> changed) override {
        said_.emplace_back("write");
        if (std::exchange(hangs, false)) {
            if (auto slept = co_await net::sleep_for(std::chrono::hours(1)); !slept) {
                said_.emplace_back("not written");
                co_return std::unexpected(slept.error());
            }
        }
        if (fails) co_return std::unexpected(*fails);
        kept = std::move(changed);
        said_.emplace_back("written");
        co_return core::Result<void>{};
    }

    std::vector<storage::DetectorState> kept;
    std::optional<core::Error> fails;
    bool hangs = false;

private:
    Said& said_;
};

class ManipulationLoopTest : public testing::Test {
protected:
    ManipulationLoopTest() {
        Universe universe;
        exchange::Bulk<market::Ticker> tickers{.exchange_time = kNow};
        auto contract = std::make_shared<market::Contract>();
        contract->contract_code = "AAA-USDT";
        contract->symbol = "AAA/USDT:USDT";
        contract->contract_size = 1.0;
        const market::Ticker ticker{.contract_code = contract->contract_code, .last = 100.0, .turnover_24h = 1e6};
        tickers.by_contract[contract->contract_code] = ticker;
        universe.candidates.push_back({contract, ticker});
        state_.set_universe(std::move(universe), std::move(tickers),
                            {.source = InputSource::rest, .wall = kNow, .steady = clock_.steady_now()});
        storage::Episode& open = open_.emplace_back();
        open.record = {.id = "AAA-USDT.scam_wick.1790000000000",
                       .revision = static_cast<std::uint64_t>(core::to_unix_ms(kNow)),
                       .symbol = contract->symbol,
                       .flag = "scam_wick",
                       .kind = "simulated",
                       .phase = "under_way",
                       .start = kNow - seconds(10)};
    }

    std::unique_ptr<ManipulationLoop> loop() {
        ManipulationParts parts;
        parts.record = [this](std::vector<storage::EpisodeRecord> records) {
            for (const storage::EpisodeRecord& record : records) said_.push_back(record.phase);
        };
        parts.states = [this] { return &store_; };
        parts.open_episodes = [this]() -> boost::asio::awaitable<core::Result<std::vector<storage::Episode>>> {
            if (away_-- > 0) co_return core::fail(core::ErrorCode::unavailable, "the spool is not empty");
            co_return open_;
        };
        parts.trade_reads_per_sec = 0.0;
        return std::make_unique<ManipulationLoop>(io_.get_executor(), exchange_, clock_, state_, std::move(parts),
                                                  [] { return true; });
    }
    bool run_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + seconds(60);
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(milliseconds(10));
        }
        return done();
    }
    [[nodiscard]] bool has_said(std::string_view what) const { return std::ranges::find(said_, what) != said_.end(); }

    boost::asio::io_context io_{1};
    core::ManualClock clock_{kNow};
    test::ScriptedExchange exchange_;
    MarketState state_{1, 200};
    std::vector<storage::Episode> open_;
    Said said_;
    Store store_{said_};
    int away_ = 0;
};

TEST_F(ManipulationLoopTest, an_episode_is_told_once_its_state_is_durable) {
    const auto loop = this->loop();
    test::run_on(io_, loop->start());
    ASSERT_TRUE(run_until([&] { return has_said("interrupted"); }));
    EXPECT_THAT(said_, ElementsAre("write", "written", "interrupted"));
    EXPECT_EQ(loop->status().saves, 1U);
    test::run_on(io_, loop->stop());
    EXPECT_EQ(std::ranges::count(said_, "interrupted"), 1) << "told once, the end of the loop included";
}

TEST_F(ManipulationLoopTest, the_ledger_is_told_though_the_state_cannot_be_saved) {
    store_.fails = core::Error(core::ErrorCode::io, "no space left");
    const auto loop = this->loop();
    test::run_on(io_, loop->start());
    ASSERT_TRUE(run_until([&] { return has_said("interrupted"); }));
    EXPECT_THAT(said_, ElementsAre("write", "interrupted"));
    EXPECT_EQ(loop->status().failed_saves, 1U);
    store_.fails.reset();
    ASSERT_TRUE(run_until([&] { return has_said("written"); })) << "tried again at the next look";
    test::run_on(io_, loop->stop());
}

TEST_F(ManipulationLoopTest, asks_again_for_what_stands_open_while_the_ledger_lacks_something) {
    away_ = 1;
    const auto loop = this->loop();
    test::run_on(io_, loop->start());
    ASSERT_TRUE(run_until([&] { return away_ == 0; }));
    EXPECT_FALSE(loop->status().resumed);
    clock_.advance(seconds(2));
    ASSERT_TRUE(run_until([&] { return has_said("interrupted"); }));
    EXPECT_TRUE(loop->status().resumed);
    test::run_on(io_, loop->stop());
}

TEST_F(ManipulationLoopTest, a_store_that_hangs_neither_holds_up_the_end_nor_loses_or_doubles_what_is_told) {
    store_.hangs = true;
    const auto loop = this->loop();
    test::run_on(io_, loop->start());
    ASSERT_TRUE(run_until([&] { return has_said("write"); }));
    EXPECT_FALSE(has_said("interrupted"));
    test::run_on(io_, loop->stop());
    EXPECT_EQ(std::ranges::count(said_, "interrupted"), 1);
    EXPECT_TRUE(has_said("written")) << "the last save";
}

TEST_F(ManipulationLoopTest, nothing_happens_before_there_is_a_market) {
    state_.set_universe({}, {.exchange_time = kNow},
                        {.source = InputSource::rest, .wall = kNow, .steady = clock_.steady_now()});
    const auto loop = this->loop();
    test::run_on(io_, loop->start());
    const auto two_looks = std::chrono::steady_clock::now() + milliseconds(2'500);
    run_until([&] { return std::chrono::steady_clock::now() > two_looks; });
    EXPECT_THAT(said_, IsEmpty());
    test::run_on(io_, loop->stop());
}

}  // namespace
}  // namespace scanner::engine
