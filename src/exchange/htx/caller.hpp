#pragma once

#include "exchange/htx/answer.hpp"
#include "exchange/htx/endpoints.hpp"

#include "scanner/exchange/htx.hpp"
#include "scanner/net/circuit_breaker.hpp"
#include "scanner/net/rate_budget.hpp"
#include "scanner/net/retry.hpp"
#include "scanner/net/semaphore.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace scanner::exchange::htx {

/// Sends requests to HTX: within the budget of their class, at most so many at a time, past the breaker of their
/// purpose and the essential one, again where that may help, and never longer than the deadline. Counts what happens.
/// Knows nothing of what the answers mean: the caller hands in what reads them, and an answer that cannot be read is a
/// failed attempt. Loop thread only.
class Caller {
public:
    Caller(boost::asio::any_io_executor executor, const HtxOptions& options, net::HttpClient& client,
           const core::Clock& clock, std::uint64_t random_seed, const HtxObserver& observer);

    /// When a call for `purpose` that starts now has to be over: what may be missing is not waited for that long.
    [[nodiscard]] core::SteadyTime deadline(Purpose purpose = Purpose::essential) const {
        const auto optional = std::min(options_.timeout, options_.optional_timeout);
        return std::chrono::steady_clock::now() + (purpose == Purpose::essential ? options_.timeout : optional);
    }

    /// `context` goes in front of error messages: "order_book BTC-USDT".
    template <class T>
    [[nodiscard]] boost::asio::awaitable<core::Result<T>> call(Endpoint endpoint, std::string context,
                                                               core::SteadyTime deadline,
                                                               std::function<core::Result<T>(const Answer&)> read) {
        core::Result<T> value = core::fail(core::ErrorCode::internal, "the answer was not read");
        Accept accept = [&value, &read](const Answer& answer) -> core::Result<void> {
            value = read(answer);
            if (!value) return std::unexpected(value.error());
            return {};
        };
        auto done = co_await perform(std::move(endpoint), std::move(context), deadline, std::move(accept));
        if (!done) co_return std::unexpected(done.error());
        co_return value;
    }

    /// One attempt with a short deadline, past breaker and semaphore and not counted by the breaker; success ends an
    /// open breaker's cooldown.
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> probe(
        Endpoint endpoint, std::function<core::Result<void>(const Answer&)> read);

    /// What this knows of the status; the fallback flags and dropped rows are not its business.
    [[nodiscard]] ExchangeStatus status() const;

private:
    using Accept = std::function<core::Result<void>(const Answer&)>;
    /// How an attempt ended. `sent` is false where breaker, budget or semaphore kept it from being made.
    struct Attempt {
        core::Result<void> result;
        bool sent = false;
    };

    boost::asio::awaitable<core::Result<void>> perform(Endpoint endpoint, std::string context,
                                                       core::SteadyTime deadline, Accept accept);
    boost::asio::awaitable<Attempt> attempt(std::shared_ptr<const Endpoint> endpoint, core::SteadyTime deadline,
                                            std::shared_ptr<const Accept> accept);
    boost::asio::awaitable<std::optional<net::CircuitBreaker::Permit>> admit(Purpose purpose,
                                                                             core::SteadyTime deadline);
    /// Sends and reads; `http_status` is 0 where no answer came.
    struct Exchanged {
        core::Result<void> result;
        int http_status = 0;
        bool is_json = false;  ///< an object, as every answer of the exchange is
    };
    boost::asio::awaitable<Exchanged> send(std::shared_ptr<const Endpoint> endpoint, core::SteadyTime deadline,
                                           std::shared_ptr<const Accept> accept);
    [[nodiscard]] const std::shared_ptr<net::RateBudget>& budget(RequestClass request_class) const;
    /// The breaker that keeps calls for `purpose` from being sent now; nullptr when none does.
    [[nodiscard]] const net::CircuitBreaker* in_the_way(Purpose purpose) const;
    [[nodiscard]] core::Error breaker_open(Purpose purpose) const;
    [[nodiscard]] net::CircuitBreaker& breaker(Purpose purpose) { return breakers_[static_cast<std::size_t>(purpose)]; }
    [[nodiscard]] const net::CircuitBreaker& breaker(Purpose purpose) const {
        return breakers_[static_cast<std::size_t>(purpose)];
    }
    core::Error note_refusal(core::Error error);

    const HtxOptions& options_;
    net::HttpClient& client_;
    const core::Clock& clock_;
    const HtxObserver& observer_;
    std::string base_url_;
    net::RandomUnit random_;
    std::shared_ptr<net::RateBudget> market_budget_;
    std::shared_ptr<net::RateBudget> other_budget_;
    net::Semaphore semaphore_;
    std::array<net::CircuitBreaker, kPurposes> breakers_;
    std::array<std::string, kPurposes> last_failure_;  // for each purpose, what its breaker was opened by
    std::uint64_t requests_ = 0;
    std::map<std::string, std::uint64_t> errors_;
    std::string last_error_;
};

}  // namespace scanner::exchange::htx
