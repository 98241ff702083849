#include "app/replay/replay_ports.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <optional>
#include <string>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
using testing::Optional;
using testing::StartsWith;

class WaitersOfAPass : public testing::Test {
protected:
    WaitersOfAPass() { waiters_.follow_given_up(true); }
    void call(const std::string& name, std::optional<std::string>& told, asio::cancellation_signal& signal) {
        asio::co_spawn(
            io_, waiters_.wait(name, {}, true),
            asio::bind_cancellation_slot(signal.slot(), [&told](const std::exception_ptr& failed, auto detail) {
                EXPECT_FALSE(failed);
                told = std::move(detail);
            }));
        settle();
    }
    void settle() {
        io_.restart();
        io_.poll();
    }

    asio::io_context io_{1};
    Waiters waiters_{io_.get_executor()};
};

TEST_F(WaitersOfAPass, what_was_given_up_and_of_which_nothing_was_told_has_ended_when_the_pass_goes_on) {
    std::optional<std::string> open_interest;
    std::optional<std::string> tickers;
    asio::cancellation_signal give_up;
    asio::cancellation_signal never;
    call("open_interest", open_interest, give_up);
    call("tickers", tickers, never);
    give_up.emit(asio::cancellation_type::terminal);
    settle();
    EXPECT_EQ(open_interest, std::nullopt) << "it ends when the recording says so";
    EXPECT_TRUE(waiters_.end_given_up("given_up"));
    settle();
    EXPECT_THAT(open_interest, Optional(StartsWith("cancelled: ")));
    EXPECT_EQ(tickers, std::nullopt) << "goes on";
    EXPECT_TRUE(waiters_.wake("tickers", {}, "ok"));
    settle();
    EXPECT_THAT(tickers, Optional(std::string("ok")));
}

TEST_F(WaitersOfAPass, nothing_is_ended_where_the_pass_waits_to_go_on) {
    std::optional<std::string> open_interest;
    std::optional<std::string> next;
    asio::cancellation_signal give_up;
    asio::cancellation_signal never;
    call("open_interest", open_interest, give_up);
    call("given_up", next, never);
    give_up.emit(asio::cancellation_type::terminal);
    settle();
    EXPECT_FALSE(waiters_.end_given_up("given_up"));
    settle();
    EXPECT_EQ(open_interest, std::nullopt);
    EXPECT_TRUE(waiters_.wake("open_interest", {}, "cancelled: late"));
    EXPECT_TRUE(waiters_.wake("given_up", {}, ""));
    settle();
    EXPECT_THAT(open_interest, Optional(std::string("cancelled: late")));
}

}  // namespace
}  // namespace scanner::app
