#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace scanner::core {

/// What kind of thing went wrong: decides whether to retry, what to count and which HTTP status a client sees.
enum class ErrorCode {
    invalid_input,      ///< the caller's value is wrong; retrying cannot help
    not_found,          ///< the named thing does not exist
    timeout,            ///< a deadline passed
    cancelled,          ///< shutdown or the caller asked to stop
    network,            ///< connect, TLS, reset, name resolution
    http_status,        ///< an HTTP status that is not 2xx and has no better name here
    rate_limited,       ///< HTTP 429, or the exchange said so in its own way
    maintenance,        ///< the exchange says that it is under maintenance
    exchange_rejected,  ///< an error envelope from the exchange, other than the above
    malformed,          ///< an answer that does not parse or lacks what it must have
    unavailable,        ///< breaker open, store away, queue full
    conflict,           ///< a concurrent change won (precondition failed)
    io,                 ///< files and disks
    internal,           ///< a bug of ours
};

/// The stable lower-case name of a code ("rate_limited"), for logs and metric labels.
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

/// An error as a value: what kind, and a sentence that says where and what, for a person.
class [[nodiscard]] Error {
public:
    Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

    [[nodiscard]] ErrorCode code() const noexcept { return code_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    /// The same error with where it happened put in front: "context: message".
    [[nodiscard]] Error within(std::string_view context) const;

private:
    ErrorCode code_;
    std::string message_;
};

/// Every fallible function at a boundary returns this; nothing throws across one.
template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::malformed, "tick: no bids");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
    return std::unexpected<Error>(Error(code, std::move(message)));
}

}  // namespace scanner::core
