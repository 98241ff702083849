#pragma once

#include "app/recording/live_recording.hpp"

#include "scanner/api/recordings.hpp"
#include "scanner/settings/settings_values.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace scanner::app {

/// What the API's routes ask for of recordings: those in the folder of the settings, and the one that is made now.
/// Files are read and written on a thread of its own. Loop thread only.
class RecordingDesk : public api::Recordings {
public:
    /// Ends no recording, but every wait for its own end.
    virtual void stop() = 0;
};

/// All must outlive it.
[[nodiscard]] std::unique_ptr<RecordingDesk> make_recordings(boost::asio::any_io_executor executor,
                                                             LiveRecording& recording,
                                                             const settings::Settings& settings);

}  // namespace scanner::app
