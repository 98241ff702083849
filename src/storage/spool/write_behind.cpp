#include "storage/spool/write_behind.hpp"

#include "storage/history/history_sql.hpp"
#include "storage/spool/batch_codec.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr std::size_t kMaxRecordsPerWrite = 64;
/// Encoded, which is about a sixth of their size in memory.
constexpr std::size_t kMaxBytesPerWrite = 2U << 20U;
constexpr milliseconds kUnlimited = std::chrono::hours(24 * 365);

/// What one write did, decided on the database thread.
struct WriteOutcome {
    std::size_t records = 0;
    std::uint64_t number = 0;
    std::size_t refused = 0;
    std::string why;         ///< the last of them was
    std::size_t fenced = 0;  ///< of an epoch that was closed before them
};

WriteOutcome write_records(SqlSession& session, Spool& spool, const std::vector<SpoolRecord>& records,
                           core::WallTime now) {
    std::vector<HistoryBatch> batches;
    std::size_t refused = 0;
    std::string why;
    for (const SpoolRecord& record : records) {
        if (auto batch = decode_batch(record.payload)) {
            batches.push_back(std::move(*batch));
        } else {
            why = batch.error().message();
            spool.set_aside(record);
            ++refused;
        }
    }
    const SpoolPosition position{.spool_id = spool.id(), .number = records.back().number};
    const std::size_t fenced = write_history(session, std::move(batches), position, now);
    return {.records = records.size(),
            .number = position.number,
            .refused = refused,
            .why = std::move(why),
            .fenced = fenced};
}

/// Writes them together; when the database refuses the data, one by one, and those that it still refuses go aside: one
/// bad row must not keep the rest waiting for ever.
WriteOutcome write_or_set_aside(SqlSession& session, Spool& spool, const std::vector<SpoolRecord>& records,
                                core::WallTime now) {
    try {
        return write_records(session, spool, records, now);
    } catch (const SqlError& error) {
        if (error.code() != core::ErrorCode::invalid_input) throw;
    }
    WriteOutcome outcome{.records = records.size(), .number = records.back().number};
    for (const SpoolRecord& record : records) {
        try {
            WriteOutcome one = write_records(session, spool, {record}, now);
            outcome.refused += one.refused;
            outcome.fenced += one.fenced;
            if (one.refused > 0) outcome.why = std::move(one.why);
        } catch (const SqlError& error) {
            if (error.code() != core::ErrorCode::invalid_input) throw;
            spool.set_aside(record);
            ++outcome.refused;
            outcome.why = error.what();
            static_cast<void>(write_history(session, {}, {.spool_id = spool.id(), .number = record.number}, now));
        }
    }
    return outcome;
}

/// Alerts are of a ranking that was published, which need not be the last that was made: where its epoch ends at the
/// one of theirs, they are still honest.
Author author_of(const HistoryBatch& batch, Author author) {
    if (batch.cycle || batch.alerts.empty()) return author;
    const std::uint64_t newest = std::ranges::max(batch.alerts, {}, &AlertRecord::sequence).sequence;
    author.sequence = std::min(author.sequence, newest);
    return author;
}

}  // namespace

WriteBehind::WriteBehind(asio::any_io_executor executor, const core::Clock& clock, const StoreOptions& options,
                         DatabaseLink& link)
    : executor_(std::move(executor)),
      clock_(clock),
      options_(options),
      link_(link),
      pending_(std::make_shared<std::atomic<std::size_t>>(0)),
      records_per_write_(kMaxRecordsPerWrite),
      changed_(std::make_shared<net::Event>(executor_)),
      worker_(executor_, History::kMaxPendingBatches + 8) {}

asio::awaitable<core::Result<void>> WriteBehind::open() {
    std::function<core::Result<std::unique_ptr<Spool>>()> open = [this] {
        return open_spool({.directory = std::filesystem::path(options_.data_dir) / "spool",
                           .max_bytes = options_.spool_max_bytes,
                           .segment_bytes = options_.spool_segment_bytes},
                          clock_.now());
    };
    auto spool = co_await worker_.run<std::unique_ptr<Spool>>(std::move(open), kUnlimited);
    if (!spool) co_return std::unexpected(spool.error());
    spool_ = std::move(*spool);
    spool_writer_ = std::make_unique<SpoolWriter>(*spool_);
    if (const SpoolStatus found = spool_->status(); found.records > 0)
        core::log(core::LogLevel::info, "spool_found", {{"records", found.records}, {"bytes", found.bytes}});
    co_return core::Result<void>{};
}

void WriteBehind::record(std::function<HistoryBatch()> make) {
    if (!spool_ || stopping_ || pending() >= History::kMaxPendingBatches) {
        ++dropped_;
        overflow_.failed(stopping_ ? "stopping" : "the disk does not keep up", {{"pending", pending()}});
        return;
    }
    overflow_.recovered();
    ++*pending_;
    worker_.post([this, make = std::move(make), author = author_]() mutable { spool(std::move(make), author); });
}

