#include "app/snapshot_writer.hpp"

#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
using Entries = std::vector<storage::SnapshotCache::Entry>;

Entries made_by(const SnapshotWriter::Make& make) {
    try {
        return make();
    } catch (const std::exception& thrown) {
        core::log(core::LogLevel::error, "snapshot_not_encoded", {{"error", thrown.what()}});
    }
    return {};
}

}  // namespace

/// Touched on the loop alone, so that it needs no lock; shared with the work on its way between the two threads.
struct SnapshotWriter::State : std::enable_shared_from_this<State> {
    State(asio::any_io_executor of_loop, std::shared_ptr<storage::SnapshotCache> into)
        : loop(std::move(of_loop)), cache(std::move(into)), drained(loop) {}

    void start_next() {
        if (busy || !waiting) return;
        busy = true;
        asio::post(thread, [self = shared_from_this(), make = *std::exchange(waiting, std::nullopt),
                            work = asio::make_work_guard(loop)] {
            asio::post(self->loop, [self, entries = made_by(make)]() mutable { self->take(std::move(entries)); });
        });
    }

    void take(Entries entries) {
        busy = false;
        if (!entries.empty()) cache->put(std::move(entries));
        start_next();
        if (!busy) drained.notify();
    }

    asio::any_io_executor loop;
    std::shared_ptr<storage::SnapshotCache> cache;
    net::Event drained;
    std::optional<Make> waiting;
    bool busy = false;
    asio::thread_pool thread{1};
};

SnapshotWriter::SnapshotWriter(asio::any_io_executor executor, std::shared_ptr<storage::SnapshotCache> cache)
    : state_(std::make_shared<State>(std::move(executor), std::move(cache))) {}

SnapshotWriter::~SnapshotWriter() {
    state_->thread.join();
}

void SnapshotWriter::put(Make make) {
    state_->waiting = std::move(make);
    state_->start_next();
}

asio::awaitable<void> SnapshotWriter::drain(std::chrono::milliseconds grace) {
    const auto state = state_;
    const auto deadline = std::chrono::steady_clock::now() + grace;
    while (state->busy) {
        if (co_await state->drained.wait(deadline) != net::Event::Outcome::notified) break;
    }
}

}  // namespace scanner::app
