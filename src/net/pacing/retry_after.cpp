#include "scanner/net/retry_after.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace scanner::net {
namespace {

using std::chrono::milliseconds;

constexpr double kMaxSeconds = 100.0 * 366 * 86'400;

/// Reads a date from front to back; what does not fit makes it fail for good.
class DateReader {
public:
    explicit DateReader(std::string_view text) : rest_(text) {}

    void literal(std::string_view expected) {
        failed_ = failed_ || !rest_.starts_with(expected);
        if (!failed_) rest_.remove_prefix(expected.size());
    }
    /// A number of exactly `digits`; the first may be a blank where `padded`.
    int number(std::size_t digits, bool padded = false) {
        int value = 0;
        for (std::size_t i = 0; i < digits && !failed_; ++i) {
            const char c = rest_.empty() ? '\0' : rest_.front();
            const bool blank = padded && i == 0 && c == ' ';
            failed_ = !blank && (c < '0' || c > '9');
            if (failed_) break;
            if (!blank) value = value * 10 + (c - '0');
            rest_.remove_prefix(1);
        }
        return value;
    }
    unsigned month() {
        static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        const auto found = std::ranges::find(kMonths, rest_.substr(0, 3));
        failed_ = failed_ || found == kMonths.end();
        if (failed_) return 0;
        rest_.remove_prefix(3);
        return static_cast<unsigned>(found - kMonths.begin()) + 1;
    }
    std::chrono::seconds clock() {
        const int hours = number(2);
        literal(":");
        const int minutes = number(2);
        literal(":");
        const int seconds = number(2);
        failed_ = failed_ || hours > 23 || minutes > 59 || seconds > 60;  // a leap second
        return std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
    }
    [[nodiscard]] bool done() const { return !failed_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool failed_ = false;
};

/// Which day of the week it is said to be tells nothing new: "Sun, " and the like are cut off unread.
std::optional<std::string_view> behind_weekday(std::string_view text, std::string_view separator) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos || at < 3 || at > 9) return std::nullopt;
    const std::string_view day = text.substr(0, at);
    if (!std::ranges::all_of(day, [](char c) { return core::lower_case(c) >= 'a' && core::lower_case(c) <= 'z'; })) {
        return std::nullopt;
    }
    return text.substr(at + separator.size());
}

}  // namespace

std::optional<core::WallTime> parse_http_date(std::string_view text) {
    text = core::trimmed(text);
    int year = 0;
    unsigned month = 0;
    int day = 0;
    std::chrono::seconds clock{0};
    bool read = false;
    if (const auto rest = behind_weekday(text, ", ")) {
        const bool obsolete = rest->size() > 2 && (*rest)[2] == '-';  // RFC 850
        DateReader date(*rest);
        day = date.number(2);
        date.literal(obsolete ? "-" : " ");
        month = date.month();
        date.literal(obsolete ? "-" : " ");
        year = date.number(obsolete ? 2 : 4);
        if (obsolete) year += year < 70 ? 2000 : 1900;
        date.literal(" ");
        clock = date.clock();
        date.literal(" GMT");
        read = date.done();
    } else if (const auto after = behind_weekday(text, " ")) {  // asctime
        DateReader date(*after);
        month = date.month();
        date.literal(" ");
        day = date.number(2, true);
        date.literal(" ");
        clock = date.clock();
        date.literal(" ");
        year = date.number(4);
        read = date.done();
    }
    const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(static_cast<unsigned>(day)));
    if (!read || !date.ok()) return std::nullopt;
    return core::WallTime(std::chrono::sys_days(date) + clock);
}

std::optional<milliseconds> parse_delay_seconds(std::string_view text) {
    text = core::trimmed(text);
    const bool plain = std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    const auto seconds = plain && !text.empty() ? core::parse_double(text) : std::nullopt;
    if (!seconds || *seconds > kMaxSeconds) return std::nullopt;
    return milliseconds(static_cast<std::int64_t>(std::ceil(*seconds * 1'000.0)));
}

std::optional<milliseconds> retry_after(const std::vector<Header>& headers, core::WallTime now) {
    const std::string_view text = find_header(headers, "retry-after");
    if (const auto delay = parse_delay_seconds(text)) return delay;
    const auto until = parse_http_date(text);
    if (!until) return std::nullopt;
    const core::WallTime from = parse_http_date(find_header(headers, "date")).value_or(now);
    return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*until - from));
}

}  // namespace scanner::net
