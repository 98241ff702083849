#pragma once

#include "exchange/rest/answer.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

/// For the decoders' .cpp files only: what shows simdjson.
namespace scanner::exchange::rest {

struct JsonParser::Impl {
    simdjson::dom::parser parser;
};

/// A finite number that was printed as a number or as text ("0E-18"); nothing for anything else.
[[nodiscard]] std::optional<double> to_number(simdjson::dom::element element);
/// An integer printed as a number or as text; never by way of a double, because ids exceed 2^53.
[[nodiscard]] std::optional<std::int64_t> to_integer(simdjson::dom::element element);
/// Exchanges write "nothing" as an absent key, null, "" and "null".
[[nodiscard]] bool is_nothing(simdjson::dom::element element);
/// Milliseconds since 1970 as a time; nothing outside 2001..2100, which also catches seconds taken for milliseconds.
[[nodiscard]] std::optional<core::WallTime> to_time(std::int64_t unix_ms);
/// A short form of a value for an error message.
[[nodiscard]] std::string describe(simdjson::dom::element element);

/// Reads the fields of one object and remembers the first that is wrong, so that a decoder reads straight on and looks
/// once at the end. After a failure the values are meaningless (zero, empty).
class FieldReader {
public:
    /// `path` goes in front of field names in messages: "tick" gives "tick.ts: missing".
    explicit FieldReader(simdjson::dom::object object, std::string path = {})
        : object_(object), path_(std::move(path)) {}

    /// Non-empty text.
    [[nodiscard]] std::string_view text(std::string_view key);
    [[nodiscard]] std::string_view optional_text(std::string_view key);
    [[nodiscard]] double positive(std::string_view key);
    [[nodiscard]] double not_negative(std::string_view key);
    [[nodiscard]] std::optional<double> optional_number(std::string_view key);
    [[nodiscard]] std::int64_t integer(std::string_view key);
    [[nodiscard]] std::optional<std::int64_t> optional_integer(std::string_view key);
    /// Nothing also where it is something else: for what decides nothing.
    [[nodiscard]] std::optional<std::int64_t> integer_if_any(std::string_view key) const;
    [[nodiscard]] core::WallTime time(std::string_view key);
    [[nodiscard]] std::optional<core::WallTime> optional_time(std::string_view key);
    /// Nothing only after a failure.
    [[nodiscard]] std::optional<simdjson::dom::array> array(std::string_view key);
    /// Nothing also where the key is absent.
    [[nodiscard]] std::optional<simdjson::dom::array> optional_array(std::string_view key);
    /// Nothing only after a failure.
    [[nodiscard]] std::optional<simdjson::dom::object> object(std::string_view key);

    void reject(std::string_view key, std::string_view why);
    [[nodiscard]] bool ok() const { return problem_.empty(); }
    [[nodiscard]] const std::string& problem() const { return problem_; }
    /// The problem as a malformed answer.
    [[nodiscard]] core::Error error() const { return {core::ErrorCode::malformed, problem_}; }

private:
    [[nodiscard]] std::optional<simdjson::dom::element> find(std::string_view key) const;
    [[nodiscard]] std::optional<simdjson::dom::element> require(std::string_view key);

    simdjson::dom::object object_;
    std::string path_;
    std::string problem_;
};

}  // namespace scanner::exchange::rest
