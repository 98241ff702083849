#pragma once

#include "api/http/limits.hpp"
#include "api/http/problem.hpp"

#include "scanner/net/request_target.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::api {

/// What a route declares of one of its parameters by reading it: the document at /openapi.json is made of these, so
/// that it cannot say anything else than the reader does.
struct ParamSpec {
    enum class Kind { integer, number, flag, text, choice, open_choice, list };
    std::string name;
    Kind kind = Kind::text;
    std::optional<double> low;
    std::optional<double> high;
    /// Of choice, and of the entries of a list, where they are fixed; those of open_choice change while the service
    /// runs.
    std::vector<std::string> choices;
};
using ParamLog = std::vector<ParamSpec>;

/// Whether the right values of a choice are the same as long as the program runs.
enum class Choices { fixed, changing };

/// Reads the parameters of one request and collects everything that is wrong with them, so that a client hears of all
/// its mistakes at once. Take each known parameter by name, then `finish`: what was not taken is unknown (names that
/// begin with '_' are let through).
class ParamReader {
public:
    /// `log`, unless nullptr, records every parameter that is read.
    explicit ParamReader(const net::QueryParameters& params, ParamLog* log = nullptr)
        : params_(params), taken_(params.size(), false), log_(log) {}

    /// Nothing when the parameter is absent or wrong; what is wrong is remembered.
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t low,
                                                      std::int64_t high = std::numeric_limits<std::int64_t>::max());
    [[nodiscard]] std::optional<double> number(std::string_view name, double low,
                                               double high = std::numeric_limits<double>::max());
    /// true, false, 1, 0, yes, no, on, off in any case.
    [[nodiscard]] std::optional<bool> flag(std::string_view name);
    /// Not empty.
    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    /// One of `choices`, exactly.
    [[nodiscard]] std::optional<std::string> choice(std::string_view name, std::span<const std::string_view> choices,
                                                    Choices kind = Choices::fixed);
    /// The entries of a repeatable, comma-separated parameter, trimmed, without empty and repeated ones, in the
    /// client's order; nothing when the parameter is absent. More than kMaxEntries different ones are wrong. `choices`
    /// are what the entries may be, for the record: the caller looks at each.
    [[nodiscard]] std::optional<std::vector<std::string>> list(std::string_view name,
                                                               std::span<const std::string_view> choices = {});

    static constexpr std::size_t kMaxEntries = kMaxListed;

    /// Remembers that `name` is wrong: `message` says what would be right.
    void reject(std::string_view name, std::string message);
    /// Whether so much is wrong that more of it is only counted: messages need not be composed any more.
    [[nodiscard]] bool full() const noexcept { return errors_.full(); }

    /// Names unknown parameters, then hands out everything that is wrong, in the client's order.
    [[nodiscard]] std::vector<FieldError> finish();

private:
    void take_all(std::string_view name);
    /// The one value of `name`; a second one is an error.
    [[nodiscard]] const std::string* single(std::string_view name);

    void note(ParamSpec spec) {
        if (log_ != nullptr) log_->push_back(std::move(spec));
    }

    const net::QueryParameters& params_;
    std::vector<bool> taken_;
    ParamLog* log_;
    std::vector<std::string> known_;
    FieldErrors errors_;
};

/// 422 for any parameter: for routes without them.
[[nodiscard]] std::optional<Problem> refuse_parameters(const net::QueryParameters& params);

}  // namespace scanner::api
