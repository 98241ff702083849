#pragma once

#include "exchange/htx/feed/topics.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/exchange/market_feed.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::exchange::htx::feed {

struct NoticeLimits {
    std::chrono::milliseconds answer_timeout{10'000};
    std::chrono::milliseconds backoff_base{1'000};  ///< doubling, of what was refused or not answered
    std::chrono::milliseconds backoff_cap{60'000};
};

/// The topics of all contracts on the notification connection: which to ask for when, and whether they still live.
///
/// What was refused or not answered is asked for again, ever more rarely, for as long as the connection lives. Two of
/// the topics have a rhythm: rates come every few seconds, every contract once a minute. One that has lost it has
/// stalled on a living connection, and what happens there says nothing of liquidations either, of which silence alone
/// says nothing. The exchange may slow its rhythm down: each time it is for nothing the next silence may last twice as
/// long. Pure: time and randomness are arguments.
class NoticeTopics {
public:
    static constexpr std::size_t kCount = 3;

    explicit NoticeTopics(NoticeLimits limits);

    void connected(core::SteadyTime now);
    void disconnected();

    struct Request {
        std::string_view topic;
        std::uint64_t id = 0;
    };
    /// The next one to ask for, if it is time for one; it counts as asked for.
    [[nodiscard]] std::optional<Request> next(core::SteadyTime now);
    /// When `next` will have something by the passing of time alone.
    [[nodiscard]] core::SteadyTime next_due() const;

    void subscribed(NotificationKind kind, core::SteadyTime now);
    /// `random`: 0 to 1.
    /// Its topic.
    std::string_view refused(NotificationKind kind, std::string_view why, core::SteadyTime now, double random);
    /// A frame of this topic came.
    void heard(NotificationKind kind, core::SteadyTime now);
    /// Looks for what the passing of time has brought. The topics that were not answered in time.
    std::vector<std::string_view> look(core::SteadyTime now, double random);
    /// The topic that has been silent for longer than its rhythm allows; empty while all is well.
    [[nodiscard]] std::string_view stalled(core::SteadyTime now) const;
    /// Its connection is given up for it.
    void give_up(std::string_view topic);

    [[nodiscard]] std::vector<FeedNoticeStatus> status() const;

    static void persist(auto& self, auto& archive) { archive(self.topics_, self.connected_); }

private:
    using State = FeedNoticeStatus::State;

    struct Topic {
        std::string_view name;
        NotificationKind kind{};
        std::chrono::milliseconds rhythm{0};  ///< longest silence; 0: none can be known
        std::chrono::milliseconds patience{0};
        State state = State::waiting;
        core::SteadyTime not_before{};
        core::SteadyTime asked{};
        core::SteadyTime heard{};
        core::SteadyTime in_rhythm_since{};
        int failures = 0;
        std::string last_error;

        /// Its name, kind and rhythm are the program's.
        static void persist(auto& self, auto& archive) {
            archive(self.patience, self.state, self.not_before, self.asked, self.heard, self.in_rhythm_since,
                    self.failures, self.last_error);
            archive.require(self.state <= State::subscribed && self.failures >= 0);
        }
    };

    [[nodiscard]] Topic& of(NotificationKind kind);
    void fail(Topic& topic, std::string why, core::SteadyTime now, double random) const;

    NoticeLimits limits_;
    std::array<Topic, kCount> topics_;  // the most important first
    bool connected_ = false;
};

}  // namespace scanner::exchange::htx::feed
