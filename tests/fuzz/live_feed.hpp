#pragma once

#include "exchange/feed/feed_fixture.hpp"
#include "fuzz/check.hpp"
#include "fuzz/gzip_member.hpp"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::fuzz {

namespace feed = exchange::htx::feed;

/// What the book of one contract must be by the plainest reading of the rules.
struct PlainChain {
    std::map<double, double, std::greater<>> bids;
    std::map<double, double> asks;
    std::optional<std::size_t> connection;  ///< where a subscription was asked for; nothing: none stands
    bool live = false;
    std::int64_t version = 0;

    void end() {
        connection.reset();
        live = false;
    }
    template <class Side>
    static void change(Side& side, const std::vector<std::pair<int, int>>& levels) {
        for (const auto& [price, size] : levels) {
            if (size == 0) {
                side.erase(price);
            } else {
                side[price] = size;
            }
        }
    }
    template <class Side>
    static bool same(const Side& side, std::span<const market::Level> levels) {
        return std::ranges::equal(side, levels, [](const auto& a, const market::Level& b) {
            return a.first == b.price && a.second == b.size;
        });
    }
};

/// Hears what the model of the rules cannot know: subscriptions that the core begins again by itself as time passes.
/// Without a line of text for everything that is told, which would take most of the time.
class Heard final : public exchange::FeedListener {
public:
    void on_book(const market::Contract&, const market::LiveBook&, const exchange::FeedTime&) override {}
    void on_book_state(const market::Contract& contract, exchange::BookState state, std::string_view why) override {
        require(state != exchange::BookState::live, "a live book is told with its content");
        if (why == "no snapshot came" || why == "the exchange did not answer the subscription") {
            begun_again.push_back(contract.contract_code);
        }
    }
    void on_trades(const market::Contract&, std::span<const market::Trade> trades, const exchange::FeedTime&) override {
        require(!trades.empty(), "trades are told where there are some");
    }
    void on_tape_hole(const market::Contract&, std::string_view) override {}
    void on_liquidation(std::string_view, const exchange::Liquidation&, const exchange::FeedTime&) override {}
    void on_liquidations_followed(bool is) override { followed = is; }
    void on_funding_rate(std::string_view, const market::FundingRate&, const exchange::FeedTime&) override {}
    void on_contract_change(std::string_view, const exchange::FeedTime&) override {}

    std::vector<std::string> begun_again;
    bool followed = false;  ///< liquidations
};

/// Plays the exchange and time from a sequence of bytes, against the core and against plain chains.
class FeedPlay {
public:
    explicit FeedPlay(std::string_view script) : script_(script) {}

    void run() {
        while (!script_.empty()) {
            step(take_choice(script_));
            check();
            if (script_.empty() || ++steps_ % kStatusEvery == 0) check_status();
        }
    }

private:
    static constexpr std::array<std::string_view, 3> kCodes{"BTC-USDT", "ETH-USDT", "XYZ-USDT"};
    /// What the status says is made of many strings, and looked at less often.
    static constexpr int kStatusEvery = 16;
    using Levels = std::vector<std::pair<int, int>>;

    std::string_view code() { return kCodes[take_choice(script_) % kCodes.size()]; }
    PlainChain& chain(std::string_view of) {
        return chains_[static_cast<std::size_t>(std::ranges::find(kCodes, of) - kCodes.begin())];
    }
    feed::Received received() const { return {core::from_unix_ms(feed::Wire::kNow), now_}; }

    void step(unsigned char what) {
        switch (what % 12) {
            case 0: return want(take_choice(script_));
            case 1: return what % 24 == 1 ? connect(take_choice(script_) % 2) : notifications(take_choice(script_));
            case 2: return disconnect(take_choice(script_) % 2);
            case 3: return ask();
            case 4: return answer(take_choice(script_));
            case 5: return book(true);
            case 6:
            case 7:
            case 8: return book(false);
            case 9: return trade();
            case 10: {
                const auto of = code();
                if (what % 24 == 22) return core_.restart_tape(of, "", now_);
                core_.restart_book(of, exchange::BookState::audit_failed, "", now_);
                return chain(of).end();
            }
            default:
                now_ += std::chrono::milliseconds(100 * take_choice(script_));
                core_.look(now_);
                static_cast<void>(core_.take_notification_fault(now_));
                // Of what it begins again by itself nothing stands any more.
                for (const auto& of : heard_.begun_again) chain(of).end();
                heard_.begun_again.clear();
        }
    }

