#include "exchange/htx/feed/feed_core.hpp"

#include "exchange/rest/field_reader.hpp"

#include "scanner/core/names.hpp"
#include "scanner/core/symbol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace scanner::exchange::htx::feed {
namespace {

using core::ErrorCode;
using core::Result;
using std::chrono::milliseconds;

constexpr std::chrono::hours kFuture{1};
/// Subscriptions that are begun again, at most so long after what ended them when it was the first time.
constexpr milliseconds kJitter{250};
constexpr milliseconds kRefusalPause{60'000};  // doubling
constexpr milliseconds kRefusalPauseCap{600'000};
constexpr milliseconds kUnansweredPauseCap{60'000};
/// A tape that went so long without being begun again was well.
constexpr std::chrono::minutes kTapeWell{10};
constexpr int kMaxDoublings = 16;
constexpr std::string_view kSizeChanged = "the contract's size changed";
constexpr std::string_view kNoSnapshot = "no snapshot came";
constexpr std::string_view kUnanswered = "the exchange did not answer the subscription";

milliseconds doubled(milliseconds base, int times, milliseconds cap) {
    return std::min(cap, base * (std::int64_t{1} << std::min(times, kMaxDoublings)));
}

milliseconds part_of(milliseconds time, double part) {
    return milliseconds(static_cast<std::int64_t>(static_cast<double>(time.count()) * part));
}

SubscriptionLimits limits_of(const MarketFeedOptions& options) {
    return {.topics_per_connection = options.topics_per_connection,
            .connections = options.max_connections,
            .per_second = options.subscriptions_per_second,
            .answer_timeout = options.answer_timeout};
}

NoticeLimits notice_limits_of(const MarketFeedOptions& options) {
    return {.answer_timeout = options.answer_timeout, .backoff_base = options.backoff_base};
}

}  // namespace

FeedCore::FeedCore(const MarketFeedOptions& options, FeedListener& listener, net::RandomUnit random)
    : options_(options),
      listener_(listener),
      random_(std::move(random)),
      inflater_(options.max_inflated_bytes),
      subscriptions_(limits_of(options)),
      notices_(notice_limits_of(options)) {}

bool FeedCore::is_plausible(core::WallTime exchange, const Received& received) const {
    return exchange <= send_clock_.now(received.steady).value_or(received.wall) + kFuture;
}

core::WallTime FeedCore::time_of(const std::optional<core::WallTime>& sent, core::WallTime otherwise,
                                 const Received& received) const {
    return sent && is_plausible(*sent, received) ? *sent : otherwise;
}

FeedCore::Followed* FeedCore::followed(std::string_view contract_code) {
    const auto found = followed_.find(contract_code);
    return found == followed_.end() ? nullptr : found->second.get();
}

void FeedCore::want(std::vector<std::shared_ptr<const market::Contract>> contracts, core::SteadyTime now) {
    for (auto& [code, contract] : followed_) contract->wanted = false;
    std::vector<std::string> codes;
    codes.reserve(contracts.size());
    std::vector<std::string> added;
    std::vector<std::string> changed;
    for (auto& contract : contracts) {
        // Of a contract that could not be read nothing can be counted.
        if (!contract || !(contract->contract_size > 0.0) || core::contract_code_fault(contract->contract_code)) {
            continue;
        }
        const std::string& code = contract->contract_code;
        auto& place = followed_[code];
        if (place && place->wanted) continue;  // named twice
        codes.push_back(code);
        if (!place) {
            place = std::make_unique<Followed>(std::move(contract));
            added.push_back(codes.back());
        } else if (place->contract->contract_size != contract->contract_size) {
            place = std::make_unique<Followed>(std::move(contract));
            changed.push_back(codes.back());
        } else {
            place->wanted = true;
            place->contract = std::move(contract);
        }
    }
    std::erase_if(followed_, [](const auto& entry) { return !entry.second->wanted; });
    subscriptions_.want(codes);
    news_ = true;
    for (const auto& code : added) {
        // Wanted again before it was left: of what still comes the beginning is not known.
        for (const auto kind : {TopicKind::book, TopicKind::tape}) {
            if (Topic* const topic = subscriptions_.find(kind, code)) subscriptions_.restart(*topic, now);
        }
    }
    for (const auto& code : changed) {
        Topic* const topic = subscriptions_.find(TopicKind::book, code);
        if (topic != nullptr) restart(*topic, *followed(code), "contract_changed", kSizeChanged, now);
        // Its sizes were counted in the old contracts.
        if (Topic* const tape = subscriptions_.find(TopicKind::tape, code)) {
            subscriptions_.restart(*tape, now);
            listener_.on_tape_hole(*followed(code)->contract, kSizeChanged);
        }
    }
}

void FeedCore::note_resubscription(std::string_view topic, std::string_view contract_code, std::string_view cause,
                                   std::string_view why) {
    ++counts_.resubscriptions[std::string(cause)];
    news_ = true;
    listener_.on_resubscription(topic, contract_code, cause, why);
}

void FeedCore::restart(Topic& topic, Followed& contract, std::string_view cause, std::string_view why,
                       core::SteadyTime now) {
    const bool was_healthy =
        contract.live_since != core::SteadyTime() && now - contract.live_since >= options_.healthy_after;
    if (was_healthy) contract.restarts = 0;
    contract.live_since = {};
    contract.snapshot_due = core::SteadyTime::max();
    // At once, but for a jitter, when it is the first time: most gaps are one lost change.
    const auto longest =
        contract.restarts == 0 ? kJitter : doubled(options_.backoff_base, contract.restarts - 1, options_.backoff_cap);
    ++contract.restarts;
    note_resubscription(to_string(topic.kind), topic.contract_code, cause, why);
    subscriptions_.restart(topic, now + part_of(longest, random_()));
}

void FeedCore::restart_book(std::string_view contract_code, BookState cause, std::string_view why,
                            core::SteadyTime now) {
    Followed* const contract = followed(contract_code);
    Topic* const topic = subscriptions_.find(TopicKind::book, contract_code);
    if (contract == nullptr || topic == nullptr || !topic->wanted) return;
    contract->chain.end(cause);
    restart(*topic, *contract, to_string(cause), why, now);
    listener_.on_book_state(*contract->contract, cause, why);
}

void FeedCore::restart_tape(std::string_view contract_code, std::string_view why, core::SteadyTime now) {
    Followed* const contract = followed(contract_code);
    Topic* const topic = subscriptions_.find(TopicKind::tape, contract_code);
    if (contract == nullptr || topic == nullptr || !topic->wanted) return;
    if (now - contract->tape_restarted >= kTapeWell) contract->tape_restarts = 0;
    contract->tape_restarted = now;
    const auto longest = contract->tape_restarts == 0
                             ? kJitter
                             : doubled(options_.backoff_base, contract->tape_restarts - 1, options_.backoff_cap);
    ++contract->tape_restarts;
    note_resubscription(to_string(topic->kind), contract_code, "tape_stalled", why);
    subscriptions_.restart(*topic, now + part_of(longest, random_()));
    listener_.on_tape_hole(*contract->contract, why);
}

const market::LiveBook* FeedCore::book(std::string_view contract_code) const {
    const auto found = followed_.find(contract_code);
    return found != followed_.end() && found->second->chain.is_live() ? &found->second->chain.book() : nullptr;
}

void FeedCore::disconnected(std::size_t connection, std::string_view why) {
    subscriptions_.for_each([&](const Topic& topic) {
        if (topic.connection != connection || topic.phase == Subscriptions::Phase::idle || !topic.wanted) return;
        Followed* const contract = followed(topic.contract_code);
        if (contract == nullptr) return;
        if (topic.kind == TopicKind::tape) {
            listener_.on_tape_hole(*contract->contract, why);
            return;
        }
        contract->chain.end(BookState::disconnected);
        contract->live_since = {};
        contract->snapshot_due = core::SteadyTime::max();
        listener_.on_book_state(*contract->contract, BookState::disconnected, why);
    });
    subscriptions_.disconnected(connection);
    news_ = true;
}

void FeedCore::connected(std::size_t connection) {
    subscriptions_.connected(connection);
    news_ = true;
}

std::optional<Subscriptions::Request> FeedCore::next(core::SteadyTime now) {
    if (notices_.next_due() > now) return subscriptions_.next(now);
    if (!subscriptions_.take_place(now)) return std::nullopt;
    const auto notice = notices_.next(now);
    if (!notice) return std::nullopt;
    return Subscriptions::Request{.connection = kNotifications,
                                  .text = notification_subscribe_text(notice->topic, notice->id)};
}

core::SteadyTime FeedCore::next_due() const {
    const auto notice = notices_.next_due();
    const auto due = subscriptions_.next_due();
    return notice == core::SteadyTime::max() ? due : std::min(due, std::max(notice, subscriptions_.next_place()));
}

milliseconds FeedCore::snapshot_wait(const Followed& contract) const {
    return doubled(options_.snapshot_wait, contract.snapshots_missed, options_.snapshot_wait_cap);
}

void FeedCore::look(core::SteadyTime now) {
    look_for_snapshots(now);
    for (const std::string_view topic : notices_.look(now, random_())) {
        note_resubscription(topic, {}, "unanswered", kUnanswered);
    }
    subscriptions_.give_up_unanswered(now, [&](const Topic& topic) {
        on_unanswered(topic);
        const auto longest = doubled(options_.backoff_base, topic.failures - 1, kUnansweredPauseCap);
        return now + longest / 2 + part_of(longest / 2, random_());
    });
}

void FeedCore::on_unanswered(const Topic& topic) {
    Followed* const contract = followed(topic.contract_code);
    news_ = true;
    if (contract == nullptr) return;
    note_resubscription(to_string(topic.kind), topic.contract_code, "unanswered", kUnanswered);
    if (topic.kind == TopicKind::tape) return listener_.on_tape_hole(*contract->contract, kUnanswered);
    contract->chain.end(BookState::awaiting_snapshot);
    contract->live_since = {};
    contract->snapshot_due = core::SteadyTime::max();
    listener_.on_book_state(*contract->contract, BookState::awaiting_snapshot, kUnanswered);
}

void FeedCore::look_for_snapshots(core::SteadyTime now) {
    subscriptions_.for_each([&](Topic& topic) {
        if (topic.kind != TopicKind::book || !topic.wanted || topic.phase != Subscriptions::Phase::subscribed) return;
        Followed* const contract = followed(topic.contract_code);
        if (contract == nullptr || contract->chain.is_live() || now < contract->snapshot_due) return;
        ++contract->snapshots_missed;
        const auto state = contract->chain.state();
        restart(topic, *contract, "no_snapshot", kNoSnapshot, now);
        listener_.on_book_state(*contract->contract, state, kNoSnapshot);
    });
}

Result<std::string_view> FeedCore::inflate(std::string_view bytes) {
    ++counts_.frames;
    counts_.wire_bytes += bytes.size();
    auto text = inflater_.inflate(bytes);
    if (text) {
        counts_.inflated_bytes += text->size();
    } else {
        ++counts_.unreadable_frames;
    }
    return text;
}

core::Error FeedCore::on_text() {
    ++counts_.frames;
    ++counts_.unreadable_frames;
    return {ErrorCode::malformed, "a text message, where all are binary"};
}

Result<std::optional<std::string>> FeedCore::on_market(std::size_t connection, std::string_view bytes,
                                                       const Received& received) {
    const auto text = inflate(bytes);
    if (!text) return std::unexpected(text.error());
    const auto frame = market_decoder_.decode(*text);
    if (!frame) {
        ++counts_.unreadable_frames;
        return std::unexpected(frame.error());
    }
    const auto sent = frame->kind == MarketFrame::Kind::ping ? rest::to_time(frame->ping) : frame->time;
    if (sent) send_clock_.note(*sent, received.steady);
    switch (frame->kind) {
        case MarketFrame::Kind::ping: return pong_text(frame->ping);
        case MarketFrame::Kind::subscribed: {
            subscriptions_.note_answer(connection, received.steady);
            Topic* const topic = subscriptions_.active(connection, frame->topic);
            if (topic == nullptr) break;
            if (Followed* const contract = followed(topic->contract_code)) confirm(*topic, *contract, received.steady);
            break;
        }
        case MarketFrame::Kind::unsubscribed:
            subscriptions_.note_answer(connection, received.steady);
            subscriptions_.left(connection, frame->topic);
            news_ = true;
            break;
        case MarketFrame::Kind::error: on_refusal(connection, *frame, received.steady); break;
        case MarketFrame::Kind::data: on_data(connection, *frame, received); break;
        case MarketFrame::Kind::unknown: ++counts_.ignored_frames; break;
    }
    return std::nullopt;
}

void FeedCore::confirm(Topic& topic, Followed& contract, core::SteadyTime now) {
    if (!subscriptions_.confirm(topic, now)) return;
    if (topic.kind == TopicKind::tape) {
        listener_.on_tape_hole(*contract.contract, kTapeBegins);
    } else {
        contract.snapshot_due = now + snapshot_wait(contract);
    }
}

void FeedCore::on_refusal(std::size_t connection, const MarketFrame& frame, core::SteadyTime now) {
    subscriptions_.note_answer(connection, now);
    Topic* const topic = subscriptions_.refused(connection, frame.id, now + kRefusalPause);
    if (topic != nullptr) topic->not_before = now + doubled(kRefusalPause, topic->failures - 1, kRefusalPauseCap);
    Followed* const contract = topic == nullptr ? nullptr : followed(topic->contract_code);
    news_ = true;
    if (contract == nullptr) {
        ++counts_.ignored_frames;
        return;
    }
    const auto why = fmt::format("the exchange refused the subscription: {}", core::visible_text(frame.message));
    note_resubscription(to_string(topic->kind), topic->contract_code, "refused", why);
    if (topic->kind == TopicKind::tape) {
        listener_.on_tape_hole(*contract->contract, why);
    } else {
        contract->chain.end(BookState::awaiting_snapshot);
        contract->live_since = {};
        contract->snapshot_due = core::SteadyTime::max();
        listener_.on_book_state(*contract->contract, BookState::awaiting_snapshot, why);
    }
}

void FeedCore::on_data(std::size_t connection, const MarketFrame& frame, const Received& received) {
    Topic* const topic = subscriptions_.active(connection, frame.topic);
    Followed* const contract = topic == nullptr ? nullptr : followed(topic->contract_code);
    if (contract == nullptr) {
        ++counts_.ignored_frames;
        return;
    }
    // It may come before the answer to its subscription.
    confirm(*topic, *contract, received.steady);
    if (topic->kind == TopicKind::book) {
        on_book(*topic, *contract, frame, received);
    } else {
        on_trades(*contract, frame, received);
    }
}

void FeedCore::on_book(Topic& topic, Followed& contract, const MarketFrame& frame, const Received& received) {
    const char* problem = frame.problem;
    if (problem == nullptr && !frame.book) problem = "a message without levels";
    if (frame.book && !is_plausible(frame.book->time, received)) problem = "a book from the future";
    if (problem != nullptr || !frame.book) {
        ++counts_.unreadable_frames;
        contract.chain.end(BookState::gap);
        restart(topic, contract, "unreadable", problem, received.steady);
        listener_.on_book_state(*contract.contract, BookState::gap, problem);
        return;
    }
    switch (contract.chain.on_tick(*frame.book)) {
        case BookChain::Step::started:
            contract.live_since = received.steady;
            contract.snapshots_missed = 0;
            [[fallthrough]];
        case BookChain::Step::changed:
        case BookChain::Step::confirmed: {
            const FeedTime time{.exchange = time_of(frame.time, frame.book->time, received),
                                .received = received.wall,
                                .received_steady = received.steady};
            listener_.on_book(*contract.contract, contract.chain.book(), time);
            return;
        }
        case BookChain::Step::broken: break;
    }
    if (contract.chain.state() == BookState::gap) ++counts_.gaps;
    restart(topic, contract, to_string(contract.chain.state()), contract.chain.why(), received.steady);
    listener_.on_book_state(*contract.contract, contract.chain.state(), contract.chain.why());
}

void FeedCore::on_trades(Followed& contract, const MarketFrame& frame, const Received& received) {
    const char* problem = frame.problem;
    if (problem == nullptr && frame.trades.empty()) problem = "a message without trades";
    for (market::Trade& trade : frame.trades) {
        trade.size = contract.chain.contract().times(trade.size);
        if (!std::isfinite(trade.size) || !(trade.size > 0.0)) problem = "a size that cannot be counted in base units";
        if (!is_plausible(trade.time, received)) problem = "a trade from the future";
    }
    if (problem != nullptr) {
        ++counts_.unreadable_frames;
        listener_.on_tape_hole(*contract.contract, problem);
        // The subscription lives on: the hole ends here.
        listener_.on_tape_hole(*contract.contract, kTapeBegins);
        return;
    }
    if (!std::ranges::is_sorted(frame.trades, {}, &market::Trade::trade_id)) {
        std::ranges::sort(frame.trades, {}, &market::Trade::trade_id);
    }
    const FeedTime time{.exchange = time_of(frame.time, frame.trades.back().time, received),
                        .received = received.wall,
                        .received_steady = received.steady};
    listener_.on_trades(*contract.contract, frame.trades, time);
}

void FeedCore::fill(FeedStatus& status) const {
    auto connections = std::move(status.connections);
    const auto reconnections = status.reconnections;
    status = counts_;
    status.connections = std::move(connections);
    status.notices = notices_.status();
    status.reconnections = reconnections;
    for (const auto& [code, contract] : followed_) status.books.emplace(code, contract->chain.state());
}

}  // namespace scanner::exchange::htx::feed
