#pragma once

#include "storage/spool/spool.hpp"
#include "storage/spool/spool_writer.hpp"
#include "storage/sql/database_link.hpp"
#include "storage/sql/worker.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"
#include "scanner/storage/history.hpp"
#include "scanner/storage/store_options.hpp"
#include "scanner/storage/store_status.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

namespace scanner::storage {

/// Takes batches from the loop through the spool thread (made, encoded, synced to disk) to the database thread
/// (committed), which then releases them from the spool. Loop thread only; must outlive its coroutines.
class WriteBehind {
public:
    WriteBehind(boost::asio::any_io_executor executor, const core::Clock& clock, const StoreOptions& options,
                DatabaseLink& link);

    [[nodiscard]] boost::asio::awaitable<core::Result<void>> open();
    void record(std::function<HistoryBatch()> make);
    /// Of the batches from now on that do not say who it is.
    [[nodiscard]] Author author() const { return author_; }
    void set_author(Author author) { author_ = author; }

    /// Writes what the spool holds whenever the database is there, until stop().
    [[nodiscard]] boost::asio::awaitable<void> run();
    /// Until everything recorded so far is on disk, or the time is over.
    [[nodiscard]] boost::asio::awaitable<void> flush(std::chrono::milliseconds at_most);
    /// Until the database has everything, or the time is over.
    [[nodiscard]] boost::asio::awaitable<void> drain(std::chrono::milliseconds at_most);
    void stop();
    /// Blocks until the spool thread has ended.
    void join();

    [[nodiscard]] std::uint64_t last_sequence() const { return spool_ ? spool_->last_sequence() : 0; }
    [[nodiscard]] SpoolStatus status() const;
    /// A message about the rows that the database refused for their content since the start; empty without any.
    [[nodiscard]] const std::string& refused() const { return refused_; }
    /// Batches that came after the end of their epoch, and a message about them; 0 and empty without any.
    [[nodiscard]] std::uint64_t fenced() const { return fenced_; }
    [[nodiscard]] const std::string& fenced_text() const { return fenced_text_; }
    /// Batches that are not on disk yet.
    [[nodiscard]] std::size_t pending() const { return pending_->load(); }

private:
    [[nodiscard]] boost::asio::awaitable<bool> catch_up();
    [[nodiscard]] boost::asio::awaitable<bool> write_some();
    void note_refused(std::size_t count, std::size_t of, const std::string& why);
    void sync_pending_again();
    void note_fenced(std::size_t count);
    void spool(std::function<HistoryBatch()> make, Author author);
    void sync_pending();

    boost::asio::any_io_executor executor_;
    const core::Clock& clock_;
    StoreOptions options_;
    DatabaseLink& link_;
    std::unique_ptr<Spool> spool_;
    std::unique_ptr<SpoolWriter> spool_writer_;  ///< the spool thread's own
    std::shared_ptr<std::atomic<std::size_t>> pending_;
    std::size_t records_per_write_;
    std::uint64_t dropped_ = 0;
    std::uint64_t refused_count_ = 0;
    std::string refused_;
    std::uint64_t fenced_ = 0;
    std::string fenced_text_;
    Author author_;
    bool stopping_ = false;
    std::uint64_t caught_up_ = 0;          ///< the connection whose position in the spool is known
    std::atomic<bool> stuck_ = false;      ///< the disk did not take everything: to be tried again
    std::shared_ptr<net::Event> changed_;  ///< shared with what the spool thread posts
    core::RepeatedFailure making_failure_{"history_not_made", core::LogLevel::error};  // the spool thread's own
    core::RepeatedFailure memory_full_{"history_overflow", core::LogLevel::error};     // the spool thread's own
    core::RepeatedFailure overflow_{"history_overflow", core::LogLevel::error};
    core::RepeatedFailure refusal_{"spool_record_refused", core::LogLevel::error};
    Worker worker_;  // last: its thread ends before what it uses
};

}  // namespace scanner::storage
