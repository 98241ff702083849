#include "scanner/storage/store.hpp"

#include "storage/detectors/sql_detector_states.hpp"
#include "storage/documents/operator_sql.hpp"
#include "storage/documents/sql_alert_archive.hpp"
#include "storage/documents/sql_document_store.hpp"
#include "storage/epochs/advisory_lease.hpp"
#include "storage/epochs/epochs_sql.hpp"
#include "storage/epochs/sql_kept_states.hpp"
#include "storage/history/history_sql.hpp"
#include "storage/history/retention.hpp"
#include "storage/history/sql_episode_ledger.hpp"
#include "storage/spool/write_behind.hpp"
#include "storage/sql/change_watch.hpp"
#include "storage/sql/database_link.hpp"

#include "scanner/net/event.hpp"
#include "scanner/net/task_group.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// For tasks to end after what they waited for was interrupted.
constexpr std::chrono::seconds kUnwindTime{1};

constexpr std::array kBarMinutes{1, 5, 15, 60};

/// Everything that the store's coroutines refer to; they keep it alive.
class StoreCore final : public History, public EpochLedger, public std::enable_shared_from_this<StoreCore> {
public:
    StoreCore(asio::any_io_executor executor, const core::Clock& clock, StoreOptions options, Backend backend)
        : executor_(std::move(executor)),
          clock_(clock),
          options_(std::move(options)),
          changed_(executor_),
          link_(executor_, clock_, options_, std::move(backend)),
          writer_(executor_, clock_, options_, link_),
          detector_states_(link_, clock_),
          documents_(clock_, link_),
          alerts_(link_, [this](HistoryBatch batch) { record(std::move(batch)); }),
          episodes_(link_, [this](HistoryBatch batch) { record(std::move(batch)); }) {
        size_.max_bytes = options_.history_max_bytes;
    }

    static asio::awaitable<core::Result<void>> open(std::shared_ptr<StoreCore> self) {
        if (auto opened = co_await self->writer_.open(); !opened) co_return std::unexpected(opened.error());
        const auto connected = co_await self->link_.connect();
        if (!connected && waiting_cannot_help(connected.error().code(), self->link_.embedded()))
            co_return std::unexpected(connected.error());
        self->last_sequence_ = self->writer_.last_sequence();
        if (connected) {
            std::function<std::uint64_t(SqlSession&)> work = storage::last_sequence;
            const auto known = co_await self->link_.call<std::uint64_t>(std::move(work), self->options_.query_timeout);
            if (known) self->last_sequence_ = std::max(self->last_sequence_, *known);
            if (auto read = co_await self->documents_.refresh(); !read)
                core::log(core::LogLevel::warning, "documents_unread", {{"error", read.error().message()}});
        }
        self->start("keep_connected", keep_connected(self));
        self->start("write_behind", run_writer(self));
        self->start("maintenance", run_maintenance(self));
        self->start("database_watch", watch(self));
        self->listen();
        co_return core::Result<void>{};
    }

