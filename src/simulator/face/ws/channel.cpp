#include "simulator/face/ws/channel.hpp"

#include "simulator/face/encode/rows.hpp"
#include "simulator/face/random.hpp"
#include "simulator/face/state/book_changes.hpp"
#include "simulator/face/ws/feed_messages.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace scanner::simulator::face {
namespace {

using market::Side;
using std::chrono::milliseconds;

/// In place of a matching id: its client has no book yet, and gets a whole one first.
constexpr std::int64_t kToldNothing = -1;

/// high_freq: changes with versions, or whole books.
class BookChannel final : public Channel {
public:
    BookChannel(Topic topic, BookStyle style, World& world, Delivery& delivery)
        : Channel(std::move(topic), world, delivery), style_(style) {}

    void push(const Scene& scene) override;

private:
    void welcome(Subscription& subscription, const Scene& scene) override;
    [[nodiscard]] BookSides window(const BookState& book) const {
        return {.asks = best_levels(book.asks, topic_.levels), .bids = best_levels(book.bids, topic_.levels)};
    }
    struct Changes {
        std::vector<BookLevel> asks;
        std::vector<BookLevel> bids;
    };
    /// The way from one book to the other, as far as the window shows it.
    void compare(const BookState& before, const BookState& after, Changes& changes) const;
    [[nodiscard]] FramePacker::Beginning beginning_of(const Changes& changes, const Scene& scene);
    [[nodiscard]] FramePacker::Beginning beginning_of_snapshot(const Scene& scene);
    /// Sends the next version. `changes` is what `beginning` says, unless that is a whole book.
    void tell(Subscription& subscription, const Scene& scene, const FramePacker::Beginning& beginning,
              const Changes* changes);
    void catch_up(Subscription& subscription, const Scene& scene);
    [[nodiscard]] FramePacker::Beginning falsified(const Changes& changes, const Scene& scene, std::uint64_t draw);

