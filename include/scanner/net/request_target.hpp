#pragma once

#include "scanner/core/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::net {

// Request targets, taken apart and put together. Pure. Whole URLs and percent_encode/percent_decode are in
// core/url.hpp.

/// One `name=value` of a query, decoded: well-formed UTF-8 without control characters.
struct QueryParameter {
    std::string name;
    std::string value;  ///< empty for "name=" and for "name"

    friend bool operator==(const QueryParameter&, const QueryParameter&) = default;
};
/// In the order of the query; names may repeat.
using QueryParameters = std::vector<QueryParameter>;

/// Reads a raw query (without '?'): "a=1&b=x%2Cy+z". '+' is a space; empty pieces ("a=1&&b=2") are skipped. Fails with
/// invalid_input, naming the parameter, for a '%' without two hexadecimal digits and for text that is not UTF-8 or
/// holds control characters.
[[nodiscard]] core::Result<QueryParameters> parse_query(std::string_view query);
/// The last value of `name` (a client that appends to a query means the last one), or nothing.
[[nodiscard]] std::optional<std::string_view> find_parameter(const QueryParameters& parameters, std::string_view name);
/// The raw query that `parse_query` reads back as `parameters`, without '?'.
[[nodiscard]] std::string encode_query(const QueryParameters& parameters);

/// A raw request path in the one form that routes compare: percent-decoded, runs of '/' made one, without a trailing
/// slash ("/" itself stays). "/symbol/BTC%2FUSDT:USDT/inspect/" and "/symbol/BTC/USDT:USDT/inspect" are thus the same.
/// Fails with invalid_input for a malformed escape, text that is not UTF-8, control characters, a backslash, a path
/// that does not begin with '/', and segments "." and ".." (also written as escapes), which no route has.
[[nodiscard]] core::Result<std::string> normalize_path(std::string_view path);
/// The segments of a raw path, each decoded by itself, so that an escaped slash stays within its segment:
/// "/symbol/BTC%2FUSDT/inspect/" gives {"symbol", "BTC/USDT", "inspect"}; "/" gives none. Fails as `normalize_path`.
[[nodiscard]] core::Result<std::vector<std::string>> split_path(std::string_view path);

/// The part of a request target before '?', and the part after it (empty without one). A fragment, which clients must
/// not send, is cut off. An absolute-form target ("http://host/path?q") counts from its path.
[[nodiscard]] std::string_view target_path(std::string_view target) noexcept;
[[nodiscard]] std::string_view target_query(std::string_view target) noexcept;
/// A request target without the path that the service is mounted at: "/scanner/rankings?top=5" and
/// "http://host/scanner/rankings?top=5" come to "/rankings?top=5" for "/scanner", and "/scanner" itself to "/". Other
/// targets stay as they are ("/scanners" does too), so that a proxy may pass the path on or take it off. `base_path` is
/// empty or begins with '/' and does not end with it.
[[nodiscard]] std::string_view without_base_path(std::string_view target, std::string_view base_path) noexcept;

}  // namespace scanner::net
