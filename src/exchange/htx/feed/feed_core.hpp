#pragma once

#include "exchange/htx/feed/book_chain.hpp"
#include "exchange/htx/feed/contract_changes.hpp"
#include "exchange/htx/feed/frames/market_frame.hpp"
#include "exchange/htx/feed/frames/notification_frame.hpp"
#include "exchange/htx/feed/notice_topics.hpp"
#include "exchange/htx/feed/send_clock.hpp"
#include "exchange/htx/feed/string_hash.hpp"
#include "exchange/htx/feed/subscriptions.hpp"

#include "scanner/exchange/market_feed.hpp"
#include "scanner/exchange/market_feed_options.hpp"
#include "scanner/net/gzip_inflater.hpp"
#include "scanner/net/retry.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::exchange::htx::feed {

/// When a frame was read, by both of our clocks.
struct Received {
    core::WallTime wall;
    core::SteadyTime steady;
};

/// Everything of the feed but its connections: what they brought goes in, what to send comes out, the listener is told.
/// No I/O; time and randomness are arguments. A frame of a known topic costs no allocation in steady state.
class FeedCore {
public:
    FeedCore(const MarketFeedOptions& options, FeedListener& listener, net::RandomUnit random);

    void want(std::vector<std::shared_ptr<const market::Contract>> contracts, core::SteadyTime now);
    void restart_book(std::string_view contract_code, BookState cause, std::string_view why, core::SteadyTime now);
    void restart_tape(std::string_view contract_code, std::string_view why, core::SteadyTime now);
    [[nodiscard]] const market::LiveBook* book(std::string_view contract_code) const;

    /// The number of the notification connection; those of the market are numbered from 0.
    static constexpr std::size_t kNotifications = Subscriptions::kNowhere - 1;
    [[nodiscard]] std::size_t connections() const { return subscriptions_.connections(); }
    [[nodiscard]] std::size_t topics_on(std::size_t connection) const { return subscriptions_.topics_on(connection); }
    void connected(std::size_t connection);
    void disconnected(std::size_t connection, std::string_view why);
    void notifications_connected(core::SteadyTime now);
    void notifications_disconnected();
    /// Why the notification connection must be made anew although it lives; empty while all is well. Told once.
    [[nodiscard]] std::string take_notification_fault(core::SteadyTime now);

    /// A binary message of a market connection. Returns what to answer at once, or nothing; on failure the connection
    /// must end.
    [[nodiscard]] core::Result<std::optional<std::string>> on_market(std::size_t connection, std::string_view bytes,
                                                                     const Received& received);
    /// The same for the notification connection.
    [[nodiscard]] core::Result<std::optional<std::string>> on_notification(std::string_view bytes,
                                                                           const Received& received);
    /// A message that is not binary, which none of the exchange's is. The connection must end.
    [[nodiscard]] core::Error on_text();

    /// The next message to send, if it is time for one; it counts as sent.
    [[nodiscard]] std::optional<Subscriptions::Request> next(core::SteadyTime now);
    /// When `next` will have something by the passing of time alone.
    [[nodiscard]] core::SteadyTime next_due() const;
    /// Whether that may have become earlier since the last call.
    [[nodiscard]] bool take_news() { return std::exchange(news_, false); }
    /// Looks for what the passing of time has brought: snapshots and answers that did not come. Call it about once a
    /// second.
    void look(core::SteadyTime now);
    [[nodiscard]] bool is_overdue(std::size_t connection, core::SteadyTime now) const {
        return subscriptions_.is_overdue(connection, now);
    }

    /// Everything but the connections.
    void fill(FeedStatus& status) const;

    /// Everything that decides what it does next, as bytes; what is left to chance begins anew from here, and so the
    /// same for each feed that has come here.
    [[nodiscard]] std::string checkpoint();
    /// Goes on from there, with the same options. False where the bytes are none of that: then nothing has changed.
    [[nodiscard]] bool restore(std::string_view bytes);

private:
    using Topic = Subscriptions::Topic;

    struct Followed {
        explicit Followed(std::shared_ptr<const market::Contract> of)
            : contract(std::move(of)), chain(contract->contract_size) {}
        std::shared_ptr<const market::Contract> contract;
        BookChain chain;
        core::SteadyTime live_since{};
        core::SteadyTime snapshot_due = core::SteadyTime::max();
        int restarts = 0;  ///< without a healthy time in between
        int tape_restarts = 0;
        core::SteadyTime tape_restarted{};
        int snapshots_missed = 0;
        bool wanted = true;

        static void persist(auto& self, auto& archive) {
            archive(self.chain, self.live_since, self.snapshot_due, self.restarts, self.tape_restarts,
                    self.tape_restarted, self.snapshots_missed, self.wanted);
            archive.require(self.restarts >= 0 && self.tape_restarts >= 0 && self.snapshots_missed >= 0);
        }
    };

    /// What a frame says at once, or why it cannot be read.
    [[nodiscard]] core::Result<std::string_view> inflate(std::string_view bytes);
    [[nodiscard]] Followed* followed(std::string_view contract_code);
    void confirm(Topic& topic, Followed& contract, core::SteadyTime now);
    void on_data(std::size_t connection, const MarketFrame& frame, const Received& received);
    void on_book(Topic& topic, Followed& contract, const MarketFrame& frame, const Received& received);
    void on_trades(Followed& contract, const MarketFrame& frame, const Received& received);
    void on_refusal(std::size_t connection, const MarketFrame& frame, core::SteadyTime now);
    void restart(Topic& topic, Followed& contract, std::string_view cause, std::string_view why, core::SteadyTime now);
    /// Every subscription that is begun again is counted, and told of, here.
    void note_resubscription(std::string_view topic, std::string_view contract_code, std::string_view cause,
                             std::string_view why);
    void on_unanswered(const Topic& topic);
    void look_for_snapshots(core::SteadyTime now);
    /// Clocks differ, but not by so much: what says it is from later says nonsense.
    [[nodiscard]] bool is_plausible(core::WallTime exchange, const Received& received) const;
    /// When a frame was sent, unless that cannot be: one wrong time must not stop the clock of what follows.
    [[nodiscard]] core::WallTime time_of(const std::optional<core::WallTime>& sent, core::WallTime otherwise,
                                         const Received& received) const;
    void on_notice_refusal(const NotificationFrame& frame, core::SteadyTime now);
    void on_rows(const NotificationFrame& frame, const FeedTime& time);
    [[nodiscard]] std::chrono::milliseconds snapshot_wait(const Followed& contract) const;

    const MarketFeedOptions options_;
    FeedListener& listener_;
    net::RandomUnit random_;
    net::GzipInflater inflater_;
    MarketFrameDecoder market_decoder_;
    NotificationDecoder notification_decoder_;
    Subscriptions subscriptions_;
    ContractChanges contract_changes_;
    NoticeTopics notices_;
    SendClock send_clock_;
    StringMap<std::unique_ptr<Followed>> followed_;  // by contract code
    FeedStatus counts_;
    bool news_ = false;
};

}  // namespace scanner::exchange::htx::feed
