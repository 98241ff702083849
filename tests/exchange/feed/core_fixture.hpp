#pragma once

#include "exchange/feed/feed_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::exchange::htx::feed {

using namespace std::chrono_literals;

/// The core between a listener and a hand that plays the exchange. Randomness is its upper end, so that every jitter is
/// the longest.
class Core : public testing::Test {
protected:
    /// Whatever was counted was told, with its reason.
    void TearDown() override {
        for (const auto& [cause, count] : status().resubscriptions)
            EXPECT_EQ(recorder_.resubscriptions[cause], count) << cause;
    }

    void want(const std::vector<std::string>& codes) {
        std::vector<std::shared_ptr<const market::Contract>> contracts;
        for (const auto& code : codes) contracts.push_back(contract_of(code));
        core_.want(std::move(contracts), now_);
    }
    core::Result<std::optional<std::string>> market(std::string_view text, std::size_t connection = 0) {
        return core_.on_market(connection, test::gzip(text), {.wall = core::from_unix_ms(Wire::kNow), .steady = now_});
    }
    core::Result<std::optional<std::string>> notify(std::string_view text) {
        return core_.on_notification(test::gzip(text), {.wall = core::from_unix_ms(Wire::kNow), .steady = now_});
    }
    /// What is sent now.
    std::vector<std::string> sent() {
        std::vector<std::string> texts;
        while (auto request = core_.next(now_)) texts.push_back(std::move(request->text));
        return texts;
    }
    /// Connected and both topics of `code` asked for; nothing has been answered.
    void begin(const std::string& code = "BTC-USDT") {
        want({code});
        core_.connected(0);
        EXPECT_EQ(sent().size(), 2);
    }
    void go_live(const std::string& code = "BTC-USDT", std::int64_t version = 10) {
        begin(code);
        EXPECT_TRUE(market(Wire::subbed(topic_name(TopicKind::book, code))).has_value());
        EXPECT_TRUE(market(Wire::snapshot(code, version)).has_value());
        EXPECT_NE(core_.book(code), nullptr);
        recorder_.take();
    }
    std::string book_topic(const std::string& code = "BTC-USDT") { return topic_name(TopicKind::book, code); }
    FeedStatus status() {
        FeedStatus status;
        core_.fill(status);
        return status;
    }

    core::SteadyTime now_{1h};
    Recorder recorder_;
    MarketFeedOptions options_;
    FeedCore core_{options_, recorder_, [] { return 0.999; }};
};

}  // namespace scanner::exchange::htx::feed
