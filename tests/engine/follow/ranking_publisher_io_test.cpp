#include "ranking/stream/any_ranking.hpp"

#include "scanner/engine/ranking_publisher.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What history is told of recorded rankings, by what the stream answers: on a real Redis such moments do not come when
/// they are called.
namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using ranking::test::AnyRanking;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

enum class Answer { done, lost_on_the_way_back, lost_on_the_way_there, fenced };

/// Appends and answers as the script in Redis does, or is told not to. Holds its answers back while `holding`.
class ScriptedStream final : public storage::RankingStream {
public:
    std::deque<Answer> answers;          ///< of the next attempts; `done` when there are no more
    std::vector<std::uint64_t> entries;  ///< numbers in the stream
    std::vector<std::uint64_t> asked;    ///< numbers of all attempts
    bool holding = false;

    asio::awaitable<core::Result<void>> publish(storage::Leadership /*leadership*/,
                                                storage::Publication publication) override {
        if (publication.delta.empty()) co_return core::Result<void>();  // the snapshot of one that is there
        asked.push_back(publication.seq);
        Answer answer = Answer::done;
        if (!answers.empty()) {
            answer = answers.front();
            answers.pop_front();
        }
        const bool arrives = answer == Answer::done || answer == Answer::lost_on_the_way_back;
        if (arrives && (entries.empty() || publication.seq > entries.back())) entries.push_back(publication.seq);
        while (holding) {
            asio::steady_timer timer(co_await asio::this_coro::executor, milliseconds(1));
            co_await timer.async_wait(asio::use_awaitable);
        }
        if (answer == Answer::fenced) co_return core::fail(core::ErrorCode::conflict, "fenced");
        if (answer != Answer::done) co_return core::fail(core::ErrorCode::timeout, "no answer");
        co_return core::Result<void>();
    }
    asio::awaitable<core::Result<std::optional<storage::StreamSnapshot>>> snapshot() override {
        co_return std::nullopt;
    }
    asio::awaitable<core::Result<std::vector<storage::StreamEntry>>> read_after(std::string /*id*/,
                                                                                milliseconds /*block*/) override {
        co_return std::vector<storage::StreamEntry>();
    }
    asio::awaitable<core::Result<std::optional<storage::StreamPosition>>> last() override { co_return std::nullopt; }
    storage::StoreStatus status() const override { return {}; }
    void stop() override {}
};

class Publisher : public testing::Test {
protected:
    Publisher() {
        publisher_->on_confirmed(
            [this](const ranking::RankingPtr& ranking) { confirmed_.push_back(ranking->sequence); });
        publisher_->on_recorded([this](const ranking::RankingPtr& ranking, bool published) {
            recorded_.emplace_back(ranking->sequence, published);
        });
        publisher_->on_fenced([this] { ++fenced_; });
        publisher_->lead({.epoch = 1, .token = "one"});
        asio::co_spawn(io_, publisher_->run(), asio::detached);
    }
    ~Publisher() override {
        stream_->holding = false;
        publisher_->stop();
        io_.restart();
        io_.run();
    }
    std::uint64_t publish(bool recorded) {
        ranking::Ranking ranking = newest_ == nullptr ? any_.first(5) : any_.after(*newest_);
        ranking.epoch = 1;
        newest_ = std::make_shared<const ranking::Ranking>(std::move(ranking));
        publisher_->publish({.ranking = newest_, .universe = universe_, .health = {}, .recorded = recorded});
        return newest_->sequence;
    }
    testing::AssertionResult run_until(const std::function<bool()>& done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!done() && std::chrono::steady_clock::now() < deadline) {
            io_.restart();
            io_.run_for(milliseconds(1));
        }
        return done() ? testing::AssertionSuccess() : testing::AssertionFailure() << publisher_->status().last_error;
    }

    asio::io_context io_{1};
    std::shared_ptr<ScriptedStream> stream_ = std::make_shared<ScriptedStream>();
    std::unique_ptr<RankingPublisher> publisher_ =
        make_ranking_publisher(io_.get_executor(), stream_,
                               {.origin = {.exchange = "somewhere", .installation = "ours"},
                                .max_per_second = 1'000,
                                .retry_interval = milliseconds(1)});
    std::shared_ptr<const std::vector<UniverseEntry>> universe_ = std::make_shared<const std::vector<UniverseEntry>>();
    AnyRanking any_{7, true};
    ranking::RankingPtr newest_;
    std::vector<std::uint64_t> confirmed_;
    std::vector<std::pair<std::uint64_t, bool>> recorded_;
    int fenced_ = 0;
};

