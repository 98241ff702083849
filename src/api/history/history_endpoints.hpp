#pragma once

#include "api/history/history_queries.hpp"
#include "api/http/endpoints.hpp"
#include "api/http/places.hpp"

#include "scanner/storage/history.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace scanner::api {

/// The routes that read what was ranked: from the database, page by page, so that a range of any length costs the
/// memory of one page. Loop thread; the database's calls run on its own thread, with a deadline.
class HistoryEndpoints {
public:
    /// Everything referred to must outlive it.
    HistoryEndpoints(const ApiOptions& options, const engine::EngineView& engine);

    /// Refer to this object. None without a history.
    [[nodiscard]] std::vector<Route<Handler>> routes();
    /// What answers a request to the route in its place: `/rankings` with `as_of` is about the past. nullptr: nothing.
    [[nodiscard]] const Handler* in_place_of(std::string_view label, const net::QueryParameters& params) const;

    /// Streams at a time; each holds a page, and they share the database with the writer.
    static constexpr std::size_t kMostStreams = 8;
    static constexpr std::size_t kMaxStreamsOfClient = 2;
    /// What a client must take of a stream while it is waited for: a place is not held for days.
    static constexpr std::size_t kLeastBytesPerSec = 32U << 10U;

private:
    using Response = boost::asio::awaitable<net::ServerResponse>;
    Response rankings(Action action);
    Response bars(Action action);
    Response as_of(Action action);
    template <class Query>
    Response answer(Query query, net::ServerRequest request);
    template <class Query, class Page>
    [[nodiscard]] net::ServerResponse stream(Query query, Page first, Places::Place taken,
                                             const net::ServerRequest& request);

    [[nodiscard]] net::ServerResponse respond(const Outcome& outcome, const net::ServerRequest& request) const;
    [[nodiscard]] ResponseContext context() const;
    [[nodiscard]] HistoryContext query_context(const net::ServerRequest& request) const;

    const ApiOptions& options_;
    const engine::EngineView& engine_;
    Handler as_of_;
    Places streams_{kMostStreams, kMaxStreamsOfClient};
};

}  // namespace scanner::api
