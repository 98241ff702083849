#pragma once

#include "api/http/endpoints.hpp"
#include "api/http/limits.hpp"
#include "api/http/places.hpp"
#include "api/operator/operator_body.hpp"

#include "scanner/api/handler.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <vector>

namespace scanner::api {

inline constexpr std::size_t kMostWatchlists = 100;
inline constexpr std::size_t kMostWatchlistSymbols = kMaxListed;
inline constexpr std::size_t kMostProfiles = 32;
inline constexpr double kMostWeight = 1e6;  ///< either way

/// The routes of settings, watchlists and profiles. Reads answer from memory; changes wait for the database. Loop
/// thread.
class OperatorEndpoints {
public:
    /// `options` must outlive it.
    explicit OperatorEndpoints(const ApiOptions& options) : options_(options) {}

    /// Empty without an operator service. Refers to this object.
    [[nodiscard]] std::vector<Route<Handler>> routes();

private:
    using Answer = boost::asio::awaitable<ActionOutcome>;

    Outcome settings(const Call& call);
    Outcome watchlists(const Call& call);
    Outcome watchlist(const Call& call);
    Outcome profiles(const Call& call);
    Outcome profile(const Call& call);

    Answer change_settings(Action action);
    Answer put_watchlist(Action action);
    Answer delete_watchlist(Action action);
    Answer put_profile(Action action);
    Answer apply_profile(Action action);
    Answer delete_profile(Action action);

    [[nodiscard]] std::vector<std::string> profile_names() const;
    [[nodiscard]] operators::OperatorService& service() const { return *options_.operator_service; }
    [[nodiscard]] storage::OperatorDocumentsPtr documents() const { return service().store().documents(); }

    const ApiOptions& options_;
    Places new_watchlists_{kMostWatchlists};  ///< those on their way into the database
    Places new_profiles_{kMostProfiles};
};

}  // namespace scanner::api
