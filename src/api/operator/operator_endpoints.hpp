#pragma once

#include "api/http/call.hpp"
#include "api/http/limits.hpp"
#include "api/http/places.hpp"

#include "scanner/api/ports.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

namespace scanner::api {

inline constexpr std::size_t kMaxWatchlists = 100;
inline constexpr std::size_t kMaxWatchlistSymbols = kMaxListed;
inline constexpr std::size_t kMaxProfiles = 32;
inline constexpr double kMaxWeight = 1e6;  ///< either way

/// The routes of settings, watchlists and profiles. Reads answer from memory; changes wait for the database. Loop
/// thread.
class OperatorEndpoints {
public:
    /// `ports` must outlive it.
    explicit OperatorEndpoints(const ApiPorts& ports) : ports_(ports) {}

    /// Empty without an operator service. Refers to this object.
    [[nodiscard]] std::vector<ApiRoute> routes();

private:
    Outcome settings(const Call& call);
    Outcome watchlists(const Call& call);
    Outcome watchlist(const Call& call);
    Outcome profiles(const Call& call);
    Outcome profile(const Call& call);

    boost::asio::awaitable<Outcome> change_settings(Call call);
    boost::asio::awaitable<Outcome> put_watchlist(Call call);
    boost::asio::awaitable<Outcome> delete_watchlist(Call call);
    boost::asio::awaitable<Outcome> put_profile(Call call);
    struct ProfileName {
        std::string name;
    };
    [[nodiscard]] std::expected<ProfileName, Problem> read_profile_name(const Call& call) const;
    boost::asio::awaitable<Outcome> apply_profile(Call call, ProfileName applied);
    boost::asio::awaitable<Outcome> delete_profile(Call call);

    [[nodiscard]] std::vector<std::string> profile_names() const;
    [[nodiscard]] operators::OperatorService& service() const { return *ports_.operator_service; }
    [[nodiscard]] storage::OperatorDocumentsPtr documents() const { return service().store().documents(); }

    const ApiPorts& ports_;
    Places new_watchlists_{kMaxWatchlists};  ///< those on their way into the database
    Places new_profiles_{kMaxProfiles};
};

}  // namespace scanner::api
