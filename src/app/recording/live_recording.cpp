#include "app/recording/live_recording.hpp"

#include "app/recording/ranking_digest.hpp"
#include "app/recording/recorded_documents.hpp"

#include "scanner/core/log.hpp"
#include "scanner/exchange/checkpointed.hpp"
#include "scanner/ranking/ranking_codec.hpp"
#include "scanner/recording/digest.hpp"
#include "scanner/recording/disk.hpp"
#include "scanner/recording/engine_checkpoint.hpp"
#include "scanner/recording/recorder.hpp"
#include "scanner/recording/tap.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::app {
namespace {

namespace asio = boost::asio;

class LiveRecordingImpl final : public LiveRecording, public exchange::FeedTap {
public:
    LiveRecordingImpl(asio::any_io_executor executor, const settings::Settings& settings)
        : executor_(std::move(executor)),
          settings_(settings),
          tap_(recording::make_tap(executor_, core::system_clock(), recorded_settings(settings))) {
        tap_->set_checkpoint([this] { return beginning(); });
    }
    ~LiveRecordingImpl() override { hashing_.join(); }
    LiveRecordingImpl(const LiveRecordingImpl&) = delete;
    LiveRecordingImpl& operator=(const LiveRecordingImpl&) = delete;

    core::Result<void> begin() override {
        if (recorder_) return core::fail(core::ErrorCode::conflict, "a recording is made already");
        const std::string folder = record_folder(settings_);
        auto disk = recording::make_recording_disk(folder);
        if (!disk) return std::unexpected(disk.error().within("SCANNER_RECORD_DIR"));
        recording::RecorderOptions options;
        options.max_bytes = static_cast<std::uint64_t>(settings_.record_max_gb * 1e9);
        // So that a small bound has older ones to give up.
        constexpr std::uint64_t kSegments = 8;
        options.segment_bytes = static_cast<std::size_t>(
            std::clamp<std::uint64_t>(options.max_bytes / kSegments, 1U << 16U, recording::kSegmentBytes));
        const std::int64_t started_ns = core::to_unix_ms(core::system_clock().now()) * 1'000'000;
        recorder_ = recording::make_recorder(std::move(*disk), started_ns, options);
        tap_->record_to(recorder_.get());
        core::log(core::LogLevel::info, "recording", {{"folder", folder}, {"recording", status()->recording}});
        return {};
    }

    std::unique_ptr<recording::Recorder> end() override {
        if (!recorder_) return nullptr;
        note_digests();
        tap_->record_to(nullptr);
        core::log(core::LogLevel::info, "recording_ended", {{"recording", status()->recording}});
        return std::move(recorder_);
    }

    std::optional<recording::RecorderStatus> status() const override {
        return recorder_ ? std::optional(recorder_->status()) : std::nullopt;
    }

    net::HttpClient& wrap(net::HttpClient& inner) override {
        client_ = recording::make_recording_client(inner, *tap_);
        return *client_;
    }
    exchange::Exchange& wrap(exchange::Exchange& inner) override {
        checkpointed_ = dynamic_cast<exchange::Checkpointed*>(&inner);
        exchange_ = recording::make_recording_exchange(inner, *tap_);
        return *exchange_;
    }
    exchange::Exchange& wrap_for_feed(exchange::Exchange& inner) override {
        feed_exchange_ = recording::make_recording_exchange(inner, *tap_, std::string(recording::kFeedPrefix));
        return *feed_exchange_;
    }
    const core::Clock& clock() override { return *tap_; }
    net::StepLog& steps() override { return *tap_; }
    exchange::FeedTap& feed_tap() override { return *this; }

    void follow(engine::RankingBoard& board) override {
        board.on_recorded([this](const ranking::RankingPtr& ranking) {
            if (!recorder_) return;
            // Milliseconds of work that no ranking should wait for.
            asio::post(hashing_, [this, ranking] {
                const recording::CycleDigest digest{.sequence = ranking->sequence, .hash = digest_of(*ranking)};
                core::log(core::LogLevel::info, "cycle_digest",
                          {{"seq", digest.sequence}, {"digest", recording::hash_text(digest.hash)}});
                {
                    const std::scoped_lock guard(mutex_);
                    digests_.push_back(digest);
                }
                asio::post(executor_, [this, alive = std::weak_ptr(alive_)] {
                    if (!alive.expired()) note_digests();
                });
            });
        });
    }

    void keep_state_of(engine::Engine& engine) override { engine_ = &engine; }

