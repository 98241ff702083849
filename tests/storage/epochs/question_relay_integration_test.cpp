#include "support/redis_server.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/storage/question_relay.hpp"
#include "scanner/storage/scanner_lease.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using Answer = core::Result<std::string>;
using Questions = core::Result<std::vector<RelayedQuestion>>;

class QuestionRelayTest : public testing::Test {
protected:
    QuestionRelayTest()
        : lease_(make_scanner_lease(io_.get_executor(),
                                    {.url = url(), .key_prefix = "a:", .lease = milliseconds(60'000)})) {
        EXPECT_TRUE(run_until([&] { return lease_->status().state == StoreState::ready; }));
    }
    core::RedisUrl url() const {
        core::RedisUrl url;
        url.host = "127.0.0.1";
        url.port = server_.port();
        return url;
    }
    std::shared_ptr<QuestionRelay> relay(std::string asker, std::size_t max_waiting = 4) {
        return make_question_relay(io_.get_executor(), {.url = url(),
                                                        .ca_bundle_path = "",
                                                        .key_prefix = "a:",
                                                        .asker = std::move(asker),
                                                        .max_waiting = max_waiting});
    }
    bool run_until(const std::function<bool()>& done, milliseconds limit = milliseconds(60'000)) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(milliseconds(5));
        }
        return done();
    }
    /// Asks, as soon as there is a connection, and goes on.
    std::shared_ptr<std::optional<Answer>> ask(const std::shared_ptr<QuestionRelay>& relay, std::string text,
                                               milliseconds patience = milliseconds(60'000)) {
        auto answer = std::make_shared<std::optional<Answer>>();
        asio::co_spawn(
            io_,
            [](auto of, auto what, auto longest, auto into) -> asio::awaitable<void> {
                *into = co_await of->ask(std::move(what), longest);
            }(relay, std::move(text), patience, answer),
            [](const std::exception_ptr&) {});
        return answer;
    }
    Questions take(QuestionRelay& relay, milliseconds block = milliseconds(1'000)) {
        return test::run_on(io_, relay.take(16, block));
    }
    /// Once it is connected.
    void wait_for(QuestionRelay& relay) {
        ASSERT_TRUE(run_until([&] { return take(relay, milliseconds(1)).has_value(); }));
    }
    Leadership lead(std::string token, std::uint64_t epoch) {
        EXPECT_TRUE(test::run_on(io_, lease_->acquire(token)).value());
        auto leadership = test::run_on(io_, lease_->install(std::move(token), epoch));
        EXPECT_TRUE(leadership);
        return leadership.value_or(Leadership{});
    }

    test::RedisServer server_;
    asio::io_context io_{1};
    std::shared_ptr<ScannerLease> lease_;
};

TEST_F(QuestionRelayTest, brings_each_question_to_the_elected_one_and_its_answer_back) {
    const auto elected = relay("e1");
    const auto first = relay("a1");
    const auto second = relay("a2");
    const Leadership leadership = lead("us", 1);
    wait_for(*elected);
    wait_for(*first);
    wait_for(*second);
    const auto one = ask(first, "one");
    const auto other = ask(second, "other");
    const auto third = ask(first, "third");
    std::vector<RelayedQuestion> all;
    while (all.size() < 3) {
        auto questions = take(*elected);
        ASSERT_TRUE(questions) << questions.error().message();
        all.insert(all.end(), questions->begin(), questions->end());
    }
    for (auto question = all.rbegin(); question != all.rend(); ++question) {  // in another order than they were asked
        std::string answer = "answer to " + question->text + std::string("\n\0\xff", 3);
        ASSERT_TRUE(test::run_on(io_, elected->answer(leadership, *question, std::move(answer))));
    }
    ASSERT_TRUE(run_until([&] { return *one && *other && *third; }));
    EXPECT_EQ((*one)->value(), "answer to one" + std::string("\n\0\xff", 3));
    EXPECT_EQ((*other)->value(), "answer to other" + std::string("\n\0\xff", 3));
    EXPECT_EQ((*third)->value(), "answer to third" + std::string("\n\0\xff", 3));
    EXPECT_TRUE(take(*elected, milliseconds(1))->empty()) << "each is taken once";
}

TEST_F(QuestionRelayTest, tells_nothing_once_another_one_is_elected) {
    const auto elected = relay("e1");
    const auto asker = relay("a1");
    const Leadership before = lead("us", 1);
    wait_for(*elected);
    wait_for(*asker);
    const auto answer = ask(asker, "who?");
    auto questions = take(*elected);
    ASSERT_TRUE(questions && questions->size() == 1);
    ASSERT_TRUE(test::run_on(io_, lease_->release("us")));
    const Leadership after = lead("them", 2);
    const auto told = test::run_on(io_, elected->answer(before, questions->front(), "us"));
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().code(), core::ErrorCode::conflict);
    ASSERT_TRUE(test::run_on(io_, elected->answer(after, questions->front(), "them")));
    ASSERT_TRUE(run_until([&] { return answer->has_value(); }));
    EXPECT_EQ((*answer)->value(), "them");
}

TEST_F(QuestionRelayTest, a_question_that_no_one_answers_ends_in_time_and_is_not_taken_afterwards) {
    const auto asker = relay("a1", 2);
    const auto elected = relay("e1");
    wait_for(*asker);
    const auto answer = ask(asker, "who is there?", milliseconds(100));
    const auto patient = ask(asker, "I can wait");
    EXPECT_EQ(test::run_on(io_, asker->ask("one more", milliseconds(100))).error().code(), core::ErrorCode::unavailable)
        << "as many wait as may";
    ASSERT_TRUE(run_until([&] { return answer->has_value(); }));
    EXPECT_EQ((*answer)->error().code(), core::ErrorCode::timeout);
    EXPECT_EQ(test::run_on(io_, asker->ask(std::string(9'000, 'x'), milliseconds(100))).error().code(),
              core::ErrorCode::invalid_input);
    elected->begin_taking();
    wait_for(*elected);
    EXPECT_TRUE(take(*elected, milliseconds(1))->empty()) << "what was asked before its term is not its own";
    EXPECT_FALSE(patient->has_value());
}

TEST_F(QuestionRelayTest, a_question_of_which_the_asker_has_gone_is_left_out) {
    const auto elected = relay("e1");
    const auto asker = relay("a1");
    wait_for(*elected);
    wait_for(*asker);
    const auto gone = ask(asker, "quick", milliseconds(50));
    ASSERT_TRUE(run_until([&] { return gone->has_value(); }));
    const auto patient = ask(asker, "slow");
    const auto questions = take(*elected);
    ASSERT_TRUE(questions);
    ASSERT_EQ(questions->size(), 1U);
    EXPECT_EQ(questions->front().text, "slow");
}

TEST_F(QuestionRelayTest, comes_back_with_redis) {
    const auto elected = relay("e1");
    const auto asker = relay("a1");
    wait_for(*elected);
    wait_for(*asker);
    server_.stop(SIGKILL);
    ASSERT_TRUE(run_until([&] {
        const auto answer = test::run_on(io_, asker->ask("?", milliseconds(50)));
        return !answer && answer.error().code() == core::ErrorCode::unavailable;
    })) << "at once, and not after its patience";
    server_.start();
    ASSERT_TRUE(run_until([&] { return lease_->status().state == StoreState::ready; }));
    const Leadership leadership = lead("us", 3);
    elected->begin_taking();
    wait_for(*elected);
    wait_for(*asker);
    const auto answer = ask(asker, "again?");
    Questions questions;
    ASSERT_TRUE(run_until([&] {
        if (!questions || questions->empty()) questions = take(*elected);
        return questions && !questions->empty();
    }));
    ASSERT_TRUE(test::run_on(io_, elected->answer(leadership, questions->front(), "yes")));
    ASSERT_TRUE(run_until([&] { return answer->has_value(); }));
    EXPECT_EQ((*answer)->value_or(""), "yes");
}

}  // namespace
}  // namespace scanner::storage
