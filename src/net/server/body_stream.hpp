#pragma once

#include "net/loop/gather.hpp"
#include "net/server/server_core.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace scanner::net {

/// Where a stream's bytes go.
class ResponseSink {
public:
    virtual ~ResponseSink() = default;
    /// Sends all of it, or fails: the client is gone (network) or makes no progress (timeout). The memory is the
    /// caller's.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> send(Gather gather) = 0;
    [[nodiscard]] virtual bool gone() const = 0;
    virtual void drop() = 0;
};

/// The BodyWriter of one response: head, framing, declared length, good-bye.
class BodyStream final : public BodyWriter {
public:
    /// All of these must outlive it.
    BodyStream(ResponseSink& sink, ServerCore& core, const ServerResponse& response, AnswerTo to);

    [[nodiscard]] boost::asio::awaitable<core::Result<void>> write(std::shared_ptr<const std::string> piece) override;
    void abort() override { sink_.drop(); }
    [[nodiscard]] bool stopping() const override { return core_.stopping(); }
    void on_stopping(std::function<void()> wake) override { wake_ = std::move(wake); }

    /// Sends what ends the body. False when the client is gone.
    [[nodiscard]] boost::asio::awaitable<bool> finish();
    /// Calls what `on_stopping` was given.
    void wake_for_stop();
    [[nodiscard]] bool head_sent() const { return head_sent_; }
    /// Whether the connection must close after it, once finished.
    [[nodiscard]] bool closes() const { return plan_.close; }

private:
    [[nodiscard]] core::Result<void> check(std::size_t size);
    void append_head(std::string& out);

    ResponseSink& sink_;
    ServerCore& core_;
    const ServerResponse& response_;
    AnswerTo to_;
    ResponsePlan plan_;
    std::uint64_t sent_ = 0;  // of the body
    bool head_sent_ = false;
    bool said_goodbye_ = false;
    std::function<void()> wake_;
};

}  // namespace scanner::net
