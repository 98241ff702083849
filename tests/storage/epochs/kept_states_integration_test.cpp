#include "storage/store_fixture.hpp"

#include <optional>
#include <string>

namespace scanner::storage {
namespace {

using Text = std::optional<std::string>;

class KeptStatesOfTerms : public EitherStore {
protected:
    Text load(const std::string& name) {
        const auto text = await(store_->kept_states().load(name));
        EXPECT_TRUE(text) << text.error().message();
        return text ? *text : Text();
    }
    core::Result<void> save(const std::string& name, std::string text) {
        return await(store_->kept_states().save(name, std::move(text)));
    }
    /// Opens the next epoch, the one before having published up to `last`.
    std::uint64_t next_epoch(std::uint64_t last) {
        LeaseClaim claim{.token = "t", .epoch = epoch_, .last = {}, .run = "r"};
        if (epoch_ > 0) claim.last = StreamPosition{.epoch = epoch_, .seq = last};
        const auto plan = await(store_->epoch_ledger().open_epoch(claim, 0));
        EXPECT_TRUE(plan) << plan.error().message();
        epoch_ = plan ? plan->opened.epoch : 0;
        return epoch_;
    }

    std::uint64_t epoch_ = 0;
};

TEST_P(KeptStatesOfTerms, keeps_the_last_of_each_name) {
    open_store();
    EXPECT_EQ(load("alerts"), std::nullopt);
    ASSERT_TRUE(save("alerts", "one"));
    ASSERT_TRUE(save("alerts", "it's two: 龙虾\n{\"a\": [1]}"));
    ASSERT_TRUE(save("others", "three"));
    reopen_store();
    EXPECT_EQ(load("alerts"), Text("it's two: 龙虾\n{\"a\": [1]}"));
    EXPECT_EQ(load("others"), Text("three"));
}

TEST_P(KeptStatesOfTerms, takes_nothing_of_a_term_that_is_over) {
    open_store();
    const Author first{.epoch = next_epoch(0), .sequence = 5};
    store_->epoch_ledger().set_author(first);
    ASSERT_TRUE(save("alerts", "of the first"));
    const Author second{.epoch = next_epoch(10), .sequence = 11};
    // It had published that number, and its history up to it is accepted; but another goes on from the state.
    const auto late = save("alerts", "too late");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), core::ErrorCode::conflict);
    EXPECT_EQ(load("alerts"), Text("of the first"));
    store_->epoch_ledger().set_author(second);
    ASSERT_TRUE(save("alerts", "of the second"));
    EXPECT_EQ(load("alerts"), Text("of the second"));
    store_->epoch_ledger().set_author({.epoch = 77, .sequence = 1});
    EXPECT_FALSE(save("alerts", "of one that nobody opened"));
}

INSTANTIATE_TEST_SUITE_P(Both, KeptStatesOfTerms, testing::Values(DatabaseKind::sqlite, DatabaseKind::postgres),
                         database_name);

}  // namespace
}  // namespace scanner::storage
