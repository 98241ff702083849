#include "engine/feed/live_loop.hpp"

#include "engine/checkpoint/values.hpp"
#include "engine/feed/ended.hpp"

#include "scanner/exchange/checkpointed.hpp"
#include "scanner/net/deadline.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using exchange::BookState;
using std::chrono::milliseconds;

/// Contracts without a live book get one at this multiple of the pace of audits, for they have nothing else; and books
/// that are doubted are looked into at it, before they are two seconds behind.
constexpr double kUrgentPace = 3.0;
/// The exchange answers with books that are up to so old: of one that moves, what it was is kept for as long before.
constexpr milliseconds kAnswersAreOld{600};
constexpr milliseconds kLook{100};
constexpr std::chrono::seconds kIndexInterval{1};
constexpr std::chrono::seconds kLookInterval{1};
constexpr std::chrono::seconds kReserveAgain{1};
constexpr milliseconds kStopGrace{300};
/// Details of the step of a ranking between scans.
constexpr std::string_view kRecorded = "recorded";
constexpr std::string_view kPublished = "published";

/// Whether the index of a contract that is followed is another than was held.
bool has_moved(const OptionalList<market::IndexPrice>& held, const exchange::Bulk<market::IndexPrice>& answer,
               const FollowedContracts& followed) {
    if (!held.problem.empty()) return true;
    return std::ranges::any_of(answer.by_contract, [&](const auto& row) {
        const auto known = held.bulk.by_contract.find(row.first);
        const bool same = known != held.bulk.by_contract.end() && known->second.price == row.second.price;
        return !same && followed.contains(row.first);
    });
}

}  // namespace

LiveLoop::LiveLoop(asio::any_io_executor executor, exchange::Exchange& exchange, const core::Clock& clock,
                   MarketState& state, FeedParts parts, LiveLoopOptions options, LiveLoopEvents events,
                   net::StepLog* steps)
    : exchange_(parts.exchange != nullptr ? *parts.exchange : exchange),
      steps_(steps),
      clock_(clock),
      state_(state),
      options_(options),
      events_(std::move(events)),
      reserve_(std::move(parts.reserve_sequence)),
      make_feed_(std::move(parts.make_feed)),
      rhythm_(options.rank_interval, options.recording),
      changed_(executor),
      hole_(executor),
      reading_(kBookReaders),
      filling_(kTapeFillers),
      source_(state, clock,
              {.on_change =
                   [this] {
                       // Most changes come while one has been waited for already.
                       if (rhythm_.changed(clock_.steady_now())) changed_.notify();
                   },
               .on_contract_change = [this] { events_.on_contract_change(); },
               .on_tape_hole =
                   [this](const std::string& code) {
                       if (std::ranges::find(holes_, code) == holes_.end()) holes_.push_back(code);
                       hole_.notify();
                   },
               .on_looks =
                   [this](const std::vector<std::string>& codes) {
                       if (steps_ != nullptr) steps_->step("looks", {}, fmt::format("{}", fmt::join(codes, " ")));
                   }},
              options.look_lease),
      feed_(make_feed_(source_)),
      executor_(std::move(executor)) {
    source_.follow(*feed_);
}

/// What was known of subscriptions ended with them.
void LiveLoop::begin_anew() {
    stopping_ = false;
    holes_.clear();
    tapes_audited_.clear();
    audit_ = {};
    tape_watch_ = {};
    reading_.assign(kBookReaders, std::nullopt);
    filling_.assign(kTapeFillers, std::nullopt);
    auditing_.reset();
    auto feed = make_feed_(source_);
    source_.follow(*feed);
    feed_ = std::move(feed);
}

