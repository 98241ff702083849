#pragma once

#include "scanner/net/deadline.hpp"
#include "scanner/net/http_client.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace scanner::exchange::test {

struct Reply {
    std::string body;
    int status = 200;
    std::vector<net::Header> headers;
    std::optional<core::ErrorCode> error;  ///< in place of an answer
    std::chrono::milliseconds delay{0};    ///< a delay past the request's time-out gives a time-out
};

/// An HTTP client that answers from a script, by a part of the URL: each reply once, the last one for ever.
class ScriptedClient final : public net::HttpClient {
public:
    struct Sent {
        std::string url;
        std::chrono::milliseconds timeout;
        std::chrono::steady_clock::time_point time;
    };

    void answer(std::string url_part, std::vector<Reply> replies) {
        std::erase_if(rules_, [&](const Rule& rule) { return rule.url_part == url_part; });
        rules_.push_back({std::move(url_part), std::move(replies)});
    }

    boost::asio::awaitable<core::Result<net::ClientResponse>> send(net::ClientRequest request) override {
        sent.push_back({request.url, request.timeout, std::chrono::steady_clock::now()});
        const Reply reply = next_reply(request.url);
        // What a cancelled coroutine leaves behind is counted off as well.
        struct InFlight {
            explicit InFlight(ScriptedClient& owner) : client(owner) {
                client.max_in_flight = std::max(client.max_in_flight, ++client.in_flight);
            }
            InFlight(const InFlight&) = delete;
            InFlight& operator=(const InFlight&) = delete;
            ~InFlight() { --client.in_flight; }
            ScriptedClient& client;
        } in_flight_guard(*this);
        if (auto slept = co_await net::sleep_for(std::min(reply.delay, request.timeout)); !slept) {
            co_return std::unexpected(slept.error());
        }
        if (reply.delay > request.timeout) co_return core::fail(core::ErrorCode::timeout, "scripted time-out");
        if (reply.error) co_return core::fail(*reply.error, "scripted failure");
        net::ClientResponse response;
        response.status = reply.status;
        response.headers = reply.headers;
        response.body = reply.body;
        co_return response;
    }

    [[nodiscard]] std::size_t count(std::string_view url_part) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            sent, [&](const Sent& request) { return request.url.find(url_part) != std::string::npos; }));
    }

    std::vector<Sent> sent;
    int in_flight = 0;
    int max_in_flight = 0;

private:
    struct Rule {
        std::string url_part;
        std::vector<Reply> replies;
        std::size_t next = 0;
    };

    Reply next_reply(const std::string& url) {
        for (auto& rule : rules_) {
            if (url.find(rule.url_part) == std::string::npos) continue;
            const auto index = std::min(rule.next++, rule.replies.size() - 1);
            return rule.replies[index];
        }
        throw std::logic_error("no reply for " + url);
    }

    std::vector<Rule> rules_;
};

}  // namespace scanner::exchange::test
