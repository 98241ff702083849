#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Fields of a text that is hostile until parsed, each by name and with its bounds. Whatever is missing, of another
/// kind or out of its range is thrown as a Flaw; pure, any thread.
namespace scanner::ranking {

using nlohmann::json;

/// What is wrong with the text; thrown inside the decoding of a ranking only, where the way back up is long and every
/// field can fail. decode_ranking catches it.
struct Flaw {
    std::string what;
    core::ErrorCode code = core::ErrorCode::malformed;
};

/// Nothing that is measured comes near it, and no sum or product of two such numbers leaves what a double can hold.
inline constexpr double kMaxMagnitude = 1e30;
inline constexpr std::size_t kMaxTextBytes = 1'024;

[[nodiscard]] const json& member(const json& object, std::string_view name);
/// The same of a member that earlier versions did not write: nullptr where it is missing or null.
[[nodiscard]] const json* find_member(const json& object, std::string_view name);

/// Finite and at most kMaxMagnitude.
[[nodiscard]] double number(const json& value, std::string_view name);
/// `read`, which must be from `least` to `most`.
[[nodiscard]] double within(double read, std::string_view name, double least, double most);
[[nodiscard]] double number_in(const json& object, std::string_view name);
[[nodiscard]] double number_in(const json& object, std::string_view name, double least, double most);
[[nodiscard]] std::optional<double> maybe_number_in(const json& object, std::string_view name);

[[nodiscard]] std::int64_t integer(const json& value, std::string_view name);
[[nodiscard]] std::int64_t integer_in(const json& object, std::string_view name);
[[nodiscard]] std::int64_t integer_in(const json& object, std::string_view name, std::int64_t least, std::int64_t most);

/// From 1970 to 9999, in milliseconds.
[[nodiscard]] core::WallTime time_of(std::int64_t ms, std::string_view name);
[[nodiscard]] core::WallTime time_in(const json& object, std::string_view name);

/// At most kMaxTextBytes.
[[nodiscard]] std::string text_in(const json& object, std::string_view name);
/// Of 1 to 80 bytes.
[[nodiscard]] std::string name_in(const json& object, std::string_view name);
[[nodiscard]] bool flag_in(const json& object, std::string_view name);

/// An array of at most so many values.
[[nodiscard]] const json& array_in(const json& object, std::string_view name, std::size_t most);
/// `value`, which must be an array of `size` values.
const json& row_of(const json& value, std::string_view name, std::size_t size);

}  // namespace scanner::ranking
