#pragma once

#include "scanner/core/clock.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

/// Structured logging without a logging library: rooms say what happened, the program decides where it goes.
namespace scanner::core {

enum class LogLevel { trace, debug, info, warning, error, critical, off };

/// "info"; for settings, lines and metric labels.
[[nodiscard]] std::string_view to_string(LogLevel level) noexcept;
/// Reads a level in any case; "warn" and "fatal" are understood too.
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text) noexcept;

/// Text that is JSON already and goes into the line as it is: objects and arrays.
struct RawJson {
    std::string_view json;
};

/// A field's value. Text is borrowed: it need only live until `log` returns.
class LogValue {
public:
    using Variant = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view, RawJson>;

    LogValue(std::nullptr_t) : value_(nullptr) {}
    LogValue(std::same_as<bool> auto value) : value_(value) {}
    LogValue(std::signed_integral auto value) : value_(static_cast<std::int64_t>(value)) {}
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool>)
    LogValue(T value) : value_(static_cast<std::uint64_t>(value)) {}
    LogValue(double value) : value_(value) {}
    template <class T>
        requires std::convertible_to<const T&, std::string_view>
    LogValue(const T& value) : value_(std::string_view(value)) {}
    LogValue(RawJson value) : value_(value) {}
    template <class T>
    LogValue(const std::optional<T>& value) : LogValue(value ? LogValue(*value) : LogValue(nullptr)) {}

    [[nodiscard]] const Variant& get() const noexcept { return value_; }

private:
    Variant value_;
};

/// `name` is snake_case with its unit: {"cycle_ms", 12.5}.
struct LogField {
    std::string_view name;
    LogValue value;
};

/// One thing that happened, as a sink gets it. Borrowed: valid during the call only.
struct LogRecord {
    LogLevel level = LogLevel::info;
    std::string_view event;
    std::span<const LogField> fields;
};

/// Where records go. Called from any thread, also from several at once; must neither block for long nor throw.
class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void write(const LogRecord& record) = 0;
};

/// Replaces the sink; an empty pointer restores the default, which writes JSON lines to standard error. Any thread.
/// Returns the sink that was there (empty for the default), so that a test can put it back.
std::shared_ptr<LogSink> set_log_sink(std::shared_ptr<LogSink> sink);
/// Records below `level` are dropped before they are made into text; `warning` until set. Any thread.
void set_log_level(LogLevel level) noexcept;
[[nodiscard]] LogLevel log_level() noexcept;
[[nodiscard]] bool log_enabled(LogLevel level) noexcept;

/// `log(LogLevel::warning, "redis_lost", {{"error", error.message()}, {"backlog", backlog}});`
/// `event` is a stable snake_case name to search for. Any thread; never throws.
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {}) noexcept;
void log(LogLevel level, std::string_view event, std::span<const LogField> fields) noexcept;

/// One line of JSON without its newline: event, level, timestamp, then the fields. Text over 8 KiB is cut, raw JSON
/// over 256 KiB is replaced by its length, non-finite numbers become null: a line stays valid JSON whatever is logged.
[[nodiscard]] std::string format_log_json(const LogRecord& record, WallTime time);
/// One line for people: "05:24:00.123 INFO  scan_cycle  cycle_ms=12.5 ranked=40". Control characters and overrides of
/// writing direction are escaped, as in the JSON form; long raw JSON is replaced by its length.
[[nodiscard]] std::string format_log_text(const LogRecord& record, WallTime time);

/// Says a repeated failure once when it starts, and once with its count when it is over. One thread.
/// failed("timeout"); failed("timeout"); recovered() logs two lines: `<event>` and `<event>_over` with `failures: 2`.
class RepeatedFailure {
public:
    explicit RepeatedFailure(std::string event, LogLevel level = LogLevel::warning)
        : event_(std::move(event)), level_(level) {}
    /// Logs when a streak begins or when `reason` (a stable name, not a message with numbers) differs from the last
    /// one's.
    void failed(std::string_view reason, std::initializer_list<LogField> fields = {});
    /// Ends the streak, if there is one.
    void recovered();
    [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }

private:
    std::string event_;
    LogLevel level_;
    std::string reason_;
    std::uint64_t failures_ = 0;
};

}  // namespace scanner::core
