#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"

#include <boost/asio/awaitable.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::exchange {

/// When something came: by the exchange's clock, and by both of ours at the moment its frame was read.
struct FeedTime {
    core::WallTime exchange;
    core::WallTime received;
    core::SteadyTime received_steady;
};

/// Where the subscription of a book stands. Only a live book may be used; in every other state the contract's book
/// comes from elsewhere until a new snapshot has started it again.
enum class BookState : std::uint8_t {
    not_wanted,
    awaiting_snapshot,
    live,
    gap,           ///< a change was missing
    silent,        ///< not confirmed for too long
    crossed,       ///< the best bid reached the best ask
    audit_failed,  ///< it did not agree with what the exchange's other interface says
    disconnected,  ///< its connection ended
};
inline constexpr std::array kBookStates{
    BookState::not_wanted, BookState::awaiting_snapshot, BookState::live,         BookState::gap,
    BookState::silent,     BookState::crossed,           BookState::audit_failed, BookState::disconnected};
[[nodiscard]] std::string_view to_string(BookState state) noexcept;

/// A position that the exchange closed by force.
struct Liquidation {
    market::Side taker_side = market::Side::unknown;  ///< buy: a short position was closed
    double price = 0.0;                               ///< USDT
    double size = 0.0;                                ///< base units, one side counted
    core::WallTime time;
};

/// Who follows the feed. Called on the loop thread, in the order in which frames were read; must be quick, not throw,
/// and not call back into the feed but for `restart_book`. References are valid for the call only.
class FeedListener {
public:
    virtual ~FeedListener() = default;

    /// The book of a live subscription after a snapshot, a change, or a frame that confirmed it without a change.
    virtual void on_book(const market::Contract& contract, const market::LiveBook& book, const FeedTime& time) = 0;
    /// The book may no longer be used, or its subscription moved between states that are not live.
    virtual void on_book_state(const market::Contract& contract, BookState state, std::string_view why) = 0;
    /// Trades as a frame brought them, in the order of their ids, the frame that answers a subscription with an old
    /// trade among them. A trade may be told again, and one with a lower id than the last may follow.
    virtual void on_trades(const market::Contract& contract, std::span<const market::Trade> trades,
                           const FeedTime& time) = 0;
    /// Trades may be missing between the last one that was told and now: until the caller has filled the hole from
    /// elsewhere the tape is incomplete. Told when the connection is lost, and again once the tape is subscribed (also
    /// for the first time): what is read from elsewhere after that reaches the first trade that will be told.
    /// `why` is kTapeBegins then.
    virtual void on_tape_hole(const market::Contract& contract, std::string_view why) = 0;
    /// A subscription is begun again, for a reason that FeedStatus::resubscriptions counts under `cause`; not told of
    /// those that went with their connection. `topic`: what was subscribed; `contract_code` is empty where it is of
    /// all.
    virtual void on_resubscription(std::string_view topic, std::string_view contract_code, std::string_view cause,
                                   std::string_view why) {
        static_cast<void>(topic), static_cast<void>(contract_code), static_cast<void>(cause), static_cast<void>(why);
    }
    virtual void on_liquidation(std::string_view contract_code, const Liquidation& liquidation,
                                const FeedTime& time) = 0;
    /// Whether every liquidation from now on will be told. Those between a false and the next true never are.
    virtual void on_liquidations_followed(bool followed) { static_cast<void>(followed); }
    virtual void on_funding_rate(std::string_view contract_code, const market::FundingRate& rate,
                                 const FeedTime& time) = 0;
    /// A contract was listed, suspended or otherwise changed: the list of contracts should be read again.
    virtual void on_contract_change(std::string_view contract_code, const FeedTime& time) = 0;
};

enum class ConnectionState : std::uint8_t { connecting, live, waiting };
inline constexpr std::array kConnectionStates{ConnectionState::connecting, ConnectionState::live,
                                              ConnectionState::waiting};
[[nodiscard]] std::string_view to_string(ConnectionState state) noexcept;

