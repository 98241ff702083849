#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace scanner::engine {

/// How long readings may take and how long their outcomes are shared.
struct SharedReadLimits {
    std::chrono::milliseconds deadline{5'000};
    std::chrono::milliseconds ttl{3'000};
    std::chrono::milliseconds failure_ttl{1'000};
    std::size_t max_kept = 256;  ///< outcomes; the oldest go first. Readings under way are not outcomes.
};

/// Readings by key, each made once for all callers at the same time or soon after. A reading runs in a task of its own:
/// it does not end because the caller that asked first has left. Must be held by a shared_ptr. Loop thread only.
template <class Value>
class SharedReads : public std::enable_shared_from_this<SharedReads<Value>> {
public:
    using Shared = core::Result<std::shared_ptr<const Value>>;
    using Read = std::function<boost::asio::awaitable<core::Result<Value>>()>;

    SharedReads(boost::asio::any_io_executor executor, const core::Clock& clock, SharedReadLimits limits)
        : executor_(executor), clock_(clock), limits_(limits), tasks_(executor, {}) {}

    /// The outcome of `read` for `key`: a recent one, one under way, or a new one. Cancelled when the awaiting
    /// coroutine is.
    [[nodiscard]] boost::asio::awaitable<Shared> get(std::string key, Read read) {
        const auto self = this->shared_from_this();
        auto entry = find(key);
        if (entry == nullptr) {
            entry = std::make_shared<Entry>(executor_);
            entries_[key] = entry;
            if (!tasks_.spawn("read " + key, run(self, entry, std::move(read)))) {
                entries_.erase(key);
                co_return core::fail(core::ErrorCode::cancelled, "shutting down");
            }
        }
        while (!entry->outcome) {
            co_await entry->ended.wait();
            const auto state = co_await boost::asio::this_coro::cancellation_state;
            if (!entry->outcome && state.cancelled() != boost::asio::cancellation_type::none) {
                co_return core::fail(core::ErrorCode::cancelled, "cancelled while waiting for a reading");
            }
        }
        co_return *entry->outcome;
    }

    [[nodiscard]] std::size_t kept() const noexcept { return entries_.size(); }

    /// Ends what is under way (its outcome is cancelled), refuses what is new, and waits for it: timeout at `deadline`.
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> stop(core::SteadyTime deadline) {
        const auto self = this->shared_from_this();
        tasks_.cancel();
        auto ended = co_await self->tasks_.join(deadline);
        for (const auto& [key, entry] : self->entries_) {
            if (!entry->outcome) self->finish(*entry, core::fail(core::ErrorCode::cancelled, "shutting down"));
        }
        co_return ended;
    }

private:
    struct Entry {
        explicit Entry(boost::asio::any_io_executor executor) : ended(std::move(executor)) {}
        std::optional<Shared> outcome;
        core::SteadyTime until;
        net::Event ended;  ///< there is an outcome
    };

    /// Under way, or still the answer.
    [[nodiscard]] std::shared_ptr<Entry> find(const std::string& key) const {
        const auto found = entries_.find(key);
        if (found == entries_.end()) return nullptr;
        const Entry& entry = *found->second;
        return !entry.outcome || clock_.steady_now() < entry.until ? found->second : nullptr;
    }

    static boost::asio::awaitable<void> run(std::shared_ptr<SharedReads> self, std::shared_ptr<Entry> entry,
                                            Read read) {
        auto outcome = co_await net::with_timeout(read(), self->limits_.deadline);
        self->finish(*entry, std::move(outcome));
        self->forget_old();
    }

    void finish(Entry& entry, core::Result<Value> outcome) {
        entry.until = clock_.steady_now() + (outcome ? limits_.ttl : limits_.failure_ttl);
        if (outcome) {
            entry.outcome.emplace(std::make_shared<const Value>(std::move(*outcome)));
        } else {
            entry.outcome.emplace(std::unexpect, std::move(outcome).error());
        }
        entry.ended.notify();
    }

    void forget_old() {
        const core::SteadyTime now = clock_.steady_now();
        std::erase_if(entries_, [now](const auto& kept) { return kept.second->outcome && kept.second->until <= now; });
        while (entries_.size() > limits_.max_kept) {
            const auto oldest = std::ranges::min_element(entries_, {}, [](const auto& kept) {
                return kept.second->outcome ? kept.second->until : core::SteadyTime::max();
            });
            if (!oldest->second->outcome) return;
            entries_.erase(oldest);
        }
    }

    boost::asio::any_io_executor executor_;
    const core::Clock& clock_;
    SharedReadLimits limits_;
    std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;
    net::TaskGroup tasks_;
};

}  // namespace scanner::engine
