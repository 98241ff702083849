#pragma once

#include "scanner/alerts/alert.hpp"
#include "scanner/core/clock.hpp"
#include "scanner/net/retry.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::alerts {

struct DeliveryOptions {
    net::BackoffOptions backoff{.max_attempts = 10,
                                .base = std::chrono::seconds(2),
                                .cap = std::chrono::minutes(10),
                                .floor = std::chrono::milliseconds(500)};
    std::size_t max_waiting = 1'000;
};

/// A delivery that was given up.
struct GivenUp {
    Alert alert;
    int attempts = 0;
    std::string error;
};

/// Which alert is posted when. Pure: time is an argument. Bounded: when it is full the oldest that is not under way is
/// given up. One thread.
class DeliveryQueue {
public:
    struct Item {
        Alert alert;
        std::string id;
        int attempts = 0;  ///< that failed
    };

    DeliveryQueue(DeliveryOptions options, net::RandomUnit random);

    /// Adds an alert, due now, that failed `attempts` times before a restart; one that is there already (by id) is not
    /// added again. What must be given up to make room comes back.
    std::optional<GivenUp> push(Alert alert, core::SteadyTime now, int attempts = 0);

    /// The alert that has been due longest, if one is; it is under way until its end is reported.
    [[nodiscard]] std::optional<Item> take(core::SteadyTime now);
    /// When `take` next has something; nothing while everything is under way or nothing waits.
    [[nodiscard]] std::optional<core::SteadyTime> next_due() const;

    void delivered(std::string_view id);
    /// An attempt failed and may be repeated. Returns what must be given up now, if anything. While a receiver asks to
    /// wait for `at_least`, it is sent no other alert either.
    std::optional<GivenUp> failed(std::string_view id, std::string error,
                                  std::optional<std::chrono::milliseconds> at_least, core::SteadyTime now);
    /// An attempt failed and must not be repeated.
    std::optional<GivenUp> give_up(std::string_view id, std::string error);
    /// An attempt was abandoned (shutdown): it does not count, and the alert waits again.
    void put_back(std::string_view id, core::SteadyTime now);

    /// Drops everything; what is under way is not known any more when it ends.
    void clear() { entries_.clear(); }

    /// Everything that is not delivered, oldest first.
    [[nodiscard]] std::vector<Item> items() const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        Item item;
        net::Backoff backoff;
        core::SteadyTime due;
        bool under_way = false;
    };
    using Entries = std::list<Entry>;

    Entries::iterator find(std::string_view id);
    GivenUp remove(Entries::iterator entry, std::string error);

    DeliveryOptions options_;
    net::RandomUnit random_;
    Entries entries_;                // in the order of arrival
    core::SteadyTime closed_until_;  // as the receiver asked
};

}  // namespace scanner::alerts
