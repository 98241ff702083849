#pragma once

#include "api/history/history_queries.hpp"
#include "api/http/call.hpp"
#include "api/http/places.hpp"

#include "scanner/api/options.hpp"
#include "scanner/api/ports.hpp"
#include "scanner/storage/history.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <expected>
#include <memory>
#include <string_view>
#include <vector>

namespace scanner::api {

/// The routes that read what was ranked: from the database, page by page, so that a range of any length costs the
/// memory of one page. Loop thread; the database's calls run on its own thread, with a deadline.
class HistoryEndpoints {
public:
    /// Everything referred to must outlive it.
    HistoryEndpoints(const ApiOptions& options, const ApiPorts& ports) : options_(options), ports_(ports) {}

    /// Refer to this object. None without a history.
    [[nodiscard]] std::vector<ApiRoute> routes();
    /// What answers `/rankings` with `as_of`, which is about the past. Refers to this object; empty without a history.
    [[nodiscard]] Handler as_of_handler();

    /// Streams at a time; each holds a page, and they share the database with the writer.
    static constexpr std::size_t kMaxStreams = 8;
    static constexpr std::size_t kMaxStreamsOfClient = 2;
    /// What a client must take of a stream while it is waited for: a place is not held for days.
    static constexpr std::size_t kLeastBytesPerSec = 32U << 10U;

private:
    using Waiting = boost::asio::awaitable<Outcome>;
    [[nodiscard]] std::expected<HistoryRankingsQuery, Problem> read_rankings(const Call& call) const;
    [[nodiscard]] std::expected<HistoryBarsQuery, Problem> read_bars(const Call& call) const;
    [[nodiscard]] std::expected<AsOfQuery, Problem> read_as_of(const Call& call) const;
    template <class Query>
    Waiting pages(Call call, Query query);
    Waiting as_of(Call call, AsOfQuery query);
    template <class Query, class Page>
    [[nodiscard]] net::ServerResponse stream(Query query, Page first, Places::Place taken, const Call& call);

    [[nodiscard]] HistoryContext query_context(const net::ServerRequest& request) const;

    const ApiOptions& options_;
    const ApiPorts& ports_;
    Places streams_{kMaxStreams, kMaxStreamsOfClient};
};

}  // namespace scanner::api