    void note_epoch(std::uint64_t epoch) override {
        epoch_ = epoch;
        tap_->step("epoch", "", std::to_string(epoch));
    }
    void note_options(const RecordedOptions& options) override {
        options_ = encode_options(options);
        tap_->step("options", "", options_);
    }
    void note_settings(const settings::Settings& settings) override {
        tap_->note(recording::SettingsInEffect{recorded_settings(settings)});
    }
    void note_documents(const storage::OperatorDocuments& documents) override {
        if (!documents.loaded) return;
        tap_->note(
            recording::OperatorChange{.kind = std::string(kDocumentsChange), .text = encode_documents(documents)});
    }
    std::optional<storage::NamedStatus> health() const override {
        if (!recorder_) return std::nullopt;
        const recording::RecorderStatus status = recorder_->status();
        const bool writing = status.state == recording::RecorderState::recording;
        return storage::NamedStatus{
            .name = "recording",
            .kind = "files",
            .status = {.state = writing ? storage::StoreState::embedded : storage::StoreState::down,
                       .dropped = status.lost,
                       .last_error = writing || !status.error.empty() ? status.error : "the recording has ended"}};
    }

    void close(std::chrono::milliseconds grace) override {
        hashing_.join();
        const auto recorder = end();
        if (recorder && !recorder->finish(grace)) core::log(core::LogLevel::error, "recording_not_finished");
    }

    // -- of the feed

    void on_connected(std::uint32_t connection, std::string_view name) override {
        tap_->note(recording::ConnectionEvent{
            .connection = connection, .open = true, .name = std::string(name), .detail = ""});
    }
    void on_message(std::uint32_t connection, bool binary, std::string_view bytes) override {
        if (!recorder_) return;  // thousands a second: not even copied
        tap_->note(recording::SocketFrame{
            .connection = connection, .binary = binary, .compressed = binary, .bytes = std::string(bytes)});
    }
    void on_disconnected(std::uint32_t connection, std::string_view why) override {
        tap_->note(recording::ConnectionEvent{
            .connection = connection, .open = false, .name = "", .detail = std::string(why)});
    }

    void on_begin(std::uint64_t random_seed) override { tap_->step("feed.seed", "", std::to_string(random_seed)); }
    void on_tend() override { tap_->step("feed.tend", "", ""); }

private:
    /// Nothing while a pass is under way: its answers belong to the segment before.
    std::optional<recording::Beginning> beginning() {
        recording::Beginning beginning;
        if (engine_ != nullptr) {
            const auto began = std::chrono::steady_clock::now();
            auto bytes = engine_->checkpoint();
            if (!bytes) return std::nullopt;
            const auto shown = engine_->board().current();
            const std::size_t size = bytes->size();
            // Its checksum and its pieces are made where it is written.
            const auto state = std::make_shared<recording::EngineState>(
                recording::EngineState{.with_feed = engine_->live() != nullptr,
                                       .sequence = shown ? shown->sequence : 0,
                                       .exchange = checkpointed_ != nullptr ? checkpointed_->checkpoint() : "",
                                       .bytes = std::move(*bytes)});
            beginning.state = [state] {
                auto pieces = recording::engine_pieces(*state);
                return std::vector<recording::RecordBody>(std::make_move_iterator(pieces.begin()),
                                                          std::make_move_iterator(pieces.end()));
            };
            beginning.whole = true;
            const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
            core::log(core::LogLevel::info, "recording_checkpoint", {{"bytes", size}, {"ms", took.count()}});
        }
        if (epoch_ != 0) beginning.pieces.push_back(recording::Step{"epoch", "", std::to_string(epoch_)});
        if (!options_.empty()) beginning.pieces.push_back(recording::Step{"options", "", options_});
        return beginning;
    }

    void note_digests() {
        std::vector<recording::CycleDigest> made;
        {
            const std::scoped_lock guard(mutex_);
            made.swap(digests_);
        }
        for (const recording::CycleDigest& digest : made) tap_->note(digest);
    }

    const asio::any_io_executor executor_;
    const settings::Settings& settings_;
    std::unique_ptr<recording::Recorder> recorder_;  ///< nullptr while nothing is recorded
    std::unique_ptr<recording::Tap> tap_;
    std::unique_ptr<net::HttpClient> client_;
    std::unique_ptr<exchange::Exchange> exchange_;
    std::unique_ptr<exchange::Exchange> feed_exchange_;
    std::uint64_t epoch_ = 0;  ///< of the last term; 0: there was none
    std::string options_;
    engine::Engine* engine_ = nullptr;
    exchange::Checkpointed* checkpointed_ = nullptr;  ///< where the exchange is one
    std::mutex mutex_;
    std::vector<recording::CycleDigest> digests_;  // guarded by mutex_
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    asio::thread_pool hashing_{1};
};

}  // namespace

std::string record_folder(const settings::Settings& settings) {
    return settings.record_dir.empty() ? settings.data_dir + "/recordings" : settings.record_dir;
}

std::unique_ptr<LiveRecording> make_live_recording(asio::any_io_executor executor, const settings::Settings& settings) {
    return std::make_unique<LiveRecordingImpl>(std::move(executor), settings);
}

}  // namespace scanner::app
