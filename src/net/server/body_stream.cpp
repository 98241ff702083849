#include "net/server/body_stream.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;
using core::fail;
using core::Result;

constexpr std::string_view kChunkEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

void append_chunk_size(std::string& out, std::size_t size) {
    std::array<char, 16> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16);
    out.append(digits.data(), end);
    out += "\r\n";
}

}  // namespace

BodyStream::BodyStream(ResponseSink& sink, ServerCore& core, const ServerResponse& response, AnswerTo to)
    : sink_(sink), core_(core), response_(response), to_(to), plan_(plan_response(response, to)) {}

Result<void> BodyStream::check(std::size_t size) {
    if (sink_.gone()) return fail(ErrorCode::network, "the client is gone");
    if (core_.stopping() && std::exchange(said_goodbye_, true)) return fail(ErrorCode::cancelled, "shutting down");
    if (plan_.framing == BodyFraming::length && size > plan_.length - sent_) {
        return fail(ErrorCode::invalid_input, "more than the declared length");
    }
    return {};
}

void BodyStream::append_head(std::string& out) {
    if (std::exchange(head_sent_, true)) return;
    plan_.close = plan_.close || core_.stopping();
    append_response_head(out, response_, plan_, to_, core_.server_lines());
}

asio::awaitable<Result<void>> BodyStream::write(std::shared_ptr<const std::string> piece) {
    const std::size_t size = piece ? piece->size() : 0;
    if (auto checked = check(size); !checked) co_return checked;
    std::string before;
    append_head(before);
    const bool chunked = plan_.framing == BodyFraming::chunked && size > 0;
    if (chunked) append_chunk_size(before, size);
    Gather gather{{asio::buffer(before)}};
    if (size > 0) gather.pieces[1] = asio::buffer(*piece);
    if (chunked) gather.pieces[2] = asio::buffer(kChunkEnd);
    auto sent = co_await sink_.send(gather);
    if (sent) sent_ += size;
    co_return sent;
}

asio::awaitable<bool> BodyStream::finish() {
    std::string rest;
    if (!head_sent_ && !response_.declared_length) {
        // Nothing was written: an empty body needs no framing of its own.
        plan_.framing = BodyFraming::length;
        plan_.length = 0;
    }
    append_head(rest);
    if (plan_.framing == BodyFraming::chunked) rest += kLastChunk;
    if (plan_.framing == BodyFraming::length && sent_ < plan_.length) plan_.close = true;
    if (rest.empty()) co_return true;
    const Gather gather{{asio::buffer(rest)}};
    const auto sent = co_await sink_.send(gather);
    co_return sent.has_value();
}

void BodyStream::wake_for_stop() {
    if (const auto wake = std::exchange(wake_, nullptr)) wake();
}

}  // namespace scanner::net