void WriteBehind::spool(std::function<HistoryBatch()> make, Author author) {
    bool taken = false;
    try {
        HistoryBatch batch = make();
        if (batch.author.epoch == 0) batch.author = author_of(batch, author);
        making_failure_.recovered();
        taken = spool_writer_->add(encode_batch(batch), batch.cycle ? batch.cycle->sequence : 0, clock_.now());
        if (taken) {
            memory_full_.recovered();
        } else {
            memory_full_.failed("the disk does not keep up", {{"held", spool_writer_->held()}});
        }
    } catch (const std::exception& error) {
        making_failure_.failed("internal", {{"error", error.what()}});
    }
    make = nullptr;  // before the completion is visible to others
    if (!taken) {
        spool_->count_dropped();
        --*pending_;
    }
    sync_pending();
}

/// One sync for those that wait right now; no record is shown before its sync.
void WriteBehind::sync_pending() {
    const bool more_coming = pending() > spool_writer_->held();
    *pending_ -= spool_writer_->sync_pending(more_coming);
    stuck_ = spool_writer_->is_stuck();
    if (!stuck_) asio::post(executor_, [changed = changed_] { changed->notify(); });
}

/// What the disk did not take stays in memory until it does.
void WriteBehind::sync_pending_again() {
    if (stuck_.exchange(false)) worker_.post([this] { sync_pending(); });
}

asio::awaitable<void> WriteBehind::run() {
    while (!stopping_) {
        sync_pending_again();
        if (link_.ready() && spool_->status().records > 0) {
            if (co_await write_some()) continue;
        }
        co_await changed_->wait_for(milliseconds(1'000));
    }
}

/// False when nothing could be written just now.
asio::awaitable<bool> WriteBehind::write_some() {
    if (caught_up_ != link_.connections() && !co_await catch_up()) co_return false;
    std::function<WriteOutcome(SqlSession&)> work = [this, most = records_per_write_](SqlSession& session) {
        const auto records = spool_->read(most, kMaxBytesPerWrite);
        if (records.empty()) return WriteOutcome{};
        return write_or_set_aside(session, *spool_, records, clock_.now());
    };
    const auto outcome = co_await link_.call<WriteOutcome>(std::move(work), kUnlimited);
    if (!outcome) {
        link_.write_failed(outcome.error());
        // Too much for one statement's time, perhaps.
        records_per_write_ = std::max<std::size_t>(records_per_write_ / 2, 1);
        co_return false;
    }
    if (outcome->refused < outcome->records) {
        link_.write_worked();
    } else if (outcome->records > 0) {
        link_.write_failed({core::ErrorCode::invalid_input, outcome->why});
    }
    note_refused(outcome->refused, outcome->records, outcome->why);
    note_fenced(outcome->fenced);
    records_per_write_ = std::min(records_per_write_ * 2, kMaxRecordsPerWrite);
    if (outcome->records > 0) spool_->release(outcome->number);
    changed_->notify();
    co_return outcome->records > 0;
}

void WriteBehind::note_refused(std::size_t count, std::size_t of, const std::string& why) {
    if (count == 0) {
        if (of > 0) refusal_.recovered();
        return;
    }
    refused_count_ += count;
    refused_ = fmt::format("{} batches were refused by the database and set aside in spool/refused.spool; the last: {}",
                           refused_count_, why);
    refusal_.failed("refused", {{"batches", count}, {"error", why}});
}

/// What a scanner wrote after another was elected is no one's history. It is not kept: no later time makes it true.
void WriteBehind::note_fenced(std::size_t count) {
    if (count == 0) return;
    fenced_ += count;
    fenced_text_ = fmt::format(
        "{} batches were refused: they came after the end of their epoch, another scanner had been elected", fenced_);
    core::log(core::LogLevel::error, "history_fenced", {{"batches", count}});
}

/// How the last commit of the connection before ended only the database knows.
asio::awaitable<bool> WriteBehind::catch_up() {
    const std::uint64_t connection = link_.connections();
    std::function<std::uint64_t(SqlSession&)> work = [this](SqlSession& session) {
        return spool_position(session, spool_->id());
    };
    const auto number = co_await link_.call<std::uint64_t>(std::move(work), kUnlimited);
    if (!number) co_return false;
    spool_->release(*number);
    caught_up_ = connection;
    co_return connection == link_.connections();
}

asio::awaitable<void> WriteBehind::flush(milliseconds at_most) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    auto again_at = std::chrono::steady_clock::now();
    while (pending() > 0 && std::chrono::steady_clock::now() < deadline) {
        if (const auto now = std::chrono::steady_clock::now(); now >= again_at) {
            sync_pending_again();
            again_at = now + milliseconds(200);
        }
        co_await changed_->wait_for(milliseconds(20));
    }
}

asio::awaitable<void> WriteBehind::drain(milliseconds at_most) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (link_.ready() && status().records > 0 && std::chrono::steady_clock::now() < deadline)
        co_await changed_->wait_for(milliseconds(20));
}

void WriteBehind::stop() {
    stopping_ = true;
    changed_->notify();
}

void WriteBehind::join() {
    worker_.join();
    if (spool_writer_ && spool_writer_->held() > 0)
        core::log(core::LogLevel::error, "history_lost", {{"batches", spool_writer_->held()}});
    spool_writer_.reset();
}

SpoolStatus WriteBehind::status() const {
    SpoolStatus status;
    if (spool_) status = spool_->status();
    status.dropped += dropped_;
    if (spool_writer_) {
        HeldBatches held = spool_writer_->status();
        if (held.oldest) status.oldest = std::min(*held.oldest, status.oldest.value_or(*held.oldest));
        status.error = std::move(held.error);
    }
    return status;
}

}  // namespace scanner::storage
