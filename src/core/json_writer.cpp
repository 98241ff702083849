#include "scanner/core/json_writer.hpp"

#include "core/utf8.hpp"

#include "scanner/core/numeric.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

namespace scanner::core {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// True for bytes that stand for themselves in a JSON string and are a character of their own.
constexpr std::array<bool, 256> make_plain_table() {
    std::array<bool, 256> plain{};
    for (std::size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
    return plain;
}
constexpr std::array<bool, 256> kPlain = make_plain_table();

void append_escape(std::string& out, unsigned char byte) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    switch (byte) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default:
            out += "\\u00";
            out += kHex[byte >> 4U];
            out += kHex[byte & 15U];
    }
}

template <class Integer>
void append_integer(std::string& out, Integer number) {
    std::array<char, 24> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
    out.append(text.data(), end.ptr);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t start = 0;  // of the run that can be copied as it is
    std::size_t at = 0;
    while (at < text.size()) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (kPlain[byte]) {
            ++at;
            continue;
        }
        const std::size_t length = byte < 0x80 ? 0 : utf8_sequence_length(text.substr(at));
        if (length > 0) {
            at += length;
            continue;
        }
        out.append(text, start, at - start);
        if (byte < 0x80) {
            append_escape(out, byte);
        } else {
            out += kReplacement;
        }
        start = ++at;
    }
    out.append(text, start, at - start);
    out += '"';
}

void append_json_number(std::string& out, double value) {
    assert(std::isfinite(value) && "non-finite values are to be stopped where they enter");
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    append_double(out, value);
}

JsonWriter& JsonWriter::key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    assert(depth_ > 0 && "an end_ without its begin_");
    out_ += bracket;
    comma_ = true;
    --depth_;
    return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t number) {
    separate();
    append_integer(out_, number);
    return *this;
}

JsonWriter& JsonWriter::unsigned_integer(std::uint64_t number) {
    separate();
    append_integer(out_, number);
    return *this;
}

std::string JsonWriter::take() {
    assert(depth_ == 0 && "a begin_ without its end_");
    comma_ = false;
    depth_ = 0;
    return std::exchange(out_, {});
}

}  // namespace scanner::core
