#pragma once

#include "app/recording/live_recording.hpp"

#include "scanner/core/error.hpp"
#include "scanner/settings/settings_values.hpp"

#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstdint>

namespace scanner::app {

/// SCANNER_RECORD=on of a scanner that is elected now and then: a recording for each of its terms, since nothing comes
/// from the exchange in between. Loop thread only.
class TermRecording {
public:
    /// Both must outlive it. Nothing is recorded without SCANNER_RECORD=on.
    TermRecording(LiveRecording& recording, const settings::Settings& settings);
    /// Waits for what `end` left to write.
    ~TermRecording();
    TermRecording(const TermRecording&) = delete;
    TermRecording& operator=(const TermRecording&) = delete;

    /// Whether its folder can be used; nothing is begun.
    [[nodiscard]] core::Result<void> check() const;
    /// The term begins. The recording has its first segment from the end of the first pass on, which is when the engine
    /// can be written down. A failure is logged: the term goes on without.
    void begin(std::uint64_t epoch);
    /// The term has ended. What is left is written on a thread of its own, within `grace`, and what is not is logged.
    void end(std::chrono::milliseconds grace);

private:
    LiveRecording& recording_;
    const settings::Settings& settings_;
    boost::asio::thread_pool writing_{1};
};

}  // namespace scanner::app
