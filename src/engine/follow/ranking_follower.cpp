#include "scanner/engine/ranking_follower.hpp"

#include "engine/follow/extras.hpp"
#include "engine/follow/on_thread.hpp"

#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"
#include "scanner/ranking/ranking_stream.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// A delta up to that is taken apart in a millisecond or so: going to a thread and back, past whatever else waits for a
/// processor, takes as long.
constexpr std::size_t kMaxBytesAtOnce = 192U << 10U;

/// A message taken apart, extras included.
struct Received {
    ranking::PackedRankingPtr packed;
    UniversePtr universe;
    SourceHealth source;
};

/// What was received before: `packed` may be nullptr.
core::Result<Received> take_apart(std::string_view message, const Received& before,
                                  const ranking::RankingOrigin& origin) {
    auto packed = decode_message(message, before.packed.get(), origin);
    if (!packed) return std::unexpected(packed.error());
    Received received{.packed = std::move(*packed), .universe = before.universe, .source = before.source};
    const auto& extras = received.packed->note.extras;
    if (extras.size() <= kSourceExtra)
        return core::fail(core::ErrorCode::malformed, "ranking message: universe and source are missing");
    const auto is_new = [&](std::size_t place) {
        return before.packed == nullptr || before.packed->note.extras[place] != extras[place];
    };
    if (is_new(kUniverseExtra)) {
        auto universe = unpack_universe(*extras[kUniverseExtra]);
        if (!universe) return std::unexpected(universe.error());
        received.universe = std::move(*universe);
    }
    if (is_new(kSourceExtra)) {
        auto source = unpack_source(*extras[kSourceExtra]);
        if (!source) return std::unexpected(source.error());
        received.source = std::move(*source);
    }
    return received;
}

/// Epochs only grow while Redis or Postgres remembers them; where neither does, what was shown must not become older.
core::Error of_an_older_epoch(std::uint64_t epoch, std::uint64_t shown) {
    return {core::ErrorCode::unavailable,
            fmt::format("rankings of epoch {} are published, older than {}, which was shown here: not shown", epoch,
                        shown)};
}

class RankingFollowerImpl final : public RankingFollower {
public:
    RankingFollowerImpl(asio::any_io_executor executor, std::shared_ptr<storage::RankingStream> stream,
                        RankingBoard& board, const core::Clock& clock, RankingFollowerOptions options)
        : stream_(std::move(stream)), board_(board), clock_(clock), options_(std::move(options)), changed_(executor) {}
    ~RankingFollowerImpl() override {
        stream_->stop();
        thread_.join();
    }
    RankingFollowerImpl(const RankingFollowerImpl&) = delete;
    RankingFollowerImpl& operator=(const RankingFollowerImpl&) = delete;

    asio::awaitable<void> run() override {
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!stopping_) {
            if (paused_) {
                co_await changed_.wait_for(options_.block);
                continue;
            }
            if (!needs_snapshot_) {
                co_await read_stream();
            } else if (!co_await begin()) {
                continue;
            }
            // Entries that cannot be used yet must not be read again and again.
            if (needs_snapshot_) co_await changed_.wait_for(options_.retry_interval);
        }
    }
    void stop() override {
        stopping_ = true;
        stream_->stop();
        changed_.notify();
    }
    void pause(bool paused) override {
        paused_ = paused;
        needs_snapshot_ = true;
        changed_.notify();
    }
    const RankingFollowerStatus& status() const override { return status_; }

