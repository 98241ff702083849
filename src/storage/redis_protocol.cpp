#include "storage/redis_protocol.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>
#include <utility>

namespace scanner::storage {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
/// Of a line: an error's text is the longest that there is.
constexpr std::size_t kMaxLineBytes = 64U << 10U;

std::unexpected<core::Error> malformed(std::string what) {
    return core::fail(core::ErrorCode::malformed, "redis: " + std::move(what));
}

std::optional<std::int64_t> integer_of(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

std::string encode_command(std::span<const std::string> words) {
    std::string bytes = fmt::format("*{}\r\n", words.size());
    for (const std::string& word : words) {
        fmt::format_to(std::back_inserter(bytes), "${}\r\n", word.size());
        bytes += word;
        bytes += kLineEnd;
    }
    return bytes;
}

core::Result<std::optional<RedisReply>> ReplyReader::next() {
    std::string_view rest = buffer_;
    RedisReply reply;
    const auto progress = read(rest, reply, 0);
    if (!progress) return std::unexpected(progress.error());
    if (*progress == Progress::incomplete) {
        if (buffer_.size() > limits_.max_bytes + kMaxLineBytes)
            return malformed(fmt::format("an answer of more than {} bytes", limits_.max_bytes));
        return std::nullopt;
    }
    buffer_.erase(0, buffer_.size() - rest.size());
    return reply;
}

core::Result<ReplyReader::Progress> ReplyReader::read(std::string_view& rest, RedisReply& into,
                                                      std::size_t depth) const {
    const std::size_t end = rest.find(kLineEnd);
    if (end == std::string_view::npos) {
        if (rest.size() > kMaxLineBytes) return malformed("a line without an end");
        return Progress::incomplete;
    }
    if (end == 0 || end > kMaxLineBytes) return malformed("a line that is empty or too long");
    const char type = rest.front();
    const std::string_view line = rest.substr(1, end - 1);
    rest.remove_prefix(end + kLineEnd.size());
    if (type == '+' || type == '-') {
        into.kind = type == '+' ? RedisReply::Kind::status : RedisReply::Kind::error;
        into.text = line;
        return Progress::whole;
    }
    const auto number = integer_of(line);
    if (!number) return malformed("not an answer of Redis; is this its port?");
    switch (type) {
        case ':':
            into.kind = RedisReply::Kind::integer;
            into.integer = *number;
            return Progress::whole;
        case '$': return read_text(rest, *number, into);
        case '*': return read_array(rest, *number, into, depth);
        default: return malformed("not an answer of Redis; is this its port?");
    }
}

core::Result<ReplyReader::Progress> ReplyReader::read_text(std::string_view& rest, std::int64_t size,
                                                           RedisReply& into) const {
    if (size == -1) return Progress::whole;  // nil
    if (size < 0 || std::cmp_greater(size, limits_.max_bytes))
        return malformed(fmt::format("an answer of {} bytes, of which at most {} are read", size, limits_.max_bytes));
    const auto length = static_cast<std::size_t>(size);
    if (rest.size() < length + kLineEnd.size()) return Progress::incomplete;
    if (rest.substr(length, kLineEnd.size()) != kLineEnd) return malformed("a text that is not as long as it says");
    into.kind = RedisReply::Kind::string;
    into.text = rest.substr(0, length);
    rest.remove_prefix(length + kLineEnd.size());
    return Progress::whole;
}

core::Result<ReplyReader::Progress> ReplyReader::read_array(std::string_view& rest, std::int64_t size, RedisReply& into,
                                                            std::size_t depth) const {
    if (size == -1) return Progress::whole;  // nil
    if (size < 0 || std::cmp_greater(size, limits_.max_elements) || depth >= limits_.max_depth)
        return malformed("an array that is longer or deeper than any answer");
    into.kind = RedisReply::Kind::array;
    for (std::int64_t i = 0; i < size; ++i) {
        const auto progress = read(rest, into.elements.emplace_back(), depth + 1);
        if (!progress || *progress == Progress::incomplete) return progress;
    }
    return Progress::whole;
}

}  // namespace scanner::storage
