#include "storage/redis/redis_link.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <deque>
#include <optional>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

core::Error network_error(std::string_view what, const error_code& error) {
    return {core::ErrorCode::network, "redis: " + std::string(what) + error.message()};
}

class RedisLinkImpl final : public RedisLink, public std::enable_shared_from_this<RedisLinkImpl> {
public:
    RedisLinkImpl(const asio::any_io_executor& executor, ReplyLimits limits, Events events)
        : executor_(executor), events_(std::move(events)), socket_(executor), reader_(limits) {}

    core::Result<void> open(const RedisTarget& target) {
        if (!target.tls_host.empty()) {
            if (auto prepared = prepare_tls(target); !prepared) return prepared;
        }
        socket_.async_connect(target.endpoint, [self = shared_from_this()](const error_code& error) {
            if (error) return self->end(network_error("", error));
            error_code ignored;  // a Unix socket has no such option
            static_cast<void>(self->socket_.set_option(asio::ip::tcp::no_delay(true), ignored));
            if (self->tls_) return self->shake_hands();
            self->begin();
        });
        return {};
    }

    void send(const std::vector<std::string>& words, OnReply on_reply) override {
        if (closed_) {
            on_reply(core::fail(core::ErrorCode::unavailable, "redis: not connected"));
            return;
        }
        waiting_.push_back({SteadyClock::now(), std::move(on_reply)});
        outgoing_ += encode_command(words);
        write();
    }

    void close() override {
        if (std::exchange(closed_, true)) return;
        error_code ignored;
        static_cast<void>(socket_.close(ignored));
        for (const auto waiting = std::exchange(waiting_, {}); const Waiting& each : waiting)
            each.on_reply(core::fail(
                end_.code() == core::ErrorCode::malformed ? core::ErrorCode::malformed : core::ErrorCode::network,
                end_.code() == core::ErrorCode::cancelled ? "redis: the connection ended before the answer"
                                                          : end_.message()));
        // Later, so that no callback runs inside the call that caused it.
        asio::post(executor_, [self = shared_from_this()] {
            if (self->events_.ended) self->events_.ended(self->end_);
        });
    }

    [[nodiscard]] SteadyClock::time_point oldest_unanswered() const override {
        return waiting_.empty() ? SteadyClock::time_point::max() : waiting_.front().since;
    }
    [[nodiscard]] std::size_t in_flight() const override { return waiting_.size(); }

private:
    using Socket = asio::generic::stream_protocol::socket;
    struct Waiting {
        SteadyClock::time_point since;
        OnReply on_reply;
    };

    core::Result<void> prepare_tls(const RedisTarget& target) {
        error_code error;
        tls_context_.emplace(asio::ssl::context::tls_client);
        tls_context_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                                      asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                                      asio::ssl::context::no_tlsv1_1,
                                  error);
        if (target.ca_bundle_path.empty()) {
            tls_context_->set_default_verify_paths(error);
        } else {
            tls_context_->load_verify_file(target.ca_bundle_path, error);
        }
        if (error)
            return core::fail(core::ErrorCode::io,
                              "redis: SCANNER_CA_BUNDLE_PATH: " + target.ca_bundle_path + ": " + error.message());
        tls_.emplace(socket_, *tls_context_);
        tls_->set_verify_mode(asio::ssl::verify_peer, error);
        tls_->set_verify_callback(asio::ssl::host_name_verification(target.tls_host), error);
        static_cast<void>(asio::ip::make_address(target.tls_host, error));
        // SNI is for names alone (RFC 6066).
        if (error && SSL_set_tlsext_host_name(tls_->native_handle(), target.tls_host.c_str()) != 1)
            return core::fail(core::ErrorCode::internal, "redis: TLS: the server's name cannot be set");
        return {};
    }

    void shake_hands() {
        tls_->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](const error_code& error) {
            if (error) return self->end(network_error("TLS: ", error));
            self->begin();
        });
    }

    void begin() {
        if (closed_) return;
        connected_ = true;
        if (events_.connected) events_.connected();
        read();
        write();
    }

    void read() {
        if (closed_) return;
        auto done = [self = shared_from_this()](const error_code& error, std::size_t count) {
            if (self->closed_) return;
            if (error) return self->end(network_error("", error));
            self->reader_.feed({self->incoming_.data(), count});
            self->deliver();
            self->read();
        };
        if (tls_) {
            tls_->async_read_some(asio::buffer(incoming_), std::move(done));
        } else {
            socket_.async_read_some(asio::buffer(incoming_), std::move(done));
        }
    }

    void deliver() {
        while (!closed_) {
            auto reply = reader_.next();
            if (!reply) return end(reply.error());
            if (!*reply) return;
            if (waiting_.empty())
                return end({core::ErrorCode::malformed, "redis: an answer that nothing was asked for"});
            const OnReply on_reply = std::move(waiting_.front().on_reply);
            waiting_.pop_front();  // answers come in the order of the commands
            if ((*reply)->kind == RedisReply::Kind::error) {
                on_reply(core::fail(core::ErrorCode::exchange_rejected, "redis: " + (*reply)->text));
            } else {
                on_reply(std::move(**reply));
            }
        }
    }

    void write() {
        if (writing_ || closed_ || !connected_ || outgoing_.empty()) return;
        writing_ = true;
        sending_ = std::exchange(outgoing_, {});
        auto done = [self = shared_from_this()](const error_code& error, std::size_t) {
            self->writing_ = false;
            if (self->closed_) return;
            if (error) return self->end(network_error("", error));
            self->write();
        };
        if (tls_) {
            asio::async_write(*tls_, asio::buffer(sending_), std::move(done));
        } else {
            asio::async_write(socket_, asio::buffer(sending_), std::move(done));
        }
    }

    void end(core::Error error) {
        if (closed_) return;
        end_ = std::move(error);
        close();
    }

    asio::any_io_executor executor_;
    Events events_;
    Socket socket_;
    std::optional<asio::ssl::context> tls_context_;
    std::optional<asio::ssl::stream<Socket&>> tls_;
    ReplyReader reader_;
    std::deque<Waiting> waiting_;
    std::string outgoing_;
    std::string sending_;
    std::array<char, 65'536> incoming_{};
    bool connected_ = false;
    bool writing_ = false;
    bool closed_ = false;
    core::Error end_{core::ErrorCode::cancelled, "redis: closed"};
};

}  // namespace

core::Result<std::shared_ptr<RedisLink>> open_redis_link(asio::any_io_executor executor, const RedisTarget& target,
                                                         ReplyLimits limits, RedisLink::Events events) {
    auto link = std::make_shared<RedisLinkImpl>(executor, limits, std::move(events));
    if (auto opened = link->open(target); !opened) return std::unexpected(opened.error());
    return link;
}

}  // namespace scanner::storage
