#pragma once

#include "engine/feed/look_leases.hpp"
#include "engine/feed/newest_trades.hpp"
#include "engine/feed/tape_candle.hpp"
#include "engine/manipulation/manipulation_watch.hpp"
#include "engine/market_state.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/engine/live_view.hpp"
#include "scanner/exchange/market_feed.hpp"
#include "scanner/market/tape.hpp"
#include "scanner/signals/flow/contract_flow.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::engine {

/// What the feed source knows of one contract's subscriptions, for those who watch over them.
struct FollowedContract {
    std::shared_ptr<const market::Contract> contract;
    bool on_demand = false;  ///< outside of the scan: followed because somebody looks at it
    exchange::BookState book = exchange::BookState::not_wanted;
    core::WallTime confirmed_at;  ///< when the live book was last confirmed, by the exchange's clock
    core::SteadyTime confirmed;   ///< the same moment, by ours: a frame of its topic was sent, or an audit agreed
    core::SteadyTime book_frame;  ///< when the last frame of its topic came
    std::optional<core::SteadyTime> late_since;  ///< the book's frames have come late since: it is behind
    std::optional<core::SteadyTime> traded;      ///< when the first trade was sent since the book was confirmed
    core::SteadyTime traded_read;                ///< ... and when it was read: frames of the book may wait behind it

    /// Whether its book may be shown as live.
    [[nodiscard]] bool is_current() const { return book == exchange::BookState::live && !late_since; }
    bool tape_has_hole = true;
    bool tape_followed = false;     ///< its subscription lives: what a list of trades ends with, it goes on from
    std::uint64_t tape_life = 0;    ///< another number after each hole, for who waits for a list of trades
    core::SteadyTime tape_frame;    ///< when the last frame of its topic came, or its subscription began
    std::int64_t newest_trade = 0;  ///< id of the newest trade that is known, 0 before the first
};

/// By contract code, in that order: of two that are equally urgent the same one is first wherever that is decided.
using FollowedContracts = std::map<std::string, FollowedContract, std::less<>>;

/// What answers say of the subscription of its book, a literal.
[[nodiscard]] std::string_view subscription_of(const FollowedContract& contract);

/// Follows an exchange's live feed and writes what it tells to the market state: the second source beside the scan.
///
/// Books are copied late, when a ranking is about to be made of them: a hundred changes between two rankings cost one
/// copy. What a subscription that was lost has left in the state stays there, with its age, until a scan has brought
/// something newer; but not where its content was wrong. Loop thread only; no I/O.
class FeedSource final : public exchange::FeedListener, public LiveView {
public:
    struct Events {
        std::function<void()> on_change;           ///< a ranking would say something else now
        std::function<void()> on_contract_change;  ///< the list of contracts should be read again
        std::function<void(const std::string& contract_code)> on_tape_hole;
        /// Others are followed from now on because somebody looks at them: all of their codes.
        std::function<void(const std::vector<std::string>& contract_codes)> on_looks{};
    };

    /// Everything passed by reference must outlive it.
    FeedSource(MarketState& state, const core::Clock& clock, Events events,
               std::chrono::milliseconds look_lease = kLookLease);

    /// Where live books are read; must outlive it. Nothing is wanted of it before, and what was followed of another is
    /// forgotten.
    void follow(exchange::MarketFeed& feed) {
        feed_ = &feed;
        followed_.clear();
        following_.clear();
        last_live_.reset();
    }
    /// Who else is told of trades and books: the detectors of manipulation, which must outlive it; nullptr: none.
    void tell(ManipulationWatch* detectors) { detectors_ = detectors; }
    /// Asks the feed for the contracts of the state's universe, by turnover, and behind them for those that are looked
    /// at. Others are forgotten.
    void want_universe();
    /// Gives up the contracts outside of the universe not looked at within the lease.
    void end_looks();

    /// In a replay: what was recorded of on_looks.
    void set_looks(const std::vector<std::string>& contract_codes);
    /// Everything that decides (core/checkpoint.hpp), but the feed's own. `load` after the state's.
    void save(core::CheckpointWriter& archive) const;
    void load(core::CheckpointReader& archive);

    /// Writes what has come since the last time to the state, for a ranking that is about to be read of it.
    void bring();
    /// When the first frame was read of what the last `bring` has brought; empty where no frame had come.
    [[nodiscard]] std::optional<core::SteadyTime> brought_since() const { return brought_since_; }
    /// Something was told since the last `bring`.
    [[nodiscard]] bool changed() const { return changed_; }
    /// When a number of what was brought next changes by itself, as a window empties, by the exchange's clock; empty
    /// when none does.
    [[nodiscard]] std::optional<core::WallTime> next_change() const;
    /// What else was written makes a difference to a ranking.
    void note_change();

