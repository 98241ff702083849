#include "storage/redis_link.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

RedisReply copy_reply(const redisReply& reply) {
    RedisReply copy;
    switch (reply.type) {
        case REDIS_REPLY_STATUS: copy.kind = RedisReply::Kind::status; break;
        case REDIS_REPLY_ERROR: copy.kind = RedisReply::Kind::error; break;
        case REDIS_REPLY_STRING: copy.kind = RedisReply::Kind::string; break;
        case REDIS_REPLY_INTEGER:
            copy.kind = RedisReply::Kind::integer;
            copy.integer = reply.integer;
            return copy;
        case REDIS_REPLY_ARRAY:
            copy.kind = RedisReply::Kind::array;
            for (std::size_t i = 0; i < reply.elements; ++i) copy.elements.push_back(copy_reply(*reply.element[i]));
            return copy;
        default: return copy;
    }
    copy.text.assign(reply.str, reply.len);
    return copy;
}

class RedisLinkImpl final : public RedisLink, public std::enable_shared_from_this<RedisLinkImpl> {
public:
    RedisLinkImpl(asio::any_io_executor executor, Events events)
        : executor_(std::move(executor)), events_(std::move(events)), socket_(executor_) {}

    core::Result<void> open(const std::string& address, std::uint16_t port) {
        context_ = redisAsyncConnect(address.c_str(), port);
        if (context_ == nullptr) return core::fail(core::ErrorCode::internal, "redis: out of memory");
        if (context_->err != 0) {
            std::string message = "redis: " + std::string(context_->errstr);
            redisAsyncFree(context_);  // not ours to keep: it never connected
            context_ = nullptr;
            return core::fail(core::ErrorCode::network, std::move(message));
        }
        socket_.assign(context_->c.fd);
        context_->data = this;
        // The hooks hold the link alive until hiredis lets go of them in cleanup().
        context_->ev.data = new std::shared_ptr<RedisLinkImpl>(shared_from_this());
        context_->ev.addRead = [](void* hooks) { of(hooks).want(of(hooks).read_, true); };
        context_->ev.delRead = [](void* hooks) { of(hooks).want(of(hooks).read_, false); };
        context_->ev.addWrite = [](void* hooks) { of(hooks).want(of(hooks).write_, true); };
        context_->ev.delWrite = [](void* hooks) { of(hooks).want(of(hooks).write_, false); };
        context_->ev.cleanup = &RedisLinkImpl::cleanup;
        redisAsyncSetConnectCallback(context_, &RedisLinkImpl::on_connect);
        redisAsyncSetDisconnectCallback(context_, &RedisLinkImpl::on_disconnect);
        return {};
    }

    void send(const std::vector<std::string>& words, OnReply on_reply) override {
        if (context_ == nullptr) {
            on_reply(core::fail(core::ErrorCode::unavailable, "redis: not connected"));
            return;
        }
        std::vector<const char*> texts;
        std::vector<std::size_t> lengths;
        for (const std::string& word : words) {
            texts.push_back(word.data());
            lengths.push_back(word.size());
        }
        sent_at_.push_back(SteadyClock::now());
        auto* waiting = new OnReply(std::move(on_reply));
        const int sent = redisAsyncCommandArgv(context_, &RedisLinkImpl::on_reply, waiting,
                                               static_cast<int>(words.size()), texts.data(), lengths.data());
        if (sent == REDIS_OK) return;
        sent_at_.pop_back();
        const std::unique_ptr<OnReply> refused(waiting);
        (*refused)(core::fail(core::ErrorCode::unavailable, "redis: the connection is closing"));
    }

    void close() override {
        if (context_ != nullptr) redisAsyncFree(context_);  // calls every waiting reply, then cleanup
    }

