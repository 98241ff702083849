#include "net/client/read_ahead.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace scanner::net {
namespace {

constexpr std::string_view kEndOfAnswer = "\r\n\r\n";
constexpr std::size_t kMaxAnswer = 16U << 10U;
constexpr std::size_t kMaxLength = 1U << 30U;  ///< longer ones are refused by any reader
constexpr std::uint8_t kFinalBinary = 0x82;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kTwoBytes = 126;
constexpr std::uint8_t kEightBytes = 127;
constexpr std::size_t kMask = 4;

}  // namespace

std::span<char> ReadAhead::prepare() {
    if (begin_ > 0) {
        std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    return std::span(bytes_).subspan(end_);
}

void ReadAhead::commit(std::size_t count) {
    end_ += count;
}

void ReadAhead::look() {
    const std::string_view bytes = held();
    if (in_answer_) {
        const auto end = bytes.find(kEndOfAnswer);
        if (end == std::string_view::npos && bytes.size() < kMaxAnswer) return;
        in_answer_ = false;
        left_ = end == std::string_view::npos ? bytes.size() : end + kEndOfAnswer.size();
        return;
    }
    if (bytes.size() < 2) return;
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
    const bool masked = (byte(1) & kMasked) != 0;
    const auto shown = static_cast<std::uint8_t>(byte(1) & ~kMasked);
    const std::size_t more = shown == kTwoBytes ? 2 : shown == kEightBytes ? 8 : 0;
    const std::size_t header = 2 + more + (masked ? kMask : 0);
    if (bytes.size() < header) return;
    std::uint64_t length = more == 0 ? shown : 0;
    for (std::size_t at = 2; at < 2 + more; ++at) length = length << 8U | byte(at);
    payload_ = static_cast<std::size_t>(std::min<std::uint64_t>(length, kMaxLength));
    is_message_ = byte(0) == kFinalBinary && !masked && length <= kMaxLength;
    left_ = header + payload_;
}

std::size_t ReadAhead::available() {
    if (left_ == 0) look();
    return std::min(left_, end_ - begin_);
}

std::size_t ReadAhead::take(std::span<char> to) {
    const std::size_t count = std::min(available(), to.size());
    if (count == 0) return 0;
    std::memcpy(to.data(), bytes_.data() + begin_, count);
    begin_ += count;
    left_ -= count;
    is_message_ = false;
    return count;
}

bool ReadAhead::holds_message(std::size_t max_bytes) {
    return available() > 0 && is_message_ && payload_ <= max_bytes && end_ - begin_ >= left_;
}

}  // namespace scanner::net
