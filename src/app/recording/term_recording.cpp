#include "app/recording/term_recording.hpp"

#include "scanner/core/log.hpp"
#include "scanner/recording/disk.hpp"

#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace scanner::app {

TermRecording::TermRecording(LiveRecording& recording, const settings::Settings& settings)
    : recording_(recording), settings_(settings) {}

TermRecording::~TermRecording() {
    writing_.join();
}

core::Result<void> TermRecording::check() const {
    if (!settings_.record) return {};
    const auto disk = recording::make_recording_disk(record_folder(settings_));
    if (!disk) return std::unexpected(disk.error().within("SCANNER_RECORD_DIR"));
    return {};
}

void TermRecording::begin(std::uint64_t epoch) {
    recording_.note_epoch(epoch);
    if (!settings_.record) return;
    if (const auto begun = recording_.begin(); !begun)
        core::log(core::LogLevel::error, "recording_not_begun", {{"error", begun.error().message()}});
}

void TermRecording::end(std::chrono::milliseconds grace) {
    std::shared_ptr<recording::Recorder> recorder = recording_.end();
    if (!recorder) return;
    boost::asio::post(writing_, [recorder = std::move(recorder), grace] {
        if (!recorder->finish(grace)) core::log(core::LogLevel::error, "recording_not_finished");
    });
}

}  // namespace scanner::app
