#include "app/replay/replay_pass.hpp"

#include "app/recording/recorded_documents.hpp"
#include "app/replay/resuming_replay.hpp"

#include "scanner/core/log.hpp"

#include <boost/asio/post.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;

/// Rankings that the loop and the store may be behind.
constexpr std::size_t kMaxHeld = 32;

/// How many rankings are held; outlives the pass where the store's thread still has one.
class Holds {
public:
    /// Waits for a free place; nullptr once `end` was called.
    std::shared_ptr<void> take(const std::shared_ptr<Holds>& self) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ended_ || held_ < kMaxHeld; });
        if (ended_) return nullptr;
        ++held_;
        return {this, [self](void*) { self->give_back(); }};
    }
    void end() {
        const std::scoped_lock guard(mutex_);
        ended_ = true;
        changed_.notify_all();
    }
    bool ended() {
        const std::scoped_lock guard(mutex_);
        return ended_;
    }

private:
    void give_back() {
        const std::scoped_lock guard(mutex_);
        --held_;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t held_ = 0;  // guarded by mutex_
    bool ended_ = false;    // guarded by mutex_
};

class ReplayPassImpl final : public ReplayPass {
public:
    ReplayPassImpl(asio::any_io_executor executor, std::vector<recording::SegmentFile> files, ReplayOptions options,
                   ReplayPassEvents events)
        : executor_(std::move(executor)), events_(std::move(events)) {
        thread_ = std::thread([this, files = std::move(files), options = std::move(options)]() mutable {
            run(std::move(files), std::move(options));
        });
    }
    ~ReplayPassImpl() override {
        holds_->end();
        thread_.join();
    }
    ReplayPassImpl(const ReplayPassImpl&) = delete;
    ReplayPassImpl& operator=(const ReplayPassImpl&) = delete;

private:
    void run(std::vector<recording::SegmentFile> files, ReplayOptions options) {
        options.on_engine = [this](engine::Engine& engine) {
            engine.board().on_published([this](const ranking::RankingPtr& ranking) { tell(ranking, false); });
            engine.board().on_recorded([this](const ranking::RankingPtr& ranking) { tell(ranking, true); });
        };
        options.on_change = [this](const recording::OperatorChange& change) {
            if (change.kind != kDocumentsChange) return;
            auto documents = decode_documents(change.text);
            if (!documents) {
                core::log(core::LogLevel::error, "recorded_documents_unreadable");
                return;
            }
            in_order([this, documents = std::move(*documents)] { events_.on_documents(documents); });
        };
        options.on_settings = [this](const settings::Settings& settings) {
            in_order([this, settings] { events_.on_settings(settings); });
        };
        options.on_episodes = [this](std::vector<storage::EpisodeRecord> episodes) {
            in_order([this, episodes = std::move(episodes)] { events_.on_episodes(episodes); });
        };
        core::Result<ReplayOutcome> outcome;
        {
            const auto replay = make_replay(std::move(files), std::move(options));
            for (;;) {
                if (holds_->ended()) return;
                const auto advanced = replay->advance();
                if (!advanced) outcome = std::unexpected(advanced.error());
                if (advanced && *advanced) continue;
                const std::string diverged = replay->diverged();
                if (advanced) outcome = replay->finish();
                if (!diverged.empty()) outcome = core::fail(core::ErrorCode::malformed, diverged);
                break;
            }
        }
        post([this, outcome = std::move(outcome)] { events_.on_end(outcome); });
    }

    /// Among the rankings, and bounded as these are.
    template <class Function>
    void in_order(Function function) {
        auto token = holds_->take(holds_);
        if (token == nullptr) return;
        post([function = std::move(function), token = std::move(token)] { function(); });
    }

    void tell(const ranking::RankingPtr& ranking, bool recorded) {
        auto token = holds_->take(holds_);
        if (token == nullptr) return;
        post([this, ranking, recorded, token = std::move(token)]() mutable {
            events_.on_ranking(ranking, recorded, std::move(token));
        });
    }

    template <class Function>
    void post(Function function) {
        asio::post(executor_, [alive = std::weak_ptr(alive_), function = std::move(function)]() mutable {
            if (!alive.expired()) function();
        });
    }

    const asio::any_io_executor executor_;
    const ReplayPassEvents events_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::shared_ptr<Holds> holds_ = std::make_shared<Holds>();
    std::thread thread_;
};

}  // namespace

std::unique_ptr<ReplayPass> make_replay_pass(asio::any_io_executor executor, std::vector<recording::SegmentFile> files,
                                             ReplayOptions options, ReplayPassEvents events) {
    return std::make_unique<ReplayPassImpl>(std::move(executor), std::move(files), std::move(options),
                                            std::move(events));
}

}  // namespace scanner::app
