#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace scanner::engine {

/// Runs `work` on the pool and gives its result back on the caller's own executor. Not to be cancelled: the work ends
/// by itself within milliseconds.
template <class Work>
boost::asio::awaitable<decltype(std::declval<Work>()())> on_thread(boost::asio::thread_pool& pool, Work work) {
    using Result = decltype(work());
    auto task = [](Work own) -> boost::asio::awaitable<Result> { co_return own(); };
    auto running = task(std::move(work));
    co_return co_await boost::asio::co_spawn(pool, std::move(running), boost::asio::use_awaitable);
}

}  // namespace scanner::engine
