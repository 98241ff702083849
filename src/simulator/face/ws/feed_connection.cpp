#include "simulator/face/ws/feed_connection.hpp"

#include "simulator/face/random.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace scanner::simulator::face {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::uint16_t kPolicyViolation = 1008;
constexpr std::uint16_t kInternalError = 1011;
constexpr std::int64_t kJitterMs = 200;

}  // namespace

PingState::PingState(std::uint64_t number, milliseconds interval, core::SteadyTime now)
    : number_(number),
      interval_(interval),
      next_(now + milliseconds(mix(number) % static_cast<std::uint64_t>(interval.count()))) {}

PingState::Due PingState::check(core::SteadyTime now, std::int64_t ms) {
    if (now < next_) return Due::nothing;
    if (unanswered_ >= kMaxUnanswered) return Due::expired;
    const auto jitter = static_cast<std::int64_t>(mix(number_, ++sent_) % (2 * kJitterMs + 1)) - kJitterMs;
    next_ = now + interval_ + milliseconds(jitter);
    numbers_[static_cast<std::size_t>(unanswered_++)] = ms;
    return Due::ping;
}

void PingState::answered(std::int64_t ms) {
    const auto sent = std::span(numbers_).first(static_cast<std::size_t>(unanswered_));
    if (std::ranges::find(sent, ms) != sent.end()) unanswered_ = 0;
}

FeedConnection::FeedConnection(net::WebSocket& socket, const asio::any_io_executor& executor, std::uint64_t number,
                               FeedSocket kind, std::string path, const FeedLimits& limits, core::SteadyTime now)
    : socket_(socket),
      number_(number),
      kind_(kind),
      path_(std::move(path)),
      limits_(limits),
      pings_(number, milliseconds(kind == FeedSocket::notification ? 5'300 : 5'000), now),
      changed_(executor),
      tasks_(executor, [this](std::string_view, std::string_view) { close(kInternalError, "internal error"); }) {}

asio::awaitable<void> FeedConnection::run(OnMessage on_message) {
    // Cancelled when the server gives up waiting; but the connection is dropped by then, so that all of this ends.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (tasks_.spawn("writer", write_frames(shared_from_this()))) {
        for (;;) {
            const auto message = co_await socket_.read();
            if (!message) break;
            if (!over()) on_message(message->data);
        }
    }
    ended_ = true;
    changed_.notify();
    static_cast<void>(co_await tasks_.join(core::SteadyTime::max()));
}

asio::awaitable<void> FeedConnection::write_frames(std::shared_ptr<FeedConnection> self) {
    while (!self->ended_) {
        if (self->queue_.empty()) {
            if (const auto finish = self->finish_) self->close(finish->first, finish->second);
            if (self->ended_) co_return;
            co_await self->changed_.wait();
            continue;
        }
        const core::SteadyTime due = self->queue_.front().due;
        if (due > std::chrono::steady_clock::now()) {
            co_await self->changed_.wait(due);
            continue;
        }
        const Waiting next = std::move(self->queue_.front());
        self->queue_.pop_front();
        self->queued_bytes_ -= next.frame->size();
        // The reader ends for the same reason.
        if (!co_await self->socket_.write(next.frame, next.binary)) co_return;
    }
}

asio::awaitable<void> FeedConnection::close_socket(std::shared_ptr<FeedConnection> self, std::uint16_t code,
                                                   std::string reason) {
    co_await self->socket_.close(code, std::move(reason));
}

void FeedConnection::send(SharedFrame frame, bool binary) {
    if (over()) return;
    if (queue_.size() >= limits_.max_queued_frames || queued_bytes_ + frame->size() > limits_.max_queued_bytes) {
        return close(kPolicyViolation, "frames are not read");
    }
    const core::SteadyTime due = delay_.count() > 0 ? std::chrono::steady_clock::now() + delay_ : core::SteadyTime{};
    queued_bytes_ += frame->size();
    queue_.push_back({.frame = std::move(frame), .binary = binary, .due = due});
    if (queue_.size() == 1) changed_.notify();
}

void FeedConnection::close(std::uint16_t code, std::string reason) {
    if (ended_) return;
    ended_ = true;
    queue_.clear();
    queued_bytes_ = 0;
    changed_.notify();
    // Refused only when all of it ends anyway.
    static_cast<void>(tasks_.spawn("close", close_socket(shared_from_this(), code, std::move(reason))));
}

void FeedConnection::finish(std::uint16_t code, std::string reason) {
    if (over()) return;
    finish_.emplace(code, std::move(reason));
    changed_.notify();
}

void FeedConnection::fall_silent() {
    silent_ = true;
    silent_since_ = std::chrono::steady_clock::now();
    queue_.clear();
    queued_bytes_ = 0;
}

std::int64_t& FeedConnection::version(const std::string& channel, std::int64_t first) {
    return versions_.try_emplace(channel, first).first->second;
}

}  // namespace scanner::simulator::face