    static asio::awaitable<void> close(std::shared_ptr<StoreCore> self, milliseconds grace) {
        const auto deadline = std::chrono::steady_clock::now() + grace;
        const auto left = [&] {
            return std::max(milliseconds(0),
                            std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()));
        };
        co_await self->writer_.flush(left());
        co_await self->writer_.drain(left());
        self->stop();
        if (!co_await self->tasks_.join(deadline)) self->link_.interrupt();
        self->join();
        // What ended only now has left its result on the loop.
        static_cast<void>(co_await self->tasks_.join(std::chrono::steady_clock::now() + kUnwindTime));
    }

    void stop() {
        stopping_ = true;
        writer_.stop();
        link_.stop();
        if (changes_) changes_->stop();
        changed_.notify();
    }
    /// Blocks for as long as a statement takes to notice that it was interrupted.
    void join() {
        writer_.join();
        link_.join();
        if (changes_) changes_->join();
    }

    using History::record;
    void record(std::function<HistoryBatch()> make) override { writer_.record(std::move(make)); }
    std::uint64_t last_sequence() const override { return std::max(last_sequence_, writer_.last_sequence()); }

    asio::awaitable<core::Result<RankingsPage>> rankings(RankingsQuery query) override {
        if (auto checked = check(query.limit, query.from, query.to); !checked)
            co_return std::unexpected(checked.error());
        std::function<RankingsPage(SqlSession&)> work = [query](SqlSession& session) {
            return read_rankings(session, query);
        };
        co_return co_await link_.read<RankingsPage>(std::move(work));
    }

    asio::awaitable<core::Result<std::optional<RankingAsOf>>> ranking_as_of(core::WallTime time,
                                                                            std::string profile) override {
        std::function<std::optional<RankingAsOf>(SqlSession&)> work = [time, profile](SqlSession& session) {
            return read_ranking_as_of(session, time, profile);
        };
        co_return co_await link_.read<std::optional<RankingAsOf>>(std::move(work));
    }

    asio::awaitable<core::Result<BarsPage>> bars(BarsQuery query) override {
        if (auto checked = check(query.limit, query.from, query.to); !checked)
            co_return std::unexpected(checked.error());
        if (std::ranges::find(kBarMinutes, query.interval.count()) == kBarMinutes.end())
            co_return core::fail(core::ErrorCode::invalid_input, "interval: expected 1, 5, 15 or 60 minutes");
        std::function<BarsPage(SqlSession&)> work = [query](SqlSession& session) { return read_bars(session, query); };
        co_return co_await link_.read<BarsPage>(std::move(work));
    }

    asio::awaitable<core::Result<EpochPlan>> open_epoch(LeaseClaim claim, std::uint64_t known) override {
        std::function<EpochPlan(SqlSession&)> work = [claim, known = std::max(known, last_sequence()),
                                                      now = clock_.now()](SqlSession& session) {
            return storage::open_epoch(session, claim, known, now);
        };
        co_return co_await link_.call<EpochPlan>(std::move(work), options_.query_timeout);
    }

    asio::awaitable<core::Result<void>> reserve(std::uint64_t epoch, std::uint64_t up_to) override {
        std::function<bool(SqlSession&)> work = [epoch, up_to](SqlSession& session) {
            return reserve_numbers(session, epoch, up_to);
        };
        const auto reserved = co_await link_.call<bool>(std::move(work), options_.query_timeout);
        if (!reserved) co_return std::unexpected(reserved.error());
        if (!*reserved) co_return core::fail(core::ErrorCode::conflict, "the epoch is closed: another was elected");
        co_return core::Result<void>{};
    }

    void set_author(Author author) override {
        writer_.set_author(author);
        detector_states_.set_author(author);
    }
    std::uint64_t fenced_batches() const override { return writer_.fenced(); }

    std::shared_ptr<ScannerLease> advisory_lease(milliseconds lease) {
        return link_.embedded() ? nullptr : make_advisory_lease(link_, lease);
    }

    DetectorStates& detector_states() { return detector_states_; }
    DocumentStore& document_store() { return documents_; }
    AlertArchive& alert_archive() { return alerts_; }
    EpisodeLedger& episode_ledger() { return episodes_; }
    KeptStates& kept_states() { return states_; }
    StoreStatus status() const {
        const SpoolStatus spool = writer_.status();
        StoreStatus status;
        status.state = link_.shown_state();
        status.backlog = spool.records + writer_.pending();
        if (spool.oldest) {
            const double age = std::chrono::duration<double>(clock_.now() - *spool.oldest).count();
            status.backlog_age_sec = std::max(0.0, age);
        }
        status.dropped = spool.dropped + writer_.fenced();
        status.last_error = spool.error.empty() ? link_.last_error() : spool.error;
        if (status.last_error.empty()) status.last_error = writer_.refused();
        if (status.last_error.empty()) status.last_error = writer_.fenced_text();
        return status;
    }
    std::uint64_t spool_bytes() const { return writer_.status().bytes; }
    HistorySize history_size() const { return size_; }

