#pragma once

#include "net/request_rules.hpp"

#include "scanner/net/http_server.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace scanner::net {

struct RequestLimits {
    std::size_t max_header_bytes = 0;
    std::size_t max_body_bytes = 0;
    std::string_view base_path;  ///< outlives the parser
};

/// Turns the bytes of one request into a ServerRequest, however they were split. Trailers are read and dropped.
class RequestParser {
public:
    virtual ~RequestParser() = default;
    /// Forgets everything; the next byte begins a request.
    virtual void reset() = 0;
    /// Takes what it can of `bytes` and returns how many those were. The rest must come again, with more behind it (not
    /// complete) or to the parser of the next request (complete). Not to be called once complete or failed.
    [[nodiscard]] virtual std::size_t feed(std::string_view bytes) = 0;
    /// True once a byte of the request itself was fed; empty lines before it do not count.
    [[nodiscard]] virtual bool started() const = 0;
    [[nodiscard]] virtual bool complete() const = 0;
    /// Set once the request must be refused.
    [[nodiscard]] virtual const std::optional<ProtocolFailure>& failure() const = 0;
    /// True while the client waits for "100 Continue": before the first byte of its body and before `set_continued`.
    [[nodiscard]] virtual bool waits_for_continue() const = 0;
    virtual void set_continued() = 0;
    [[nodiscard]] virtual int version() const = 0;
    /// What was read so far; complete it may be moved from.
    [[nodiscard]] virtual ServerRequest& request() = 0;
};

[[nodiscard]] std::unique_ptr<RequestParser> make_request_parser(RequestLimits limits);

}  // namespace scanner::net
