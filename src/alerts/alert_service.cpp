#include "scanner/alerts/alert_service.hpp"

#include "alerts/delivery/webhook.hpp"
#include "alerts/delivery/webhook_delivery.hpp"
#include "alerts/outbox.hpp"
#include "alerts/rule_watch.hpp"

#include "scanner/alerts/alert.hpp"
#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/task_group.hpp"
#include "scanner/storage/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace scanner::alerts {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;
using core::LogLevel;

constexpr std::chrono::seconds kReadAgain{1};

/// The state is saved at least this often: the times at which contracts were last seen and rules last evaluated matter
/// to `for` after a restart, but their changes alone do not cause a save.
constexpr std::chrono::seconds kKeepInterval{60};

class AlertServiceImpl final : public AlertService {
public:
    AlertServiceImpl(const asio::any_io_executor& executor, AlertOptions options, AlertPorts ports,
                     WebhookTarget target)
        : executor_(executor),
          options_(std::move(options)),
          ports_(std::move(ports)),
          watch_(options_.edges, options_.max_alerts_per_cycle, options_.scan_interval, options_.live),
          saver_(executor),
          ended_(executor),
          delivery_(executor, options_, ports_, std::move(target), [this] {
              outbox_changed_ = true;
              saver_.notify();
          }) {
        watch_.take_rules(*ports_.documents.documents());
        ports_.documents.subscribe(
            [this, alive = std::weak_ptr(alive_)](const storage::OperatorDocumentsPtr& documents) {
                if (!alive.expired()) watch_.take_rules(*documents);
            });
    }

