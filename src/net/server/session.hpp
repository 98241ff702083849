#pragma once

#include "net/pacing/rate_floor.hpp"
#include "net/server/body_stream.hpp"
#include "net/server/request_intake.hpp"
#include "net/server/request_rules.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::net {

/// One connection while it speaks HTTP. While idle it reads into a small buffer of its own, which most requests fit
/// into: waiting for the socket and receiving into the core's buffer, as it does with what is longer, would cost an
/// epoll_ctl for each request. What is sent is written at once, unless the client is slow.
class HttpSession final : public Connection, public ResponseSink {
public:
    HttpSession(std::shared_ptr<ServerCore> core, boost::asio::ip::tcp::socket socket, ClientUse client,
                Refusal refusal)
        : Connection(std::move(core)),
          socket_(std::move(socket)),
          intake_(this->core(), peer_of(socket_), std::move(client), refusal != Refusal::none),
          refusal_(refusal) {}

    boost::asio::awaitable<void> run();

    void sweep(core::SteadyTime now) override;
    void begin_stop() override;
    void drop() override;

    boost::asio::awaitable<core::Result<void>> send(Gather gather) override;
    [[nodiscard]] bool gone() const override { return gone_; }

private:
    enum class Phase {
        idle,       ///< between requests: may end at any time
        reading,    ///< a request has begun
        handling,   ///< a handler runs; it has deadlines of its own
        writing,    ///< the client is not reading
        lingering,  ///< all is sent; the client's rest is thrown away
    };
    enum class Incoming { need_more, complete, failed, ended };

    /// What became of an answer.
    struct Written {
        bool go_on = false;  ///< another request may follow, once `rest` is sent
        Gather rest;         ///< what the kernel did not take at once
    };

    static boost::asio::ip::address peer_of(const boost::asio::ip::tcp::socket& socket) {
        boost::system::error_code ec;
        const auto peer = socket.remote_endpoint(ec);
        return ec ? boost::asio::ip::address() : peer.address();
    }
    void enter(Phase phase, std::chrono::milliseconds limit);
    void leave_deadline() { deadline_ = core::SteadyTime::max(); }
    Incoming consume(std::string_view bytes);
    Incoming receive();
    Incoming advance();
    Incoming take_first(std::string_view bytes, boost::system::error_code ec);
    Incoming begin_request();
    boost::asio::awaitable<bool> send_100_continue();
    // Plain functions that only forward return the awaitable: each avoided coroutine frame is measurable.
    boost::asio::awaitable<bool> answer_request();
    boost::asio::awaitable<bool> answer(ServerRequest request, AnswerTo to);
    boost::asio::awaitable<bool> answer_upgrade(ServerRequest request, AnswerTo to, Upgrade upgrade);
    boost::asio::awaitable<bool> answer_failure(int status, std::string detail);
    boost::asio::awaitable<bool> refuse(ServerResponse response);
    boost::asio::awaitable<bool> respond(ServerResponse response, AnswerTo to);
    boost::asio::awaitable<bool> respond_whole(ServerResponse response, AnswerTo to);
    boost::asio::awaitable<bool> respond_stream(ServerResponse response, AnswerTo to);
    Written write_whole(const ServerResponse& response, AnswerTo to);
    boost::asio::awaitable<bool> write_rest(std::shared_ptr<const std::string> body, Written written);
    boost::asio::awaitable<void> linger();
    boost::system::error_code write_some(Gather& gather);
    [[nodiscard]] core::Error lost() const;
    void drop_slow_reader();
    void close_socket();

    boost::asio::ip::tcp::socket socket_;
    RequestIntake intake_;
    std::array<char, 512> first_bytes_{};    // of a request
    std::unique_ptr<RequestParser> parser_;  // while a request comes in
    std::string pending_;                    // received and not parsed yet
    std::string unsent_head_;                // what a slow client has not taken of a head
    BodyStream* stream_ = nullptr;           // while one runs
    std::optional<RateFloor> floor_;         // of the answer that is sent
    core::SteadyTime deadline_ = core::SteadyTime::max();
    Phase phase_ = Phase::idle;
    Refusal refusal_;
    bool gone_ = false;      // the socket is closed, or as good as
    bool expired_ = false;   // a deadline of idle, reading or lingering has passed
    bool too_slow_ = false;  // the deadline of writing has
    bool linger_ = false;
};

}  // namespace scanner::net
