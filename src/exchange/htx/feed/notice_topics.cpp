#include "exchange/htx/feed/notice_topics.hpp"

#include <algorithm>
#include <utility>

namespace scanner::exchange::htx::feed {
namespace {

using std::chrono::milliseconds;

/// Frames of single rates come every five seconds, of 350 contracts: a minute without any is no chance.
constexpr milliseconds kRateRhythm{60'000};
/// All contracts come once a minute.
constexpr milliseconds kContractRhythm{180'000};
constexpr milliseconds kMaxPatience{1'800'000};
constexpr int kMaxDoublings = 16;

}  // namespace

NoticeTopics::NoticeTopics(NoticeLimits limits)
    : limits_(limits),
      topics_{Topic{.name = kLiquidationTopic, .kind = NotificationKind::liquidation},
              Topic{.name = kContractTopic,
                    .kind = NotificationKind::contract_info,
                    .rhythm = kContractRhythm,
                    .patience = kContractRhythm},
              Topic{.name = kFundingTopic,
                    .kind = NotificationKind::funding_rate,
                    .rhythm = kRateRhythm,
                    .patience = kRateRhythm}} {}

NoticeTopics::Topic& NoticeTopics::of(NotificationKind kind) {
    return *std::ranges::find(topics_, kind, &Topic::kind);
}

void NoticeTopics::connected(core::SteadyTime now) {
    connected_ = true;
    for (Topic& topic : topics_) {
        topic.state = State::waiting;
        topic.not_before = now;
    }
}

void NoticeTopics::disconnected() {
    connected_ = false;
    for (Topic& topic : topics_) topic.state = State::waiting;
}

std::optional<NoticeTopics::Request> NoticeTopics::next(core::SteadyTime now) {
    if (!connected_) return std::nullopt;
    for (std::size_t i = 0; i < topics_.size(); ++i) {
        Topic& topic = topics_[i];
        if (topic.state != State::waiting || topic.not_before > now) continue;
        topic.state = State::asked;
        topic.asked = now;
        return Request{.topic = topic.name, .id = i + 1};
    }
    return std::nullopt;
}

core::SteadyTime NoticeTopics::next_due() const {
    auto due = core::SteadyTime::max();
    if (!connected_) return due;
    for (const Topic& topic : topics_) {
        if (topic.state == State::waiting) due = std::min(due, topic.not_before);
    }
    return due;
}

void NoticeTopics::subscribed(NotificationKind kind, core::SteadyTime now) {
    Topic& topic = of(kind);
    if (!connected_) return;
    topic.state = State::subscribed;
    topic.heard = now;
    topic.in_rhythm_since = now;
    if (topic.rhythm == milliseconds(0)) topic.failures = 0;
}

void NoticeTopics::fail(Topic& topic, std::string why, core::SteadyTime now, double random) const {
    const auto longest = std::min(limits_.backoff_cap,
                                  limits_.backoff_base * (std::int64_t{1} << std::min(topic.failures, kMaxDoublings)));
    ++topic.failures;
    topic.last_error = std::move(why);
    topic.state = State::waiting;
    // Half of it at least: the answer was no, or none.
    topic.not_before =
        now + longest / 2 + milliseconds(static_cast<std::int64_t>(static_cast<double>(longest.count()) / 2 * random));
}

std::string_view NoticeTopics::refused(NotificationKind kind, std::string_view why, core::SteadyTime now,
                                       double random) {
    Topic& topic = of(kind);
    if (topic.state == State::asked) fail(topic, std::string(why), now, random);
    return topic.name;
}

void NoticeTopics::heard(NotificationKind kind, core::SteadyTime now) {
    Topic& topic = of(kind);
    if (now - topic.heard > topic.rhythm) topic.in_rhythm_since = now;
    if (now - topic.in_rhythm_since > topic.patience) topic.patience = topic.rhythm;
    topic.heard = now;
    topic.failures = 0;
}

std::vector<std::string_view> NoticeTopics::look(core::SteadyTime now, double random) {
    std::vector<std::string_view> unanswered;
    for (Topic& topic : topics_) {
        if (topic.state != State::asked || now - topic.asked <= limits_.answer_timeout) continue;
        unanswered.push_back(topic.name);
        fail(topic, "the exchange did not answer the subscription", now, random);
    }
    return unanswered;
}

std::string_view NoticeTopics::stalled(core::SteadyTime now) const {
    for (const Topic& topic : topics_) {
        const bool has_rhythm = topic.rhythm > milliseconds(0) && topic.state == State::subscribed;
        if (has_rhythm && now - topic.heard > topic.patience) return topic.name;
    }
    return {};
}

void NoticeTopics::give_up(std::string_view name) {
    Topic& topic = *std::ranges::find(topics_, name, &Topic::name);
    ++topic.failures;
    topic.last_error = "nothing came of it for longer than it is ever silent";
    topic.patience = std::min(kMaxPatience, topic.patience * 2);
}

std::vector<FeedNoticeStatus> NoticeTopics::status() const {
    std::vector<FeedNoticeStatus> all;
    for (const Topic& topic : topics_) {
        all.push_back({.topic = std::string(topic.name),
                       .state = topic.state,
                       .failures = static_cast<std::uint64_t>(topic.failures),
                       .last_error = topic.last_error});
    }
    return all;
}

}  // namespace scanner::exchange::htx::feed
