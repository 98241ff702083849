#pragma once

#include "api/http/problem.hpp"
#include "api/http/router.hpp"

#include "scanner/net/http_message.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::api {

/// The body as a JSON object: 415 when it is not declared as JSON, 413 when it is longer than `limits` allow, 400 when
/// it is not JSON or nested absurdly, 422 when it is not an object. Pure.
[[nodiscard]] std::expected<std::shared_ptr<const nlohmann::json>, Problem> read_json_body(
    const net::ServerRequest& request, const JsonBody& limits = {});

/// Reads the members of a body and collects everything that is wrong with them. Members that were not asked for
/// are wrong.
class BodyReader {
public:
    /// `body` is an object and outlives the reader.
    explicit BodyReader(const nlohmann::json& body) : body_(body) {}

    /// The member whatever it is; nullptr when it is absent.
    [[nodiscard]] const nlohmann::json* member(std::string_view name);

    // Nothing when the member is absent or wrong; what is wrong is remembered. Null is wrong, but for nullable_number.
    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    [[nodiscard]] std::optional<double> number(std::string_view name, double low, double high);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
    [[nodiscard]] std::optional<bool> flag(std::string_view name);
    /// Outer: whether it was given; inner: nothing for null.
    [[nodiscard]] std::optional<std::optional<double>> nullable_number(std::string_view name, double low, double high);
    /// A text that must be there and be fit as a name (core::name_fault).
    [[nodiscard]] std::optional<std::string> required_name(std::string_view name);

    void reject(std::string_view name, std::string message,
                std::optional<FieldError::Position> position = std::nullopt);
    /// Whether so much is wrong that more of it is only counted: messages need not be composed any more.
    [[nodiscard]] bool full() const noexcept { return errors_.full(); }
    /// Everything that is wrong, unknown members included.
    [[nodiscard]] std::vector<FieldError> finish();

private:
    const nlohmann::json& body_;
    std::vector<std::string> known_;
    FieldErrors errors_;
};

/// The number, or what is wrong with it: also for values within lists and maps.
[[nodiscard]] std::expected<double, std::string> read_number(const nlohmann::json& value, double low, double high);

}  // namespace scanner::api