private:
    /// Begins with the newest snapshot; false when there is none that can be used.
    asio::awaitable<bool> begin() {
        auto snapshot = co_await stream_->snapshot();
        if (!snapshot) {
            note(snapshot.error());
            co_await changed_.wait_for(options_.retry_interval);
            co_return false;
        }
        if (!*snapshot) {
            // A whole ranking may come by the stream alone.
            co_return co_await read_stream();
        }
        const auto received = co_await apart(std::move((*snapshot)->bytes), {});
        if (!received) {
            refuse(received.error());
            co_return co_await read_stream();
        }
        after_ = (*snapshot)->after.empty() ? "0-0" : (*snapshot)->after;
        ++status_.snapshots;
        needs_snapshot_ = false;
        show(*received);
        co_return true;
    }

    /// What has come since, waiting for it; false when the stream could not be read.
    asio::awaitable<bool> read_stream() {
        auto entries = co_await stream_->read_after(after_, options_.block);
        if (!entries) {
            note(entries.error());
            co_await changed_.wait_for(options_.retry_interval);
            co_return false;
        }
        // What was refused stays the problem until something can be used again.
        if (!refusing_) {
            problem_.recovered();
            status_.problem = last_.packed == nullptr ? "nothing has been published yet" : "";
        }
        for (storage::StreamEntry& entry : *entries) {
            if (stopping_ || paused_) break;
            after_ = std::move(entry.id);
            co_await take(std::move(entry.delta));
        }
        co_return true;
    }

    asio::awaitable<void> take(std::string message) {
        const ranking::RankingPtr known = last_.packed == nullptr ? nullptr : last_.packed->ranking;
        const auto head = ranking::message_head(message);
        if (head && known && head->epoch == known->epoch && head->sequence <= known->sequence)
            co_return;  // the snapshot has it
        if (head && known && head->epoch < known->epoch) {
            refuse(of_an_older_epoch(head->epoch, known->epoch));
            co_return;
        }
        // A successor may count anew: what its delta changes is its own ranking of that number, not its predecessor's.
        if (head && known && head->epoch > known->epoch && head->base != 0) last_ = {};
        const bool at_once = head && head->base != 0 && message.size() <= kMaxBytesAtOnce;
        const auto received =
            at_once ? take_apart(message, last_, options_.origin) : co_await apart(std::move(message), last_);
        if (received) {
            ++status_.deltas;
            needs_snapshot_ = false;
            show(*received);
            co_return;
        }
        needs_snapshot_ = true;
        if (received.error().code() == core::ErrorCode::not_found) {
            ++status_.holes;
            core::log(core::LogLevel::info, "ranking_missed", {{"error", received.error().message()}});
        } else {
            refuse(received.error());
        }
    }

    /// `message` and `before` are the coroutine's own: both live until the thread is done with them.
    asio::awaitable<core::Result<Received>> apart(std::string message, Received before) {
        co_return co_await on_thread(
            thread_, [&message, &before, this] { return take_apart(message, before, options_.origin); });
    }

    void show(const Received& received) {
        last_ = received;
        refusing_ = false;
        problem_.recovered();
        status_.problem.clear();
        const ranking::RankingPtr& ranking = received.packed->ranking;
        const ranking::RankingPtr shown = board_.current();
        if (paused_) return;
        if (shown != nullptr && ranking->epoch < shown->epoch) {
            refuse(of_an_older_epoch(ranking->epoch, shown->epoch));
            return;
        }
        if (shown != nullptr && ranking->sequence <= shown->sequence) {
            if (ranking->epoch == shown->epoch) return;
            core::log(core::LogLevel::warning, "rankings_count_anew",
                      {{"epoch", ranking->epoch},
                       {"seq", ranking->sequence},
                       {"shown_epoch", shown->epoch},
                       {"shown_seq", shown->sequence}});
        }
        status_.epoch = ranking->epoch;
        status_.sequence = ranking->sequence;
        status_.lag = std::max(milliseconds(0), clock_.now() - ranking->time);
        board_.publish({.ranking = ranking,
                        .universe = received.universe,
                        .health = received.source,
                        .recorded = received.packed->note.recorded});
    }

    void note(const core::Error& error) {
        status_.problem = error.message();
        if (!stopping_) problem_.failed(core::to_string(error.code()), {{"error", error.message()}});
    }
    void refuse(const core::Error& error) {
        ++status_.refused;
        refusing_ = true;
        note(error);
    }

    std::shared_ptr<storage::RankingStream> stream_;
    RankingBoard& board_;
    const core::Clock& clock_;
    RankingFollowerOptions options_;
    net::Event changed_;
    Received last_;  ///< what the next delta changes
    std::string after_ = "0-0";
    RankingFollowerStatus status_;
    core::RepeatedFailure problem_{"rankings_not_followed"};
    bool needs_snapshot_ = true;
    bool refusing_ = false;
    bool paused_ = false;
    bool stopping_ = false;
    asio::thread_pool thread_{1};
};

}  // namespace

std::unique_ptr<RankingFollower> make_ranking_follower(asio::any_io_executor executor,
                                                       std::shared_ptr<storage::RankingStream> stream,
                                                       RankingBoard& board, const core::Clock& clock,
                                                       RankingFollowerOptions options) {
    return std::make_unique<RankingFollowerImpl>(std::move(executor), std::move(stream), board, clock,
                                                 std::move(options));
}

}  // namespace scanner::engine
