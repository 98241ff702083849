#pragma once

#include "exchange/rest/answer.hpp"
#include "exchange/rest/request.hpp"

#include "scanner/exchange/exchange.hpp"
#include "scanner/exchange/exchange_options.hpp"
#include "scanner/net/circuit_breaker.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/rate_budget.hpp"
#include "scanner/net/retry.hpp"
#include "scanner/net/semaphore.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace scanner::exchange::rest {

/// What differs between venues in how they want to be called.
struct CallerSetup {
    std::vector<double> requests_per_sec;  ///< own cap of each request budget that the venue counts apart
    std::size_t purposes = 1;              ///< the essential one included
};

/// Sends requests to a venue: within their budget, at most so many at a time, past the breaker of their purpose and the
/// essential one, again where that may help, and never longer than the deadline. Counts outcomes. Does not know what
/// the answers mean: an answer that `read` cannot read is a failed attempt.
///
/// A breaker counts requests that failed for the venue's own reasons: timeouts, broken connections, 5xx, refusals by
/// HTTP status, maintenance, "busy", answers that make no sense. It does not count what is about one contract (unknown
/// symbol, refused parameter, a book that makes no sense), cancellation, and, of essential calls, rate limiting: the
/// budget pauses for it.
///
/// Loop thread only. Everything that is passed by reference must outlive it, and it its running calls.
class Caller {
public:
    template <class Read>
    using Outcome = std::invoke_result_t<Read&, const Answer&>;

    Caller(boost::asio::any_io_executor executor, const ExchangeOptions& options, const CallerSetup& setup,
           net::HttpClient& client, const core::Clock& clock, std::uint64_t random_seed,
           const ExchangeObserver& observer);

    /// When a call for `purpose` that starts now has to be over: what may be missing is not waited for that long.
    [[nodiscard]] core::SteadyTime deadline(Purpose purpose = Purpose::essential) const {
        const auto optional = std::min(options_.timeout, options_.optional_timeout);
        return std::chrono::steady_clock::now() + (purpose == Purpose::essential ? options_.timeout : optional);
    }

    /// What `read(const Answer&)` makes of the answer, a core::Result, or why there is none. `context` goes in front of
    /// error messages: "order_book BTC-USDT".
    template <class Read>
    [[nodiscard]] boost::asio::awaitable<Outcome<Read>> call(Request request, std::string context,
                                                             core::SteadyTime deadline, Read read) {
        Outcome<Read> value = core::fail(core::ErrorCode::internal, "the answer was not read");
        Accept accept = [&value, &read](const Answer& answer) -> core::Result<void> {
            value = read(answer);
            if (!value) return std::unexpected(value.error());
            return {};
        };
        auto done = co_await perform(std::move(request), std::move(context), deadline, std::move(accept));
        if (!done) co_return std::unexpected(done.error());
        co_return value;
    }

    /// One attempt with a short deadline, past breaker and semaphore and not counted by the breaker; success ends an
    /// open breaker's cooldown.
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> probe(
        Request request, std::function<core::Result<void>(const Answer&)> read);

    /// What this knows of the status: not the name, the fallback flags and the dropped rows.
    [[nodiscard]] ExchangeStatus status() const;

private:
    using Accept = std::function<core::Result<void>(const Answer&)>;
    /// How an attempt ended. `sent` is false where breaker, budget or semaphore kept it from being made.
    struct Attempt {
        core::Result<void> result;
        bool sent = false;
    };

    boost::asio::awaitable<core::Result<void>> perform(Request request, std::string context, core::SteadyTime deadline,
                                                       Accept accept);
    boost::asio::awaitable<Attempt> attempt(std::shared_ptr<const Request> request, core::SteadyTime deadline,
                                            std::shared_ptr<const Accept> accept);
    boost::asio::awaitable<std::optional<net::CircuitBreaker::Permit>> admit(Purpose purpose,
                                                                             core::SteadyTime deadline);
    /// Sends and reads; `http_status` is 0 where no answer came.
    struct Exchanged {
        core::Result<void> result;
        int http_status = 0;
        bool is_json = false;  ///< an object, as every answer of the exchange is
    };
    boost::asio::awaitable<Exchanged> send(std::shared_ptr<const Request> request, core::SteadyTime deadline,
                                           std::shared_ptr<const Accept> accept);
    [[nodiscard]] const std::shared_ptr<net::RateBudget>& budget(Budget which) const {
        return budgets_[static_cast<std::size_t>(which)];
    }
    /// The breaker that keeps calls for `purpose` from being sent now; nullptr when none does.
    [[nodiscard]] const net::CircuitBreaker* in_the_way(Purpose purpose) const;
    [[nodiscard]] core::Error breaker_open(Purpose purpose) const;
    [[nodiscard]] net::CircuitBreaker& breaker(Purpose purpose) { return breakers_[static_cast<std::size_t>(purpose)]; }
    [[nodiscard]] const net::CircuitBreaker& breaker(Purpose purpose) const {
        return breakers_[static_cast<std::size_t>(purpose)];
    }
    core::Error note_refusal(core::Error error);

    const ExchangeOptions& options_;
    net::HttpClient& client_;
    const core::Clock& clock_;
    const ExchangeObserver& observer_;
    std::string base_url_;
    net::RandomUnit random_;
    std::vector<std::shared_ptr<net::RateBudget>> budgets_;
    net::Semaphore semaphore_;
    std::vector<net::CircuitBreaker> breakers_;
    std::vector<std::string> last_failure_;  // for each purpose, what its breaker was opened by
    std::uint64_t requests_ = 0;
    std::map<std::string, std::uint64_t> errors_;
    std::string last_error_;
};

}  // namespace scanner::exchange::rest
