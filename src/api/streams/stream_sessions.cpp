#include "api/streams/stream_sessions.hpp"

#include "api/streams/stream_frame.hpp"

#include "scanner/core/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <utility>

namespace scanner::api {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::uint16_t kPolicyViolation = 1008;
constexpr std::uint16_t kInternalError = 1011;
constexpr std::uint16_t kTryAgainLater = 1013;

/// A WebSocket and its subscriber, shared by the coroutine that reads and the one that writes.
struct Conversation {
    Conversation(std::shared_ptr<StreamHub> hub, StreamKind kind, std::optional<StreamDemand> demand,
                 net::WebSocket& of)
        : subscriber(std::move(hub), kind, std::move(demand)), socket(of) {}

    StreamSubscriber subscriber;
    net::WebSocket& socket;
    int children = 0;  ///< coroutines beside the one that reads
};
using ConversationPtr = std::shared_ptr<Conversation>;

void log_failure(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        core::log(core::LogLevel::error, "stream_failed", {{"error", error.what()}});
    } catch (...) {
        core::log(core::LogLevel::error, "stream_failed");
    }
}

asio::awaitable<void> close_socket(ConversationPtr conversation, std::uint16_t code, std::string reason) {
    co_await conversation->socket.close(code, std::move(reason));
}

/// Runs `work` beside the reader, which does not end before it.
void spawn(const ConversationPtr& conversation, asio::awaitable<void> work) {
    ++conversation->children;
    asio::co_spawn(conversation->subscriber.hub()->executor(), std::move(work),
                   [conversation](const std::exception_ptr& exception) {
                       if (exception) {
                           log_failure(exception);
                           spawn(conversation, close_socket(conversation, kInternalError, "internal error"));
                       }
                       --conversation->children;
                       conversation->subscriber.timer().cancel();
                   });
}

asio::awaitable<void> write_frames(ConversationPtr conversation) {
    StreamSubscriber& subscriber = conversation->subscriber;
    while (!subscriber.ended()) {
        auto frame = subscriber.take();
        if (frame == nullptr) {
            if (subscriber.ready()) continue;
            subscriber.timer().expires_at(core::SteadyTime::max());
            co_await subscriber.timer().async_wait(kAwait);
            continue;
        }
        const auto written = co_await conversation->socket.write(std::move(frame), false);
        subscriber.sent(written.has_value());
        if (written) continue;
        if (written.error().code() == core::ErrorCode::timeout) subscriber.count_dropped();
        co_return;  // the reader ends for the same reason
    }
    if (!subscriber.end_reason().empty()) {
        co_await conversation->socket.close(kPolicyViolation, subscriber.end_reason());
    }
}

asio::awaitable<void> write_heartbeats(ConversationPtr conversation) {
    StreamSubscriber& subscriber = conversation->subscriber;
    const auto interval = subscriber.hub()->options().heartbeat_interval;
    core::SteadyTime due = steady_clock::now();
    for (std::uint64_t number = 1; !subscriber.ended(); ++number) {
        auto text = std::make_shared<const std::string>(heartbeat_text(number));
        const auto written = co_await conversation->socket.write(std::move(text), false);
        subscriber.sent(written.has_value());
        if (!written && written.error().code() == core::ErrorCode::timeout) subscriber.count_dropped();
        if (!written || subscriber.ended()) co_return;
        due += interval;
        subscriber.timer().expires_at(due);
        co_await subscriber.timer().async_wait(kAwait);
    }
}

/// Subscribers have nothing to say, but pings, pongs and closes are seen only while somebody reads.
asio::awaitable<void> read_until_closed(ConversationPtr conversation) {
    const StreamOptions& options = conversation->subscriber.hub()->options();
    MessageGate gate(options.max_messages, options.heartbeat_interval);
    for (;;) {
        const auto message = co_await conversation->socket.read();
        if (!message) co_return;
        if (gate.allow(steady_clock::now())) continue;
        co_await conversation->socket.close(kPolicyViolation, "too many messages: this stream only sends");
        co_return;
    }
}

