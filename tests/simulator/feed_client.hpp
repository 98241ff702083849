#pragma once

#include "support/websocket_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace scanner::simulator::face::test {

/// What one frame says: nothing unless it is exactly one whole gzip member.
inline std::optional<std::string> gunzip(std::string_view frame, std::size_t most = 64U << 20U) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) throw std::runtime_error("zlib");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(frame.data()));
    stream.avail_in = static_cast<uInt>(frame.size());
    std::string text;
    int result = Z_OK;
    while (result == Z_OK && text.size() < most) {
        const std::size_t used = text.size();
        text.resize(used + 65'536);
        stream.next_out = reinterpret_cast<Bytef*>(text.data() + used);
        stream.avail_out = 65'536;
        result = inflate(&stream, Z_NO_FLUSH);
        text.resize(text.size() - stream.avail_out);
    }
    const bool whole = result == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    return whole ? std::optional(std::move(text)) : std::nullopt;
}

/// A client of the simulator's WebSockets that answers pings and says what comes.
class FeedClient {
public:
    using Json = nlohmann::json;
    using Milliseconds = std::chrono::milliseconds;
    static constexpr std::size_t kLongest = 4U << 20U;

    FeedClient(std::uint16_t port, std::string target) {
        auto connected = scanner::test::connect_websocket({.port = port, .target = std::move(target)}, &status_);
        if (connected) client_ = std::move(*connected);
    }
    [[nodiscard]] bool connected() const { return client_ != nullptr; }
    /// What came in place of a handshake.
    [[nodiscard]] int status() const { return status_; }

    void send(const Json& message) { EXPECT_TRUE(socket().send(message.dump())); }
    void send_text(std::string_view text) { EXPECT_TRUE(socket().send(text)); }
    void subscribe(const std::string& topic) { send({{"sub", topic}, {"id", topic}, {"data_type", "incremental"}}); }

    /// The next message; nothing when none came in time or the connection ended. Frames that cannot be read are
    /// counted. Pings are answered, unless told otherwise, and not returned.
    std::optional<Json> next(Milliseconds wait = Milliseconds(20'000)) {
        const auto until = std::chrono::steady_clock::now() + wait;
        for (;;) {
            const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
            if (left <= Milliseconds(0)) return std::nullopt;
            const auto frame = socket().read(left);
            if (!frame) {
                ended_ = frame.error().code() != core::ErrorCode::timeout;
                return std::nullopt;
            }
            ++frames_;
            const auto text = frame->binary ? gunzip(frame->data) : std::nullopt;
            // No message of the exchange is as long; reading one takes seconds in a build without optimisation.
            const bool readable = text && text->size() < kLongest;
            Json message = readable ? Json::parse(*text, nullptr, false) : Json(Json::value_t::discarded);
            largest_ = std::max(largest_, text ? text->size() : 0);
            if (message.is_discarded()) {
                ++unreadable_;
                continue;
            }
            if (message.contains("ping")) {
                ++pings_;
                if (answers_) send({{"pong", message.at("ping")}});
                continue;
            }
            if (message.value("op", "") == "ping") {
                ++pings_;
                if (answers_) send({{"op", "pong"}, {"ts", message.at("ts")}});
                continue;
            }
            return message;
        }
    }
    /// The first message that fits within the time.
    std::optional<Json> find(const std::function<bool(const Json&)>& fits, Milliseconds wait = Milliseconds(60'000)) {
        const auto until = std::chrono::steady_clock::now() + wait;
        while (!ended_ && std::chrono::steady_clock::now() < until) {
            auto message = next(std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now()));
            if (message && fits(*message)) return message;
        }
        return std::nullopt;
    }
    /// Reads for so long, or until the connection ends.
    void listen(Milliseconds time, const std::function<void(const Json&)>& hear = [](const Json&) {}) {
        find(
            [&hear](const Json& message) {
                hear(message);
                return false;
            },
            time);
    }

    /// Reads until it is done, which is asked after each message, for as long as a loaded machine may need. Whether it
    /// is.
    bool listen_until(
        const std::function<bool()>& done, const std::function<void(const Json&)>& hear = [](const Json&) {},
        Milliseconds wait = Milliseconds(60'000)) {
        find(
            [&](const Json& message) {
                hear(message);
                return done();
            },
            wait);
        return done();
    }

    void answer_pings(bool answers) { answers_ = answers; }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] int frames() const { return frames_; }
    [[nodiscard]] int pings() const { return pings_; }
    [[nodiscard]] int unreadable() const { return unreadable_; }
    [[nodiscard]] std::size_t largest() const { return largest_; }
    [[nodiscard]] scanner::test::WebSocketClient& socket() {
        if (!client_) throw std::runtime_error("not connected, status " + std::to_string(status_));
        return *client_;
    }

private:
    int status_ = 0;
    std::unique_ptr<scanner::test::WebSocketClient> client_;
    bool answers_ = true;
    bool ended_ = false;
    int frames_ = 0;
    int pings_ = 0;
    int unreadable_ = 0;
    std::size_t largest_ = 0;
};

/// A book kept from its frames, by price as it was written.
struct FollowedBook {
    std::map<double, std::int64_t> bids, asks;
    std::int64_t version = 0;
    std::int64_t matching_id = 0;
    int snapshots = 0, updates = 0, gaps = 0, duplicates = 0;

    void take(const nlohmann::json& tick) {
        const std::int64_t next = tick.at("version");
        if (tick.at("event") == "snapshot") {
            ++snapshots;
            bids.clear();
            asks.clear();
        } else {
            ++updates;
            duplicates += next == version ? 1 : 0;
            gaps += next > version + 1 ? 1 : 0;
        }
        version = next;
        matching_id = tick.at("mrid");
        apply(tick.at("bids"), bids);
        apply(tick.at("asks"), asks);
    }
    [[nodiscard]] bool is(const nlohmann::json& truth) const {
        return holds(truth.at("bids"), bids) && holds(truth.at("asks"), asks);
    }

private:
    static void apply(const nlohmann::json& levels, std::map<double, std::int64_t>& side) {
        for (const auto& level : levels) {
            const std::int64_t size = level.at(1);
            if (size == 0) {
                side.erase(level.at(0).get<double>());
            } else {
                side[level.at(0).get<double>()] = size;
            }
        }
    }
    static bool holds(const nlohmann::json& levels, const std::map<double, std::int64_t>& side) {
        if (levels.size() != side.size()) return false;
        for (const auto& level : levels) {
            const auto found = side.find(level.at(0).get<double>());
            if (found == side.end() || found->second != level.at(1).get<std::int64_t>()) return false;
        }
        return true;
    }
};

}  // namespace scanner::simulator::face::test
