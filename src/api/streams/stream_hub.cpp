#include "api/streams/stream_hub.hpp"

#include "api/streams/stream_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace scanner::api {
namespace {

using std::chrono::steady_clock;

constexpr double kDefaultThreshold = 60.0;
/// Added to a ranking's time to live, so that the check finds it expired.
constexpr std::chrono::milliseconds kAgeSlack{5};
/// How much of its interval a frame may be early: nine tenths must have passed.
constexpr int kEarly = 9;
constexpr int kWhole = 10;

}  // namespace

// -- the hub ---------------------------------------------------------------------------------------------------------

StreamHub::StreamHub(boost::asio::any_io_executor executor, StreamOptions options, const engine::EngineView& engine)
    : executor_(std::move(executor)), options_(std::move(options)), engine_(&engine), age_timer_(executor_) {
    options_.kept_rankings = std::max<std::size_t>(options_.kept_rankings, 1);
}

void StreamHub::publish(ranking::RankingPtr ranking, bool recorded) {
    if (engine_ == nullptr || ranking == nullptr) return;
    const bool stale = !engine_->is_fresh(*ranking);
    const bool known = !published_.empty() && published_.back().ranking == ranking;
    if (!known || !recorded) push(published_, ranking, stale);
    if (recorded) push(recorded_, std::move(ranking), stale);
    watch_age();
}

void StreamHub::forget() {
    published_.clear();
    recorded_.clear();
    age_timer_.cancel();
    for (const auto& [key, channel] : channels_) {
        channel->newest = {};
        channel->newest_stale = false;
    }
}

void StreamHub::close() {
    engine_ = nullptr;
    age_timer_.cancel();
}

void StreamHub::push(Publications& publications, ranking::RankingPtr ranking, bool stale) {
    publications.push_back({.number = ++last_number_, .ranking = std::move(ranking), .stale = stale});
    while (publications.size() > options_.kept_rankings) publications.pop_front();
    for (const auto& [key, channel] : channels_) {
        if (&publications_of(*channel) == &publications) deliver(*channel, publications.back());
    }
}

const StreamHub::Publications& StreamHub::publications_of(const Channel& channel) const {
    return channel.query.min_interval ? published_ : recorded_;
}

void StreamHub::deliver(Channel& channel, const Publication& publication) {
    const core::SteadyTime now = steady_clock::now();
    // Rankings come with some jitter of their own: a hair too early is not too early.
    const auto pause = channel.query.min_interval.value_or(std::chrono::milliseconds(0)) * kEarly / kWhole;
    const bool recovers = channel.newest_stale && !publication.stale;
    const bool early = channel.newest.json != nullptr && now - channel.delivered < pause;
    if (early && !publication.stale && !recovers) return;
    channel.newest = render(channel, publication);
    channel.newest_stale = publication.stale;
    channel.delivered = now;
    for (StreamSubscriber* const subscriber : channel.subscribers) {
        if (channel.newest.json != nullptr) {
            subscriber->offer(publication.number, now);
        } else {
            subscriber->end(fmt::format("there is no profile {} any more", channel.query.profile.value_or("")));
        }
    }
}

/// Notifies all subscribers when the newest ranking becomes too old to be served as live.
void StreamHub::watch_age() {
    const Publication& newest = published_.back();
    if (newest.stale) {
        age_timer_.cancel();
        return;
    }
    age_timer_.expires_after(engine_->snapshots_ttl() - engine_->age(*newest.ranking) + kAgeSlack);
    age_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || self == nullptr || self->engine_ == nullptr || self->published_.empty()) return;
        const Publication last = self->published_.back();
        if (last.stale) return;
        if (!self->engine_->is_fresh(*last.ranking)) {
            self->push(self->published_, last.ranking, true);
            if (!self->recorded_.empty()) self->push(self->recorded_, self->recorded_.back().ranking, true);
        }
        self->watch_age();  // not yet, if the clock was set
    });
}

/// What the engine had before anything was published: a ranking from before a restart.
void StreamHub::take_over_current() {
    if (!published_.empty() || engine_ == nullptr) return;
    publish(engine_->current(), true);
}

