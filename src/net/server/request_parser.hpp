#pragma once

#include "net/server/request_rules.hpp"

#include "scanner/net/http_message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace scanner::net {

/// What every request of a server has in common for its parser.
struct ParserOptions {
    std::size_t max_header_bytes = 0;
    std::string_view base_path;  ///< taken off targets; outlives the parser
};

/// Decides over the body of a request, from its head on. What it returns ends the request.
class BodyGate {
public:
    virtual ~BodyGate() = default;
    /// The head is there and a body follows: of `declared` bytes, or chunks.
    [[nodiscard]] virtual std::optional<ProtocolFailure> open(ServerRequest& head,
                                                              std::optional<std::uint64_t> declared) = 0;
    /// A chunk of `bytes` is announced.
    [[nodiscard]] virtual std::optional<ProtocolFailure> announce(std::uint64_t bytes) = 0;
    /// So many are there, and will be kept where `keeps`.
    [[nodiscard]] virtual std::optional<ProtocolFailure> take(std::size_t bytes) = 0;
    /// Whether the request gets its body; otherwise what there is of it is dropped as it comes.
    [[nodiscard]] virtual bool keeps() const = 0;
};

/// Turns the bytes of one request into a ServerRequest, however they were split. Trailers are read and dropped.
class RequestParser {
public:
    virtual ~RequestParser() = default;
    /// Forgets everything; the next byte begins a request whose body `gate` decides over. It must outlive the request.
    virtual void reset(BodyGate& gate) = 0;
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

[[nodiscard]] std::unique_ptr<RequestParser> make_request_parser(ParserOptions options);

}  // namespace scanner::net
