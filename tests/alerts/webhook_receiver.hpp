#pragma once

#include "scanner/net/http_client.hpp"
#include "scanner/net/http_message.hpp"
#include "scanner/net/http_server.hpp"
#include "scanner/net/request_handler.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::alerts::test {

/// A webhook receiver on the loopback that answers as a test says.
class WebhookReceiver final : public net::RequestHandler {
public:
    /// `status` of the n-th request, from 0.
    WebhookReceiver(boost::asio::io_context& io, std::function<int(std::size_t)> status) : status_(std::move(status)) {
        auto server = net::make_http_server(io.get_executor(), {}, *this);
        EXPECT_TRUE(server) << server.error().message();
        server_ = std::move(*server);
    }

    [[nodiscard]] std::string url(const std::string& target = "/hook?secret=1") const {
        return "http://127.0.0.1:" + std::to_string(server_->port()) + target;
    }

    boost::asio::awaitable<net::ServerResponse> handle(net::ServerRequest request) override {
        net::ServerResponse response;
        response.status = status_(requests.size());
        requests.push_back(std::move(request));
        response.body = std::make_shared<const std::string>(body);
        response.headers = headers;
        co_return response;
    }
    std::optional<net::ServerResponse> refuse_websocket(const net::ServerRequest&) override {
        return net::ServerResponse{.status = 400};
    }
    boost::asio::awaitable<void> handle_websocket(net::ServerRequest, net::WebSocket&) override { co_return; }
    net::ServerResponse protocol_error(int status, std::string) override { return {.status = status}; }

    std::vector<net::ServerRequest> requests;
    std::string body;                  ///< of every answer
    std::vector<net::Header> headers;  ///< likewise

private:
    std::function<int(std::size_t)> status_;
    std::unique_ptr<net::HttpServer> server_;
};

}  // namespace scanner::alerts::test
