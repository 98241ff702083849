#include "app/scale/scanner_role.hpp"

#include "app/wiring.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unistd.h>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// For what was made to be published, at the end of a term that ends in order.
constexpr milliseconds kDrain{500};
constexpr milliseconds kTasksGrace{500};

std::string instance_name() {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return fmt::format("{}/{}", host.data(), ::getpid());
}

std::shared_ptr<storage::ScannerLease> make_lease(const asio::any_io_executor& executor,
                                                  const settings::Settings& settings, Stores& stores) {
    if (!settings.redis_url) return stores.database().advisory_lease(settings.lease);
    return storage::make_scanner_lease(executor, {.url = *settings.redis_url,
                                                  .ca_bundle_path = settings.ca_bundle_path.value_or(""),
                                                  .key_prefix = settings.redis_key_prefix,
                                                  .lease = settings.lease});
}

std::shared_ptr<storage::RankingStream> make_stream(const asio::any_io_executor& executor,
                                                    const settings::Settings& settings) {
    return storage::make_ranking_stream(executor, {.url = *settings.redis_url,
                                                   .ca_bundle_path = settings.ca_bundle_path.value_or(""),
                                                   .key_prefix = settings.redis_key_prefix});
}

}  // namespace

ScannerRole::ScannerRole(const asio::any_io_executor& executor, const settings::Settings& settings,
                         const core::Clock& clock, engine::Engine& engine, Stores& stores, Hooks hooks)
    : settings_(settings),
      engine_(engine),
      stores_(stores),
      hooks_(std::move(hooks)),
      election_(engine::make_election_loop(
          executor, make_lease(executor, settings, stores), stores.database().epoch_ledger(), clock,
          {.lease = settings.lease, .instance = instance_name()},
          {.begin = [this](const storage::Leadership& leader, std::uint64_t after) { begin(leader, after); },
           .end = [this] { return end(); },
           .shown = [this] { return shown(); }})),
      changed_(executor),
      tasks_(executor, [](std::string_view task, std::string_view what) {
          core::log(core::LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
      }) {
    if (settings.redis_url) {
        follower_ = engine::make_ranking_follower(executor, make_stream(executor, settings), engine.board(), clock,
                                                  {.origin = ranking_origin(settings)});
        publisher_ = engine::make_ranking_publisher(executor, make_stream(executor, settings),
                                                    {.origin = ranking_origin(settings),
                                                     .snapshots_ttl = settings.redis_snapshots_ttl,
                                                     .rankings_ttl = settings.redis_rankings_ttl});
        publisher_->on_confirmed([this](const ranking::RankingPtr& ranking) { lead_with(ranking); });
        publisher_->on_recorded(
            [this](const ranking::RankingPtr& ranking, bool published) { keep(ranking, published); });
        publisher_->on_fenced([this] { election_->fenced(); });
    }
    engine.board().on_published([this](const ranking::RankingPtr& ranking) { publish(ranking, false); });
    engine.board().on_recorded([this](const ranking::RankingPtr& ranking) { publish(ranking, true); });
}

asio::awaitable<void> ScannerRole::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    running_ = true;
    stand_by("standing by: this scanner is not elected");
    if (follower_ && (!tasks_.spawn("follow", follower_->run()) || !tasks_.spawn("publish", publisher_->run())))
        core::log(core::LogLevel::error, "stream_not_followed");
    co_await election_->run();
    if (publisher_) publisher_->stop();
    if (follower_) follower_->stop();
    static_cast<void>(co_await tasks_.shutdown(kTasksGrace));
    running_ = false;
    changed_.notify();
}

void ScannerRole::stop() {
    stopping_ = true;
    election_->stop();
}

asio::awaitable<void> ScannerRole::ended(milliseconds grace) {
    const auto deadline = std::chrono::steady_clock::now() + grace;
    while (running_) {
        if (co_await changed_.wait(deadline) != net::Event::Outcome::notified) break;
    }
}

