#pragma once

#include "scanner/net/http_message.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace scanner::api {

/// Shorter bodies are sent as they are: the header and the effort would cost more than they save.
inline constexpr std::size_t kLeastGzipBytes = 1024;

/// Cuts the part before `separator`, without the blanks around it, off the front of `rest`. Pure.
[[nodiscard]] std::string_view take_part(std::string_view& rest, char separator);

/// A list header as one list, however many lines the client made of it. Pure.
[[nodiscard]] std::string all_values(const net::ServerRequest& request, std::string_view name);

/// Whether the client prefers gzip over no coding, by Accept-Encoding with its q-values (RFC 9110, 12.5.3). Pure.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

/// Whether If-None-Match names `etag` (quotes included), so that 304 is the answer. Weak comparison, lists and "*".
/// Pure.
[[nodiscard]] bool none_match_hits(std::string_view if_none_match, std::string_view etag);

/// Whether If-Match names `etag` (quotes included), so that a change may go on. Lists and "*". A proxy that compresses
/// hands our strong tags out as weak ones (nginx: W/"…"), and clients send them back: W/ before our own tag names the
/// same state, since the tag is a hash of it, so that the weak form is taken too. Pure.
[[nodiscard]] bool match_hits(std::string_view if_match, std::string_view etag);

/// `body` in gzip format, always the same bytes for the same body; nullptr when that saves less than a tenth.
[[nodiscard]] std::shared_ptr<const std::string> gzip_if_worth(std::string_view body);

}  // namespace scanner::api