private:
    static bool waiting_cannot_help(core::ErrorCode code, bool embedded) {
        return code == core::ErrorCode::conflict || (embedded && code != core::ErrorCode::timeout);
    }
    static core::Result<void> check(std::size_t limit, core::WallTime from, core::WallTime to) {
        if (limit < 1 || limit > kMaxPageRows)
            return core::fail(core::ErrorCode::invalid_input, "limit: expected 1 to " + std::to_string(kMaxPageRows));
        if (to < from) return core::fail(core::ErrorCode::invalid_input, "to: expected a time not before from");
        return {};
    }

    void start(std::string_view name, asio::awaitable<void> task) {
        if (!tasks_.spawn(std::string(name), std::move(task)))
            core::log(core::LogLevel::error, "task_not_started", {{"task", name}});
    }

    // Each keeps the core alive while it runs.
    static asio::awaitable<void> keep_connected(std::shared_ptr<StoreCore> self) {
        std::function<void()> connected = [core = self.get()] { core->refresh_soon(); };
        co_await self->link_.keep_connected(std::move(connected));
    }
    static asio::awaitable<void> run_writer(std::shared_ptr<StoreCore> self) { co_await self->writer_.run(); }
    static asio::awaitable<void> watch(std::shared_ptr<StoreCore> self) { co_await self->link_.watch(); }

    /// What another process changes shows at once, where the database tells of it.
    void listen() {
        if (!link_.listens()) return;
        changes_.emplace(executor_, [this] { return link_.listen(kDocumentsChannel); }, [this] { refresh_soon(); });
        changes_->start();
    }

    void refresh_soon() {
        refresh_at_ = {};
        changed_.notify();
    }

    /// Rereads the operator's documents and deletes what is too old, each in its time.
    static asio::awaitable<void> run_maintenance(std::shared_ptr<StoreCore> self) {
        using Steady = std::chrono::steady_clock;
        const StoreOptions& options = self->options_;
        self->refresh_at_ = Steady::now() + options.refresh_interval;
        auto prune_at = Steady::now() + options.retention_interval / 4;
        while (!self->stopping_) {
            if (self->link_.ready() && Steady::now() >= self->refresh_at_) {
                self->refresh_at_ = Steady::now() + options.refresh_interval;
                static_cast<void>(co_await self->documents_.refresh());  // what is shown stays until it succeeds
            }
            if (self->link_.ready() && Steady::now() >= prune_at) {
                const bool more = co_await self->prune();
                // Small batches with pauses: the writer and the readers go in between.
                prune_at = Steady::now() + (more ? milliseconds(50) : options.retention_interval);
            }
            const auto next = std::min(self->refresh_at_, prune_at);
            const auto pause = std::chrono::ceil<milliseconds>(next - Steady::now());
            co_await self->changed_.wait_for(std::clamp(pause, milliseconds(10), milliseconds(1'000)));
        }
    }

    asio::awaitable<bool> prune() {
        std::function<Pruned(SqlSession&)> work = [this](SqlSession& session) {
            return prune_history(session, options_, clock_.now());
        };
        const auto pruned = co_await link_.call<Pruned>(std::move(work), std::chrono::hours(1));
        if (!pruned) {
            prune_failure_.failed(core::to_string(pruned.error().code()), {{"error", pruned.error().message()}});
            co_return false;
        }
        prune_failure_.recovered();
        note_size(*pruned);
        co_return pruned->more;
    }

    void note_size(const Pruned& pruned) {
        if (!pruned.bytes) return;
        size_.bytes = pruned.bytes;
        size_.over = pruned.over;
        if (pruned.over) {
            over_bound_.failed("only the newest day is left",
                               {{"bytes", *pruned.bytes}, {"max_bytes", options_.history_max_bytes}});
        } else {
            over_bound_.recovered();
        }
        if (!pruned.removed_before || size_.removed_before == pruned.removed_before) return;
        size_.removed_before = pruned.removed_before;
        ++size_.removed_days;
        core::log(core::LogLevel::warning, "history_bound_reached",
                  {{"bytes", *pruned.bytes},
                   {"max_bytes", options_.history_max_bytes},
                   {"removed_before", core::format_time(*pruned.removed_before)}});
    }

    asio::any_io_executor executor_;
    const core::Clock& clock_;
    StoreOptions options_;
    net::Event changed_;
    DatabaseLink link_;
    WriteBehind writer_;
    SqlDetectorStates detector_states_;
    SqlDocumentStore documents_;
    SqlAlertArchive alerts_;
    SqlEpisodeLedger episodes_;
    SqlKeptStates states_{clock_, link_, [this] { return writer_.author(); }};
    std::uint64_t last_sequence_ = 0;
    std::chrono::steady_clock::time_point refresh_at_;
    std::optional<ChangeWatch> changes_;
    core::RepeatedFailure prune_failure_{"retention_failed"};
    core::RepeatedFailure over_bound_{"history_over_bound"};
    HistorySize size_;
    bool stopping_ = false;
    net::TaskGroup tasks_{executor_, [](std::string_view task, std::string_view what) {
                              core::log(core::LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
                          }};
};

class StoreImpl final : public Store {
public:
    explicit StoreImpl(std::shared_ptr<StoreCore> core) : core_(std::move(core)) {}
    ~StoreImpl() override {
        core_->stop();
        core_->join();
    }
    StoreImpl(const StoreImpl&) = delete;
    StoreImpl& operator=(const StoreImpl&) = delete;

    asio::awaitable<core::Result<void>> open() override { return StoreCore::open(core_); }
    DetectorStates& detector_states() override { return core_->detector_states(); }
    History& history() override { return *core_; }
    DocumentStore& document_store() override { return core_->document_store(); }
    AlertArchive& alert_archive() override { return core_->alert_archive(); }
    EpisodeLedger& episode_ledger() override { return core_->episode_ledger(); }
    EpochLedger& epoch_ledger() override { return *core_; }
    std::shared_ptr<ScannerLease> advisory_lease(milliseconds lease) override { return core_->advisory_lease(lease); }
    KeptStates& kept_states() override { return core_->kept_states(); }
    StoreStatus status() const override { return core_->status(); }
    std::uint64_t spool_bytes() const override { return core_->spool_bytes(); }
    HistorySize history_size() const override { return core_->history_size(); }
    asio::awaitable<void> close(milliseconds grace) override { return StoreCore::close(core_, grace); }

private:
    std::shared_ptr<StoreCore> core_;
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(asio::any_io_executor executor, const core::Clock& clock,
                                         StoreOptions options) {
    Backend backend = sqlite_backend(options.data_dir);
    return std::make_unique<StoreImpl>(
        std::make_shared<StoreCore>(std::move(executor), clock, std::move(options), std::move(backend)));
}

std::unique_ptr<Store> make_postgres_store(asio::any_io_executor executor, const core::Clock& clock,
                                           StoreOptions options, std::string url) {
    Backend backend = postgres_backend(url, options.query_timeout);
    return std::make_unique<StoreImpl>(
        std::make_shared<StoreCore>(std::move(executor), clock, std::move(options), std::move(backend)));
}

}  // namespace scanner::storage
