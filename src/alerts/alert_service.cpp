#include "scanner/alerts/alert_service.hpp"

#include "alerts/delivery_queue.hpp"
#include "alerts/outbox.hpp"
#include "alerts/rule_book.hpp"
#include "alerts/webhook.hpp"

#include "scanner/alerts/alert.hpp"
#include "scanner/alerts/evaluation.hpp"
#include "scanner/core/log.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/net/task_group.hpp"
#include "scanner/storage/history.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace scanner::alerts {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;
using core::LogLevel;

constexpr std::size_t kMostGivenUp = 1'000;
/// What is remembered is written at least this often: when each contract was seen last, and each rule evaluated,
/// matters to `for` after a restart, and alone is no reason to write.
constexpr std::chrono::seconds kKeepInterval{60};

/// A wait that somebody can end. One waiter at a time; waking nobody does nothing, so look before you wait.
class Wakeable {
public:
    explicit Wakeable(const asio::any_io_executor& executor) : timer_(executor) {}
    asio::awaitable<void> wait(std::optional<std::chrono::steady_clock::duration> most) {
        timer_.expires_at(most ? std::chrono::steady_clock::now() + *most
                               : std::chrono::steady_clock::time_point::max());
        co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    void wake() { timer_.cancel(); }

private:
    asio::steady_timer timer_;
};

class AlertServiceImpl final : public AlertService {
public:
    AlertServiceImpl(const asio::any_io_executor& executor, AlertOptions options, AlertPorts ports, std::string key)
        : executor_(executor),
          options_(std::move(options)),
          ports_(std::move(ports)),
          target_{.url = options_.webhook_url,
                  .key = std::move(key),
                  .timeout = options_.webhook_timeout,
                  .public_only = !options_.webhook_allow_private},
          edges_(options_.edges),
          queue_({.backoff = options_.backoff, .most_waiting = options_.most_waiting}, ports_.random),
          saver_(executor),
          keeper_(executor),
          ended_(executor) {
        for (std::size_t i = 0; i < (has_webhook() ? options_.webhook_concurrency : 0); ++i)
            workers_.emplace_back(executor);
        take_rules(*ports_.state.documents());
        ports_.state.subscribe([this, alive = std::weak_ptr(alive_)](const storage::OperatorDocumentsPtr& documents) {
            if (!alive.expired()) take_rules(*documents);
        });
    }