StreamFrame StreamHub::render(const Channel& channel, const Publication& publication) {
    FrameContext context;
    if (engine_ != nullptr) context.snapshots_ttl = engine_->snapshots_ttl();
    context.manipulation_threshold =
        options_.manipulation_threshold ? options_.manipulation_threshold() : kDefaultThreshold;
    context.stale = publication.stale;
    context.replay = options_.replay;
    StreamFrame frame{
        .number = publication.number, .sequence = publication.ranking->sequence, .json = nullptr, .event = nullptr};
    auto text = render_frame(*publication.ranking, channel.query, context);
    if (!text) return frame;
    ++statistics_.rendered;
    frame.json = std::make_shared<const std::string>(std::move(*text));
    return frame;
}

const StreamFrame& StreamHub::newest_frame(Channel& channel) {
    const Publication& newest = publications_of(channel).back();
    // One that is paced keeps its frame until the next one is due, so that it is rendered once an interval.
    const bool kept = channel.query.min_interval && channel.newest.json != nullptr;
    if (!kept && channel.newest.number != newest.number) {
        channel.newest = render(channel, newest);
        channel.newest_stale = newest.stale;
        channel.delivered = steady_clock::now();
    }
    return channel.newest;
}

const std::shared_ptr<const std::string>& StreamHub::event_of(Channel& channel) {
    StreamFrame& frame = channel.newest;
    if (frame.event == nullptr && frame.json != nullptr) {
        frame.event = std::make_shared<const std::string>(event_text(frame.sequence, *frame.json));
    }
    return frame.event;
}

std::optional<std::string> StreamHub::refuse(const StreamDemand* demand) {
    std::optional<std::string> reason;
    if (statistics_.subscribers() >= options_.max_subscribers) {
        reason = fmt::format("There are {} subscribers already.", options_.max_subscribers);
    } else if (demand != nullptr && !demand->is_default) {
        const std::string key = canonical(demand->query);
        const auto own = followed_by_.find(demand->client);
        if (channels_.size() >= options_.max_channels && !channels_.contains(key)) {
            reason = fmt::format(
                "{} different sets of parameters are followed already; the one of a request without "
                "parameters is always to be had.",
                options_.max_channels);
        } else if (own != followed_by_.end() && own->second.size() >= options_.max_channels_of_client &&
                   !own->second.contains(key)) {
            reason = fmt::format("{} different sets of parameters are followed from this address already.",
                                 options_.max_channels_of_client);
        }
    }
    if (reason) ++statistics_.refused;
    return reason;
}

StreamHub::Channel& StreamHub::join(StreamDemand demand, StreamSubscriber& subscriber) {
    take_over_current();
    std::string key = canonical(demand.query);
    if (!demand.is_default && !demand.client.empty()) {
        ++followed_by_[demand.client][key];
        subscriber.client_ = std::move(demand.client);
    }
    auto& channel = channels_[key];
    if (channel == nullptr) {
        channel = std::make_unique<Channel>();
        channel->query = std::move(demand.query);
        channel->key = std::move(key);
    }
    subscriber.index_ = channel->subscribers.size();
    channel->subscribers.push_back(&subscriber);
    return *channel;
}

void StreamHub::give_back_share(const std::string& client, const std::string& key) {
    const auto own = followed_by_.find(client);
    if (own == followed_by_.end()) return;
    const auto count = own->second.find(key);
    if (count != own->second.end() && --count->second == 0) own->second.erase(count);
    if (own->second.empty()) followed_by_.erase(own);
}

void StreamHub::leave(Channel& channel, const StreamSubscriber& subscriber) {
    StreamSubscriber* const last = channel.subscribers.back();
    channel.subscribers[subscriber.index_] = last;
    last->index_ = subscriber.index_;
    channel.subscribers.pop_back();
    give_back_share(subscriber.client_, channel.key);
    if (!channel.subscribers.empty()) return;
    const std::string key = channel.key;
    channels_.erase(key);
}

