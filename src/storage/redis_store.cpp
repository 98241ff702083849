#include "storage/redis_connection.hpp"

#include "scanner/core/log.hpp"
#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <exception>
#include <map>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMostMessages = 256;

auto log_exception(std::string_view task) {
    return [task](const std::exception_ptr& error) {
        if (error) core::log(core::LogLevel::error, "task_failed", {{"task", task}});
    };
}

/// Newest value per key and the messages to publish, written behind whoever puts them.
class RedisStoreImpl final : public SnapshotCache,
                             public Publisher,
                             public std::enable_shared_from_this<RedisStoreImpl> {
public:
    RedisStoreImpl(asio::any_io_executor executor, core::RedisUrl url) : executor_(std::move(executor)) {
        RedisConnectionOptions options;
        options.url = std::move(url);
        connection_ = make_redis_connection(executor_, std::move(options));
    }

    void start() {
        connection_->on_ready([weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->flush();
        });
        asio::co_spawn(executor_, connection_->run(), log_exception("redis"));
    }

    void put(std::vector<Entry> entries) override {
        for (Entry& entry : entries) {
            Waiting& waiting = entries_[entry.key];
            if (!waiting.entry.value) waiting.since = SteadyClock::now();
            waiting.entry = std::move(entry);
        }
        flush();
    }

    asio::awaitable<core::Result<std::optional<std::string>>> get(std::string key) override {
        const auto self = shared_from_this();
        std::vector<std::string> words{"GET", std::move(key)};
        auto reply = co_await connection_->command(std::move(words));
        if (!reply) co_return std::unexpected(reply.error());
        if (reply->kind != RedisReply::Kind::string) co_return std::nullopt;
        co_return std::move(reply->text);
    }

    void publish(std::string channel, std::shared_ptr<const std::string> message) override {
        if (messages_.size() == kMostMessages) {
            messages_.pop_front();
            ++dropped_;
        }
        messages_.push_back({std::move(channel), std::move(message), SteadyClock::now()});
        flush();
    }

    StoreStatus status() const override {
        StoreStatus status;
        status.state = connection_->state();
        status.backlog = entries_.size() + messages_.size();
        status.dropped = dropped_;
        status.last_error = connection_->last_error();
        auto oldest = messages_.empty() ? SteadyClock::time_point::max() : messages_.front().since;
        for (const auto& [key, waiting] : entries_) oldest = std::min(oldest, waiting.since);
        if (status.backlog > 0) {
            status.backlog_age_sec = std::chrono::duration<double>(SteadyClock::now() - oldest).count();
        }
        return status;
    }

    asio::awaitable<void> close(std::chrono::milliseconds grace) override {
        const auto self = shared_from_this();
        const auto deadline = SteadyClock::now() + grace;
        asio::steady_timer timer(executor_);
        while ((flushing_ || !entries_.empty() || !messages_.empty()) && connection_->state() == StoreState::ready &&
               SteadyClock::now() < deadline) {
            timer.expires_after(std::chrono::milliseconds(10));
            co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        connection_->stop();
    }

private:
    struct Waiting {
        Entry entry;
        SteadyClock::time_point since;
    };
    struct Message {
        std::string channel;
        std::shared_ptr<const std::string> text;
        SteadyClock::time_point since;
    };

    void flush() {
        if (flushing_ || connection_->state() != StoreState::ready) return;
        flushing_ = true;
        asio::co_spawn(executor_, flush_all(shared_from_this()), log_exception("redis_flush"));
    }

    /// Writes until nothing waits or the connection is gone; what could not be written waits for the next connection.
    static asio::awaitable<void> flush_all(std::shared_ptr<RedisStoreImpl> self) {
        while (co_await self->write_one_entry() || co_await self->send_one_message()) {
        }
        self->flushing_ = false;
    }

    asio::awaitable<bool> write_one_entry() {
        if (entries_.empty()) co_return false;
        auto next = entries_.extract(entries_.begin());
        Waiting waiting = std::move(next.mapped());
        std::vector<std::string> words{"SET", waiting.entry.key, *waiting.entry.value, "PX",
                                       std::to_string(waiting.entry.ttl.count())};
        const auto reply = co_await connection_->command(std::move(words));
        if (reply) co_return true;
        if (reply.error().code() == core::ErrorCode::exchange_rejected) {
            refused_.failed("refused", {{"key", waiting.entry.key}, {"error", reply.error().message()}});
            ++dropped_;
            co_return true;
        }
        // Unless a newer value came meanwhile, this one is still to be written.
        const std::string key = waiting.entry.key;
        entries_.try_emplace(key, std::move(waiting));
        co_return false;
    }

    asio::awaitable<bool> send_one_message() {
        if (messages_.empty() || connection_->state() != StoreState::ready) co_return false;
        Message message = std::move(messages_.front());
        messages_.pop_front();
        std::vector<std::string> words{"PUBLISH", message.channel, *message.text};
        const auto reply = co_await connection_->command(std::move(words));
        if (reply || reply.error().code() == core::ErrorCode::exchange_rejected) co_return true;
        // It may have been delivered before the connection broke; a listener may see it twice, but never miss it.
        messages_.push_front(std::move(message));
        co_return false;
    }

    asio::any_io_executor executor_;
    std::shared_ptr<RedisConnection> connection_;
    std::map<std::string, Waiting> entries_;
    std::deque<Message> messages_;
    bool flushing_ = false;
    std::uint64_t dropped_ = 0;
    core::RepeatedFailure refused_{"redis_refused"};
};

}  // namespace

RedisStore make_redis_store(asio::any_io_executor executor, core::RedisUrl url) {
    const auto store = std::make_shared<RedisStoreImpl>(std::move(executor), std::move(url));
    store->start();
    return {store, store};
}

}  // namespace scanner::storage
