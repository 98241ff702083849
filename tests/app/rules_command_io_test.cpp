#include "app/commands/rules_command.hpp"
#include "app/stores.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/settings/settings_values.hpp"
#include "scanner/storage/inputs_schema.hpp"
#include "scanner/storage/store.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

/// Rules held against a history that is written here.
namespace scanner::app {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

/// Within what is kept.
const core::WallTime kStart =
    std::chrono::floor<std::chrono::minutes>(core::system_clock().now() - std::chrono::hours(1));

std::string at(int after_sec) {
    return core::format_time(kStart + std::chrono::seconds(after_sec));
}

class RulesCommand : public testing::Test {
protected:
    RulesCommand() {
        std::string name = "/tmp/market-scanner-rules-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        settings::Settings settings;
        settings.data_dir = folder_.string();
        const auto store = make_database(io_.get_executor(), settings, core::system_clock());
        EXPECT_TRUE(test::run_on(io_, store->open()));
        // ret_15 rises cycle by cycle; of the third contract it is unknown.
        for (int cycle = 0; cycle < 4; ++cycle) store->history().record(batch(cycle));
        test::run_on(io_, store->close(seconds(30)));
    }
    ~RulesCommand() override { std::filesystem::remove_all(folder_); }
    RulesCommand(const RulesCommand&) = delete;
    RulesCommand& operator=(const RulesCommand&) = delete;
    RulesCommand(RulesCommand&&) = delete;
    RulesCommand& operator=(RulesCommand&&) = delete;

    static storage::HistoryBatch batch(int cycle) {
        static const auto kSchema = std::make_shared<const storage::InputsSchema>(std::vector<storage::InputField>{
            {"metrics.ret_15", storage::InputKind::number}, {"manipulation.manip_flags", storage::InputKind::list}});
        storage::HistoryBatch made;
        const core::WallTime time = kStart + seconds(15 * cycle);
        const auto sequence = static_cast<std::uint64_t>(cycle + 1);
        made.cycle = storage::CycleRecord{.sequence = sequence, .time = time, .default_profile = "scalp"};
        int rank = 0;
        for (const std::string symbol : {"BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"}) {
            ++rank;
            made.rankings.push_back({.time = time,
                                     .sequence = sequence,
                                     .profile = "scalp",
                                     .symbol = symbol,
                                     .rank = rank,
                                     .score = 10.0 - rank,
                                     .last_price = 100.0 * rank});
            storage::ContractInputs inputs;
            inputs.time = time;
            inputs.sequence = sequence;
            inputs.symbol = symbol;
            inputs.schema = kSchema;
            inputs.numbers = {rank == 3 ? std::nullopt : std::optional(static_cast<double>(cycle) - rank)};
            if (rank == 2) inputs.texts_json = R"({"manipulation.manip_flags":["scam_wick"]})";
            made.inputs.push_back(std::move(inputs));
        }
        return made;
    }

    int run(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--data-dir", folder_.string(), "--env-file", "/dev/null"});
        out_.str("");
        err_.str("");
        return run_rules(arguments, {}, out_, err_);
    }

    boost::asio::io_context io_{1};
    std::filesystem::path folder_;
    std::ostringstream out_;
    std::ostringstream err_;
};

TEST_F(RulesCommand, fire_when_a_condition_becomes_true) {
    ASSERT_EQ(run({"try", "ret_15 > 0"}), 0) << err_.str();
    EXPECT_EQ(out_.str(),
              at(30) + " BTC/USDT:USDT rank 1 score 9.0000\n" + at(45) + " ETH/USDT:USDT rank 2 score 8.0000\n");
    EXPECT_THAT(err_.str(), HasSubstr("4 cycles, 12 contracts looked at, 2 alerts"));
}

TEST_F(RulesCommand, hold_flags_and_prices_and_take_no_neutral_value_for_a_measured_one) {
    ASSERT_EQ(run({"try", "\"scam_wick\" in flags and last_price > 150 for 30s"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), at(30) + " ETH/USDT:USDT rank 2 score 8.0000\n");
    ASSERT_EQ(run({"try", "ret_15 <= 0 and rank == 3"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "") << "it was never known of that contract";
    ASSERT_EQ(run({"try", "rank == 1", "--from", at(20), "--to", at(40)}), 0);
    EXPECT_THAT(err_.str(), HasSubstr("1 cycles"));
}

TEST_F(RulesCommand, refuse_what_they_cannot_tell) {
    EXPECT_EQ(run({"try", "rank_delta > 3"}), 2);
    EXPECT_THAT(err_.str(), HasSubstr("does not keep rank_delta"));
    EXPECT_EQ(run({"try", "ret_15 >"}), 2);
    EXPECT_EQ(run({"try"}), 2);
    EXPECT_EQ(run({"test", "rank == 1"}), 2);
}

}  // namespace
}  // namespace scanner::app