    [[nodiscard]] SteadyClock::time_point oldest_unanswered() const override {
        return sent_at_.empty() ? SteadyClock::time_point::max() : sent_at_.front();
    }
    [[nodiscard]] std::size_t in_flight() const override { return sent_at_.size(); }

private:
    /// One direction: whether hiredis wants to hear of readiness, and whether Asio has been asked.
    struct Direction {
        asio::posix::descriptor_base::wait_type wait;
        void (*handle)(redisAsyncContext*);
        bool wanted = false;
        bool waiting = false;
    };

    static RedisLinkImpl& of(void* hooks) { return **static_cast<std::shared_ptr<RedisLinkImpl>*>(hooks); }

    void want(Direction& direction, bool wanted) {
        direction.wanted = wanted;
        wait(direction);
    }

    void wait(Direction& direction) {
        if (!direction.wanted || direction.waiting || context_ == nullptr) return;
        direction.waiting = true;
        socket_.async_wait(direction.wait,
                           [self = shared_from_this(), &direction](const boost::system::error_code& error) {
                               direction.waiting = false;
                               if (error || self->context_ == nullptr || !direction.wanted) return;
                               direction.handle(self->context_);  // may end the link
                               self->wait(direction);
                           });
    }

    static void cleanup(void* hooks) {
        const std::unique_ptr<std::shared_ptr<RedisLinkImpl>> held(static_cast<std::shared_ptr<RedisLinkImpl>*>(hooks));
        RedisLinkImpl& link = **held;
        link.context_ = nullptr;
        link.sent_at_.clear();
        link.socket_.release();  // hiredis closes the descriptor itself
        // Later, so that nobody is called from inside hiredis' own clean-up.
        asio::post(link.executor_, [self = *held] {
            if (self->events_.ended) self->events_.ended(self->end_);
        });
    }

    static void on_connect(const redisAsyncContext* context, int status) {
        auto& link = *static_cast<RedisLinkImpl*>(context->data);
        if (status != REDIS_OK) {
            link.note_end(context);
            return;  // hiredis frees the context itself, through cleanup
        }
        if (link.events_.connected) link.events_.connected();
    }

    static void on_disconnect(const redisAsyncContext* context, int status) {
        if (status != REDIS_OK) static_cast<RedisLinkImpl*>(context->data)->note_end(context);
    }

    void note_end(const redisAsyncContext* context) {
        end_ = core::Error(core::ErrorCode::network, "redis: " + std::string(context->errstr));
    }

    static void on_reply(redisAsyncContext* context, void* reply, void* waiting) {
        auto& link = *static_cast<RedisLinkImpl*>(context->data);
        if (!link.sent_at_.empty()) link.sent_at_.pop_front();  // answers come in the order of the commands
        const std::unique_ptr<OnReply> on_reply(static_cast<OnReply*>(waiting));
        if (reply == nullptr) {
            (*on_reply)(core::fail(core::ErrorCode::network, "redis: the connection ended before the answer"));
            return;
        }
        RedisReply copy = copy_reply(*static_cast<const redisReply*>(reply));
        if (copy.kind == RedisReply::Kind::error) {
            (*on_reply)(core::fail(core::ErrorCode::exchange_rejected, "redis: " + copy.text));
            return;
        }
        (*on_reply)(std::move(copy));
    }

    asio::any_io_executor executor_;
    Events events_;
    asio::posix::stream_descriptor socket_;
    redisAsyncContext* context_ = nullptr;
    Direction read_{asio::posix::descriptor_base::wait_read, &redisAsyncHandleRead};
    Direction write_{asio::posix::descriptor_base::wait_write, &redisAsyncHandleWrite};
    std::deque<SteadyClock::time_point> sent_at_;
    core::Error end_{core::ErrorCode::cancelled, "redis: closed"};
};

}  // namespace

core::Result<std::shared_ptr<RedisLink>> open_redis_link(asio::any_io_executor executor, const std::string& address,
                                                         std::uint16_t port, RedisLink::Events events) {
    auto link = std::make_shared<RedisLinkImpl>(std::move(executor), std::move(events));
    if (auto opened = link->open(address, port); !opened) return std::unexpected(opened.error());
    return link;
}

}  // namespace scanner::storage
