#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

/// What stream-load knows of one subscriber, and what all of them have seen. One thread.
namespace stream_load {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// -- what was seen ---------------------------------------------------------------------------------------------------

/// Delivery times to the tenth of a millisecond, up to ten seconds.
class Histogram {
public:
    void add(double ms) {
        const double slot = std::clamp(ms * 10.0, 0.0, static_cast<double>(counts_.size() - 1));
        ++counts_[static_cast<std::size_t>(slot)];
        ++total_;
        longest_ = std::max(longest_, ms);
    }
    [[nodiscard]] double quantile(double share) const {
        const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen >= wanted && seen > 0) return static_cast<double>(i) / 10.0;
        }
        return 0.0;
    }
    [[nodiscard]] std::uint64_t total() const { return total_; }
    [[nodiscard]] double longest() const { return longest_; }

private:
    std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(100'001);
    std::uint64_t total_ = 0;
    double longest_ = 0.0;
};

struct Totals {
    Histogram delivery_ms;
    std::uint64_t bytes = 0;
    std::uint64_t gaps = 0;          ///< frames missed
    std::uint64_t out_of_order = 0;  ///< older than the one before, or the same
    int closed = 0;                  ///< healthy ones that the server ended
    int cut_off = 0;                 ///< stuck ones that the server ended
    double last_cut_off_sec = 0.0;
    bool measuring = false;
    Clock::time_point began = Clock::now();
};

/// "2026-11-22T05:24:00.123Z" as milliseconds since the epoch.
inline std::int64_t unix_ms(std::string_view text) {
    const auto number = [text](std::size_t at, std::size_t length) {
        int value = 0;
        std::from_chars(text.data() + at, text.data() + at + length, value);
        return value;
    };
    const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                           std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                           std::chrono::day(static_cast<unsigned>(number(8, 2)))};
    const auto time = std::chrono::sys_days(date) + std::chrono::hours(number(11, 2)) +
                      std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2)) +
                      milliseconds(number(20, 3));
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

// -- one subscriber --------------------------------------------------------------------------------------------------

/// Splits what arrives into frames, of which it keeps only the beginning: the time and the number are there.
class Subscriber {
public:
    Subscriber(int fd, bool websocket, bool stuck) : fd_(fd), websocket_(websocket), stuck_(stuck) {}
    ~Subscriber() { ::close(fd_); }
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool stuck() const { return stuck_; }
    [[nodiscard]] bool open() const { return phase_ != Phase::head; }
    bool over = false;  ///< counted as ended

    /// False when this is not what the protocol allows.
    bool take(std::string_view bytes, Totals& totals) {
        totals.bytes += bytes.size();
        while (!bytes.empty()) {
            const bool fine = phase_ == Phase::head   ? take_head(bytes)
                              : phase_ == Phase::size ? take_size(bytes)
                                                      : take_payload(bytes, totals);
            if (!fine) return false;
        }
        return true;
    }

private:
    enum class Phase { head, size, payload };
    static constexpr std::size_t kKept = 160;

    bool take_head(std::string_view& bytes) {
        const std::size_t before = kept_.size();
        kept_ += bytes;
        const std::size_t end = kept_.find("\r\n\r\n");
        if (end == std::string::npos) {
            bytes = {};
            return kept_.size() < 8'192;
        }
        bytes.remove_prefix(end + 4 - before);
        const bool accepted = kept_.starts_with(websocket_ ? "HTTP/1.1 101" : "HTTP/1.1 200");
        kept_.clear();
        phase_ = Phase::size;
        return accepted;
    }

    /// A WebSocket frame's head, or a chunk's.
    bool take_size(std::string_view& bytes) {
        kept_ += bytes.front();
        bytes.remove_prefix(1);
        return websocket_ ? read_frame_head() : read_chunk_head();
    }

    bool read_frame_head() {
        if (kept_.size() < 2) return true;
        const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(kept_[i]); };
        const std::size_t short_size = byte(1) & 0x7FU;
        const std::size_t head = short_size == 126 ? 4 : short_size == 127 ? 10 : 2;
        if (kept_.size() < head) return true;
        opcode_ = byte(0) & 0x0FU;
        left_ = short_size;
        if (head > 2) {
            left_ = 0;
            for (std::size_t i = 2; i < head; ++i) left_ = (left_ << 8U) | byte(i);
        }
        return begin_payload();
    }

    bool read_chunk_head() {
        if (!kept_.ends_with("\r\n")) return kept_.size() < 32;
        if (kept_ == "\r\n") {  // behind the chunk before
            kept_.clear();
            return true;
        }
        left_ = 0;
        std::from_chars(kept_.data(), kept_.data() + kept_.size(), left_, 16);
        if (left_ == 0) return false;  // the last one: the server ended the stream
        opcode_ = kText;
        return begin_payload();
    }

    bool begin_payload() {
        kept_.clear();
        phase_ = Phase::payload;
        return left_ > 0 || end_payload(nullptr);  // pings have none
    }

    bool take_payload(std::string_view& bytes, Totals& totals) {
        const std::size_t count = std::min<std::size_t>(left_, bytes.size());
        if (kept_.size() < kKept) kept_ += bytes.substr(0, std::min(count, kKept - kept_.size()));
        bytes.remove_prefix(count);
        left_ -= count;
        return left_ > 0 || end_payload(&totals);
    }

    bool end_payload(Totals* totals) {
        if (opcode_ == kText && totals != nullptr) {
            note_frame(*totals);
        } else if (opcode_ == kPing) {
            answer_ping();
        } else if (opcode_ == kClose) {
            return false;
        }
        kept_.clear();
        phase_ = Phase::size;
        return true;
    }

    void note_frame(Totals& totals) {
        const std::size_t at = kept_.find(R"({"ts":")");
        if (at == std::string::npos || kept_.size() < at + 40) return;  // a comment
        const std::size_t number_at = kept_.find(R"("seq":)", at) + 6;
        std::uint64_t sequence = 0;
        std::from_chars(kept_.data() + number_at, kept_.data() + kept_.size(), sequence);
        const auto now =
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch());
        const auto made = unix_ms(std::string_view(kept_).substr(at + 7, 24));
        if (totals.measuring && last_sequence_ > 0) {
            totals.delivery_ms.add(static_cast<double>(now.count()) / 1000.0 - static_cast<double>(made));
            if (sequence <= last_sequence_) ++totals.out_of_order;
            if (sequence > last_sequence_ + 1) totals.gaps += sequence - last_sequence_ - 1;
        }
        last_sequence_ = sequence;
    }

    void answer_ping() const {
        std::string pong;
        pong += static_cast<char>(0x8A);
        pong += static_cast<char>(0x80U | kept_.size());
        pong.append(4, '\0');  // a mask of zeros changes nothing
        pong += kept_;
        static_cast<void>(::send(fd_, pong.data(), pong.size(), MSG_NOSIGNAL));
    }

    static constexpr unsigned kText = 1;
    static constexpr unsigned kClose = 8;
    static constexpr unsigned kPing = 9;

    int fd_;
    bool websocket_;
    bool stuck_;
    Phase phase_ = Phase::head;
    unsigned opcode_ = 0;
    std::uint64_t left_ = 0;
    std::uint64_t last_sequence_ = 0;
    std::string kept_;
};

}  // namespace stream_load