TEST_F(Publisher, tells_of_recorded_rankings_when_the_stream_has_them) {
    stream_->holding = true;
    const auto first = publish(true);
    ASSERT_TRUE(run_until([&] { return stream_->asked.size() == 1; }));
    EXPECT_THAT(recorded_, IsEmpty()) << "sent, and not answered yet";
    stream_->holding = false;
    ASSERT_TRUE(run_until([&] { return !recorded_.empty(); }));
    const auto second = publish(false);
    ASSERT_TRUE(run_until([&] { return publisher_->status().last_sequence == second; }));
    EXPECT_THAT(recorded_, ElementsAre(Pair(first, true)));
    EXPECT_THAT(confirmed_, ElementsAre(first, second));
}

TEST_F(Publisher, sends_a_recorded_one_again_before_anything_newer) {
    for (const Answer lost : {Answer::lost_on_the_way_back, Answer::lost_on_the_way_there}) {
        recorded_.clear();
        stream_->entries.clear();
        stream_->answers = {lost, lost};
        stream_->holding = true;
        const auto first = publish(true);
        const std::size_t before = stream_->asked.size();
        ASSERT_TRUE(run_until([&] { return stream_->asked.size() == before + 1; }));
        const auto second = publish(true);
        stream_->holding = false;
        ASSERT_TRUE(run_until([&] { return recorded_.size() == 2; }));
        EXPECT_THAT(recorded_, ElementsAre(Pair(first, true), Pair(second, true)));
        EXPECT_THAT(stream_->entries, ElementsAre(first, second));
    }
}

TEST_F(Publisher, tells_of_one_that_was_never_answered_when_its_time_is_over) {
    stream_->answers = std::deque<Answer>(1'000, Answer::lost_on_the_way_there);
    const auto first = publish(true);
    ASSERT_TRUE(run_until([&] { return stream_->asked.size() >= 3; }));
    publish(true);
    EXPECT_THAT(recorded_, IsEmpty());
    publisher_->retire();
    ASSERT_TRUE(run_until([&] { return !recorded_.empty(); }));
    EXPECT_THAT(recorded_, ElementsAre(Pair(first, false))) << "the other one was never sent";
    EXPECT_THAT(stream_->asked, testing::Each(first));
}

TEST_F(Publisher, believes_an_answer_that_comes_when_its_time_is_over) {
    stream_->holding = true;
    const auto first = publish(true);
    ASSERT_TRUE(run_until([&] { return stream_->asked.size() == 1; }));
    publisher_->retire();
    EXPECT_THAT(recorded_, IsEmpty()) << "it is still under way";
    stream_->holding = false;
    ASSERT_TRUE(run_until([&] { return !recorded_.empty(); }));
    EXPECT_THAT(recorded_, ElementsAre(Pair(first, true)));
    EXPECT_THAT(confirmed_, IsEmpty()) << "rules are the successor's by now";
}

TEST_F(Publisher, tells_nothing_of_one_that_was_refused) {
    stream_->answers = {Answer::fenced};
    publish(true);
    ASSERT_TRUE(run_until([&] { return fenced_ == 1; }));
    EXPECT_THAT(recorded_, IsEmpty());
}

TEST_F(Publisher, does_not_take_a_later_refusal_for_the_answer_to_the_first_attempt) {
    stream_->answers = {Answer::lost_on_the_way_back, Answer::fenced};
    const auto first = publish(true);
    ASSERT_TRUE(run_until([&] { return fenced_ == 1; }));
    EXPECT_THAT(recorded_, ElementsAre(Pair(first, false))) << "it is in the stream, and this one cannot know";
    EXPECT_THAT(stream_->entries, ElementsAre(first));
}

}  // namespace
}  // namespace scanner::engine
