#pragma once

#include "alerts/delivery/delivery_queue.hpp"
#include "alerts/delivery/webhook.hpp"
#include "alerts/outbox.hpp"

#include "scanner/alerts/alert.hpp"
#include "scanner/alerts/alert_types.hpp"
#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>

namespace scanner::alerts {

/// Posts alerts to the webhook, retrying until they are delivered or given up, and stores what was given up in the
/// database as dead letters. Loop thread; must outlive its coroutines.
class WebhookDelivery {
public:
    /// `changed` is called when there is something new to save.
    WebhookDelivery(const boost::asio::any_io_executor& executor, const AlertOptions& options, const AlertPorts& ports,
                    WebhookTarget target, std::function<void()> changed);

    [[nodiscard]] bool has_webhook() const { return ports_.http != nullptr && !target_.url.empty(); }
    /// An alert to be posted, that failed `attempts` times before; one that waits already is not added again.
    void enqueue(Alert alert, int attempts);

    /// Starts the coroutines among `children`; false when they cannot be started.
    [[nodiscard]] bool start(net::TaskGroup& children);
    /// Lets them end after the attempts in progress.
    void stop();

    /// Adds a dead letter of an earlier run that the database had not stored.
    void restore(GivenUp given_up) { given_up_.push_back(std::move(given_up)); }
    /// Another one delivers from now on. An attempt that is under way goes on, under the id that the other one uses.
    void forget();
    /// Appends what waits and what was given up.
    void save_into(SavedState& state) const;

    [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
    /// Its members of `statistics`: delivered, failed_attempts, dead_letters, dead_letters_lost, last_error,
    /// webhook_format.
    void count(AlertStatistics& statistics) const;

private:
    // The parameter is one of workers_.
    boost::asio::awaitable<void> work(net::Event& due);  // NOLINT(*-avoid-reference-coroutine-parameters)
    boost::asio::awaitable<void> post(DeliveryQueue::Item item);
    boost::asio::awaitable<void> keep_dead_letters();
    void give_up(GivenUp given_up);
    void wake_workers();

    AlertPorts ports_;
    WebhookTarget target_;
    std::chrono::milliseconds dead_letter_retry_;
    std::function<void()> changed_;
    DeliveryQueue queue_;
    std::deque<GivenUp> given_up_;  // not taken by the database yet
    std::deque<net::Event> workers_;
    net::Event keeper_;
    core::RepeatedFailure webhook_failing_{"webhook_failing"};
    core::RepeatedFailure keeping_failing_{"alert_dead_letters_waiting"};
    AlertStatistics statistics_;  // of its own members
    bool stopping_ = false;
};

}  // namespace scanner::alerts