    void want(unsigned char which) {
        std::vector<std::shared_ptr<const market::Contract>> contracts;
        for (std::size_t i = 0; i < kCodes.size(); ++i) {
            if ((which >> i & 1U) != 0) {
                contracts.push_back(feed::contract_of(std::string(kCodes[i]), 1.0));
                wanted_[i] = true;
            } else {
                wanted_[i] = false;
                chain(kCodes[i]).end();
            }
        }
        core_.want(std::move(contracts), now_);
    }
    void connect(std::size_t connection) {
        if (up_.at(connection)) return;
        up_.at(connection) = true;
        core_.connected(connection);
    }
    void disconnect(std::size_t connection) {
        if (!up_.at(connection)) return;
        up_.at(connection) = false;
        core_.disconnected(connection, "cut");
        for (PlainChain& plain : chains_) {
            if (plain.connection == connection) plain.end();
        }
    }
    void ask() {
        const auto request = core_.next(now_);
        if (!request) return;
        if (request->connection == feed::FeedCore::kNotifications) {
            return require(noticed_, "only what is connected is asked");
        }
        require(request->connection < up_.size() && up_.at(request->connection), "only what is connected is asked");
        for (const auto of : kCodes) {
            if (!request->text.contains(feed::topic_name(feed::TopicKind::book, of))) continue;
            chain(of).end();
            if (request->text.contains("\"sub\"")) chain(of).connection = request->connection;
        }
    }
    void answer(unsigned char how) {
        const auto kind = (how & 1U) != 0 ? feed::TopicKind::book : feed::TopicKind::tape;
        const auto topic = feed::topic_name(kind, code());
        send((how & 2U) != 0 ? 1 : 0, (how & 4U) != 0 ? feed::Wire::unsubbed(topic) : feed::Wire::subbed(topic));
    }
    void notifications(unsigned char how) {
        if (how % 4 == 0) {
            noticed_ = !noticed_;
            if (noticed_) return core_.notifications_connected(now_);
            core_.notifications_disconnected();
            return require(!heard_.followed, "without a connection nothing is followed");
        }
        if (!noticed_) return;
        static constexpr std::array kTopics{feed::kFundingTopic, feed::kContractTopic, feed::kLiquidationTopic};
        const auto topic = kTopics[how / 4 % 3];
        const auto text =
            how % 4 == 3
                ? fmt::format(R"({{"op":"notify","topic":"{}","ts":{},"data":[]}})", topic, feed::Wire::kNow)
                : fmt::format(R"({{"op":"sub","cid":"1","topic":"{}","err-code":{}}})", topic, how % 4 == 1 ? 0 : 2004);
        require(core_.on_notification(stored_member(text), received()).has_value(), "a notice is read");
    }
    Levels levels(int around) {
        Levels out;
        const int count = take_choice(script_) % 5;
        for (int i = 0; i < count; ++i) {
            const auto byte = take_choice(script_);
            out.emplace_back(around + byte % 16, byte / 64);
        }
        return out;
    }
    static std::string text(const Levels& of) {
        std::string out = "[";
        for (const auto& [price, size] : of) out += fmt::format("{}[{},{}]", out.size() > 1 ? "," : "", price, size);
        return out + "]";
    }
    void book(bool whole) {
        const auto of = code();
        const auto choice = take_choice(script_);
        auto bids = levels(100);
        auto asks = levels(112);
        if (whole) {
            const auto price = [](const auto& level) { return level.first; };
            std::ranges::sort(bids, std::greater(), price);
            std::ranges::sort(asks, std::less(), price);
            bids.erase(std::ranges::unique(bids, {}, price).begin(), bids.end());
            asks.erase(std::ranges::unique(asks, {}, price).begin(), asks.end());
        }
        PlainChain& plain = chain(of);
        const auto connection = static_cast<std::size_t>(choice & 1U);
        const std::int64_t version = plain.version + 1 + ((choice & 0x70U) == 0x70U ? (choice >> 1U & 3U) : 0);
        send(connection, feed::Wire::book(of, whole ? "snapshot" : "update", version, text(bids), text(asks)));
        if (plain.connection != connection || !up_.at(connection)) return;
        const bool fits = whole || (plain.live && version == plain.version + 1);
        if (!fits) return plain.end();
        if (whole) {
            plain.bids.clear();
            plain.asks.clear();
        }
        PlainChain::change(plain.bids, bids);
        PlainChain::change(plain.asks, asks);
        plain.live = true;
        plain.version = version;
        if (!plain.bids.empty() && !plain.asks.empty() && plain.bids.begin()->first >= plain.asks.begin()->first) {
            plain.end();
        }
    }
    void trade() {
        const auto of = code();
        send(take_choice(script_) % 2, feed::Wire::trade(of, 1 + take_choice(script_)));
    }
    void send(std::size_t connection, const std::string& message) {
        if (!up_.at(connection)) return;
        require(core_.on_market(connection, stored_member(message), received()).has_value(), "a message is read");
    }

    void check() {
        for (const auto of : kCodes) {
            const PlainChain& plain = chain(of);
            const auto* const book = core_.book(of);
            require((book != nullptr) == plain.live, "a book is live exactly when the rules say so");
            if (book == nullptr) continue;
            require(PlainChain::same(plain.bids, book->bids()) && PlainChain::same(plain.asks, book->asks()),
                    "a live book is the sum of its snapshot and changes");
        }
    }
    void check_status() {
        std::size_t live = 0;
        for (const auto of : kCodes) live += core_.book(of) != nullptr ? 1 : 0;
        exchange::FeedStatus status;
        core_.fill(status);
        std::size_t said = 0;
        for (const auto& [of, state] : status.books) {
            const auto place = static_cast<std::size_t>(std::ranges::find(kCodes, of) - kCodes.begin());
            require(place < wanted_.size() && wanted_[place], "only what is wanted is followed");
            said += state == exchange::BookState::live ? 1 : 0;
        }
        require(said == live, "the status says how many are live");
        require(core_.connections() <= 2, "no more connections than there may be");
        require(status.notices.size() == feed::NoticeTopics::kCount, "the status has every topic of all contracts");
    }

    std::string_view script_;
    core::SteadyTime now_{std::chrono::hours(1)};
    Heard heard_;
    exchange::MarketFeedOptions options_{.topics_per_connection = 3, .max_connections = 2};
    feed::FeedCore core_{options_, heard_, [] { return 0.5; }};
    std::array<PlainChain, kCodes.size()> chains_;
    std::array<bool, kCodes.size()> wanted_{};
    std::array<bool, 2> up_{};
    bool noticed_ = false;
    int steps_ = 0;
};

/// The whole feed without its sockets, against an exchange that says anything in any order.
inline void live_feed(std::string_view input) {
    if (input.size() > 4096) return;
    FeedPlay(input).run();
}

}  // namespace scanner::fuzz
