#include "scanner/exchange/exchange_factory.hpp"

#include "exchange/htx/feed/feed_player.hpp"
#include "exchange/htx/feed/htx_feed.hpp"
#include "exchange/htx/feed/topics.hpp"
#include "exchange/htx/htx_description.hpp"
#include "exchange/htx/htx_exchange.hpp"

#include "scanner/core/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

// The only place outside htx/ that knows which exchange it is.
namespace scanner::exchange {

std::span<const ExchangeDescription> known_exchanges() {
    static constexpr std::array kKnown{htx::kDescription};
    return kKnown;
}

const ExchangeDescription* find_exchange(std::string_view name) {
    const auto known = known_exchanges();
    const auto found = std::ranges::find_if(
        known, [name](const ExchangeDescription& exchange) { return core::equal_ignoring_case(exchange.name, name); });
    return found == known.end() ? nullptr : &*found;
}

std::unique_ptr<Exchange> make_exchange(boost::asio::any_io_executor executor, ExchangeOptions options,
                                        net::HttpClient& client, const core::Clock& clock, std::uint64_t random_seed,
                                        ExchangeObserver observer) {
    return htx::make_htx_exchange(std::move(executor), std::move(options), client, clock, random_seed,
                                  std::move(observer));
}

std::unique_ptr<MarketFeed> make_market_feed(const boost::asio::any_io_executor& executor, MarketFeedOptions options,
                                             FeedListener& listener, const core::Clock& clock,
                                             std::uint64_t random_seed) {
    return htx::feed::make_htx_feed(executor, std::move(options), listener, clock, random_seed);
}

std::unique_ptr<FeedPlayer> make_feed_player(const MarketFeedOptions& options, FeedListener& listener,
                                             const core::Clock& clock, std::uint64_t random_seed) {
    return htx::feed::make_htx_feed_player(options, listener, clock, random_seed);
}

std::string feed_url(std::string_view base_url) {
    return htx::feed::feed_url(base_url);
}

bool is_real_market(std::string_view base_url) {
    return htx::is_own_host(base_url);
}

std::string market_name(std::string_view base_url) {
    return is_real_market(base_url) ? std::string(htx::kDescription.name) : std::string(base_url);
}

boost::asio::awaitable<std::optional<bool>> is_simulated(net::HttpClient& client, std::string base_url) {
    if (is_real_market(base_url)) co_return false;
    net::ClientRequest request;
    request.url = base_url + "/_simulator/status";
    request.timeout = std::chrono::seconds(2);
    request.max_body_bytes = 1U << 20U;
    const auto answer = co_await client.send(std::move(request));
    if (!answer || answer->status >= 500 || answer->status == 429) co_return std::nullopt;
    co_return answer->status == 200;
}

}  // namespace scanner::exchange