    /// An audit has found that the live book was right at `exchange_time`. An answer out of an old cache confirms
    /// nothing.
    void confirm(const std::string& contract_code, core::WallTime exchange_time);
    /// From now on the live book is kept as it is after each frame, the latest few, until `drop_books`.
    void keep_books(const std::string& contract_code);
    /// As it was under this number; nullptr where that is not among those that are kept.
    [[nodiscard]] std::shared_ptr<const market::OrderBook> kept_book(const std::string& contract_code,
                                                                     std::int64_t matching_id) const;
    void drop_books(const std::string& contract_code);
    /// A book of another source for a contract whose own is not live.
    void take_book(const std::string& contract_code, market::OrderBook book);
    /// The newest trades, as the exchange answered: whether they have closed the hole. `tape_life`: the contract's when
    /// they were asked for; a list that is older than the subscription does not reach up to it.
    bool fill_tape(const std::string& contract_code, std::span<const market::Trade> trades, std::uint64_t tape_life);

    [[nodiscard]] const FollowedContracts& followed() const { return followed_; }
    [[nodiscard]] const market::LiveBook* book(const std::string& contract_code) const;
    /// So long after the last live subscription was lost the feed counts as interrupted, not as gone.
    static constexpr std::chrono::minutes kInterruption{1};
    /// Whether a feed is there: a book or a tape of it lives, or did so within an interruption. Without one, be it that
    /// the exchange has none or refuses it, requests alone make rankings, exactly as with the feed off.
    [[nodiscard]] bool is_there();
    /// The exchange's clock, as far as it is known.
    [[nodiscard]] core::WallTime exchange_now() const;

    // LiveView
    [[nodiscard]] LiveReadingPtr look(const std::shared_ptr<const market::Contract>& contract) override;

    // FeedListener
    void on_book(const market::Contract& contract, const market::LiveBook& book,
                 const exchange::FeedTime& time) override;
    void on_book_state(const market::Contract& contract, exchange::BookState state, std::string_view why) override;
    void on_trades(const market::Contract& contract, std::span<const market::Trade> trades,
                   const exchange::FeedTime& time) override;
    void on_tape_hole(const market::Contract& contract, std::string_view why) override;
    void on_resubscription(std::string_view topic, std::string_view contract_code, std::string_view cause,
                           std::string_view why) override;
    void on_liquidation(std::string_view contract_code, const exchange::Liquidation& liquidation,
                        const exchange::FeedTime& time) override;
    void on_liquidations_followed(bool followed) override;
    void on_funding_rate(std::string_view contract_code, const market::FundingRate& rate,
                         const exchange::FeedTime& time) override;
    void on_contract_change(std::string_view contract_code, const exchange::FeedTime& time) override;

private:
    static constexpr std::size_t kMaxKeptBooks = 64;  ///< of one contract

    /// Trades since the last `bring`, of one minute: what they do to the running candle.
    struct Move {
        double low = 0.0;
        double high = 0.0;
        core::WallTime last_time;

        static void persist(auto& self, auto& archive) { archive(self.low, self.high, self.last_time); }
    };
    /// Everything that is known of a contract's events, and what of it is written to the state at the next `bring`.
    struct Following {
        bool book_changed = false;
        TapePrice price;
        std::optional<Move> move;
        TapeCandle candle;
        market::Tape tape;
        signals::ContractFlow flow;
        bool flow_changed = true;
        std::optional<core::WallTime> flow_changes_at;  ///< by itself, by the exchange's clock
        const ContractState* written_to = nullptr;
        NewestTrades newest{kNewestTrades};
        LiveReadingPtr looked;  ///< the last reading, for looks within kSharedLook
        core::SteadyTime looked_at;
        bool keeps_books = false;
        std::deque<std::shared_ptr<const market::OrderBook>> kept;  ///< the oldest first
    };

    /// How long ago it was sent; never below 0.
    [[nodiscard]] std::chrono::milliseconds lateness(const exchange::FeedTime& time) const;
    /// What the feed dated, but hardly ahead of the exchange's clock: one wrong stamp must not stop later ones.
    [[nodiscard]] core::WallTime bounded(core::WallTime told) const;
    [[nodiscard]] FollowedContract* find(std::string_view contract_code);
    void bring(const std::string& code, const FollowedContract& contract, Following& following, ContractState& state,
               core::WallTime exchange_now);
    static void bring_candle(const FollowedContract& contract, Following& following, ContractState& state);
    void tell_price(Following& following, const market::Trade& trade);
    void note_change(const FollowedContract& contract);
    void note_looks();
    static void persist_following(auto& self, auto& archive);
    [[nodiscard]] LiveReading read(const std::string& code, const FollowedContract& contract, Following& following);

    MarketState& state_;
    const core::Clock& clock_;
    Events events_;
    exchange::MarketFeed* feed_ = nullptr;
    ManipulationWatch* detectors_ = nullptr;
    using AllFollowing = std::map<std::string, Following, std::less<>>;

    FollowedContracts followed_;
    AllFollowing following_;  ///< the same contracts
    LookLeases looks_;
    std::uint64_t readings_ = 0;
    std::uint64_t tape_lives_ = 0;
    std::optional<core::SteadyTime> last_live_;  ///< when a book or tape was last seen to be live
    bool liquidations_followed_ = false;
    bool changed_ = false;
    std::optional<core::SteadyTime> frames_since_;  ///< when the first frame since the last `bring` was read
    std::optional<core::SteadyTime> brought_since_;
};

}  // namespace scanner::engine
