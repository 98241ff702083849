#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::api {

/// What is wrong with one part of a request: where ("query", "top") and what would be right.
struct FieldError {
    std::string in;    ///< "query", "path", "body"
    std::string name;  ///< as the client wrote it
    std::string message;
    /// Where in the field's own text, from 1, in characters.
    struct Position {
        std::size_t line = 1;
        std::size_t column = 1;
        std::size_t length = 1;
    };
    std::optional<Position> position = std::nullopt;
};

/// The errors of one request as they are found. Of so many kept ones on it only counts, so that a request of a few
/// kilobytes neither costs the time nor gets the answer of thousands.
class FieldErrors {
public:
    static constexpr std::size_t kMax = 50;

    void add(FieldError error) {
        if (kept_.size() < kMax) {
            kept_.push_back(std::move(error));
        } else {
            ++omitted_;
        }
    }
    /// Whether what is added now is counted only: its message need not be composed.
    [[nodiscard]] bool full() const noexcept { return kept_.size() >= kMax; }
    [[nodiscard]] std::vector<FieldError>& kept() noexcept { return kept_; }
    [[nodiscard]] const std::vector<FieldError>& kept() const noexcept { return kept_; }
    /// How many more there were; an entry that says so, behind the kept ones.
    void add_rest_to(std::vector<FieldError>& errors) const;

private:
    std::vector<FieldError> kept_;
    std::size_t omitted_ = 0;
};

/// An error answer (RFC 9457, application/problem+json). A value: made by pure code, rendered once.
struct Problem {
    int status = 500;
    std::string type;    ///< the part after "urn:market-scanner:problem:"; stable, for programs
    std::string title;   ///< of the type, the same every time
    std::string detail;  ///< of this occurrence: what is wrong and what would be right
    std::vector<FieldError> errors;
    std::vector<std::string> suggestions;  ///< near names, nearest first
    std::optional<int> retry_after_sec;    ///< becomes Retry-After
    std::string allow;                     ///< becomes Allow
    bool bearer_challenge = false;         ///< becomes WWW-Authenticate: Bearer
};

/// The customary phrase of an HTTP status ("Not Found").
[[nodiscard]] std::string_view status_phrase(int status) noexcept;

/// The body. `errors` and `suggestions` are members only when there are any.
[[nodiscard]] std::string render_problem(const Problem& problem);

[[nodiscard]] Problem malformed_request(std::string detail);
[[nodiscard]] Problem unknown_route(std::string_view path, std::vector<std::string> near);
[[nodiscard]] Problem method_not_allowed(std::string_view method, std::string allow);
/// 422 with every offending field at once; the detail sums them up.
[[nodiscard]] Problem invalid_parameters(std::vector<FieldError> errors);
[[nodiscard]] Problem unknown_contract(std::string_view wanted, std::vector<std::string> near);
/// 422 like invalid_parameters, about a body.
[[nodiscard]] Problem invalid_body(std::vector<FieldError> errors);
[[nodiscard]] Problem not_ready(std::string detail, int retry_after_sec);
/// Any status of the server's own making (413, 431, 408 …), named by its phrase.
[[nodiscard]] Problem plain_problem(int status, std::string detail);

/// Text from a client, made fit to be quoted in a message: at most 80 bytes, control characters replaced, UTF-8 kept
/// whole.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace scanner::api