    asio::awaitable<void> run() override {
        running_ = true;
        if (ports_.shared == nullptr) {
            take(ports_.file.read());
            begin_evaluating();
        }
        net::TaskGroup children(executor_, [](std::string_view task, std::string_view what) {
            core::log(LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
        });
        if (!delivery_.start(children)) core::log(LogLevel::error, "alerts_not_started");
        while (!stopping_) {
            if (load_due()) {
                co_await load_shared();
            } else if (may_save() && (!fresh_.empty() || save_due())) {
                co_await save();
            } else {
                co_await saver_.wait(std::min(save_at(), load_at()));
            }
        }
        if (const auto ended = co_await children.shutdown(grace_); !ended) {
            core::log(LogLevel::warning, "alert_deliveries_cut_off", {{"error", ended.error().message()}});
        }
        if (may_save() && (unsaved() || watch_.edges().size() > 0)) co_await save();
        running_ = false;
        ended_.notify();
    }

    asio::awaitable<void> close(std::chrono::milliseconds grace) override {
        stopping_ = true;
        delivery_.stop();
        if (!running_) co_return;
        grace_ = grace;
        saver_.notify();
        constexpr std::chrono::seconds kMaxSavingTime{5};
        const auto deadline = std::chrono::steady_clock::now() + 2 * grace + kMaxSavingTime;
        while (running_ && std::chrono::steady_clock::now() < deadline) {
            co_await ended_.wait(deadline);
        }
    }

    void begin_term() override {
        leave();
        in_term_ = true;
        ++terms_;
        load_at_ = {};
        saver_.notify();
    }

    asio::awaitable<void> end_term() override {
        if (!in_term_) co_return;
        const std::uint64_t term = terms_;
        if (loaded_ && unsaved()) {
            const auto saved = co_await ports_.shared->save(kSharedAlertState, encode_state(everything()));
            if (!saved) core::log(LogLevel::warning, "alert_state_unsaved", {{"error", saved.error().message()}});
        }
        if (term == terms_) leave();
    }

    void on_ranking(const ranking::RankingPtr& ranking) override {
        if (ranking == nullptr || stopping_ || (ports_.shared != nullptr && !in_term_)) return;
        if (loaded_) {
            evaluate(*ranking);
        } else {
            pending_ = ranking;
        }
    }

    std::vector<RuleView> rules() const override { return watch_.rules(); }
    std::optional<std::string> hold_fault(std::chrono::milliseconds hold) const override {
        return alerts::hold_fault(hold, options_.scan_interval, options_.edges);
    }
    void set_scan_interval(std::chrono::milliseconds interval) override {
        options_.scan_interval = interval;
        watch_.set_scan_interval(interval);
    }
    bool has_webhook() const override { return delivery_.has_webhook(); }

    asio::awaitable<core::Result<void>> redeliver(std::int64_t dead_letter) override {
        if (!has_webhook()) co_return core::fail(ErrorCode::conflict, "no webhook is set (SCANNER_ALERT_WEBHOOK_URL)");
        const auto letters = co_await ports_.archive.dead_letters(storage::kMaxPageRows);
        if (!letters) co_return std::unexpected(letters.error());
        const auto found = std::ranges::find(*letters, dead_letter, &storage::DeadLetter::id);
        if (found == letters->end()) {
            co_return core::fail(ErrorCode::not_found, fmt::format("there is no dead letter {}", dead_letter));
        }
        delivery_.enqueue(
            {.rule = found->rule, .symbol = found->symbol, .time = found->time, .payload_json = found->payload_json},
            0);
        co_return co_await ports_.archive.delete_dead_letter(dead_letter);
    }

    AlertStatistics statistics() const override {
        AlertStatistics statistics;
        if (ports_.publisher != nullptr) statistics.published = ports_.publisher->published();
        statistics.waiting = delivery_.waiting() + fresh_.size();
        watch_.count(statistics);
        delivery_.count(statistics);
        return statistics;
    }

private:
    void evaluate(const ranking::Ranking& ranking) {
        std::ranges::move(watch_.evaluate(ranking, *ports_.documents.documents()), std::back_inserter(fresh_));
        if (watch_.edges().size() > 0 && ports_.clock.steady_now() - last_save_ >= kKeepInterval) {
            outbox_changed_ = true;
        }
        if (unsaved()) saver_.notify();
    }

    // --- what must survive

    /// Of a service that works in terms, nothing may be kept or announced outside of one.
    [[nodiscard]] bool may_save() const { return ports_.shared == nullptr || (in_term_ && loaded_); }
    [[nodiscard]] core::SteadyTime load_at() const {
        return ports_.shared != nullptr && in_term_ && !loaded_ ? load_at_ : core::SteadyTime::max();
    }
    [[nodiscard]] bool load_due() const {
        return load_at() != core::SteadyTime::max() && std::chrono::steady_clock::now() >= load_at();
    }

    asio::awaitable<void> load_shared() {
        const std::uint64_t term = terms_;
        auto kept = co_await ports_.shared->load(kSharedAlertState);
        if (term != terms_ || !in_term_ || stopping_) co_return;
        if (!kept && kept.error().code() != ErrorCode::malformed) {
            unread_.failed(core::to_string(kept.error().code()), {{"error", kept.error().message()}});
            load_at_ = std::chrono::steady_clock::now() + kReadAgain;
            co_return;
        }
        unread_.recovered();
        if (!kept) {
            take(std::unexpected(std::move(kept.error())));
        } else if (*kept) {
            take(std::move(**kept));
        } else {
            take(core::fail(ErrorCode::not_found, "nothing was kept yet"));
        }
        begin_evaluating();
    }

    void begin_evaluating() {
        loaded_ = true;
        watch_.take_rules(*ports_.documents.documents());
        if (pending_ != nullptr) evaluate(*std::exchange(pending_, nullptr));
    }

    /// Everything that is known belongs to the scanner that is elected now.
    void leave() {
        in_term_ = loaded_ = outbox_changed_ = false;
        pending_ = nullptr;
        fresh_.clear();
        watch_.restore(AlertEdges(options_.edges));
        delivery_.forget();
    }

    void take(const core::Result<std::string>& text) {
        if (!text) {
            if (text.error().code() != ErrorCode::not_found) {
                core::log(LogLevel::error, "alert_state_unreadable", {{"error", text.error().message()}});
            }
        } else if (auto state = decode_state(*text, options_.edges)) {
            restore(std::move(*state));
        } else {
            core::log(LogLevel::error, "alert_state_damaged", {{"error", state.error().message()}});
            if (ports_.shared == nullptr) ports_.file.set_aside();
        }
    }

    void restore(SavedState state) {
        watch_.restore(std::move(state.edges));
        for (SavedState::Waiting& waiting : state.waiting) {
            if (!waiting.announced) {
                fresh_.push_back(std::move(waiting.alert));
            } else if (has_webhook()) {
                delivery_.enqueue(std::move(waiting.alert), waiting.attempts);
            }
        }
        for (GivenUp& given_up : state.given_up) delivery_.restore(std::move(given_up));
    }

    [[nodiscard]] bool unsaved() const { return outbox_changed_ || watch_.edges().changed() || !fresh_.empty(); }
    [[nodiscard]] bool save_due() const {
        return unsaved() && ports_.clock.steady_now() - last_save_ >= options_.save_interval;
    }
    /// Nothing: until there is something.
    /// When to save next, by the loop's own clock.
    [[nodiscard]] core::SteadyTime save_at() const {
        if (!unsaved() || !may_save()) return core::SteadyTime::max();
        const auto since_last = ports_.clock.steady_now() - last_save_;
        return std::chrono::steady_clock::now() + (options_.save_interval - since_last);
    }

    [[nodiscard]] SavedState everything() const {
        SavedState state{.edges = watch_.edges()};
        for (const Alert& alert : fresh_) state.waiting.push_back({.alert = alert});
        delivery_.save_into(state);
        return state;
    }

    asio::awaitable<void> save() {
        const std::uint64_t term = terms_;
        const std::size_t announcing = fresh_.size();
        std::string text = encode_state(everything());
        watch_.clear_changed();
        outbox_changed_ = false;
        last_save_ = ports_.clock.steady_now();
        core::Result<void> saved;
        if (ports_.shared == nullptr) {
            saved = co_await ports_.file.write(std::move(text));
        } else {
            saved = co_await ports_.shared->save(kSharedAlertState, std::move(text));
        }
        // The scanner that is elected now announces it, from what was kept.
        if (term != terms_ || (ports_.shared != nullptr && !in_term_)) co_return;
        if (ports_.shared != nullptr && !saved && saved.error().code() == ErrorCode::conflict) {
            core::log(LogLevel::warning, "alerts_fenced", {{"error", saved.error().message()}});
            leave();
            co_return;
        }
        if (saved) {
            unsaved_.recovered();
        } else {
            outbox_changed_ = true;
            unsaved_.failed(core::to_string(saved.error().code()), {{"error", saved.error().message()}});
        }
        // Also without a saved state: an alert that may fire twice is better than none.
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
            }
            if (has_webhook()) delivery_.enqueue(std::move(alert), 0);
        }
        ports_.archive.record_alerts(std::move(records));
        fresh_.erase(fresh_.begin(), fresh_.begin() + static_cast<std::ptrdiff_t>(count));
        outbox_changed_ = true;
    }

    asio::any_io_executor executor_;
    AlertOptions options_;
    AlertPorts ports_;
    RuleWatch watch_;
    std::vector<Alert> fresh_;     // fired, not announced yet
    ranking::RankingPtr pending_;  // came before the state was loaded
    net::Event saver_;             ///< something is to be saved, or all is to end
    net::Event ended_;             ///< run() has
    WebhookDelivery delivery_;
    core::RepeatedFailure unsaved_{"alert_state_unsaved", LogLevel::error};
    core::RepeatedFailure unread_{"alert_state_unread"};
    core::SteadyTime load_at_;  ///< of a term: when the state is asked for next
    std::uint64_t terms_ = 0;   ///< that have begun
    bool in_term_ = false;
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
    auto target = make_webhook_target(options);
    if (!target) return std::unexpected(std::move(target.error()));
    return std::make_unique<AlertServiceImpl>(executor, std::move(options), std::move(ports), std::move(*target));
}

}  // namespace scanner::alerts
