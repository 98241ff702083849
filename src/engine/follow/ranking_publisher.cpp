#include "scanner/engine/ranking_publisher.hpp"

#include "engine/follow/extras.hpp"
#include "engine/follow/on_thread.hpp"

#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"
#include "scanner/ranking/ranking_stream.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <deque>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;
using storage::SnapshotCache;

constexpr milliseconds kIdle{60'000};
/// What changes in so many contracts is packed within a millisecond or two: going to a thread and back, past whatever
/// else waits for a processor, takes as long. Whole rankings, and what belongs to recorded ones, always go there.
constexpr std::size_t kMaxContractsAtOnce = 200;

/// What is sent of one ranking.
struct Sent {
    ranking::PackedRankingPtr packed;
    storage::Publication publication;
};

/// What takes longer to make of a recorded ranking and keeps no replica waiting: sent once its entry is there.
struct Rest {
    ranking::PackedRankingPtr packed;
    bool has_snapshot = false;  ///< that was sent already
};

/// What the work on the thread needs; immutable or its own.
struct Job {
    Publication publication;
    ranking::PackedRankingPtr before;  ///< nullptr: everything is packed anew
    bool whole = false;                ///< the entry needs no ranking before
    ranking::PackedBytes universe;     ///< of `before`, where the universe is the same
    RankingPublisherOptions options;
};

std::vector<SnapshotCache::Entry> cache_entries(const ranking::Ranking& ranking,
                                                const RankingPublisherOptions& options) {
    std::vector<SnapshotCache::Entry> entries;
    const auto add = [&entries](std::string key, std::string text, milliseconds ttl) {
        entries.push_back({std::move(key), std::make_shared<const std::string>(std::move(text)), ttl});
    };
    add("snaps:latest", encode_ranking(ranking, options.origin), options.snapshots_ttl);
    for (const auto& [profile, ranked] : ranking.ranked)
        add("rank:" + profile, encode_profile_order(ranking, profile), options.rankings_ttl);
    return entries;
}

Sent make_sent(const Job& job) {
    ranking::StreamNote note;
    note.recorded = job.publication.recorded;
    note.extras.push_back(job.universe ? job.universe : pack_universe(job.publication.universe.get()));
    note.extras.push_back(pack_source(job.publication.health));
    Sent sent;
    sent.packed = pack_ranking(job.publication.ranking, std::move(note), job.before.get());
    storage::Publication& publication = sent.publication;
    publication.seq = job.publication.ranking->sequence;
    publication.version = static_cast<int>(ranking::kStreamFormat);
    publication.recorded = job.publication.recorded;
    if (job.whole) publication.snapshot = encode_snapshot(*sent.packed, job.options.origin);
    publication.delta = job.whole ? *publication.snapshot : encode_delta(*job.before, *sent.packed, job.options.origin);
    return sent;
}

storage::Publication make_rest(const Rest& rest, const RankingPublisherOptions& options) {
    storage::Publication publication;
    publication.seq = rest.packed->ranking->sequence;
    publication.version = static_cast<int>(ranking::kStreamFormat);
    publication.recorded = true;
    if (!rest.has_snapshot) publication.snapshot = encode_snapshot(*rest.packed, options.origin);
    publication.keys = cache_entries(*rest.packed->ranking, options);
    return publication;
}

class RankingPublisherImpl final : public RankingPublisher {
public:
    RankingPublisherImpl(asio::any_io_executor executor, std::shared_ptr<storage::RankingStream> stream,
                         RankingPublisherOptions options)
        : stream_(std::move(stream)), options_(std::move(options)), changed_(executor), idle_(executor) {}
    ~RankingPublisherImpl() override {
        stream_->stop();
        thread_.join();
    }
    RankingPublisherImpl(const RankingPublisherImpl&) = delete;
    RankingPublisherImpl& operator=(const RankingPublisherImpl&) = delete;

    void lead(storage::Leadership leadership) override {
        leadership_ = std::move(leadership);
        rest_.reset();
        whole_ = true;
        changed_.notify();
    }
    void retire() override {
        leadership_.reset();
        recorded_.reset();
        newest_.reset();
        rest_.reset();
        if (unanswered_) tell_recorded(*std::exchange(unanswered_, std::nullopt), false);
        idle_.notify();
    }
    void publish(Publication publication) override {
        if (!leadership_) return;
        if (newest_) ++status_.conflated;
        newest_.reset();
        std::optional<Publication>& place = publication.recorded ? recorded_ : newest_;
        if (place) ++status_.conflated;
        place = std::move(publication);
        changed_.notify();
    }
    void on_confirmed(std::function<void(const ranking::RankingPtr&)> callback) override {
        on_confirmed_ = std::move(callback);
    }
    void on_recorded(std::function<void(const ranking::RankingPtr&, bool)> callback) override {
        on_recorded_ = std::move(callback);
    }
    void on_fenced(std::function<void()> callback) override { on_fenced_ = std::move(callback); }

    asio::awaitable<void> drain(milliseconds grace) override {
        const auto deadline = SteadyClock::now() + grace;
        while (leadership_ && (busy_ || waits() || rest_) && SteadyClock::now() < deadline) {
            co_await idle_.wait(deadline);
        }
    }

    asio::awaitable<void> run() override {
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!stopping_) {
            const auto now = SteadyClock::now();
            const auto due = due_at();
            const bool is_due = due && *due <= now;
            const bool has_rest = leadership_ && rest_;
            if (!is_due && !(has_rest && not_before_ <= now)) {
                auto until = due.value_or(now + kIdle);
                if (has_rest) until = std::min(until, not_before_);
                co_await changed_.wait(until);
                continue;
            }
            busy_ = true;
            if (is_due) {
                auto [publication, again] = take();
                co_await send(std::move(publication), again);
            } else {
                co_await send_rest(*rest_);
            }
            busy_ = false;
            idle_.notify();
        }
    }
    void stop() override {
        stopping_ = true;
        stream_->stop();
        changed_.notify();
    }
    const RankingPublisherStatus& status() const override { return status_; }

private:
    bool waits() const { return unanswered_ || recorded_ || newest_; }

    /// When the next may be sent; nothing while there is none.
    std::optional<SteadyClock::time_point> due_at() const {
        if (!leadership_ || !waits()) return std::nullopt;
        auto due = not_before_;
        if (sent_at_.size() >= options_.max_per_second) due = std::max(due, sent_at_.front() + std::chrono::seconds(1));
        return due;
    }
    /// The next, and whether it was sent before.
    std::pair<Publication, bool> take() {
        const bool again = unanswered_.has_value();
        std::optional<Publication>& place = again ? unanswered_ : recorded_ ? recorded_ : newest_;
        return {*std::exchange(place, std::nullopt), again};
    }
    void tell_recorded(const Publication& publication, bool published) {
        if (publication.recorded && on_recorded_) on_recorded_(publication.ranking, published);
    }

    asio::awaitable<void> send(Publication publication, bool again) {
        const storage::Leadership leadership = *leadership_;
        Job job{.publication = std::move(publication),
                .before = base_,
                .whole = whole_ || base_ == nullptr,
                .universe = nullptr,
                .options = options_};
        if (base_ != nullptr && job.publication.universe == universe_)
            job.universe = base_->note.extras[kUniverseExtra];
        const UniversePtr universe = job.publication.universe;
        const bool at_once = !job.whole && job.publication.ranking->contracts.size() <= kMaxContractsAtOnce;
        Sent sent = at_once ? make_sent(job) : co_await on_thread(thread_, [&job] { return make_sent(job); });
        const std::size_t entry_bytes = sent.publication.delta.size();
        const std::size_t snapshot_bytes = sent.publication.snapshot ? sent.publication.snapshot->size() : 0;
        const auto published = co_await stream_->publish(leadership, std::move(sent.publication));
        if (!leads_still(leadership)) {  // meanwhile another one's time
            if (published || again || is_unknown(published.error()))
                tell_recorded(job.publication, published.has_value());
            co_return;
        }
        if (!published) {
            fail(published.error(), std::move(job.publication), again);
            co_return;
        }
        base_ = std::move(sent.packed);
        universe_ = universe;
        if (job.publication.recorded) rest_ = Rest{.packed = base_, .has_snapshot = job.whole};
        ++status_.published;
        status_.whole += job.whole ? 1U : 0U;
        status_.stream_bytes += entry_bytes;
        count_snapshot(snapshot_bytes);
        const bool is_new = status_.last_sequence != base_->ranking->sequence;
        status_.last_sequence = base_->ranking->sequence;
        status_.last_error.clear();
        failure_.recovered();
        whole_ = false;
        sent_at_.push_back(SteadyClock::now());
        while (sent_at_.size() > options_.max_per_second) sent_at_.pop_front();
        // The object itself, not what was packed of it.
        if (is_new && on_confirmed_) on_confirmed_(job.publication.ranking);
        tell_recorded(job.publication, true);
    }

    /// Refused otherwise: another one's time, or a higher number is there already.
    static bool is_unknown(const core::Error& error) {
        return error.code() != core::ErrorCode::conflict && error.code() != core::ErrorCode::invalid_input;
    }

    asio::awaitable<void> send_rest(Rest rest) {
        const storage::Leadership leadership = *leadership_;
        auto publication = co_await on_thread(thread_, [&rest, this] { return make_rest(rest, options_); });
        const std::size_t snapshot_bytes = publication.snapshot ? publication.snapshot->size() : 0;
        const auto published = co_await stream_->publish(leadership, std::move(publication));
        if (!leads_still(leadership)) co_return;
        if (!published) {
            static_cast<void>(is_over(published.error()));
            co_return;
        }
        rest_.reset();
        count_snapshot(snapshot_bytes);
        status_.last_error.clear();
        failure_.recovered();
    }
    /// Whether nothing has changed while something was sent in this name.
    bool leads_still(const storage::Leadership& leadership) const {
        return leadership_ && leadership_->epoch == leadership.epoch;
    }
    void count_snapshot(std::size_t bytes) {
        status_.snapshots += bytes > 0 ? 1U : 0U;
        status_.snapshot_bytes += bytes;
    }

    /// Whether nothing more can be published in this name.
    bool is_over(const core::Error& error) {
        ++status_.failed;
        status_.last_error = error.message();
        failure_.failed(core::to_string(error.code()), {{"error", error.message()}});
        if (error.code() == core::ErrorCode::conflict) {
            retire();
            if (on_fenced_) on_fenced_();
            return true;
        }
        not_before_ = SteadyClock::now() + options_.retry_interval;
        return false;
    }
    void fail(const core::Error& error, Publication publication, bool again) {
        if (again && !is_unknown(error)) tell_recorded(publication, false);  // refused now, but what of the first time?
        if (is_over(error)) return;
        // Whether it was written is unknown, so what comes next must not rest on it.
        whole_ = true;
        if (!is_unknown(error)) return;
        if (publication.recorded) {
            unanswered_ = std::move(publication);
        } else if (!newest_ && !recorded_) {
            newest_ = std::move(publication);
        }
    }

    std::shared_ptr<storage::RankingStream> stream_;
    RankingPublisherOptions options_;
    net::Event changed_;
    net::Event idle_;
    std::function<void(const ranking::RankingPtr&)> on_confirmed_;
    std::function<void(const ranking::RankingPtr&, bool)> on_recorded_;
    std::function<void()> on_fenced_;
    std::optional<storage::Leadership> leadership_;
    std::optional<Publication> unanswered_;  ///< recorded, and whether it was published only Redis knows
    std::optional<Publication> recorded_;    ///< the newest of those that history keeps
    std::optional<Publication> newest_;      ///< younger than that
    std::optional<Rest> rest_;               ///< of the last recorded one, until Redis has it
    ranking::PackedRankingPtr base_;         ///< the last one that Redis confirmed
    UniversePtr universe_;                   ///< of that one
    std::deque<SteadyClock::time_point> sent_at_;
    SteadyClock::time_point not_before_;
    RankingPublisherStatus status_;
    core::RepeatedFailure failure_{"ranking_not_published"};
    bool whole_ = true;
    bool busy_ = false;
    bool stopping_ = false;
    asio::thread_pool thread_{1};
};

}  // namespace

std::unique_ptr<RankingPublisher> make_ranking_publisher(asio::any_io_executor executor,
                                                         std::shared_ptr<storage::RankingStream> stream,
                                                         RankingPublisherOptions options) {
    return std::make_unique<RankingPublisherImpl>(std::move(executor), std::move(stream), std::move(options));
}

}  // namespace scanner::engine
