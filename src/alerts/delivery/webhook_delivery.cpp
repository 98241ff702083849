#include "alerts/delivery/webhook_delivery.hpp"

#include "scanner/core/url.hpp"

#include <optional>
#include <utility>

namespace scanner::alerts {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;
using core::LogLevel;

constexpr std::size_t kMaxGivenUp = 1'000;

}  // namespace

WebhookDelivery::WebhookDelivery(const asio::any_io_executor& executor, const AlertOptions& options,
                                 const AlertPorts& ports, WebhookTarget target, std::function<void()> changed)
    : ports_(ports),
      target_(std::move(target)),
      dead_letter_retry_(options.dead_letter_retry),
      changed_(std::move(changed)),
      queue_({.backoff = options.backoff, .max_waiting = options.max_waiting}, ports.random),
      keeper_(executor) {
    for (std::size_t i = 0; i < (has_webhook() ? options.webhook_concurrency : 0); ++i) workers_.emplace_back(executor);
}

bool WebhookDelivery::start(net::TaskGroup& children) {
    if (has_webhook()) {
        core::log(LogLevel::info, "alert_webhook",
                  {{"url", core::mask_url(target_.url, true)}, {"format", core::to_string(target_.format)}});
        if (!target_.key.empty() && target_.format != core::WebhookFormat::standard) {
            core::log(
                LogLevel::warning, "alert_webhook_not_signed",
                {{"reason", "only the standard format has a signature; SCANNER_ALERT_WEBHOOK_SECRET is not used"}});
        }
    }
    bool started = children.spawn("alert_dead_letters", keep_dead_letters());
    for (net::Event& worker : workers_) started = children.spawn("alert_webhook", work(worker)) && started;
    return started;
}

void WebhookDelivery::stop() {
    stopping_ = true;
    keeper_.notify();
    wake_workers();
}

void WebhookDelivery::forget() {
    queue_.clear();
    given_up_.clear();
}

void WebhookDelivery::save_into(SavedState& state) const {
    for (DeliveryQueue::Item& item : queue_.items()) {
        state.waiting.push_back({.alert = std::move(item.alert), .attempts = item.attempts, .announced = true});
    }
    state.given_up.assign(given_up_.begin(), given_up_.end());
}

void WebhookDelivery::count(AlertStatistics& statistics) const {
    statistics.delivered = statistics_.delivered;
    statistics.failed_attempts = statistics_.failed_attempts;
    statistics.dead_letters = statistics_.dead_letters;
    statistics.dead_letters_lost = statistics_.dead_letters_lost;
    statistics.last_error = statistics_.last_error;
    if (has_webhook()) statistics.webhook_format = target_.format;
}

// --- posting

void WebhookDelivery::enqueue(Alert alert, int attempts) {
    if (auto given_up = queue_.push(std::move(alert), ports_.clock.steady_now(), attempts)) {
        give_up(std::move(*given_up));
    }
    changed_();
    wake_workers();
}

void WebhookDelivery::wake_workers() {
    for (net::Event& worker : workers_) worker.notify();
}

// NOLINTNEXTLINE(*-avoid-reference-coroutine-parameters): a member
asio::awaitable<void> WebhookDelivery::work(net::Event& due) {
    while (!stopping_) {
        auto item = queue_.take(ports_.clock.steady_now());
        if (item) {
            co_await post(std::move(*item));
            continue;
        }
        auto until = core::SteadyTime::max();
        if (const auto next = queue_.next_due()) {
            until = std::chrono::steady_clock::now() + (*next - ports_.clock.steady_now());
        }
        co_await due.wait(until);
    }
}

asio::awaitable<void> WebhookDelivery::post(DeliveryQueue::Item item) {
    auto request = webhook_request(target_, item.alert, ports_.clock.now());
    const auto answer = co_await ports_.http->send(std::move(request));
    const core::SteadyTime now = ports_.clock.steady_now();
    changed_();
    if (stopping_ && !answer && answer.error().code() == ErrorCode::cancelled) {
        queue_.put_back(item.id, now);
        co_return;
    }
    WebhookOutcome outcome = webhook_outcome(answer, target_, ports_.clock.now());
    if (outcome.kind == WebhookOutcome::Kind::delivered) {
        ++statistics_.delivered;
        webhook_failing_.recovered();
        queue_.delivered(item.id);
        co_return;
    }
    ++statistics_.failed_attempts;
    statistics_.last_error = outcome.error;
    webhook_failing_.failed(outcome.reason, {{"error", outcome.error}, {"id", item.id}});
    auto given_up = outcome.kind == WebhookOutcome::Kind::give_up
                        ? queue_.give_up(item.id, std::move(outcome.error))
                        : queue_.failed(item.id, std::move(outcome.error), outcome.retry_after, now);
    if (given_up) give_up(std::move(*given_up));
}

// --- dead letters

void WebhookDelivery::give_up(GivenUp given_up) {
    ++statistics_.dead_letters;
    core::log(LogLevel::warning, "alert_given_up",
              {{"id", alert_id(given_up.alert.rule, given_up.alert.symbol, given_up.alert.time)},
               {"rule", given_up.alert.rule},
               {"symbol", given_up.alert.symbol},
               {"attempts", given_up.attempts},
               {"error", given_up.error}});
    given_up_.push_back(std::move(given_up));
    // Not the first one: the database may be taking it just now.
    if (given_up_.size() > kMaxGivenUp) {
        given_up_.erase(given_up_.begin() + 1);
        ++statistics_.dead_letters_lost;
        core::log(LogLevel::error, "alert_dead_letter_lost", {{"waiting", given_up_.size()}});
    }
    changed_();
    keeper_.notify();
}

asio::awaitable<void> WebhookDelivery::keep_dead_letters() {
    while (!stopping_) {
        if (given_up_.empty()) {
            co_await keeper_.wait();
            continue;
        }
        const GivenUp& first = given_up_.front();
        storage::DeadLetter letter{.time = first.alert.time,
                                   .rule = first.alert.rule,
                                   .symbol = first.alert.symbol,
                                   .destination = "webhook",
                                   .payload_json = first.alert.payload_json,
                                   .attempts = first.attempts,
                                   .last_error = first.error};
        const std::string kept_id = alert_id(letter.rule, letter.symbol, letter.time);
        const auto kept = co_await ports_.archive.add_dead_letter(std::move(letter));
        if (kept) {
            keeping_failing_.recovered();
            const auto is_first = [&](const Alert& alert) {
                return alert_id(alert.rule, alert.symbol, alert.time) == kept_id;
            };
            if (!given_up_.empty() && is_first(given_up_.front().alert)) given_up_.pop_front();  // else forgotten
            changed_();
        } else {
            keeping_failing_.failed(core::to_string(kept.error().code()), {{"error", kept.error().message()}});
            if (!stopping_) co_await keeper_.wait_for(dead_letter_retry_);
        }
    }
}

}  // namespace scanner::alerts
