#include "storage/redis/redis_connection.hpp"
#include "storage/redis/redis_lease.hpp"

#include "scanner/core/log.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <exception>
#include <map>
#include <set>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Words = std::vector<std::string>;

constexpr std::size_t kMaxMessages = 256;
constexpr milliseconds kRenewInterval{2'000};
/// Between attempts to write what was refused, unless a newer value comes before.
constexpr milliseconds kRetryInterval{5'000};
/// For giving the lease back; without that it runs out by itself.
constexpr milliseconds kFarewell{500};
/// What a value may be longer by than was asked for: the protocol's own bytes.
constexpr std::size_t kReplyRoom = 4'096;

auto log_exception(std::string_view task) {
    return [task](const std::exception_ptr& error) {
        if (error) core::log(core::LogLevel::error, "task_failed", {{"task", task}});
    };
}

/// A server that says so will not take this session's writes; another one may have taken its place under the name.
bool means_wrong_server(const core::Error& error) {
    static constexpr std::array<std::string_view, 3> kWords{"redis: READONLY", "redis: LOADING", "redis: MASTERDOWN"};
    return std::ranges::any_of(kWords, [&](std::string_view word) { return error.message().starts_with(word); });
}

/// Newest value per key and the messages to publish, written behind their callers.
class RedisStoreImpl final : public SnapshotCache,
                             public Publisher,
                             public PrefixLease,
                             public std::enable_shared_from_this<RedisStoreImpl> {
public:
    RedisStoreImpl(asio::any_io_executor executor, RedisStoreOptions options)
        : executor_(std::move(executor)),
          prefix_(std::move(options.key_prefix)),
          connection_(make_redis_connection(executor_, {.url = std::move(options.url),
                                                        .ca_bundle_path = std::move(options.ca_bundle_path),
                                                        .max_reply_bytes = options.max_value_bytes + kReplyRoom})),
          exclusive_(options.exclusive),
          lease_(executor_, connection_, prefix_ + "scanner.lease", prefix_ + "lease",
                 std::move(options.installation_id)),
          renew_(executor_),
          retry_(executor_) {}

    void start() {
        connection_->on_ready([weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->check_lease_now();
        });
        asio::co_spawn(executor_, connection_->run(), log_exception("redis"));
        if (!exclusive_) return;
        asio::co_spawn(executor_, keep_lease(shared_from_this()), log_exception("redis_lease"));
    }

    void put(std::vector<Entry> entries) override {
        const auto now = SteadyClock::now();
        for (Entry& entry : entries) {
            Waiting& waiting = entries_[entry.key];
            if (!waiting.entry.value) waiting.since = now;
            waiting.entry = std::move(entry);
            waiting.until = now + waiting.entry.ttl;
        }
        flush();
    }

    asio::awaitable<core::Result<std::optional<std::string>>> get(std::string key, std::size_t max_bytes) override {
        const auto self = shared_from_this();
        // Never more than is wanted, and a byte, whatever is there.
        Words words{"GETRANGE", prefix_ + key, "0", std::to_string(max_bytes)};
        auto reply = co_await connection_->command(std::move(words));
        if (!reply) co_return std::unexpected(reply.error());
        if (reply->kind != RedisReply::Kind::string || reply->text.empty()) co_return std::nullopt;
        if (reply->text.size() > max_bytes)
            co_return core::fail(core::ErrorCode::malformed,
                                 fmt::format("redis: {} has more than {} bytes", key, max_bytes));
        co_return std::move(reply->text);
    }

    void publish(std::string channel, std::shared_ptr<const std::string> message) override {
        if (messages_.size() == kMaxMessages) {
            messages_.pop_front();
            ++dropped_;
        }
        messages_.push_back({prefix_ + channel, std::move(message), SteadyClock::now()});
        flush();
    }
    std::uint64_t published() const override { return published_; }

    StoreStatus status() const override {
        StoreStatus status;
        status.state = connection_->state();
        status.last_error = connection_->last_error();
        if (status.state == StoreState::ready) status.last_error = trouble();
        if (status.state == StoreState::ready && !status.last_error.empty()) status.state = StoreState::down;
        status.backlog = entries_.size() + messages_.size();
        status.dropped = dropped_;
        auto oldest = messages_.empty() ? SteadyClock::time_point::max() : messages_.front().since;
        for (const auto& [key, waiting] : entries_) oldest = std::min(oldest, waiting.since);
        if (status.backlog > 0) {
            status.backlog_age_sec = std::chrono::duration<double>(SteadyClock::now() - oldest).count();
        }
        return status;
    }

    asio::awaitable<core::Result<void>> claim(milliseconds patience) override {
        const auto self = shared_from_this();
        if (!exclusive_) co_return core::Result<void>{};
        const auto deadline = SteadyClock::now() + patience;
        asio::steady_timer timer(executor_);
        while (connection_->state() != StoreState::ready && !closing_ && SteadyClock::now() < deadline) {
            timer.expires_after(milliseconds(20));
            co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        if (connection_->state() != StoreState::ready) co_return core::Result<void>{};
        auto claimed = co_await lease_.claim();
        if (!claimed) co_return claimed;
        lease_known_ = true;
        note_lease();
        flush();
        co_return core::Result<void>{};
    }

    asio::awaitable<void> close(milliseconds grace) override {
        const auto self = shared_from_this();
        const auto deadline = SteadyClock::now() + grace;
        asio::steady_timer timer(executor_);
        while ((flushing_ || (trouble().empty() && (!entries_.empty() || !messages_.empty()))) &&
               connection_->state() == StoreState::ready && SteadyClock::now() < deadline) {
            timer.expires_after(milliseconds(10));
            co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        }
        closing_ = true;
        if (connection_->state() == StoreState::ready)
            static_cast<void>(co_await net::with_timeout(lease_.release(), kFarewell));
        renew_.cancel();
        retry_.cancel();
        connection_->stop();
    }

private:
    struct Waiting {
        Entry entry;
        SteadyClock::time_point since;  ///< since when something waits under this key
        SteadyClock::time_point until;  ///< when the value's time is over
    };
    struct Message {
        std::string channel;
        std::shared_ptr<const std::string> text;
        SteadyClock::time_point since;
    };

    /// Why the last writes did not work; empty when they did.
    std::string trouble() const {
        if (lease_.state() == RedisLease::State::foreign)
            return "redis: another scanner writes under the same keys; give this one SCANNER_REDIS_KEY_PREFIX";
        if (!refused_keys_.empty()) return refused_set_;
        return refused_publish_;
    }

    bool may_write() const {
        return connection_->state() == StoreState::ready && (lease_known_ || !exclusive_) && !closing_ &&
               lease_.state() != RedisLease::State::foreign;
    }

    void check_lease_now() {
        if (!exclusive_) {
            flush();
            return;
        }
        lease_known_ = false;
        renew_.cancel();
    }

    static asio::awaitable<void> keep_lease(std::shared_ptr<RedisStoreImpl> self) {
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!self->closing_) {
            if (self->connection_->state() == StoreState::ready) {
                co_await self->lease_.attempt(true);
                if (self->closing_) break;
                self->lease_known_ = true;
                self->note_lease();
                self->flush();
            }
            self->renew_.expires_after(kRenewInterval);
            co_await self->renew_.async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }

    void note_lease() {
        if (lease_.state() != RedisLease::State::foreign) {
            taken_.recovered();
            return;
        }
        taken_.failed("another scanner", {{"holder", lease_.holder()}, {"prefix", prefix_}});
        dropped_ += messages_.size();  // the other one publishes
        messages_.clear();
        entries_.clear();
    }

    void flush() {
        if (flushing_) again_ = true;
        if (flushing_ || !may_write() || (entries_.empty() && messages_.empty())) return;
        flushing_ = true;
        asio::co_spawn(executor_, flush_all(shared_from_this()), log_exception("redis_flush"));
    }

    /// Writes until nothing waits, the connection is gone or the server refuses; the rest waits for the next time.
    static asio::awaitable<void> flush_all(std::shared_ptr<RedisStoreImpl> self) {
        do {
            self->again_ = false;
            co_await self->write_entries();
            co_await self->send_messages();
        } while (self->again_ && self->may_write());
        self->flushing_ = false;
        if (!self->refused_keys_.empty() || !self->refused_publish_.empty()) self->retry_later();
    }

    void retry_later() {
        retry_.expires_after(kRetryInterval);
        retry_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            if (const auto self = weak.lock(); self && !error) self->flush();
        });
    }

    asio::awaitable<void> write_entries() {
        Words keys;
        for (const auto& [key, waiting] : entries_) keys.push_back(key);
        for (const std::string& key : keys) {
            const auto found = entries_.find(key);
            if (found == entries_.end()) continue;
            const auto left = std::chrono::floor<milliseconds>(found->second.until - SteadyClock::now());
            if (left <= milliseconds(0)) {
                entries_.erase(found);  // its time was over before it could be written
                continue;
            }
            const auto value = found->second.entry.value;
            Words words{"SET", prefix_ + key, *value, "PX", std::to_string(left.count())};
            const auto reply = co_await connection_->command(std::move(words));
            if (!reply && reply.error().code() != core::ErrorCode::exchange_rejected) co_return;
            if (!reply) {
                refused_keys_.insert(key);
                refused_set_ = reply.error().within("SET " + prefix_ + key).message();
                refusing_sets_.failed("refused", {{"key", prefix_ + key}, {"error", reply.error().message()}});
                if (!means_wrong_server(reply.error())) continue;
                connection_->reconnect(reply.error());
                co_return;
            }
            refused_keys_.erase(key);
            std::erase_if(refused_keys_, [this](const std::string& refused) { return !entries_.contains(refused); });
            if (refused_keys_.empty()) refusing_sets_.recovered();
            // Unless a newer value came meanwhile.
            if (const auto written = entries_.find(key);
                written != entries_.end() && written->second.entry.value == value)
                entries_.erase(written);
        }
    }

    asio::awaitable<void> send_messages() {
        while (!messages_.empty() && may_write()) {
            const auto text = messages_.front().text;
            Words words{"PUBLISH", messages_.front().channel, *text};
            const auto reply = co_await connection_->command(std::move(words));
            // It may have been delivered before the connection broke; a listener may see it twice, but never miss it.
            if (!reply && reply.error().code() != core::ErrorCode::exchange_rejected) co_return;
            if (!reply || reply->kind != RedisReply::Kind::integer) {
                const core::Error why =
                    reply ? core::Error(core::ErrorCode::malformed, "redis: no count of receivers") : reply.error();
                refused_publish_ = why.within("PUBLISH").message();
                refusing_messages_.failed("refused", {{"error", why.message()}});
                if (means_wrong_server(why)) connection_->reconnect(why);
                co_return;
            }
            ++published_;
            refused_publish_.clear();
            refusing_messages_.recovered();
            if (!messages_.empty() && messages_.front().text == text) messages_.pop_front();
        }
    }

    asio::any_io_executor executor_;
    std::string prefix_;
    std::shared_ptr<RedisConnection> connection_;
    bool exclusive_;
    RedisLease lease_;
    asio::steady_timer renew_;
    asio::steady_timer retry_;
    std::map<std::string, Waiting> entries_;
    std::deque<Message> messages_;
    std::set<std::string> refused_keys_;
    std::string refused_set_;
    std::string refused_publish_;
    bool lease_known_ = false;  ///< asked for in this session
    bool flushing_ = false;
    bool again_ = false;
    bool closing_ = false;
    std::uint64_t dropped_ = 0;
    std::uint64_t published_ = 0;
    core::RepeatedFailure refusing_sets_{"redis_refused"};
    core::RepeatedFailure refusing_messages_{"redis_publish_refused"};
    core::RepeatedFailure taken_{"redis_keys_taken"};
};

}  // namespace

RedisStore make_redis_store(asio::any_io_executor executor, RedisStoreOptions options) {
    const auto store = std::make_shared<RedisStoreImpl>(std::move(executor), std::move(options));
    store->start();
    return {store, store, store};
}

}  // namespace scanner::storage
