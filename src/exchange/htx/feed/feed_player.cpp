#include "exchange/htx/feed/feed_player.hpp"

#include "exchange/htx/feed/feed_core.hpp"

#include "scanner/exchange/checkpointed.hpp"
#include "scanner/net/retry.hpp"

#include <boost/asio/awaitable.hpp>
#include <zlib.h>

#include <algorithm>
#include <string>
#include <utility>

namespace scanner::exchange::htx::feed {
namespace {

/// A gzip member that holds `text` as it is: the feed's core reads members, and a recording holds what was in them.
void store(std::string_view text, std::string& member) {
    constexpr std::size_t kMaxBlock = 65'535;
    member.assign("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    const auto put = [&member](std::uint32_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) member += static_cast<char>((value >> (8 * i)) & 0xffU);
    };
    std::string_view rest = text;
    do {
        const std::string_view block = rest.substr(0, kMaxBlock);
        rest.remove_prefix(block.size());
        member += rest.empty() ? '\x01' : '\0';
        put(static_cast<std::uint32_t>(block.size()), 2);
        put(~static_cast<std::uint32_t>(block.size()), 2);
        member += block;
    } while (!rest.empty());
    const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
    put(static_cast<std::uint32_t>(sum), 4);
    put(static_cast<std::uint32_t>(text.size()), 4);
}

class HtxFeedPlayer final : public FeedPlayer, public Checkpointed {
public:
    HtxFeedPlayer(const MarketFeedOptions& options, FeedListener& listener, const core::Clock& clock,
                  std::uint64_t random_seed)
        : clock_(clock), core_(options, listener, net::make_random_unit(random_seed)) {}

    void want(std::vector<std::shared_ptr<const market::Contract>> contracts) override {
        core_.want(std::move(contracts), clock_.steady_now());
    }
    void restart_book(std::string_view contract_code, BookState cause, std::string_view why) override {
        core_.restart_book(contract_code, cause, why, clock_.steady_now());
    }
    void restart_tape(std::string_view contract_code, std::string_view why) override {
        core_.restart_tape(contract_code, why, clock_.steady_now());
    }
    const market::LiveBook* book(std::string_view contract_code) const override { return core_.book(contract_code); }
    boost::asio::awaitable<void> run() override { co_return; }
    void stop() override {}
    FeedStatus status() const override {
        FeedStatus status;
        core_.fill(status);
        return status;
    }

    std::string checkpoint() override { return core_.checkpoint(); }
    bool restore(std::string_view bytes) override { return core_.restore(bytes); }

    void on_connected(std::uint32_t connection) override {
        if (connection == 0) return core_.notifications_connected(clock_.steady_now());
        core_.connected(connection - 1);
    }
    void on_message(std::uint32_t connection, bool binary, bool compressed, std::string_view bytes) override {
        const Received received{.wall = clock_.now(), .steady = clock_.steady_now()};
        if (!binary) {
            static_cast<void>(core_.on_text());
            return;
        }
        if (!compressed) store(bytes, member_);
        const std::string_view member = compressed ? bytes : std::string_view(member_);
        // What it would answer was answered then, and whether the connection had to end is told as its end.
        if (connection == 0) {
            static_cast<void>(core_.on_notification(member, received));
        } else {
            static_cast<void>(core_.on_market(connection - 1, member, received));
        }
    }
    void on_disconnected(std::uint32_t connection, std::string_view why) override {
        if (connection == 0) return core_.notifications_disconnected();
        core_.disconnected(connection - 1, why);
    }
    void on_tend() override {
        const core::SteadyTime now = clock_.steady_now();
        core_.look(now);
        static_cast<void>(core_.take_notification_fault(now));  // whose end follows
        static_cast<void>(core_.take_news());
        while (core_.next(now)) {
        }
    }

private:
    const core::Clock& clock_;
    FeedCore core_;
    std::string member_;
};

}  // namespace

std::unique_ptr<FeedPlayer> make_htx_feed_player(const MarketFeedOptions& options, FeedListener& listener,
                                                 const core::Clock& clock, std::uint64_t random_seed) {
    return std::make_unique<HtxFeedPlayer>(options, listener, clock, random_seed);
}

}  // namespace scanner::exchange::htx::feed
