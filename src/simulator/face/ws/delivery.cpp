#include "simulator/face/ws/delivery.hpp"

#include "simulator/face/random.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace scanner::simulator::face {
namespace {

constexpr std::size_t kBombBytes = 32U << 20U;
constexpr std::uint16_t kNoClose = 1006;  // the connection is gone without one

FaultTarget target_of(const FeedConnection& connection, std::string_view contract) {
    return {.path = connection.path(), .contract = contract};
}

}  // namespace

std::optional<FaultStrike> Delivery::strike(FaultKind kind, const FeedConnection& connection,
                                            std::string_view contract) {
    return faults_.strike(kind, target_of(connection, contract), now_);
}

bool Delivery::stalled(const FeedConnection& connection, const About& about) {
    if (!faulty_) return false;
    const std::uint64_t key = mix(hash_text(about.channel), connection.number());
    return faults_.strike_for(FaultKind::ws_stall, target_of(connection, about.contract), key, now_).has_value();
}

bool Delivery::dropped(const FeedConnection& connection, const About& about) {
    return faulty_ && strike(FaultKind::ws_drop_version, connection, about.contract);
}

std::optional<std::uint64_t> Delivery::falsified(const FeedConnection& connection, const About& about) {
    if (!faulty_) return std::nullopt;
    const auto struck = strike(FaultKind::ws_wrong_book, connection, about.contract);
    return struck ? std::optional(struck->draw) : std::nullopt;
}

void Delivery::send(FeedConnection& connection, const About& about, const SharedFrame& frame) {
    if (!faulty_) return connection.send(frame);
    if (const auto garbage = strike(FaultKind::ws_garbage, connection, about.contract)) {
        return send_garbage(connection, frame, garbage->draw);
    }
    if (strike(FaultKind::ws_bomb, connection, about.contract)) {
        if (!bomb_) bomb_ = pack_bomb(R"({"ch":"market.overview","ts":1,"tick":{)", kBombBytes);
        return connection.send(bomb_);
    }
    connection.send(frame);
    if (strike(FaultKind::ws_duplicate, connection, about.contract)) connection.send(frame);
}

void Delivery::send_garbage(FeedConnection& connection, const SharedFrame& frame, std::uint64_t draw) {
    switch (draw % 5) {
        case 0:  // cut in the middle
            return connection.send(std::make_shared<const std::string>(frame->substr(0, frame->size() / 2)));
        case 1: {  // a bit has turned over behind the header
            std::string spoilt = *frame;
            spoilt[10 + mix(draw) % (spoilt.size() - 10)] ^= '\x10';
            return connection.send(std::make_shared<const std::string>(std::move(spoilt)));
        }
        case 2: return connection.send(std::make_shared<const std::string>(), true);
        case 3: return connection.send(packer_.pack(R"({"ch":"market.BTC-USDT.detail","tick":[1e999,)"));
        default: return connection.send(std::make_shared<const std::string>("<html>502 Bad Gateway</html>"), false);
    }
}

void Delivery::strike_connection(FeedConnection& connection) {
    if (!faulty_ || connection.over()) return;
    if (strike(FaultKind::ws_disconnect, connection, "")) return connection.close(kNoClose, "");
    if (strike(FaultKind::ws_half_open, connection, "")) connection.fall_silent();
}

void Delivery::delay(FeedConnection& connection) {
    const auto slow = faulty_
                          ? faults_.strike_for(FaultKind::ws_slow, target_of(connection, ""), connection.number(), now_)
                          : std::nullopt;
    connection.delay_frames(slow ? slow->fault->delay : std::chrono::milliseconds(0));
}

}  // namespace scanner::simulator::face
