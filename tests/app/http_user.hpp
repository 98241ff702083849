#pragma once

#include "support/run_coroutine.hpp"

#include "scanner/net/http_client.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::test {

/// Somebody with a plain HTTP client, and the token where there is one. One thread.
class HttpUser {
public:
    using json = nlohmann::json;

    struct Answer {
        int status = 0;  ///< 0: none came
        std::string text;
        std::string etag;
        json body;  ///< discarded when the text is no JSON
    };

    explicit HttpUser(std::uint16_t port, std::string token = "")
        : base_("http://127.0.0.1:" + std::to_string(port)), token_(std::move(token)) {}

    Answer get(const std::string& target, std::vector<net::Header> headers = {}) {
        return send("GET", target, "", std::move(headers));
    }
    Answer post(const std::string& target, const json& body, std::vector<net::Header> headers = {}) {
        return send("POST", target, body.is_null() ? "" : body.dump(), std::move(headers));
    }
    Answer remove(const std::string& target) { return send("DELETE", target, "", {}); }
    Answer send(std::string method, const std::string& target, std::string body, std::vector<net::Header> headers) {
        net::ClientRequest request;
        request.method = std::move(method);
        request.url = target.starts_with("http://") ? target : base_ + target;
        request.headers = std::move(headers);
        if (!token_.empty()) request.headers.push_back({"Authorization", "Bearer " + token_});
        if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
        request.body = std::move(body);
        request.timeout = std::chrono::seconds(15);
        const auto answer = run_on(io_, client_->send(std::move(request)));
        if (!answer) return {.text = answer.error().message()};
        return {.status = answer->status,
                .text = answer->body,
                .etag = std::string(net::find_header(answer->headers, "ETag")),
                .body = json::parse(answer->body, nullptr, false)};
    }

private:
    std::string base_;
    std::string token_;
    boost::asio::io_context io_{1};
    std::unique_ptr<net::HttpClient> client_ = net::make_curl_client(io_.get_executor(), {});
};

}  // namespace scanner::test
