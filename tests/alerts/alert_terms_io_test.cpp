#include "alerts/alert_service_fixture.hpp"
#include "alerts/webhook_receiver.hpp"

#include "scanner/storage/kept_states.hpp"

#include <optional>
#include <string>

/// Several scanners on one database, one of them elected: alerts go on where the one before stopped.
namespace scanner::alerts {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::hit_rule;
using test::kCalm;
using test::kHit;
using testing::IsEmpty;
using testing::SizeIs;

/// What all of them share.
class SharedStates final : public storage::KeptStates {
public:
    boost::asio::awaitable<core::Result<std::optional<std::string>>> load(std::string /*name*/) override {
        if (failures > 0) {
            --failures;
            co_return core::fail(core::ErrorCode::unavailable, "the database is away");
        }
        co_return text;
    }
    boost::asio::awaitable<core::Result<void>> save(std::string name, std::string what) override {
        EXPECT_EQ(name, kSharedAlertState);
        if (fenced) co_return core::fail(core::ErrorCode::conflict, "epoch 1 is closed");
        text = std::move(what);
        ++saves;
        co_return core::Result<void>();
    }

    std::optional<std::string> text;
    int failures = 0;
    int saves = 0;
    bool fenced = false;
};

class AlertTerms : public test::AlertServiceTest {
protected:
    AlertTerms() { shared_states_ = &shared_; }
    void end_term() { scanner::test::run_on(io_, service_->end_term()); }
    void settle() {
        io_.restart();
        io_.run_for(milliseconds(50));
    }

    SharedStates shared_;
};

TEST_F(AlertTerms, nothing_fires_outside_of_a_term) {
    add_rule(hit_rule());
    start();
    cycle(kHit);
    settle();
    EXPECT_THAT(archive_.recorded, IsEmpty());
    EXPECT_EQ(shared_.saves, 0);
    service_->begin_term();
    cycle(kHit);
    run_until([&] { return archive_.recorded.size() == 1; });
    end_term();
    cycle(kCalm);
    cycle(kCalm);
    cycle(kHit);
    settle();
    EXPECT_THAT(archive_.recorded, SizeIs(1));
}

TEST_F(AlertTerms, a_fail_over_neither_repeats_nor_forgets) {
    add_rule(hit_rule());
    start();
    service_->begin_term();
    cycle(kHit);
    run_until([&] { return archive_.recorded.size() == 1; });
    end_term();
    stop();
    start();  // another process
    service_->begin_term();
    cycle(kHit);
    run_until([&] { return service_->statistics().states == 1; });
    settle();
    EXPECT_THAT(archive_.recorded, SizeIs(1)) << "it has held all along";
    for (int i = 0; i < 5; ++i) cycle(kCalm);  // until it is armed and cool
    cycle(kHit);
    run_until([&] { return archive_.recorded.size() == 2; });
}

TEST_F(AlertTerms, what_was_kept_and_not_announced_is_announced_by_the_next_one) {
    add_rule(hit_rule());
    test::WebhookReceiver receiver(io_, [](std::size_t) { return 204; });
    options_.webhook_url = receiver.url();
    start();
    service_->begin_term();
    cycle(kHit);
    run_until([&] { return archive_.recorded.size() == 1 && service_->statistics().delivered == 1; });
    // As it stood before anything was announced: the one before was killed there.
    const std::string kept = *shared_.text;
    stop();
    auto before = nlohmann::json::parse(kept);
    before["waiting"] = nlohmann::json::array({{{"rule", "hit"},
                                                {"symbol", "BTC/USDT:USDT"},
                                                {"time_ms", core::to_unix_ms(archive_.recorded[0].time)},
                                                {"sequence", 1},
                                                {"payload", archive_.recorded[0].payload_json},
                                                {"attempts", 0},
                                                {"announced", false}}});
    shared_.text = before.dump();
    archive_.recorded.clear();
    start();
    service_->begin_term();
    run_until([&] { return archive_.recorded.size() == 1 && receiver.requests.size() == 2; });
    EXPECT_EQ(receiver.requests[0].header("webhook-id"), receiver.requests[1].header("webhook-id"));
}

TEST_F(AlertTerms, one_that_is_fenced_announces_nothing) {
    add_rule(hit_rule());
    start();
    service_->begin_term();
    run_until([&] { return service_->statistics().rules_enabled == 1; });
    shared_.fenced = true;
    cycle(kHit);
    settle();
    EXPECT_THAT(archive_.recorded, IsEmpty());
    EXPECT_THAT(publisher_.messages, IsEmpty());
    shared_.fenced = false;
    cycle(kCalm);
    cycle(kHit);
    settle();
    EXPECT_THAT(archive_.recorded, IsEmpty()) << "its term is over";
}

TEST_F(AlertTerms, nothing_fires_before_the_state_could_be_read) {
    add_rule(hit_rule());
    shared_.failures = 1;
    start();
    service_->begin_term();
    cycle(kHit);
    settle();
    EXPECT_THAT(archive_.recorded, IsEmpty());
    run_until([&] { return archive_.recorded.size() == 1; });
}

}  // namespace
}  // namespace scanner::alerts
