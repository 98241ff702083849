#pragma once

#include "net/server/request_parser.hpp"
#include "net/server/server_core.hpp"

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace scanner::net {

/// Admits the requests of one connection before a handler answers them: which client each belongs to, whether it may
/// ask now, how much of its body is read and how much of that is kept. Loop thread.
class RequestIntake final : public BodyGate {
public:
    /// `client`: owner of the connection; empty where no limits apply. `turned_away`: it may not ask at all.
    RequestIntake(ServerCore& core, const boost::asio::ip::address& peer, ClientUse client, bool turned_away);
    RequestIntake(const RequestIntake&) = delete;
    RequestIntake& operator=(const RequestIntake&) = delete;
    ~RequestIntake() override { forget(); }

    /// Before each request: gives back what the one before took.
    void forget();
    /// Writes the client's address into `request`, and counts the request. The first call for a request does so, later
    /// ones have no effect.
    void identify(ServerRequest& request);
    /// Why the identified request is not answered, in words for the client (429); nothing when it is.
    [[nodiscard]] const std::optional<std::string>& refusal() const { return refusal_; }
    /// The client whose limits apply to the identified request; nullptr where none do.
    [[nodiscard]] Client* client() const { return (proxied_ ? forwarded_ : client_).get(); }
    /// Hands that client over to what the connection becomes (a WebSocket), which then counts in its place.
    [[nodiscard]] ClientUse take_client() { return std::move(proxied_ ? forwarded_ : client_); }

    std::optional<ProtocolFailure> open(ServerRequest& head, std::optional<std::uint64_t> declared) override;
    std::optional<ProtocolFailure> announce(std::uint64_t bytes) override;
    std::optional<ProtocolFailure> take(std::size_t bytes) override;
    [[nodiscard]] bool keeps() const override { return rules_.kept; }

private:
    [[nodiscard]] std::optional<ProtocolFailure> check_length(std::uint64_t length) const;
    [[nodiscard]] BodyRules ask_rules(const ServerRequest& head, std::optional<std::uint64_t> declared);

    ServerCore& core_;
    boost::asio::ip::address peer_;
    std::string peer_text_;
    ClientUse client_;  ///< of the connection
    bool proxied_;      ///< the peer is a trusted proxy
    bool turned_away_;

    // Of the request
    ClientUse forwarded_;  ///< behind the proxy
    bool identified_ = false;
    std::optional<std::string> refusal_;
    BodyRules rules_;
    std::uint64_t received_ = 0;  ///< of the body
    std::size_t held_ = 0;        ///< of the budget
};

}  // namespace scanner::net
