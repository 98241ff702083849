#include "scanner/core/json_writer.hpp"

#include "core/characters.hpp"
#include "core/utf8.hpp"

#include "scanner/core/numeric.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

namespace scanner::core {
namespace {

/// True for bytes that stand for themselves in a JSON string and are a character of their own.
constexpr std::array<bool, 256> make_plain_table() {
    std::array<bool, 256> plain{};
    for (std::size_t byte = 0x20; byte < 0x7F; ++byte) plain[byte] = byte != '"' && byte != '\\';
    return plain;
}
constexpr std::array<bool, 256> kPlain = make_plain_table();

void append_escape(std::string& out, unsigned char byte) {
    switch (byte) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\b': out += "\\b"; return;
        case '\f': out += "\\f"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: append_json_escape(out, byte);
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
        const std::uint32_t point = length > 0 ? utf8_code_point(text.substr(at, length)) : byte;
        if (length > 0 && !is_acting_character(point)) {
            at += length;
            continue;
        }
        out.append(text, start, at - start);
        if (byte < 0x80) {
            append_escape(out, byte);
        } else if (length > 0) {
            append_json_escape(out, point);
        } else {
            out += kReplacementCharacter;
        }
        at += std::max(length, std::size_t{1});
        start = at;
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
    // Nearly all names are plain, and there are as many of them as values.
    if (std::ranges::all_of(name, [](char c) { return kPlain[static_cast<unsigned char>(c)]; })) {
        out_ += '"';
        out_ += name;
        out_ += "\":";
    } else {
        append_json_string(out_, name);
        out_ += ':';
    }
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
