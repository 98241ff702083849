#include "storage/redis/redis_connection.hpp"

#include "storage/redis/redis_link.hpp"

#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/retry.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// Where one command's answer arrives.
struct Answer {
    explicit Answer(const asio::any_io_executor& executor) : arrived(executor) {}
    net::Event arrived;
    std::optional<core::Result<RedisReply>> reply;
};

class RedisConnectionImpl final : public RedisConnection, public std::enable_shared_from_this<RedisConnectionImpl> {
public:
    RedisConnectionImpl(asio::any_io_executor executor, RedisConnectionOptions options)
        : executor_(std::move(executor)),
          options_(std::move(options)),
          changed_(executor_),
          backoff_({.max_attempts = 0,
                    .base = options_.reconnect_base,
                    .cap = options_.reconnect_cap,
                    .floor = options_.reconnect_base},
                   net::make_random_unit(std::random_device{}())) {}

    /// A link keeps itself alive until it is closed; nothing else does that when the loop ends before run() has.
    ~RedisConnectionImpl() override {
        if (link_) link_->close();
    }
    RedisConnectionImpl(const RedisConnectionImpl&) = delete;
    RedisConnectionImpl& operator=(const RedisConnectionImpl&) = delete;

    asio::awaitable<void> run() override {
        const auto self = shared_from_this();
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!stopping_) {
            co_await live_once();
            set_state(StoreState::down);
            if (stopping_) break;
            co_await pause(backoff_.next().value_or(options_.reconnect_cap));
        }
        if (link_) link_->close();
    }

    void stop() override {
        stopping_ = true;
        changed_.notify();
    }

    asio::awaitable<core::Result<RedisReply>> command(std::vector<std::string> words) override {
        if (state_ != StoreState::ready)
            co_return core::fail(core::ErrorCode::unavailable, "redis: " + last_error_text());
        const std::uint64_t session = generation_;
        auto reply = co_await send(std::move(words));
        if (reply && session == generation_) worked();
        co_return reply;
    }

    void reconnect(const core::Error& why) override {
        if (state_ != StoreState::ready) return;
        ended_ = why;
        told_ = true;
        changed_.notify();
    }

    StoreState state() const override { return state_; }
    const std::string& last_error() const override { return last_error_; }
    void on_ready(std::function<void()> callback) override { on_ready_.push_back(std::move(callback)); }