    BookStyle style_;
    BookState told_;       ///< the newest book that was told
    bool behind_ = false;  ///< somebody's topic was stalled
    Changes changes_;      ///< the latest; kept for its memory
};

/// Versions of two connections are not to be compared: each begins somewhere else.
std::int64_t version_before_first(const FeedConnection& connection, const std::string& channel, std::int64_t ms) {
    constexpr std::uint64_t kSpread = 500'000'000;
    return ms - static_cast<std::int64_t>(mix(hash_text(channel), connection.number()) % kSpread);
}

void BookChannel::welcome(Subscription& subscription, const Scene& scene) {
    const bool first_of_all = subscriptions_.size() == 1;
    if (first_of_all) told_ = world_.look(topic_.contract);
    subscription.told = kToldNothing;
    FeedConnection& connection = *subscription.connection;
    subscription.version = &connection.version(
        topic_.channel, version_before_first(connection, topic_.channel, core::to_unix_ms(scene.now)));
    // There is nothing to say of an empty book; `push` sends the snapshot once it has levels.
    if (told_.asks.empty() && told_.bids.empty()) return;
    if (delivery_.stalled(connection, about())) {
        behind_ = true;
    } else {
        tell(subscription, scene, beginning_of_snapshot(scene), nullptr);
    }
}

void BookChannel::compare(const BookState& before, const BookState& after, Changes& changes) const {
    const BookSides old = window(before);
    const BookSides now = window(after);
    changes.asks.clear();
    changes.bids.clear();
    append_changes(old.asks, now.asks, Side::sell, changes.asks);
    append_changes(old.bids, now.bids, Side::buy, changes.bids);
}

FramePacker::Beginning BookChannel::beginning_of(const Changes& changes, const Scene& scene) {
    const BookSides sides{.asks = changes.asks, .bids = changes.bids};
    return delivery_.packer().begin(high_freq_beginning(scene, topic_, told_, sides, false));
}

FramePacker::Beginning BookChannel::beginning_of_snapshot(const Scene& scene) {
    return delivery_.packer().begin(high_freq_beginning(scene, topic_, told_, window(told_), true));
}

void BookChannel::push(const Scene& scene) {
    const BookState& newest = world_.look(topic_.contract);
    const std::int64_t before = told_.matching_id;
    const bool changed = newest.matching_id != before;
    if (!changed && !behind_) return;
    const bool whole = style_ == BookStyle::snapshots;
    std::optional<FramePacker::Beginning> shared;
    if (changed) {
        if (!whole) compare(told_, newest, changes_);
        told_ = newest;
        shared = whole ? beginning_of_snapshot(scene) : beginning_of(changes_, scene);
    }
    behind_ = false;
    for (Subscription& subscription : subscriptions_) {
        if (subscription.version == nullptr || subscription.told == told_.matching_id) continue;
        if (subscription.told == kToldNothing && told_.asks.empty() && told_.bids.empty()) continue;
        if (delivery_.stalled(*subscription.connection, about())) {
            behind_ = true;
        } else if (shared && (whole || subscription.told == before)) {
            tell(subscription, scene, *shared, whole ? nullptr : &changes_);
        } else {
            catch_up(subscription, scene);
        }
    }
}

void BookChannel::tell(Subscription& subscription, const Scene& scene, const FramePacker::Beginning& beginning,
                       const Changes* changes) {
    FeedConnection& connection = *subscription.connection;
    subscription.told = told_.matching_id;
    const auto rest = high_freq_rest(++*subscription.version);
    if (changes != nullptr && delivery_.faulty()) {
        if (delivery_.dropped(connection, about())) return;
        if (const auto draw = delivery_.falsified(connection, about())) {
            return delivery_.send(connection, about(), FramePacker::finish(falsified(*changes, scene, *draw), rest));
        }
    }
    delivery_.send(connection, about(), FramePacker::finish(beginning, rest));
}

/// One change says everything that was missed while the topic was stalled.
void BookChannel::catch_up(Subscription& subscription, const Scene& scene) {
    const auto before =
        subscription.told == kToldNothing ? std::nullopt : world_.record(topic_.contract).at(subscription.told);
    if (!before || style_ == BookStyle::snapshots) {
        return tell(subscription, scene, beginning_of_snapshot(scene), nullptr);
    }
    Changes missed;
    compare(*before, told_, missed);
    tell(subscription, scene, beginning_of(missed, scene), &missed);
}

/// The change with one level that is not so: another size than the true one, somewhere behind the touch.
FramePacker::Beginning BookChannel::falsified(const Changes& changes, const Scene& scene, std::uint64_t draw) {
    const bool bid = draw % 2 == 0;
    const auto side = best_levels(bid ? told_.bids : told_.asks, topic_.levels);
    if (side.size() < 2) return beginning_of(changes, scene);
    BookLevel level = side[1 + mix(draw) % std::min<std::size_t>(side.size() - 1, 40)];
    level.contracts = level.contracts * 3 + 1;
    Changes wrong = changes;
    auto& levels = bid ? wrong.bids : wrong.asks;
    std::erase_if(levels, [&](const BookLevel& other) { return other.price_ticks == level.price_ticks; });
    levels.push_back(level);
    return beginning_of(wrong, scene);
}

/// trade.detail: a frame for each match, and the last one there was for who comes.
class TradeChannel final : public Channel {
public:
    TradeChannel(Topic topic, World& world, Delivery& delivery)
        : Channel(std::move(topic), world, delivery), seen_(world.market().fill_count(topic_.contract)) {}

    void push(const Scene& scene) override {
        const std::uint64_t fills = scene.market.fill_count(topic_.contract);
        if (fills == seen_) return;
        const auto trades = scene.market.trades(topic_.contract, static_cast<std::size_t>(fills - seen_));
        seen_ = fills;
        for (const auto match : split_matches(trades)) send_to_all(pack(scene, match));
    }

private:
    /// More fills than a match has in practice.
    static constexpr std::size_t kLastMatch = 200;

    void welcome(Subscription& subscription, const Scene& scene) override {
        // The last one that the others were sent: who comes now gets what is newer together with them.
        const auto unseen = static_cast<std::size_t>(scene.market.fill_count(topic_.contract) - seen_);
        auto trades = scene.market.trades(topic_.contract, kLastMatch + unseen);
        trades.resize(trades.size() - std::min(trades.size(), unseen));
        if (trades.empty() || delivery_.stalled(*subscription.connection, about())) return;
        const auto matches = split_matches(trades);
        delivery_.send(*subscription.connection, about(), pack(scene, matches.back()));
    }
    [[nodiscard]] SharedFrame pack(const Scene& scene, std::span<const SimulatedTrade> match) {
        return delivery_.packer().pack(trades_message(scene, topic_, match));
    }

    std::uint64_t seen_;
};

/// Topics that say all they have to say in each push.
class StateChannel final : public Channel {
public:
    StateChannel(Topic topic, World& world, Delivery& delivery) : Channel(std::move(topic), world, delivery) {}

