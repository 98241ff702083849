#include "api/streams/stream_sessions.hpp"

#include "api/streams/stream_frame.hpp"

#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace scanner::api {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

constexpr std::uint16_t kPolicyViolation = 1008;
constexpr std::uint16_t kInternalError = 1011;
constexpr std::uint16_t kTryAgainLater = 1013;

/// A WebSocket and its subscriber, shared by the coroutine that reads and the one that writes.
struct Session {
    Session(std::shared_ptr<StreamHub> hub, StreamKind kind, std::optional<StreamDemand> demand, net::WebSocket& of)
        : subscriber(std::move(hub), kind, std::move(demand)),
          socket(of),
          tasks(subscriber.hub()->executor(), [this](std::string_view, std::string_view what) { failed(what); }) {}

    /// A task of it ended with an exception.
    void failed(std::string_view what);

    StreamSubscriber subscriber;
    net::WebSocket& socket;
    net::TaskGroup tasks;  ///< beside the coroutine that reads, which does not end before them
};
using SessionPtr = std::shared_ptr<Session>;

asio::awaitable<void> close_socket(net::WebSocket* socket, std::uint16_t code, std::string reason) {
    co_await socket->close(code, std::move(reason));
}

/// The socket outlives the tasks: its handler joins them.
void close_beside_reader(Session& session, std::uint16_t code, std::string reason) {
    auto closing = close_socket(&session.socket, code, std::move(reason));
    static_cast<void>(session.tasks.spawn("close", std::move(closing)));  // refused only when all of it ends anyway
}

void Session::failed(std::string_view what) {
    core::log(core::LogLevel::error, "stream_failed", {{"error", what}});
    close_beside_reader(*this, kInternalError, "internal error");
}

asio::awaitable<void> write_frames(SessionPtr session) {
    StreamSubscriber& subscriber = session->subscriber;
    while (!subscriber.ended()) {
        auto frame = subscriber.take();
        if (frame == nullptr) {
            if (subscriber.ready()) continue;
            co_await subscriber.changed().wait();
            continue;
        }
        const auto written = co_await session->socket.write(std::move(frame), false);
        subscriber.sent(written.has_value());
        if (written) continue;
        if (written.error().code() == core::ErrorCode::timeout) subscriber.count_dropped();
        co_return;  // the reader ends for the same reason
    }
    if (!subscriber.end_reason().empty()) {
        co_await session->socket.close(kPolicyViolation, subscriber.end_reason());
    }
}

asio::awaitable<void> write_heartbeats(SessionPtr session) {
    StreamSubscriber& subscriber = session->subscriber;
    const auto interval = subscriber.hub()->options().heartbeat_interval;
    core::SteadyTime due = steady_clock::now();
    for (std::uint64_t number = 1; !subscriber.ended(); ++number) {
        auto text = std::make_shared<const std::string>(heartbeat_text(number));
        const auto written = co_await session->socket.write(std::move(text), false);
        subscriber.sent(written.has_value());
        if (!written && written.error().code() == core::ErrorCode::timeout) subscriber.count_dropped();
        if (!written || subscriber.ended()) co_return;
        due += interval;
        co_await subscriber.changed().wait(due);
    }
}

/// Subscribers have nothing to say, but pings, pongs and closes are seen only while reading.
asio::awaitable<void> read_until_closed(SessionPtr session) {
    const StreamOptions& options = session->subscriber.hub()->options();
    MessageGate gate(options.max_messages, options.heartbeat_interval);
    for (;;) {
        const auto message = co_await session->socket.read();
        if (!message) co_return;
        if (gate.allow(steady_clock::now())) continue;
        co_await session->socket.close(kPolicyViolation, "too many messages: this stream only sends");
        co_return;
    }
}

asio::awaitable<void> converse(SessionPtr session, asio::awaitable<void> writer) {
    // Cancelled when the server gives up waiting for it; but the connection is dropped by then, so that everything here
    // ends by itself, and the writer must not be left behind.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (session->tasks.spawn("writer", std::move(writer))) co_await read_until_closed(session);
    session->subscriber.end();
    static_cast<void>(co_await session->tasks.join(core::SteadyTime::max()));
}

/// Sends one piece. False when the session is over.
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
    const auto session = std::make_shared<Session>(std::move(hub), StreamKind::websocket, std::move(demand), socket);
    session->subscriber.on_overdue([weak = std::weak_ptr(session)] {
        if (const auto self = weak.lock()) close_beside_reader(*self, kPolicyViolation, "frames are not read");
    });
    co_await converse(session, write_frames(session));
}

asio::awaitable<void> converse_heartbeats(std::shared_ptr<StreamHub> hub, net::WebSocket& socket) {
    if (auto reason = hub->refuse(nullptr)) {
        co_await socket.close(kTryAgainLater, std::move(*reason));
        co_return;
    }
    const auto session = std::make_shared<Session>(std::move(hub), StreamKind::heartbeat, std::nullopt, socket);
    co_await converse(session, write_heartbeats(session));
}

asio::awaitable<void> stream_events(std::shared_ptr<StreamSubscriber> owned, std::optional<std::uint64_t> last_id,
                                    net::BodyWriter& writer) {
    static const auto kOpening = shared_text("retry: 3000\n: the newest ranking, then each new one\n\n");
    static const auto kStillHere = shared_text(": still here\n\n");
    static const auto kGoodBye = shared_text(": going away\n\n");
    StreamSubscriber& subscriber = *owned;
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
        const auto outcome = co_await subscriber.changed().wait_for(subscriber.hub()->options().comment_interval);
        if (outcome == net::Event::Outcome::timeout) open = co_await send(subscriber, writer, kStillHere);
    }
    if (open) static_cast<void>(co_await send(subscriber, writer, kGoodBye));
    subscriber.on_overdue(nullptr);  // the subscriber may outlive the writer by a moment
}

}  // namespace scanner::api
