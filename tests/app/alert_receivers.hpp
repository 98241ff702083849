#pragma once

#include "alerts/delivery/crypto.hpp"
#include "support/child_process.hpp"
#include "support/loop_thread.hpp"

#include "scanner/net/http_message.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/request_handler.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace scanner::test {

/// Whoever sits behind SCANNER_ALERT_WEBHOOK_URL: refuses every alert twice, then takes it; wants nothing of the rules
/// that it was told to refuse.
class WebhookUser final : public net::RequestHandler {
public:
    struct Attempt {
        net::ServerRequest request;
        nlohmann::json body;
        int answered = 0;

        [[nodiscard]] std::string id() const { return std::string(request.header("webhook-id")); }
        [[nodiscard]] std::string rule() const { return body.value("rule", ""); }
    };

    WebhookUser() {
        server_ = loop_.call([this] {
            auto server = net::make_http_server(loop_.io().get_executor(), {}, *this);
            EXPECT_TRUE(server) << server.error().message();
            return std::move(*server);
        });
    }
    ~WebhookUser() override {
        loop_.call([this] { server_.reset(); });
        loop_.join();
    }
    WebhookUser(const WebhookUser&) = delete;
    WebhookUser& operator=(const WebhookUser&) = delete;

    [[nodiscard]] std::string url(const std::string& target = "/hook?key=1") const {
        return "http://127.0.0.1:" + std::to_string(server_->port()) + target;
    }
    void refuse(const std::string& rule) {
        const std::lock_guard lock(mutex_);
        refused_rule_ = rule;
    }
    [[nodiscard]] std::vector<Attempt> attempts() {
        const std::lock_guard lock(mutex_);
        return attempts_;
    }
    /// Those of one rule.
    [[nodiscard]] std::vector<Attempt> attempts(const std::string& rule) {
        auto all = attempts();
        std::erase_if(all, [&](const Attempt& attempt) { return attempt.rule() != rule; });
        return all;
    }
    /// How often an alert of `rule` was taken.
    [[nodiscard]] std::ptrdiff_t taken(const std::string& rule) {
        return std::ranges::count(attempts(rule), 204, &Attempt::answered);
    }

    boost::asio::awaitable<net::ServerResponse> handle(net::ServerRequest request) override {
        const std::lock_guard lock(mutex_);
        Attempt attempt{.request = std::move(request)};
        attempt.body = nlohmann::json::parse(attempt.request.body, nullptr, false);
        if (!refused_rule_.empty() && attempt.rule() == refused_rule_) {
            attempt.answered = 410;
        } else {
            attempt.answered = ++seen_[attempt.id()] <= 2 ? 503 : 204;
        }
        net::ServerResponse response;
        response.status = attempt.answered;
        response.body = std::make_shared<const std::string>();
        attempts_.push_back(std::move(attempt));
        co_return response;
    }
    std::optional<net::ServerResponse> refuse_websocket(const net::ServerRequest&) override {
        return net::ServerResponse{.status = 400};
    }
    boost::asio::awaitable<void> handle_websocket(net::ServerRequest, net::WebSocket&) override { co_return; }
    net::ServerResponse protocol_error(int status, std::string) override { return {.status = status}; }

private:
    std::mutex mutex_;
    std::vector<Attempt> attempts_;
    std::map<std::string, int> seen_;
    std::string refused_rule_;
    LoopThread loop_;
    std::unique_ptr<net::HttpServer> server_;
};

/// Whether the signature of a webhook is that of Standard Webhooks under `key`: what a receiver checks, step by step.
inline bool is_signed_with(std::string_view key, const net::ServerRequest& request) {
    const std::string signed_text = std::string(request.header("webhook-id")) + '.' +
                                    std::string(request.header("webhook-timestamp")) + '.' + request.body;
    return request.header("webhook-signature") == "v1," + alerts::to_base64(alerts::hmac_sha256(key, signed_text));
}

/// `redis-cli subscribe CHANNEL`
class RedisSubscriber {
public:
    RedisSubscriber(std::uint16_t port, const std::string& channel)
        : client_({"/usr/bin/redis-cli", "-p", std::to_string(port), "subscribe", channel}) {
        EXPECT_TRUE(client_.wait_for_output("subscribe", std::chrono::seconds(20))) << client_.output();
    }
    /// Everything that came so far.
    [[nodiscard]] std::vector<nlohmann::json> messages() const {
        std::vector<nlohmann::json> found;
        std::istringstream lines(client_.output());
        for (std::string line; std::getline(lines, line);) {
            auto message = nlohmann::json::parse(line, nullptr, false);
            if (message.is_object()) found.push_back(std::move(message));
        }
        return found;
    }
    [[nodiscard]] std::vector<nlohmann::json> messages(const std::string& rule) const {
        auto all = messages();
        std::erase_if(all, [&](const nlohmann::json& message) { return message.value("rule", "") != rule; });
        return all;
    }

private:
    ChildProcess client_;
};

}  // namespace scanner::test
