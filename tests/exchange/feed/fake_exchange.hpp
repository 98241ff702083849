#pragma once

#include "exchange/feed/feed_fixture.hpp"
#include "support/websocket_server.hpp"

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace scanner::exchange::htx::feed {

/// The exchange's WebSocket face as far as the feed uses it, whose market moves by hand and which misbehaves when told
/// to. Books are one level a side; the bid's size counts the changes, so that a book tells which change it has seen.
class FakeExchange {
public:
    using Server = test::WebSocketServer;

    explicit FakeExchange(boost::asio::io_context& io, const test::TlsFiles* tls = nullptr) {
        Server::Script script;
        script.on_open = [this](const Server::PeerPointer& peer) {
            peers_.push_back(peer);
            peer->send(test::gzip(R"({"ping":1790134831961})"));
        };
        script.on_message = [this](const Server::PeerPointer& peer, const std::string& text) { on_text(peer, text); };
        script.on_end = [this](const Server::PeerPointer& peer) { std::erase(peers_, peer); };
        script.status = [this](const std::string&) { return status; };
        server_ = test::make_websocket_server(io, std::move(script), tls);
    }

    [[nodiscard]] Server& server() { return *server_; }
    [[nodiscard]] std::size_t connections() const { return peers_.size(); }
    [[nodiscard]] const std::vector<Server::PeerPointer>& peers() const { return peers_; }

    /// One change of the book of every subscribed contract.
    void move() {
        ++moves_;
        for (auto& [key, subscription] : books_) {
            const auto& [peer, code] = key;
            if (!peer->is_open() || stalled.contains(code)) continue;
            const auto version = subscription.version += std::exchange(skip[code], 0) + 1;
            const auto text = Wire::update(code, version, fmt::format("[[99,{}]]", moves_));
            say(peer, text);
            if (duplicate.erase(code) > 0) say(peer, text);
        }
    }
    void trade(const std::string& code, std::int64_t id) {
        for (const auto& [peer, of] : tapes_) {
            if (of == code && peer->is_open()) say(peer, Wire::trade(code, id));
        }
    }
    void ping() {
        for (const auto& peer : std::vector(peers_)) say(peer, R"({"ping":7})");
    }
    void say_all(const std::string& bytes, bool binary = true) {
        for (const auto& peer : std::vector(peers_)) {
            if (peer->target() == kMarketPath) peer->send(bytes, binary);
        }
    }
    void drop_all() {
        for (const auto& peer : std::vector(peers_)) peer->drop();
    }
    static void say(const Server::PeerPointer& peer, std::string_view text) { peer->send(test::gzip(text, 1)); }

    [[nodiscard]] std::int64_t moves() const { return moves_; }
    [[nodiscard]] std::size_t books() const {
        return count(books_, [](const auto& of) { return of.first.first; });
    }
    [[nodiscard]] std::size_t tapes() const {
        return count(tapes_, [](const auto& of) { return of.first; });
    }

    std::map<std::string, std::int64_t> skip;  ///< so many versions are lost with the next change, by contract
    std::set<std::string> duplicate;           ///< the next change comes twice
    std::set<std::string> stalled;             ///< their topics are silent, whatever is asked
    std::set<std::string> refused;             ///< there is no such topic
    bool answers = true;                       ///< false: requests get no answer
    int status = 101;
    std::vector<std::string> texts;                               ///< what clients said
    std::vector<std::chrono::steady_clock::time_point> asked_at;  ///< of subscriptions and their ends

private:
    struct Subscription {
        std::int64_t version = 0;
    };
    using Key = std::pair<Server::PeerPointer, std::string>;

    template <class Container, class PeerOf>
    static std::size_t count(const Container& all, PeerOf peer_of) {
        return static_cast<std::size_t>(
            std::ranges::count_if(all, [&](const auto& of) { return peer_of(of)->is_open(); }));
    }

    void on_text(const Server::PeerPointer& peer, const std::string& text) {
        texts.push_back(text);
        const auto json = nlohmann::json::parse(text);
        if (json.contains("pong") || json.value("op", "") == "pong") return;
        asked_at.push_back(std::chrono::steady_clock::now());
        if (!answers) return;
        if (json.contains("op")) {
            say(peer, fmt::format(R"({{"op":"sub","cid":"1","topic":"{}","ts":1,"err-code":0}})",
                                  json.at("topic").get<std::string>()));
            return;
        }
        const bool sub = json.contains("sub");
        const std::string name = json.at(sub ? "sub" : "unsub");
        const auto topic = parse_topic(name);
        EXPECT_TRUE(topic.has_value()) << name;
        const Key key(peer, std::string(topic->contract_code));
        if (refused.contains(key.second)) {
            say(peer,
                fmt::format(
                    R"({{"status":"error","ts":1,"id":"{}","err-code":"bad-request","err-msg":"invalid topic {}"}})",
                    json.at("id").get<std::string>(), name));
            return;
        }
        if (!sub) {
            if (topic->kind == TopicKind::book) books_.erase(key);
            if (topic->kind == TopicKind::tape) tapes_.erase(key);
            say(peer, Wire::unsubbed(name));
            return;
        }
        if (topic->kind == TopicKind::tape) {
            tapes_.insert(key);
            say(peer, Wire::subbed(name));
            say(peer, Wire::trade(key.second, 1));  // the last one, however old
            return;
        }
        auto& subscription = books_[key];
        subscription.version = 1'000 * ++subscriptions_;
        if (!stalled.contains(key.second)) {
            say(peer, Wire::snapshot(key.second, subscription.version, fmt::format("[[99,{}]]", moves_ + 1),
                                     "[[101,4]]"));  // before the answer
        }
        say(peer, Wire::subbed(name));
    }

    std::unique_ptr<Server> server_;
    std::vector<Server::PeerPointer> peers_;
    std::map<Key, Subscription> books_;
    std::set<Key> tapes_;
    std::int64_t moves_ = 0;
    std::int64_t subscriptions_ = 0;
};

}  // namespace scanner::exchange::htx::feed
