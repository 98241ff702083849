#include "net/server/request_intake.hpp"

#include "net/server/forwarded.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace scanner::net {
namespace {

using std::chrono::steady_clock;

constexpr const char* kNoRoom = "the bodies of other requests take all the room there is; try again later";

}  // namespace

RequestIntake::RequestIntake(ServerCore& core, const boost::asio::ip::address& peer, ClientUse client, bool turned_away)
    : core_(core),
      peer_(peer),
      peer_text_(core::address_text(address_bytes(peer))),
      client_(std::move(client)),
      proxied_(is_trusted(core.options().trusted_proxies, address_bytes(peer))),
      turned_away_(turned_away) {}

void RequestIntake::forget() {
    if (held_ > 0) core_.body_budget().give_back(client(), std::exchange(held_, 0));
    if (!identified_) return;
    identified_ = false;
    forwarded_.release();
    refusal_.reset();
    rules_ = {};
    received_ = 0;
}

void RequestIntake::identify(ServerRequest& request) {
    if (std::exchange(identified_, true)) return;
    request.remote_address = peer_text_;
    if (proxied_) {
        const auto now = steady_clock::now();
        if (const auto address = forwarded_for(request.headers, core_.options().trusted_proxies)) {
            request.remote_address = core::address_text(*address);
            forwarded_ = core_.client_limits().forwarded_client(*address, now);
        } else {
            forwarded_ = core_.client_limits().client(peer_, now);
        }
        if (core_.client_limits().excess(forwarded_) > 0) {
            refusal_ = "too many requests at a time from one address";
            return;
        }
    }
    Client* const whose = client();
    request.has_limits = whose != nullptr;
    if (whose != nullptr && !whose->take_request(steady_clock::now())) refusal_ = "too many requests from one address";
}

BodyRules RequestIntake::ask_rules(const ServerRequest& head, std::optional<std::uint64_t> declared) {
    try {
        if (auto rules = core_.handler().body_rules(head, declared)) return std::move(*rules);
    } catch (...) {
        core_.report_exception("body_rules", std::current_exception());
        return {.refusal = core_.error_response(500, "internal error")};
    }
    return {.max_bytes = core_.options().max_body_bytes, .kept = true};
}

std::optional<ProtocolFailure> RequestIntake::check_length(std::uint64_t length) const {
    if (length <= rules_.max_bytes) return std::nullopt;
    return ProtocolFailure{413, "a body may have " + std::to_string(rules_.max_bytes) + " bytes here"};
}

std::optional<ProtocolFailure> RequestIntake::open(ServerRequest& head, std::optional<std::uint64_t> declared) {
    identify(head);
    if (turned_away_ || refusal_) {
        // It is answered in its turn, if what there is to read past is little.
        rules_ = {.max_bytes = kUnwantedBodyBytes};
        if (declared.value_or(0) <= rules_.max_bytes) return std::nullopt;
        return ProtocolFailure{429, refusal_.value_or("too many connections")};
    }
    if (declared.value_or(0) > core_.options().max_body_bytes) {
        rules_.max_bytes = core_.options().max_body_bytes;
        return check_length(*declared);
    }
    rules_ = ask_rules(head, declared);
    if (rules_.refusal) {
        const int status = rules_.refusal->status;
        return ProtocolFailure{status, {}, std::exchange(rules_.refusal, std::nullopt)};
    }
    if (!declared) return std::nullopt;
    if (auto failure = check_length(*declared)) return failure;
    if (rules_.kept && !core_.body_budget().fits(client(), static_cast<std::size_t>(*declared))) {
        return ProtocolFailure{503, kNoRoom};
    }
    return std::nullopt;
}

std::optional<ProtocolFailure> RequestIntake::announce(std::uint64_t bytes) {
    // Both are within 64 bits, their sum may not be.
    if (bytes > rules_.max_bytes) return check_length(bytes);
    return check_length(received_ + bytes);
}

std::optional<ProtocolFailure> RequestIntake::take(std::size_t bytes) {
    received_ += bytes;
    if (auto failure = check_length(received_)) return failure;
    if (!rules_.kept) return std::nullopt;
    if (!core_.body_budget().take(client(), bytes)) return ProtocolFailure{503, kNoRoom};
    held_ += bytes;
    return std::nullopt;
}

}  // namespace scanner::net
