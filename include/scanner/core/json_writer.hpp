#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace scanner::core {

/// Appends `text` as a JSON string, quotes included: what JSON requires is escaped, and so are characters that act on
/// what shows them (C1 controls, overrides of writing direction), which JSON would let through; invalid UTF-8 becomes
/// U+FFFD.
void append_json_string(std::string& out, std::string_view text);
/// Appends the shortest text that reads back as `value`; a non-finite value becomes null (and is an assertion failure
/// in debug builds: such values are to be stopped where they enter).
void append_json_number(std::string& out, double value);

/// Writes JSON from front to back into one string: no tree, no look-back, commas by itself. The caller answers for the
/// structure (a key before each value in an object, every begin_ with its end_); debug builds assert the nesting.
/// One thread.
///
///     JsonWriter json(256);
///     json.begin_object().field("symbol", symbol).field("score", 1.25).key("tags").begin_array();
///     for (const auto& tag : tags) json.value(tag);
///     json.end_array().end_object();
///     return std::move(json).take();
class JsonWriter {
public:
    JsonWriter() = default;
    /// With room for `reserve` bytes.
    explicit JsonWriter(std::size_t reserve) { out_.reserve(reserve); }

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }

    /// A member's name; its value must follow.
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::nullptr_t) { return null(); }
    JsonWriter& value(std::same_as<bool> auto flag) { return raw(flag ? "true" : "false"); }
    JsonWriter& value(std::signed_integral auto number) { return integer(static_cast<std::int64_t>(number)); }
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool>)
    JsonWriter& value(T number) {
        return unsigned_integer(static_cast<std::uint64_t>(number));
    }
    JsonWriter& value(double number) {
        separate();
        append_json_number(out_, number);
        return *this;
    }
    template <class T>
        requires std::convertible_to<const T&, std::string_view>
    JsonWriter& value(const T& text) {
        separate();
        append_json_string(out_, std::string_view(text));
        return *this;
    }
    /// The value, or null where there is none.
    template <class T>
    JsonWriter& value(const std::optional<T>& maybe) {
        return maybe ? value(*maybe) : null();
    }
    JsonWriter& null() { return raw("null"); }
    /// Text that is JSON already; nothing is checked.
    JsonWriter& raw(std::string_view json) {
        separate();
        out_ += json;
        return *this;
    }

    /// key() and value() in one.
    template <class T>
    JsonWriter& field(std::string_view name, const T& what) {
        return key(name).value(what);
    }

    [[nodiscard]] std::string_view view() const noexcept { return out_; }
    [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
    /// Hands the text over and leaves the writer empty, ready for another document.
    [[nodiscard]] std::string take();

private:
    void separate() {
        if (comma_) out_ += ',';
        comma_ = true;
    }
    JsonWriter& open(char bracket) {
        separate();
        out_ += bracket;
        comma_ = false;
        ++depth_;
        return *this;
    }
    JsonWriter& close(char bracket);
    JsonWriter& integer(std::int64_t number);
    JsonWriter& unsigned_integer(std::uint64_t number);

    std::string out_;
    bool comma_ = false;  ///< whether the next value or key follows another one
    int depth_ = 0;
};

}  // namespace scanner::core