private:
    std::string last_error_text() const { return last_error_.empty() ? "not connected yet" : last_error_; }

    void set_state(StoreState state) {
        state_ = state;
        if (state != StoreState::ready) return;
        ready_since_ = SteadyClock::now();
        for (const auto& callback : on_ready_) callback();
    }

    /// A command was answered: connected is not enough to say that all is well again.
    void worked() {
        worked_ = true;
        last_error_.clear();
        failure_.recovered();
        if (SteadyClock::now() - ready_since_ >= options_.steady_after) backoff_.reset();
    }

    void note(const core::Error& error) {
        last_error_ = error.message();
        failure_.failed(core::to_string(error.code()), {{"error", last_error_}});
    }

    /// From connecting to the end of that connection.
    asio::awaitable<void> live_once() {
        set_state(StoreState::connecting);
        worked_ = false;
        if (auto connected = co_await connect(); !connected) {
            if (!stopping_) note(connected.error());
        } else if (auto greeted = co_await greet(); !greeted) {
            if (!stopping_) note(greeted.error());
        } else {
            set_state(StoreState::ready);
            co_await watch();
            if (worked_ && SteadyClock::now() - ready_since_ >= options_.steady_after) backoff_.reset();
        }
        ++generation_;  // what this link says from now on is a farewell
        if (link_) link_->close();
        link_.reset();
    }

    asio::awaitable<core::Result<void>> connect() {
        auto target = co_await find_target();
        if (!target) co_return std::unexpected(target.error());
        ended_.reset();
        told_ = false;
        connected_ = false;
        const std::weak_ptr<RedisConnectionImpl> weak = shared_from_this();
        RedisLink::Events events;
        events.connected = [weak, generation = ++generation_] {
            const auto self = weak.lock();
            if (!self || self->generation_ != generation) return;
            self->connected_ = true;
            self->changed_.notify();
        };
        events.ended = [weak, generation = generation_](const core::Error& error) {
            const auto self = weak.lock();
            if (!self || self->generation_ != generation) return;  // an earlier link's farewell
            self->ended_ = error;
            self->changed_.notify();
        };
        auto link = open_redis_link(executor_, *target,
                                    {.max_bytes = options_.max_reply_bytes, .max_depth = options_.max_reply_depth},
                                    std::move(events));
        if (!link) co_return std::unexpected(link.error());
        link_ = *link;
        const auto deadline = SteadyClock::now() + options_.connect_timeout;
        while (!connected_ && !ended_ && !stopping_ && SteadyClock::now() < deadline) {
            co_await changed_.wait(deadline);
        }
        if (ended_) co_return std::unexpected(*ended_);
        if (!connected_)
            co_return core::fail(core::ErrorCode::timeout, options_.url.tls
                                                               ? "redis: no TLS connection in time; is it a TLS port?"
                                                               : "redis: no connection in time");
        co_return core::Result<void>{};
    }

    asio::awaitable<core::Result<RedisTarget>> find_target() {
        RedisTarget target;
        if (!options_.url.socket_path.empty()) {
            target.endpoint = asio::local::stream_protocol::endpoint(options_.url.socket_path);
            co_return target;
        }
        const auto addresses = co_await net::resolve(options_.url.host, options_.connect_timeout, options_.lookup);
        if (!addresses) co_return std::unexpected(addresses.error().within("redis: its name"));
        const auto address = std::ranges::find_if(*addresses, &asio::ip::address::is_v4);
        target.endpoint =
            asio::ip::tcp::endpoint(address != addresses->end() ? *address : addresses->front(), options_.url.port);
        if (options_.url.tls) target.tls_host = options_.url.host;
        target.ca_bundle_path = options_.ca_bundle_path;
        co_return target;
    }

    asio::awaitable<core::Result<void>> greet() {
        if (!options_.url.password.empty()) {
            std::vector<std::string> words{"AUTH"};
            if (!options_.url.user.empty()) words.push_back(options_.url.user);
            words.push_back(options_.url.password);
            if (auto reply = co_await send(std::move(words)); !reply)
                co_return std::unexpected(reply.error().within("AUTH"));
        }
        std::vector<std::string> select{"SELECT", std::to_string(options_.url.database)};
        if (auto reply = co_await send(std::move(select)); !reply)
            co_return std::unexpected(reply.error().within("SELECT"));
        co_return core::Result<void>{};
    }

    /// Until the connection ends, a command misses its deadline or a ping goes unanswered.
    asio::awaitable<void> watch() {
        auto next_ping = SteadyClock::now() + options_.ping_interval;
        while (!ended_ && !stopping_) {
            co_await changed_.wait_for(std::min(options_.ping_interval, milliseconds(500)));
            if (ended_ || stopping_) break;
            const auto now = SteadyClock::now();
            if (now - options_.command_timeout > link_->oldest_unanswered()) {
                note(core::Error(core::ErrorCode::timeout,
                                 fmt::format("redis: no answer within {} ms", options_.command_timeout.count())));
                co_return;
            }
            if (now >= next_ping) {
                next_ping = now + options_.ping_interval;
                link_->send({"PING"}, [](const core::Result<RedisReply>&) {});  // its deadline is watched above
            }
        }
        if (!ended_ || stopping_) co_return;
        if (told_) {
            last_error_ = ended_->message();
        } else {
            note(*ended_);
        }
    }

    asio::awaitable<core::Result<RedisReply>> send(std::vector<std::string> words) {
        if (!link_) co_return core::fail(core::ErrorCode::unavailable, "redis: " + last_error_text());
        if (link_->in_flight() >= options_.max_in_flight) {
            co_return core::fail(core::ErrorCode::unavailable, "redis: too many commands under way");
        }
        const auto answer = std::make_shared<Answer>(executor_);
        link_->send(words, [answer](core::Result<RedisReply> reply) {
            answer->reply = std::move(reply);
            answer->arrived.notify();
        });
        // The link has a deadline too, but not while it is greeting the server; this one always holds.
        if (!answer->reply) co_await answer->arrived.wait_for(options_.command_timeout * 2);
        if (!answer->reply) co_return core::fail(core::ErrorCode::timeout, "redis: no answer in time");
        co_return std::move(*answer->reply);
    }

    /// Nothing but stop() ends it early.
    asio::awaitable<void> pause(milliseconds length) {
        const auto until = SteadyClock::now() + length;
        while (!stopping_ && SteadyClock::now() < until) co_await changed_.wait(until);
    }

    asio::any_io_executor executor_;
    RedisConnectionOptions options_;
    net::Event changed_;
    net::Backoff backoff_;
    std::shared_ptr<RedisLink> link_;
    std::uint64_t generation_ = 0;
    bool connected_ = false;
    std::optional<core::Error> ended_;
    bool stopping_ = false;
    bool told_ = false;    ///< why this session ends is in the log already: reconnect()
    bool worked_ = false;  ///< this session answered a command
    SteadyClock::time_point ready_since_;
    StoreState state_ = StoreState::connecting;
    std::string last_error_;
    std::vector<std::function<void()>> on_ready_;
    core::RepeatedFailure failure_{"redis_lost"};
};

}  // namespace

std::shared_ptr<RedisConnection> make_redis_connection(asio::any_io_executor executor, RedisConnectionOptions options) {
    return std::make_shared<RedisConnectionImpl>(std::move(executor), std::move(options));
}

}  // namespace scanner::storage
