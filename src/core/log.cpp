#include "scanner/core/log.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/core/text.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <vector>

namespace scanner::core {
namespace {

constexpr std::array<std::string_view, 7> kLevelNames{"trace", "debug", "info", "warning", "error", "critical", "off"};
constexpr std::size_t kMaxTextBytes = std::size_t{8} << 10U;
constexpr std::size_t kMaxRawBytes = std::size_t{256} << 10U;
constexpr std::size_t kMaxRawBytesForPeople = 160;  ///< in the text form, which is read, not parsed

class StandardErrorSink final : public LogSink {
public:
    void write(const LogRecord& record) override {
        const std::string line = format_log_json(record, system_clock().now()) + '\n';
        std::fwrite(line.data(), 1, line.size(), stderr);  // one call, so that lines of several threads do not mix
    }
};

std::atomic<LogLevel> current_level{LogLevel::warning};

/// The sink and the lock that lets it be replaced while others log. Never destroyed: late static destructors may log.
struct SinkHolder {
    std::mutex mutex;
    std::shared_ptr<LogSink> sink;
};
SinkHolder& sink_holder() {
    static auto* const holder = new SinkHolder;
    return *holder;
}

/// The front of `text`, at most `limit` bytes, not cut inside a character.
std::string shortened(std::string_view text, std::size_t limit) {
    std::size_t end = limit;
    while (end > limit - 4 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return std::string(text.substr(0, end)) + "…(" + std::to_string(text.size()) + " bytes)";
}

/// JSON that others wrote, on one line: a newline between two tokens is harmless JSON, but it would break "one object
/// a line", and a character that acts on a terminal can only be part of a string.
void append_raw_json(std::string& out, std::string_view json) {
    std::string spaced(json);
    std::ranges::replace_if(spaced, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    out += is_visible_text(spaced) ? spaced : visible_text(spaced);
}

/// Writes any value as JSON.
struct JsonValueWriter {
    std::string& out;

    void operator()(std::nullptr_t) const { out += "null"; }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(std::int64_t value) const { out += std::to_string(value); }
    void operator()(std::uint64_t value) const { out += std::to_string(value); }
    void operator()(double value) const {
        // A log line must never be what brings the program down: no assertion here.
        if (std::isfinite(value)) {
            append_double(out, value);
        } else {
            out += "null";
        }
    }
    void operator()(std::string_view value) const {
        if (value.size() > kMaxTextBytes) {
            append_json_string(out, shortened(value, kMaxTextBytes));
        } else {
            append_json_string(out, value);
        }
    }
    void operator()(RawJson value) const {
        if (value.json.empty() || value.json.size() > kMaxRawBytes) {
            append_json_string(out, "(" + std::to_string(value.json.size()) + " bytes of JSON)");
            return;
        }
        append_raw_json(out, value.json);
    }
};

bool is_plain_word(std::string_view text) {
    return !text.empty() && is_visible_text(text) && std::ranges::none_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= 0x20 || byte == 0x7F || c == '"' || c == '\\' || c == '=';
    });
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
    return kLevelNames[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> parse_log_level(std::string_view text) noexcept {
    if (equal_ignoring_case(text, "warn")) return LogLevel::warning;
    if (equal_ignoring_case(text, "fatal")) return LogLevel::critical;
    for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
        if (equal_ignoring_case(text, kLevelNames[i])) return static_cast<LogLevel>(i);
    }
    return std::nullopt;
}

std::shared_ptr<LogSink> set_log_sink(std::shared_ptr<LogSink> sink) {
    SinkHolder& holder = sink_holder();
    const std::scoped_lock lock(holder.mutex);
    std::swap(holder.sink, sink);
    return sink;
}

void set_log_level(LogLevel level) noexcept {
    current_level.store(level, std::memory_order_relaxed);
}
LogLevel log_level() noexcept {
    return current_level.load(std::memory_order_relaxed);
}
bool log_enabled(LogLevel level) noexcept {
    return level >= log_level() && level != LogLevel::off;
}

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) noexcept {
    log(level, event, std::span<const LogField>(fields.begin(), fields.size()));
}

void log(LogLevel level, std::string_view event, std::span<const LogField> fields) noexcept {
    if (!log_enabled(level)) return;
    const LogRecord record{.level = level, .event = event, .fields = fields};
    try {
        std::shared_ptr<LogSink> sink;
        {
            SinkHolder& holder = sink_holder();
            const std::scoped_lock lock(holder.mutex);
            sink = holder.sink;
        }
        if (sink) {
            sink->write(record);
        } else {
            StandardErrorSink().write(record);
        }
    } catch (...) {  // NOLINT(bugprone-empty-catch)
        // Out of memory or a broken sink: the line is lost, what it tells about must go on.
    }
}

std::string format_log_json(const LogRecord& record, WallTime time) {
    std::string line;
    line.reserve(256);
    line += R"({"event":)";
    append_json_string(line, record.event);
    line += R"(,"level":")";
    line += to_string(record.level);
    line += R"(","timestamp":")";
    line += format_time(time);
    line += '"';
    for (const LogField& field : record.fields) {
        line += ',';
        append_json_string(line, field.name);
        line += ':';
        std::visit(JsonValueWriter{line}, field.value.get());
    }
    line += '}';
    return line;
}

std::string format_log_text(const LogRecord& record, WallTime time) {
    std::string line = format_time(time).substr(11, 12);
    line += ' ';
    std::string level(to_string(record.level));
    std::ranges::transform(level, level.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
    level.resize(std::max(level.size(), std::size_t{8}), ' ');
    line += level;
    line += ' ';
    line += record.event;
    for (const LogField& field : record.fields) {
        line += ' ';
        line += field.name;
        line += '=';
        const auto* const text = std::get_if<std::string_view>(&field.value.get());
        const auto* const raw = std::get_if<RawJson>(&field.value.get());
        if (raw != nullptr && raw->json.size() > kMaxRawBytesForPeople) {
            line += "(" + std::to_string(raw->json.size()) + " bytes of JSON)";
        } else if (text != nullptr && text->size() <= kMaxTextBytes && is_plain_word(*text)) {
            line += *text;
        } else {
            std::visit(JsonValueWriter{line}, field.value.get());
        }
    }
    return line;
}

void RepeatedFailure::failed(std::string_view reason, std::initializer_list<LogField> fields) {
    ++failures_;
    if (failures_ > 1 && reason == reason_) return;
    reason_ = reason;
    std::vector<LogField> all{{"reason", std::string_view(reason_)}};
    if (failures_ > 1) all.push_back({"failures", failures_});
    all.insert(all.end(), fields.begin(), fields.end());
    log(level_, event_, std::span<const LogField>(all));
}

void RepeatedFailure::recovered() {
    if (failures_ == 0) return;
    log(LogLevel::info, event_ + "_over", {{"reason", std::string_view(reason_)}, {"failures", failures_}});
    failures_ = 0;
    reason_.clear();
}

}  // namespace scanner::core
