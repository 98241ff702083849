#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <concepts>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace scanner::test {

namespace detail {
template <class T>
struct AwaitableValue;
template <class T, class E>
struct AwaitableValue<boost::asio::awaitable<T, E>> {
    using type = T;
};
}  // namespace detail

inline constexpr std::chrono::seconds kCoroutineLimit{20};

/// Runs `coroutine` on `io` until it has ended, and returns its value or throws its exception. Fails the test, and
/// throws, when it has not ended after `limit` of wall time. `io` is stopped then: other work may be left on it.
template <class T>
T run_on(boost::asio::io_context& io, boost::asio::awaitable<T> coroutine,
         std::chrono::milliseconds limit = kCoroutineLimit) {
    bool ended = false;
    std::exception_ptr exception;
    // T need not be default-constructible for us, but co_spawn requires it.
    std::conditional_t<std::is_void_v<T>, std::optional<int>, std::optional<T>> value;
    const auto finish = [&](std::exception_ptr thrown) {
        ended = true;
        exception = std::move(thrown);
        io.stop();
    };
    if constexpr (std::is_void_v<T>) {
        boost::asio::co_spawn(io, std::move(coroutine), finish);
    } else {
        boost::asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr thrown, T result) {
            value.emplace(std::move(result));
            finish(std::move(thrown));
        });
    }
    io.restart();
    io.run_for(limit);
    if (!ended) {
        ADD_FAILURE() << "the coroutine had not ended after " << limit.count() << " ms";
        throw std::runtime_error("coroutine did not end");
    }
    if (exception) std::rethrow_exception(exception);
    if constexpr (!std::is_void_v<T>) return std::move(*value);
}

/// The same on a fresh io_context{1}.
template <class T>
T run_coroutine(boost::asio::awaitable<T> coroutine, std::chrono::milliseconds limit = kCoroutineLimit) {
    boost::asio::io_context io(1);
    return run_on(io, std::move(coroutine), limit);
}

/// The same for a function object without parameters that returns an awaitable; it is kept alive meanwhile, so it may
/// be a lambda that captures.
template <std::invocable F>
auto run_coroutine(F function, std::chrono::milliseconds limit = kCoroutineLimit) ->
    typename detail::AwaitableValue<std::invoke_result_t<F&>>::type {
    boost::asio::io_context io(1);
    return run_on(io, function(), limit);
}

}  // namespace scanner::test