std::uint64_t ScannerRole::shown() const {
    const auto current = engine_.board().current();
    return std::max(current ? current->sequence : 0, stores_.known_sequence());
}

void ScannerRole::begin(const storage::Leadership& leadership, std::uint64_t after) {
    const std::uint64_t own = std::exchange(own_epoch_, leadership.epoch);
    term_ = leadership.epoch;
    leadership_ = leadership;
    note_epoch(term_);
    if (follower_) follower_->pause(true);
    // Of another one, who may not have come to keep it: history takes each cycle once.
    const ranking::RankingPtr previous = engine_.board().recorded();
    if (previous && previous->epoch != own) stores_.keep(previous);
    engine_.begin_term({.epoch = leadership.epoch, .after = after, .previous = previous, .may_publish = [this] {
                            return election_->may_publish();
                        }});
    if (publisher_) publisher_->lead(leadership);
    scanning_ = tasks_.spawn("term", scan());
}

asio::awaitable<void> ScannerRole::scan() {
    co_await hooks_.prepare();
    if (term_ != 0 && !stopping_) co_await engine_.run();
    scanning_ = false;
    changed_.notify();
}

/// Nothing may begin before this one's scanning has ended, however long that takes.
asio::awaitable<void> ScannerRole::end() {
    if (stopping_ && publisher_) co_await publisher_->drain(kDrain);
    term_ = 0;
    leadership_.reset();
    engine_.stop();
    co_await hooks_.hand_over();
    if (publisher_) publisher_->retire();
    while (scanning_) co_await changed_.wait_for(std::chrono::seconds(1));
    hooks_.ended();
    if (follower_) follower_->pause(false);
    stand_by("standing by: another scanner is, or may be, elected");
}

void ScannerRole::publish(const ranking::RankingPtr& ranking, bool recorded) {
    note_epoch(ranking->epoch);
    if (!leads(*ranking)) return;
    stores_.database().epoch_ledger().set_author({.epoch = ranking->epoch, .sequence = ranking->sequence});
    if (!publisher_) {
        if (recorded) {
            keep(ranking, true);
        } else {
            lead_with(ranking);  // each is published first
        }
        return;
    }
    const engine::RankingBoard& board = engine_.board();
    publisher_->publish(
        {.ranking = ranking, .universe = board.shared_universe(), .health = board.source(), .recorded = recorded});
}

void ScannerRole::lead_with(const ranking::RankingPtr& ranking) {
    if (on_led_ && leads(*ranking)) on_led_(ranking);
}

void ScannerRole::keep(const ranking::RankingPtr& ranking, bool published) {
    if (published || ranking->epoch < known_epoch_) {
        stores_.keep(ranking);
    } else {
        doubtful_ = ranking;
    }
}

/// An epoch is closed when a later one is there.
void ScannerRole::note_epoch(std::uint64_t epoch) {
    known_epoch_ = std::max(known_epoch_, epoch);
    if (doubtful_ && doubtful_->epoch < known_epoch_) stores_.keep(std::exchange(doubtful_, nullptr));
}

/// What health says while nothing is scanned here.
void ScannerRole::stand_by(const std::string& why) {
    engine_.board().report({.last_error = why});
}

api::ScaleStatus ScannerRole::status() const {
    const engine::ElectionStatus election = election_->status();
    api::ScaleStatus status{.role = settings::to_string(settings_.role),
                            .epoch = election.epoch,
                            .elected = election.epoch != 0,
                            .lease = settings_.lease,
                            .lag = {},
                            .leader = election.leader,
                            .problem = election.problem};
    if (status.elected) return status;
    if (const auto current = engine_.board().current()) status.epoch = current->epoch;
    if (follower_) status.lag = follower_->status().lag;
    if (status.problem.empty() && follower_) status.problem = follower_->status().problem;
    return status;
}

}  // namespace scanner::app