    void push(const Scene& scene) override {
        if (delivery_.now() < next_ || !is_news(scene)) return;
        next_ = delivery_.now() + interval();
        const std::string message = compose(scene);
        if (!message.empty()) send_to_all(delivery_.packer().pack(message));
    }

private:
    void welcome(Subscription& subscription, const Scene& scene) override {
        if (delivery_.stalled(*subscription.connection, about())) return;
        const std::string message = compose(scene);
        if (message.empty()) return;
        delivery_.send(*subscription.connection, about(), delivery_.packer().pack(message));
    }
    [[nodiscard]] milliseconds interval() const;
    [[nodiscard]] bool is_news(const Scene& scene);
    [[nodiscard]] std::string compose(const Scene& scene);

    core::SteadyTime next_{};
    core::SteadyTime said_{};
    std::uint64_t news_ = 0;  ///< what the last push was about
};

milliseconds StateChannel::interval() const {
    switch (topic_.kind) {
        case TopicKind::bbo: return milliseconds(0);
        case TopicKind::depth_step: return milliseconds(100);
        case TopicKind::kline:
        case TopicKind::detail: return milliseconds(500);
        default: return milliseconds(1'000);
    }
}

bool StateChannel::is_news(const Scene& scene) {
    std::uint64_t news = news_ + 1;
    if (topic_.kind == TopicKind::bbo) {
        const BookState& book = world_.look(topic_.contract);
        news = 0;
        for (const auto* side : {&book.bids, &book.asks}) {
            if (side->empty()) continue;
            news = mix(mix(news, static_cast<std::uint64_t>(side->front().price_ticks)),
                       static_cast<std::uint64_t>(side->front().contracts));
        }
    } else if (topic_.kind == TopicKind::depth_step) {
        news = static_cast<std::uint64_t>(scene.market.matching_id(topic_.contract));
        if (delivery_.now() - said_ >= milliseconds(1'000)) news = news_ + 1;
    } else if (topic_.kind == TopicKind::kline) {
        // With trades twice a second, without once a period.
        news = mix(scene.market.fill_count(topic_.contract),
                   static_cast<std::uint64_t>(bucket_start(topic_.period, scene.ts() / 1'000)));
    }
    if (news == news_) return false;
    news_ = news;
    said_ = delivery_.now();
    return true;
}

std::string StateChannel::compose(const Scene& scene) {
    const std::size_t contract = topic_.contract;
    switch (topic_.kind) {
        case TopicKind::bbo: return bbo_message(scene, topic_, world_.look(contract));
        case TopicKind::depth_step: return depth_step_message(scene, topic_, world_.look(contract));
        case TopicKind::detail:
            return detail_message(scene, topic_, scene.market.ticker(contract), scene.market.matching_id(contract));
        case TopicKind::kline: return kline_message(scene, topic_, scene.market.matching_id(contract));
        default: return reference_message(scene, topic_);
    }
}

}  // namespace

bool Channel::has(const FeedConnection& connection) const {
    return std::ranges::find(subscriptions_, &connection, &Subscription::connection) != subscriptions_.end();
}

void Channel::join(FeedConnection& connection, const Scene& scene) {
    auto place = std::ranges::find(subscriptions_, &connection, &Subscription::connection);
    if (place == subscriptions_.end()) {
        subscriptions_.push_back({.connection = &connection});
        place = subscriptions_.end() - 1;
    }
    // What a suspended contract was last is never said: its topics are silent.
    if (!world_.directory()[topic_.contract].suspended) welcome(*place, scene);
}

bool Channel::leave(const FeedConnection& connection) {
    return std::erase_if(subscriptions_,
                         [&](const Subscription& subscription) { return subscription.connection == &connection; }) > 0;
}

void Channel::send_to_all(const SharedFrame& frame) {
    for (const Subscription& subscription : subscriptions_) {
        if (delivery_.stalled(*subscription.connection, about())) continue;
        delivery_.send(*subscription.connection, about(), frame);
    }
}

std::unique_ptr<Channel> make_channel(Topic topic, BookStyle style, World& world, Delivery& delivery) {
    switch (topic.kind) {
        case TopicKind::high_freq: return std::make_unique<BookChannel>(std::move(topic), style, world, delivery);
        case TopicKind::trades: return std::make_unique<TradeChannel>(std::move(topic), world, delivery);
        default: return std::make_unique<StateChannel>(std::move(topic), world, delivery);
    }
}

}  // namespace scanner::simulator::face
