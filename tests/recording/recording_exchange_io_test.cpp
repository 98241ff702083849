#include "engine/scripted_exchange.hpp"

#include "scanner/net/race.hpp"
#include "scanner/net/step_log.hpp"
#include "scanner/recording/tap.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::recording {
namespace {

namespace asio = boost::asio;
using testing::ElementsAre;
using testing::StartsWith;

struct KeptSteps : net::StepLog {
    std::vector<std::string> kept;
    void step(std::string_view name, std::string_view /*contract*/, std::string_view detail) override {
        kept.push_back(std::string(name) + ' ' + std::string(detail));
    }
};

TEST(RecordingExchange, tells_the_end_of_a_call_that_ends_by_an_exception) {
    test::ScriptedExchange inner;
    inner.tickers_take = std::chrono::hours(1);  // a timer, which throws when it is cancelled
    KeptSteps steps;
    const auto recorded = make_recording_exchange(inner, steps);
    bool threw = false;
    const auto call = [&]() -> asio::awaitable<void> {
        try {
            static_cast<void>(co_await recorded->tickers());
        } catch (const std::exception&) {
            threw = true;
        }
    };
    const auto soon = []() -> asio::awaitable<bool> {
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(10));
        co_await timer.async_wait(asio::use_awaitable);
        co_return true;
    };
    asio::io_context io(1);
    bool gave_up = false;
    asio::co_spawn(
        io, [&]() -> asio::awaitable<void> { gave_up = co_await net::race(call(), soon()); },
        [](const std::exception_ptr& failed) { EXPECT_FALSE(failed); });
    io.run();
    EXPECT_TRUE(gave_up);
    EXPECT_TRUE(threw);
    EXPECT_THAT(steps.kept, ElementsAre(StartsWith("tickers cancelled: ")));
}

}  // namespace
}  // namespace scanner::recording