    asio::awaitable<void> run() override {
        running_ = true;
        load();
        if (pending_ != nullptr) evaluate(*std::exchange(pending_, nullptr));
        net::TaskGroup children(executor_, [](std::string_view task, std::string_view what) {
            core::log(LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
        });
        bool started = children.spawn("alert_dead_letters", keep_dead_letters());
        for (Wakeable& worker : workers_) started = children.spawn("alert_webhook", work(worker)) && started;
        if (!started) core::log(LogLevel::error, "alerts_not_started");
        while (!stopping_) {
            if (!fresh_.empty() || save_due()) {
                co_await save();
            } else {
                co_await saver_.wait(until_save());
            }
        }
        if (const auto ended = co_await children.shutdown(grace_); !ended) {
            core::log(LogLevel::warning, "alert_deliveries_cut_off", {{"error", ended.error().message()}});
        }
        if (unsaved() || edges_.size() > 0) co_await save();
        running_ = false;
        ended_.wake();
    }

    asio::awaitable<void> close(std::chrono::milliseconds grace) override {
        stopping_ = true;
        if (!running_) co_return;
        grace_ = grace;
        saver_.wake();
        keeper_.wake();
        wake_workers();
        constexpr std::chrono::seconds kMostForSaving{5};
        const auto deadline = std::chrono::steady_clock::now() + 2 * grace + kMostForSaving;
        while (running_ && std::chrono::steady_clock::now() < deadline) {
            co_await ended_.wait(deadline - std::chrono::steady_clock::now());
        }
    }

    void on_ranking(const engine::RankingPtr& ranking) override {
        if (ranking == nullptr || stopping_) return;
        if (loaded_) {
            evaluate(*ranking);
        } else {
            pending_ = ranking;
        }
    }

    std::vector<RuleView> rules() const override { return book_.views; }
    bool has_webhook() const override { return ports_.http != nullptr && !options_.webhook_url.empty(); }

    asio::awaitable<core::Result<void>> redeliver(std::int64_t dead_letter) override {
        if (!has_webhook()) co_return core::fail(ErrorCode::conflict, "no webhook is set (SCANNER_ALERT_WEBHOOK_URL)");
        const auto letters = co_await ports_.state.dead_letters(storage::kMostPageRows);
        if (!letters) co_return std::unexpected(letters.error());
        const auto found = std::ranges::find(*letters, dead_letter, &storage::DeadLetter::id);
        if (found == letters->end()) {
            co_return core::fail(ErrorCode::not_found, fmt::format("there is no dead letter {}", dead_letter));
        }
        enqueue(
            {.rule = found->rule, .symbol = found->symbol, .time = found->time, .payload_json = found->payload_json},
            0);
        co_return co_await ports_.state.delete_dead_letter(dead_letter);
    }

    AlertStatistics statistics() const override {
        AlertStatistics statistics = statistics_;
        statistics.waiting = queue_.size() + fresh_.size();
        statistics.rules_enabled = book_.active.size();
        statistics.rules_broken = static_cast<std::size_t>(
            std::ranges::count_if(book_.views, [](const RuleView& view) { return view.error.has_value(); }));
        statistics.states = edges_.size();
        return statistics;
    }

private:
    // --- rules and cycles

    void take_rules(const storage::OperatorDocuments& documents) {
        book_ = make_rule_book(documents.rules);
        if (!documents.loaded) return;  // nothing is known yet: forget nothing
        std::vector<std::string> active;
        for (const ActiveRule& rule : book_.active) active.push_back(rule.edge.name);
        edges_.keep_only(active);
        std::erase_if(statistics_.rung, [this](const auto& count) {
            return std::ranges::find(book_.views, count.first, &RuleView::name) == book_.views.end();
        });
        for (const RuleView& view : book_.views) {
            if (!view.error || !view.enabled) continue;
            core::log(LogLevel::warning, "alert_rule_means_nothing",
                      {{"rule", view.name}, {"error", to_string(*view.error)}});
        }
    }

    void evaluate(const engine::Ranking& ranking) {
        std::size_t rings_left = options_.most_rings_a_cycle;
        const storage::OperatorDocumentsPtr documents = ports_.state.documents();
        for (const ActiveRule& rule : book_.active) {
            const ScopedSubjects scoped = subjects_of(ranking, rule.scope, watchlist(*documents, rule.scope.watchlist));
            if (!scoped.profile_is_known) continue;
            std::vector<AlertEdges::Observation> seen;
            seen.reserve(scoped.subjects.size());
            for (const RuleSubject& subject : scoped.subjects) {
                seen.push_back({.contract_code = subject.snapshot->data.contract->contract_code,
                                .holds = rule.rule.holds(subject)});
            }
            for (const std::size_t i : edges_.step(rule.edge, seen, ranking.time, rings_left)) {
                ring(rule.edge.name, ranking, scoped.profile, scoped.subjects[i]);
                --rings_left;
            }
        }
        if (edges_.size() > 0 && ports_.clock.steady_now() - last_save_ >= kKeepInterval) outbox_changed_ = true;
        if (unsaved()) saver_.wake();
    }

    static std::optional<std::vector<std::string>> watchlist(const storage::OperatorDocuments& documents,
                                                             const std::string& name) {
        const storage::Watchlist* const list = name.empty() ? nullptr : documents.find_watchlist(name);
        if (list == nullptr) return std::nullopt;
        std::vector<std::string> codes;
        for (const std::string& symbol : list->symbols) {
            if (auto code = core::parse_symbol(symbol)) codes.push_back(std::move(*code));
        }
        return codes;
    }

    void ring(const std::string& rule, const engine::Ranking& ranking, const std::string& profile,
              const RuleSubject& subject) {
        Alert alert{.rule = rule,
                    .symbol = subject.snapshot->data.contract->symbol,
                    .time = ranking.time,
                    .sequence = ranking.sequence,
                    .payload_json = render_payload(ranking, profile, subject)};
        core::log(LogLevel::info, "alert",
                  {{"id", alert_id(alert.rule, alert.symbol, alert.time)},
                   {"rule", alert.rule},
                   {"symbol", alert.symbol},
                   {"rank", subject.rank},
                   {"seq", ranking.sequence}});
        ++statistics_.rung[rule];
        fresh_.push_back(std::move(alert));
    }

    // --- what must survive

    void load() {
        const auto text = ports_.file.read();
        if (!text) {
            if (text.error().code() != ErrorCode::not_found) {
                core::log(LogLevel::error, "alert_state_unreadable", {{"error", text.error().message()}});
            }
        } else if (auto state = decode_state(*text, options_.edges)) {
            restore(std::move(*state));
        } else {
            core::log(LogLevel::error, "alert_state_damaged", {{"error", state.error().message()}});
            ports_.file.set_aside();
        }
        loaded_ = true;
        take_rules(*ports_.state.documents());
    }

    void restore(SavedState state) {
        edges_ = std::move(state.edges);
        for (SavedState::Waiting& waiting : state.waiting) {
            if (!waiting.announced) {
                fresh_.push_back(std::move(waiting.alert));
            } else if (has_webhook()) {
                enqueue(std::move(waiting.alert), waiting.attempts);
            }
        }
        for (GivenUp& given_up : state.given_up) given_up_.push_back(std::move(given_up));
    }

    [[nodiscard]] bool unsaved() const { return outbox_changed_ || edges_.changed() || !fresh_.empty(); }
    [[nodiscard]] bool save_due() const {
        return unsaved() && ports_.clock.steady_now() - last_save_ >= options_.save_interval;
    }
    /// Nothing: until there is something.
    [[nodiscard]] std::optional<std::chrono::steady_clock::duration> until_save() const {
        if (!unsaved()) return std::nullopt;
        return options_.save_interval - (ports_.clock.steady_now() - last_save_);
    }

    asio::awaitable<void> save() {
        SavedState state{.edges = edges_};
        const std::size_t announcing = fresh_.size();
        for (const Alert& alert : fresh_) state.waiting.push_back({.alert = alert});
        for (DeliveryQueue::Item& item : queue_.items()) {
            state.waiting.push_back({.alert = std::move(item.alert), .attempts = item.attempts, .announced = true});
        }
        state.given_up.assign(given_up_.begin(), given_up_.end());
        edges_.clear_changed();
        outbox_changed_ = false;
        last_save_ = ports_.clock.steady_now();
        std::string text = encode_state(state);
        if (const auto saved = co_await ports_.file.write(std::move(text)); saved) {
            unsaved_.recovered();
        } else {
            outbox_changed_ = true;
            unsaved_.failed(core::to_string(saved.error().code()), {{"error", saved.error().message()}});
        }
        // Also without a saved state: an alert that may ring twice is better than none.
        announce(announcing);
    }

    /// Records and publishes the first `count` of the fresh alerts, and hands them to the webhook.
    void announce(std::size_t count) {
        if (count == 0) return;
        std::vector<storage::AlertRecord> records;
        for (std::size_t i = 0; i < count; ++i) {
            Alert& alert = fresh_[i];
            records.push_back({.rule = alert.rule,
                               .symbol = alert.symbol,
                               .time = alert.time,
                               .sequence = alert.sequence,
                               .payload_json = alert.payload_json});
            if (ports_.publisher != nullptr) {
                ports_.publisher->publish(options_.channel, std::make_shared<const std::string>(render_message(alert)));
                ++statistics_.published;
            }
            if (has_webhook()) enqueue(std::move(alert), 0);
        }
        ports_.state.record_alerts(std::move(records));
        fresh_.erase(fresh_.begin(), fresh_.begin() + static_cast<std::ptrdiff_t>(count));
        outbox_changed_ = true;
    }

    // --- the webhook

    void enqueue(Alert alert, int attempts) {
        if (auto given_up = queue_.push(std::move(alert), ports_.clock.steady_now(), attempts)) {
            give_up(std::move(*given_up));
        }
        outbox_changed_ = true;
        saver_.wake();
        wake_workers();
    }
    void wake_workers() {
        for (Wakeable& worker : workers_) worker.wake();
    }

    asio::awaitable<void> work(Wakeable& wakeable) {  // NOLINT(*-avoid-reference-coroutine-parameters): a member
        while (!stopping_) {
            auto item = queue_.take(ports_.clock.steady_now());
            if (item) {
                co_await post(std::move(*item));
                continue;
            }
            std::optional<std::chrono::steady_clock::duration> wait;
            if (const auto due = queue_.next_due()) wait = *due - ports_.clock.steady_now();
            co_await wakeable.wait(wait);
        }
    }

    asio::awaitable<void> post(DeliveryQueue::Item item) {
        auto request = webhook_request(target_, item.id, render_message(item.alert), ports_.clock.now());
        const auto answer = co_await ports_.http->send(std::move(request));
        const core::SteadyTime now = ports_.clock.steady_now();
        outbox_changed_ = true;
        saver_.wake();
        if (stopping_ && !answer && answer.error().code() == ErrorCode::cancelled) {
            queue_.put_back(item.id, now);
            co_return;
        }
        WebhookOutcome outcome = webhook_outcome(answer);
        if (outcome.kind == WebhookOutcome::Kind::delivered) {
            ++statistics_.delivered;
            webhook_failing_.recovered();
            queue_.delivered(item.id);
            co_return;
        }
        ++statistics_.failed_attempts;
        statistics_.last_error = outcome.error;
        webhook_failing_.failed(outcome.error, {{"error", outcome.error}, {"id", item.id}});
        auto given_up = outcome.kind == WebhookOutcome::Kind::give_up
                            ? queue_.give_up(item.id, std::move(outcome.error))
                            : queue_.failed(item.id, std::move(outcome.error), outcome.retry_after, now);
        if (given_up) give_up(std::move(*given_up));
    }

    // --- dead letters

    void give_up(GivenUp given_up) {
        ++statistics_.dead_letters;
        core::log(LogLevel::warning, "alert_given_up",
                  {{"id", alert_id(given_up.alert.rule, given_up.alert.symbol, given_up.alert.time)},
                   {"rule", given_up.alert.rule},
                   {"symbol", given_up.alert.symbol},
                   {"attempts", given_up.attempts},
                   {"error", given_up.error}});
        given_up_.push_back(std::move(given_up));
        // Not the first one: the database may be taking it just now.
        if (given_up_.size() > kMostGivenUp) {
            given_up_.erase(given_up_.begin() + 1);
            ++statistics_.dead_letters_lost;
            core::log(LogLevel::error, "alert_dead_letter_lost", {{"waiting", given_up_.size()}});
        }
        outbox_changed_ = true;
        keeper_.wake();
    }

    asio::awaitable<void> keep_dead_letters() {
        while (!stopping_) {
            if (given_up_.empty()) {
                co_await keeper_.wait(std::nullopt);
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
            const auto kept = co_await ports_.state.add_dead_letter(std::move(letter));
            if (kept) {
                keeping_failing_.recovered();
                given_up_.pop_front();
                outbox_changed_ = true;
                saver_.wake();
            } else {
                keeping_failing_.failed(core::to_string(kept.error().code()), {{"error", kept.error().message()}});
                if (!stopping_) co_await keeper_.wait(options_.dead_letter_retry);
            }
        }
    }

    asio::any_io_executor executor_;
    AlertOptions options_;
    AlertPorts ports_;
    WebhookTarget target_;
    RuleBook book_;
    AlertEdges edges_;
    DeliveryQueue queue_;
    std::vector<Alert> fresh_;      // rang, not announced yet
    std::deque<GivenUp> given_up_;  // not taken by the database yet
    engine::RankingPtr pending_;    // came before the state was loaded
    AlertStatistics statistics_;
    Wakeable saver_;
    Wakeable keeper_;
    Wakeable ended_;
    std::deque<Wakeable> workers_;
    core::RepeatedFailure unsaved_{"alert_state_unsaved", LogLevel::error};
    core::RepeatedFailure webhook_failing_{"webhook_failing"};
    core::RepeatedFailure keeping_failing_{"alert_dead_letters_waiting"};
    std::chrono::milliseconds grace_{0};
    core::SteadyTime last_save_;
    bool outbox_changed_ = false;
    bool loaded_ = false;
    bool running_ = false;
    bool stopping_ = false;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace

core::Result<std::unique_ptr<AlertService>> make_alert_service(asio::any_io_executor executor, AlertOptions options,
                                                               AlertPorts ports) {
    auto key = webhook_key(options.webhook_secret);
    if (!key) return std::unexpected(key.error().within("SCANNER_ALERT_WEBHOOK_SECRET"));
    return std::make_unique<AlertServiceImpl>(executor, std::move(options), std::move(ports), std::move(*key));
}

}  // namespace scanner::alerts