StreamStatistics StreamHub::statistics() const {
    StreamStatistics statistics = statistics_;
    statistics.channels = channels_.size();
    return statistics;
}

// -- a subscriber ----------------------------------------------------------------------------------------------------

StreamSubscriber::StreamSubscriber(std::shared_ptr<StreamHub> hub, StreamKind kind, std::optional<StreamDemand> demand)
    : hub_(std::move(hub)), changed_(hub_->executor()), kind_(kind) {
    ++count();
    if (!demand) return;
    channel_ = &hub_->join(std::move(*demand), *this);
    const StreamHub::Publications& publications = hub_->publications_of(*channel_);
    if (!publications.empty()) static_cast<void>(conflation_.offer(publications.back().number));
}

StreamSubscriber::~StreamSubscriber() {
    if (channel_ != nullptr) hub_->leave(*channel_, *this);
    --count();
}

std::size_t& StreamSubscriber::count() {
    StreamStatistics& statistics = hub_->statistics_;
    switch (kind_) {
        case StreamKind::websocket: return statistics.websockets;
        case StreamKind::events: return statistics.events;
        case StreamKind::heartbeat: break;
    }
    return statistics.heartbeats;
}

std::vector<std::shared_ptr<const std::string>> StreamSubscriber::replay(std::uint64_t last_id) {
    std::vector<std::shared_ptr<const std::string>> events;
    const StreamHub::Publications& publications = hub_->publications_of(*channel_);
    if (publications.empty()) return events;
    const StreamHub::Publication& newest = publications.back();
    if (newest.ranking->sequence == last_id && !newest.stale) conflation_.skip_to(newest.number);
    if (newest.ranking->sequence <= last_id) return events;  // also a number of another life of the server
    for (const StreamHub::Publication& publication : publications) {
        const std::uint64_t sequence = publication.ranking->sequence;
        if (sequence <= last_id || sequence >= newest.ranking->sequence) continue;
        const StreamFrame frame = hub_->render(*channel_, publication);
        if (frame.json != nullptr) {
            events.push_back(std::make_shared<const std::string>(event_text(sequence, *frame.json)));
        }
    }
    return events;
}

std::shared_ptr<const std::string> StreamSubscriber::take() {
    if (!conflation_.take() || hub_->publications_of(*channel_).empty()) return nullptr;
    const StreamFrame& frame = hub_->newest_frame(*channel_);
    if (frame.json == nullptr) {
        end("there is no such profile");
        return nullptr;
    }
    deadline_.begin(steady_clock::now());
    return kind_ == StreamKind::events ? hub_->event_of(*channel_) : frame.json;
}

void StreamSubscriber::sent(bool delivered) {
    deadline_.end();
    if (delivered) ++hub_->statistics_.sent;
}

void StreamSubscriber::end(std::string reason) {
    if (ended_) return;
    ended_ = true;
    end_reason_ = std::move(reason);
    changed_.notify();
}

void StreamSubscriber::offer(std::uint64_t number, core::SteadyTime now) {
    if (conflation_.offer(number)) ++hub_->statistics_.conflated;
    if (deadline_.passed(now, hub_->options().frame_deadline)) {
        count_dropped();
        if (const auto cut = std::exchange(cut_, nullptr)) cut();
        return;
    }
    changed_.notify();
}

void StreamSubscriber::count_dropped() {
    if (!std::exchange(dropped_, true)) ++hub_->statistics_.dropped;
}

// -- the public face -------------------------------------------------------------------------------------------------

Streams::Streams(boost::asio::any_io_executor executor, StreamOptions options, const engine::EngineView& engine)
    : hub_(std::make_shared<StreamHub>(std::move(executor), std::move(options), engine)) {}

Streams::~Streams() {
    hub_->close();
}

void Streams::publish(ranking::RankingPtr ranking, bool recorded) {
    hub_->publish(std::move(ranking), recorded);
}

void Streams::forget() {
    hub_->forget();
}

StreamStatistics Streams::statistics() const {
    return hub_->statistics();
}

}  // namespace scanner::api