asio::awaitable<void> converse(ConversationPtr conversation, asio::awaitable<void> writer) {
    // Cancelled when the server gives up waiting for it; but the connection is dropped by then, so that everything here
    // ends by itself, and the writer must not be left behind.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    spawn(conversation, std::move(writer));
    co_await read_until_closed(conversation);
    StreamSubscriber& subscriber = conversation->subscriber;
    subscriber.end();
    while (conversation->children > 0) {
        subscriber.timer().expires_at(core::SteadyTime::max());
        co_await subscriber.timer().async_wait(kAwait);
    }
}

/// Sends one piece. False when the conversation is over.
asio::awaitable<bool> send(StreamSubscriber& subscriber, net::BodyWriter& writer,
                           std::shared_ptr<const std::string> piece) {
    const auto written = co_await writer.write(std::move(piece));
    if (!written && written.error().code() == core::ErrorCode::timeout) subscriber.count_dropped();
    co_return written.has_value();
}

std::shared_ptr<const std::string> shared_text(std::string_view text) {
    return std::make_shared<const std::string>(text);
}

asio::awaitable<bool> send_missed(StreamSubscriber& subscriber, net::BodyWriter& writer, std::uint64_t last_id) {
    const auto missed = subscriber.replay(last_id);
    for (const auto& event : missed) {
        const bool delivered = co_await send(subscriber, writer, event);
        subscriber.sent(delivered);
        if (!delivered) co_return false;
    }
    co_return true;
}

}  // namespace

asio::awaitable<void> converse_rankings(std::shared_ptr<StreamHub> hub, StreamDemand demand, net::WebSocket& socket) {
    if (auto reason = hub->refuse(&demand)) {
        co_await socket.close(kTryAgainLater, std::move(*reason));
        co_return;
    }
    const auto conversation =
        std::make_shared<Conversation>(std::move(hub), StreamKind::websocket, std::move(demand), socket);
    conversation->subscriber.on_overdue([weak = std::weak_ptr(conversation)] {
        if (const auto self = weak.lock()) spawn(self, close_socket(self, kPolicyViolation, "frames are not read"));
    });
    co_await converse(conversation, write_frames(conversation));
}

asio::awaitable<void> converse_heartbeats(std::shared_ptr<StreamHub> hub, net::WebSocket& socket) {
    if (auto reason = hub->refuse(nullptr)) {
        co_await socket.close(kTryAgainLater, std::move(*reason));
        co_return;
    }
    const auto conversation =
        std::make_shared<Conversation>(std::move(hub), StreamKind::heartbeat, std::nullopt, socket);
    co_await converse(conversation, write_heartbeats(conversation));
}

asio::awaitable<void> stream_events(std::shared_ptr<StreamSubscriber> seat, std::optional<std::uint64_t> last_id,
                                    net::BodyWriter& writer) {
    static const auto kOpening = shared_text("retry: 3000\n: the newest ranking, then each new one\n\n");
    static const auto kStillHere = shared_text(": still here\n\n");
    static const auto kGoodBye = shared_text(": going away\n\n");
    StreamSubscriber& subscriber = *seat;
    subscriber.on_overdue([&writer] { writer.abort(); });
    writer.on_stopping([&subscriber] { subscriber.end(); });
    bool open = co_await send(subscriber, writer, kOpening);
    if (open && last_id) open = co_await send_missed(subscriber, writer, *last_id);
    while (open && !subscriber.ended() && !writer.stopping()) {
        auto event = subscriber.take();
        if (event != nullptr) {
            open = co_await send(subscriber, writer, std::move(event));
            subscriber.sent(open);
            continue;
        }
        if (subscriber.ready()) continue;
        subscriber.timer().expires_after(subscriber.hub()->options().comment_interval);
        const auto [error] = co_await subscriber.timer().async_wait(kAwait);
        if (!error) open = co_await send(subscriber, writer, kStillHere);
    }
    if (open) static_cast<void>(co_await send(subscriber, writer, kGoodBye));
    subscriber.on_overdue(nullptr);  // the seat may outlive the writer by a moment
}

}  // namespace scanner::api
