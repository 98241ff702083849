#pragma once

#include "scanner/core/log.hpp"
#include "scanner/settings/settings_values.hpp"

#include <memory>

namespace scanner::app {

/// Keeps the program's log open; its end writes what is still queued (for at most two seconds) and restores the sink
/// and level that were there before. Hold one in main, outside everything that logs.
class LogSession {
public:
    LogSession() = default;
    LogSession(const LogSession&) = delete;
    LogSession& operator=(const LogSession&) = delete;
    virtual ~LogSession() = default;
    /// Lines that had to be dropped because standard error did not take them fast enough.
    [[nodiscard]] virtual std::size_t dropped() const = 0;
};

/// Sends core::log to standard error, one line a record, through a bounded queue and a thread of its own: a terminal or
/// pipe that is not read does not block the caller; when 8192 lines wait, the oldest are dropped (the last line says
/// how many).
/// Standard output stays for what commands print.
[[nodiscard]] std::unique_ptr<LogSession> start_logging(core::LogLevel level, settings::LogFormat format);

/// The same into the open file `descriptor`, which the caller closes after the session.
[[nodiscard]] std::unique_ptr<LogSession> start_logging_to(int descriptor, core::LogLevel level,
                                                           settings::LogFormat format);

}  // namespace scanner::app