asio::awaitable<void> LiveLoop::start() {
    if (stopping_) begin_anew();
    tasks_ = std::make_unique<net::TaskGroup>(executor_, [](std::string_view task, std::string_view what) {
        core::log(core::LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
    });
    static_cast<void>(co_await reserve(numbers_.wanted(events_.sequence()).value_or(0)));
    bool started = tasks_->spawn("feed", feed_->run()) && tasks_->spawn("publish_changes", publish_changes()) &&
                   tasks_->spawn("read_index", read_index()) && tasks_->spawn("audit_tapes", audit_tapes()) &&
                   tasks_->spawn("watch_books", watch_books()) && tasks_->spawn("reserve_numbers", reserve_numbers()) &&
                   tasks_->spawn("end_looks", end_looks());
    for (std::size_t i = 0; i < kBookReaders; ++i) started = started && tasks_->spawn("read_books", read_books(i));
    for (std::size_t i = 0; i < kTapeFillers; ++i) started = started && tasks_->spawn("fill_tapes", fill_tapes(i));
    if (!started) core::log(core::LogLevel::error, "feed_not_started");
}

asio::awaitable<std::string> LiveLoop::reach(std::string name, std::string detail) {
    if (steps_ == nullptr) co_return detail;
    co_return co_await steps_->reach(name, std::move(detail));
}

void LiveLoop::set_looks(std::string_view detail) {
    std::vector<std::string> codes;
    while (!detail.empty()) {
        const std::size_t end = std::min(detail.find(' '), detail.size());
        codes.emplace_back(detail.substr(0, end));
        detail.remove_prefix(std::min(end + 1, detail.size()));
    }
    source_.set_looks(codes);
}

/// False when cancelled. In a replay the next step is waited for instead.
asio::awaitable<bool> LiveLoop::pause(core::SteadyTime::duration time) {
    if (is_replay()) co_return !stopping_;
    co_return (co_await net::sleep_for(time)).has_value();
}

asio::awaitable<void> LiveLoop::stop() {
    stopping_ = true;
    feed_->stop();
    changed_.notify();
    hole_.notify();
    if (!tasks_) co_return;
    if (const auto ended = co_await tasks_->shutdown(kStopGrace); !ended) {
        core::log(core::LogLevel::error, "feed_not_ended", {{"error", ended.error().message()}});
    }
}

void LiveLoop::set_options(LiveLoopOptions options) {
    options_ = options;
    rhythm_.set_intervals(options.rank_interval, options.recording);
    changed_.notify();
}

void LiveLoop::published(core::SteadyTime at, bool recorded, std::optional<core::WallTime> next_change_at) {
    rhythm_.published(at, recorded);
    if (const auto read = source_.brought_since(); read && core::log_enabled(core::LogLevel::debug)) {
        const auto since_boot = [](core::SteadyTime time) {
            return static_cast<std::uint64_t>(
                std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
        };
        core::log(core::LogLevel::debug, "ranking_swapped",
                  {{"seq", events_.sequence()},
                   {"frame_read_us", since_boot(*read)},
                   {"swapped_us", since_boot(clock_.steady_now())}});
    }
    // A tape that has died still empties its windows, and what is not renewed becomes stale.
    std::optional<core::WallTime> next = source_.next_change();
    if (next_change_at) next = std::min(next.value_or(*next_change_at), *next_change_at);
    if (!next) return;
    const core::SteadyTime change =
        clock_.steady_now() + std::max(*next - source_.exchange_now(), std::chrono::milliseconds(0));
    if (rhythm_.changed(change)) changed_.notify();
}

FeedHealth LiveLoop::health() const {
    FeedHealth health = counted_;
    health.status = feed_->status();
    health.candles_checked = state_.candles_checked().candles;
    health.candle_mismatches = state_.candles_checked().mismatches;
    const core::SteadyTime now = clock_.steady_now();
    for (const auto& [code, contract] : source_.followed()) {
        if (contract.tape_has_hole) ++health.tapes_incomplete;
        if (contract.book != BookState::live) continue;
        const double age = std::chrono::duration<double>(now - contract.confirmed).count();
        health.oldest_book_sec = std::max(health.oldest_book_sec.value_or(0.0), age);
    }
    return health;
}

// -- rankings --------------------------------------------------------------------------------------------------------

asio::awaitable<void> LiveLoop::publish_changes() {
    while (is_replay() && !stopping_) {
        const std::string recorded = co_await reach("publish");
        if (!stopping_) static_cast<void>(events_.publish(recorded == kRecorded));
    }
    while (!stopping_) {
        if (!is_following()) {
            co_await net::sleep_for(kLook);
            continue;
        }
        const auto due = rhythm_.due();
        const core::SteadyTime now = clock_.steady_now();
        if (!due || *due > now) {
            // Told by our own clock, waited for by the loop's: in a test they are not the same.
            if (due) {
                co_await changed_.wait_for(*due - now);
            } else {
                co_await changed_.wait();
            }
            continue;
        }
        if (!numbers_.may_follow(events_.sequence())) {
            co_await net::sleep_for(kReserveAgain);
            continue;
        }
        const bool recorded = rhythm_.recording_overdue(now);
        co_await reach("publish", std::string(recorded ? kRecorded : kPublished));
        if (const auto made = events_.publish(recorded); made) {
            ++counted_.published;
            not_published_.recovered();
        } else {
            not_published_.failed(core::to_string(made.error().code()), {{"error", made.error().message()}});
            rhythm_.published(now, false);
        }
        // Frames that came meanwhile are read before the next one, or with no interval at all each would get its own,
        // and more of them would wait each time. Reading takes a hundredth of what a ranking does.
        co_await net::sleep_for((clock_.steady_now() - now) / 4);
    }
}

asio::awaitable<void> LiveLoop::reserve_numbers() {
    if (is_replay()) co_return;
    while (co_await net::sleep_for(kReserveAgain)) {
        if (const auto wanted = numbers_.wanted(events_.sequence())) static_cast<void>(co_await reserve(*wanted));
    }
}

asio::awaitable<bool> LiveLoop::reserve(std::uint64_t up_to) {
    const auto reserved = co_await reserve_(up_to);
    if (!reserved) {
        not_reserved_.failed(core::to_string(reserved.error().code()), {{"error", reserved.error().message()}});
        co_return false;
    }
    not_reserved_.recovered();
    numbers_.reserved(up_to);
    changed_.notify();
    co_return true;
}

// -- books -----------------------------------------------------------------------------------------------------------

asio::awaitable<void> LiveLoop::read_books(std::size_t number) {
    bool goes_on = reading_[number].has_value();
    while (goes_on || co_await pause(kLook)) {
        if (std::exchange(goes_on, false)) {
            co_await read_book(number, true);
        } else {
            co_await reach("books " + std::to_string(number));
        }
        for (;;) {
            const core::SteadyTime now = clock_.steady_now();
            if (now < next_book_) break;
            const auto task = audit_.next(
                source_.followed(), now, is_following() ? BookAudit::Others::fall_back : BookAudit::Others::left_alone);
            if (!task) break;
            const bool urgent = task->urgent || task->reading == BookReading::fall_back;
            const double pace = options_.audits_per_sec * (urgent ? kUrgentPace : 1.0);
            next_book_ = std::max(next_book_, now) + std::chrono::duration_cast<core::SteadyTime::duration>(
                                                         std::chrono::duration<double>(1.0 / pace));
            reading_[number] = *task;
            co_await read_book(number, false);
        }
    }
}

/// Apart from those who read books: they may all be waiting for answers just when a book must be given up.
asio::awaitable<void> LiveLoop::watch_books() {
    while (co_await pause(kLook)) {
        co_await reach("watch_books");
        give_up_silent_books();
    }
}

void LiveLoop::give_up_silent_books() {
    for (const OverdueBook& book : BookAudit::overdue(source_.followed(), clock_.steady_now())) {
        feed_->restart_book(book.contract_code, BookState::silent, book.why);
    }
}

/// `goes_on`: it was being asked for when the checkpoint was made.
asio::awaitable<void> LiveLoop::read_book(std::size_t number, bool goes_on) {
    const BookTask task = *reading_[number];
    const Ended ended(reading_[number]);
    const std::string code = task.contract->contract_code;
    struct Keeping {
        FeedSource& source;
        const std::string& code;
        ~Keeping() { source.drop_books(code); }
    };
    std::optional<Keeping> keeping;
    if (task.reading == BookReading::routine) {
        if (!goes_on) source_.keep_books(code);
        keeping.emplace(source_, code);
        static_cast<void>(co_await pause(kAnswersAreOld));
    }
    auto answer = co_await exchange_.order_book(task.contract);
    if (!answer) {
        if (task.reading != BookReading::fall_back) {
            ++counted_.audits[static_cast<std::size_t>(AuditResult::unanswered)];
        }
        audit_.failed(code, clock_.steady_now());
        co_return;
    }
    if (task.reading != BookReading::fall_back) {
        take_audit(task, answer->book);
    } else {
        audit_.took(code, clock_.steady_now());
        ++counted_.fall_backs;
        source_.take_book(code, std::move(answer->book));
    }
}

void LiveLoop::take_audit(const BookTask& task, const market::OrderBook& answer) {
    const std::string& code = task.contract->contract_code;
    const auto followed = source_.followed().find(code);
    if (followed == source_.followed().end()) {
        audit_.failed(code, clock_.steady_now());  // it may be followed again before the audit forgets it
        return;
    }
    const auto kept = task.reading == BookReading::routine ? source_.kept_book(code, answer.matching_id) : nullptr;
    const AuditResult result =
        audit_.judge(followed->second, source_.book(code), answer, clock_.steady_now(), kept.get());
    ++counted_.audits[static_cast<std::size_t>(result)];
    if (result == AuditResult::agrees) source_.confirm(code, answer.exchange_time);
    if (result != AuditResult::failed) return;
    core::log(core::LogLevel::warning, "book_audit_failed", {{"contract_code", code}});
    feed_->restart_book(code, BookState::audit_failed, "twice it was not what the exchange answered");
}

asio::awaitable<void> LiveLoop::end_looks() {
    if (is_replay()) co_return;
    while (co_await net::sleep_for(kLookInterval)) source_.end_looks();
}

// -- the rest --------------------------------------------------------------------------------------------------------

asio::awaitable<void> LiveLoop::read_index() {
    while (!stopping_) {
        const core::SteadyTime began = clock_.steady_now();
        if (is_following() || is_replay()) {
            // A failure is not told here: the prices that are held grow old, and the scan says what is wrong.
            if (auto answer = co_await exchange_.index_prices(); answer && !answer->by_contract.empty()) {
                const bool moved = has_moved(state_.lists().index, *answer, source_.followed());
                state_.take(std::move(*answer));
                if (moved) source_.note_change();
            }
        }
        const auto left = began + kIndexInterval - clock_.steady_now();
        if (!co_await pause(std::max<core::SteadyTime::duration>(left, kLook))) co_return;
    }
}

// -- checkpoints -----------------------------------------------------------------------------------------------------

void LiveLoop::persist_rest(auto& self, auto& archive) {
    archive(self.audit_, self.tape_watch_, self.holes_, self.next_book_, self.tapes_audited_, self.reading_,
            self.filling_, self.auditing_);
    archive.require(self.reading_.size() == kBookReaders && self.filling_.size() == kTapeFillers);
}

bool LiveLoop::save(core::CheckpointWriter& archive) {
    auto* const feed = dynamic_cast<exchange::Checkpointed*>(feed_.get());
    if (feed == nullptr) return false;
    archive(feed->checkpoint());
    source_.save(archive);
    persist_rest(*this, archive);
    return true;
}

void LiveLoop::load(core::CheckpointReader& archive) {
    auto* const feed = dynamic_cast<exchange::Checkpointed*>(feed_.get());
    std::string bytes;
    archive(bytes);
    archive.require(archive.ok() && feed != nullptr && feed->restore(bytes));
    source_.load(archive);
    persist_rest(*this, archive);
}

}  // namespace scanner::engine