struct FeedConnectionStatus {
    std::string name;  ///< stable: "market 1", "notifications"
    ConnectionState state = ConnectionState::connecting;
    std::size_t topics = 0;
    std::optional<core::SteadyTime> last_frame;
    std::string last_error;  ///< why it last ended; empty when it never did
};

/// How the subscription of a topic of all contracts stands: liquidations, funding rates, changes of contracts.
struct FeedNoticeStatus {
    enum class State : std::uint8_t {
        waiting,  ///< to be asked for: there is no connection yet, or the last attempt failed
        asked,    ///< no answer yet
        subscribed,
    };
    std::string topic;
    State state = State::waiting;
    std::uint64_t failures = 0;  ///< in a row: refused, not answered, or gone silent
    std::string last_error;      ///< of the last failure; empty when there never was one
};
[[nodiscard]] std::string_view to_string(FeedNoticeStatus::State state) noexcept;

/// Why a topic is subscribed again while its connection lives: states of a book, and
///   unreadable        a frame of its topic said something impossible
///   no_snapshot       of a book none came
///   refused           the exchange would not have the subscription, which is tried again later
///   unanswered        the exchange said nothing to it, while it answered others
///   contract_changed  its size is another one
///   tape_stalled      trades went by of which the tape said nothing
///   notices_stalled   a topic of all contracts has lost its rhythm; its whole connection is begun again
inline constexpr std::array<std::string_view, 11> kResubscriptionCauses{
    "gap",     "silent",     "crossed",          "audit_failed", "unreadable",     "no_snapshot",
    "refused", "unanswered", "contract_changed", "tape_stalled", "notices_stalled"};

/// Why a tape has a hole although its subscription has just begun: what was traded before is not known.
inline constexpr std::string_view kTapeBegins = "the tape begins here";

/// How the feed does, for health and metrics. Counters are since start.
struct FeedStatus {
    std::vector<FeedConnectionStatus> connections;
    std::vector<FeedNoticeStatus> notices;
    std::map<std::string, BookState> books;  ///< of wanted contracts, by contract code
    std::uint64_t frames = 0;
    std::uint64_t wire_bytes = 0;         ///< as they came
    std::uint64_t inflated_bytes = 0;     ///< after decompression
    std::uint64_t ignored_frames = 0;     ///< of unknown topics or shapes
    std::uint64_t unreadable_frames = 0;  ///< whole, or in what they say of one contract
    std::uint64_t gaps = 0;
    std::uint64_t reconnections = 0;
    std::map<std::string, std::uint64_t>
        resubscriptions;  ///< of topics on living connections, by cause: see kResubscriptionCauses
};

/// The narrow interface through which the engine follows an exchange's live feed. Loop thread only.
///
/// What is wanted is kept apart from what happens to be subscribed: `want` says the former, the feed works towards it
/// and keeps it through every disconnect.
class MarketFeed {
public:
    virtual ~MarketFeed() = default;

    /// The contracts whose books and tapes are wanted, the most important first. Contracts that stay are not touched.
    virtual void want(std::vector<std::shared_ptr<const market::Contract>> contracts) = 0;
    /// Gives up what is held of the book and subscribes it again; `cause` is told as its state until a snapshot comes.
    virtual void restart_book(std::string_view contract_code, BookState cause, std::string_view why) = 0;
    /// Subscribes the tape of a contract again, because it has missed trades while its connection lived. Its hole is
    /// told at once and, as after every beginning, once it is subscribed. A feed that has no subscriptions does
    /// nothing.
    virtual void restart_tape(std::string_view contract_code, std::string_view why) {
        static_cast<void>(contract_code);
        static_cast<void>(why);
    }
    /// The live book of a contract; nullptr while it is not live. Valid until the loop next runs.
    [[nodiscard]] virtual const market::LiveBook* book(std::string_view contract_code) const = 0;

    /// Connects and follows until stopped; run it once. Never fails: a feed that cannot connect goes on trying.
    [[nodiscard]] virtual boost::asio::awaitable<void> run() = 0;
    /// Ends `run` within a second.
    virtual void stop() = 0;
    [[nodiscard]] virtual FeedStatus status() const = 0;
};

}  // namespace scanner::exchange
