#include "exchange/rest/caller.hpp"

#include "scanner/core/text.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/net/pacing.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace scanner::exchange::rest {

namespace asio = boost::asio;
using core::Error;
using core::ErrorCode;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t kMaxBodyBytes = 16U << 20U;                   // the biggest real answer is 0.2 MB
constexpr std::chrono::milliseconds kHalfOpenPoll{20};              // while another request finds out for all
constexpr std::chrono::milliseconds kBreakerProbeAllowance{5'000};  // on top of the longest attempt

/// What a finished request says about the exchange as a whole, or about one input that may be missing.
enum class Verdict { healthy, failing, silent };

Verdict verdict_on(const core::Result<void>& result, int http_status, bool is_json, const Request& request) {
    if (result) return Verdict::healthy;
    // A book or a chart that makes no sense, in an answer that does: the contract's trouble, not the exchange's.
    if (request.about_one_contract && is_json && result.error().code() == ErrorCode::malformed) return Verdict::silent;
    // Its pauses apply to the whole class, so a call that may be missing is not repeated.
    const bool refused = result.error().code() == ErrorCode::rate_limited;
    if (refused && request.purpose != Purpose::essential) return Verdict::failing;
    const bool http_success = http_status >= 200 && http_status < 300;
    switch (result.error().code()) {
        case ErrorCode::timeout:
        case ErrorCode::network:
        case ErrorCode::http_status:
        case ErrorCode::malformed:
        case ErrorCode::maintenance:
        case ErrorCode::unavailable: return Verdict::failing;
        case ErrorCode::not_found: return Verdict::healthy;  // it knows its contracts well enough to miss one
        case ErrorCode::exchange_rejected:
            if (http_success) return Verdict::healthy;
            // A path that is gone says nothing about the others; 401 or 403 mean that we are locked out.
            return http_status == 404 ? Verdict::silent : Verdict::failing;
        default: return Verdict::silent;  // rate_limited: the budget's pause is the remedy
    }
}

/// Gives the breaker exactly one report, also when the coroutine is torn down halfway.
class Report {
public:
    Report(net::CircuitBreaker& breaker, net::CircuitBreaker::Permit permit, const core::Clock& clock)
        : breaker_(breaker), permit_(permit), clock_(clock) {}
    Report(const Report&) = delete;
    Report& operator=(const Report&) = delete;
    ~Report() {
        if (!given_) breaker_.abandon(permit_, clock_.steady_now());
    }
    void give(Verdict verdict) {
        if (verdict == Verdict::silent) return;
        given_ = true;
        if (verdict == Verdict::healthy) {
            breaker_.success(permit_, clock_.steady_now());
        } else {
            breaker_.failure(permit_, clock_.steady_now());
        }
    }

private:
    net::CircuitBreaker& breaker_;
    net::CircuitBreaker::Permit permit_;
    const core::Clock& clock_;
    bool given_ = false;
};

/// A busy exchange says so in its envelope; unlike an open breaker that is worth another try.
bool worth_retrying(ErrorCode code) {
    return net::is_retryable(code) || code == ErrorCode::unavailable;
}

std::shared_ptr<net::RateBudget> make_budget(double per_second, std::chrono::milliseconds penalty) {
    net::RateBudget::Options options;
    options.per_second = per_second;
    options.penalty = penalty;
    return std::make_shared<net::RateBudget>(options);
}

net::CircuitBreaker make_breaker(const ExchangeOptions& options) {
    net::CircuitBreaker::Options breaker;
    breaker.threshold = options.max_failures;
    breaker.cooldown = options.cooldown;
    breaker.probe_timeout = options.attempt_timeout + kBreakerProbeAllowance;
    return net::CircuitBreaker(breaker);
}

std::string without_trailing_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

}  // namespace

Caller::Caller(asio::any_io_executor executor, const ExchangeOptions& options, const CallerSetup& setup,
               net::HttpClient& client, const core::Clock& clock, std::uint64_t random_seed,
               const ExchangeObserver& observer)
    : options_(options),
      client_(client),
      clock_(clock),
      observer_(observer),
      base_url_(without_trailing_slash(options.base_url)),
      random_(net::make_random_unit(random_seed)),
      semaphore_(std::move(executor), std::max<std::size_t>(options.concurrency, 1)),
      breakers_(setup.purposes, make_breaker(options)),
      last_failure_(setup.purposes) {
    for (const double per_second : setup.requests_per_sec) {
        budgets_.push_back(make_budget(per_second, options.refusal_pause));
    }
}

const net::CircuitBreaker* Caller::in_the_way(Purpose purpose) const {
    const auto now = clock_.steady_now();
    for (const Purpose each : {Purpose::essential, purpose}) {
        if (breaker(each).state(now) == net::CircuitState::open) return &breaker(each);
    }
    return nullptr;
}

Error Caller::breaker_open(Purpose purpose) const {
    const net::CircuitBreaker* const found = in_the_way(purpose);
    if (found == nullptr) return {ErrorCode::unavailable, "not asked: another request is finding out how things are"};
    const auto remaining = found->cooldown_remaining(clock_.steady_now());
    const auto& cause = last_failure_[static_cast<std::size_t>(found - breakers_.data())];
    return {ErrorCode::unavailable,
            fmt::format("not asked: {} failures in a row opened the breaker for another {:.1f} s; the last was: {}",
                        found->failures(), static_cast<double>(remaining.count()) / 1000.0, cause)};
}

/// Counts an attempt that was not even made.
Error Caller::note_refusal(Error error) {
    ++errors_[std::string(to_string(error.code()))];
    return error;
}

asio::awaitable<core::Result<void>> Caller::perform(Request request, std::string context, core::SteadyTime deadline,
                                                    Accept accept) {
    const Purpose purpose = request.purpose;
    const auto shared_request = std::make_shared<const Request>(std::move(request));
    const auto shared_accept = std::make_shared<const Accept>(std::move(accept));
    net::BackoffOptions backoff_options;
    backoff_options.max_attempts = options_.max_attempts;
    backoff_options.base = options_.retry_base;
    backoff_options.cap = options_.retry_cap;
    net::Backoff backoff(backoff_options, [this] { return random_(); });

    std::optional<Error> answered;  // the exchange's last error, which says more than the deadline
    for (;;) {
        const auto made = co_await attempt(shared_request, deadline, shared_accept);
        if (made.result) co_return core::Result<void>();
        const auto& error = made.result.error();
        if (!made.sent) {
            const bool tell_answer = answered && error.code() != ErrorCode::cancelled;
            co_return std::unexpected((tell_answer ? *answered : note_refusal(error)).within(context));
        }
        last_error_ = error.within(context).message();
        last_failure_[static_cast<std::size_t>(purpose)] = last_error_;
        answered = error;
        const auto delay = worth_retrying(error.code()) ? backoff.next() : std::nullopt;
        if (!delay || Steady::now() + *delay >= deadline) co_return std::unexpected(error.within(context));
        if (auto slept = co_await net::sleep_for(*delay); !slept) co_return std::unexpected(slept.error());
    }
}

asio::awaitable<Caller::Attempt> Caller::attempt(std::shared_ptr<const Request> request, core::SteadyTime deadline,
                                                 std::shared_ptr<const Accept> accept) {
    const Purpose purpose = request->purpose;
    // Not worth a place in the queue while the breaker is open.
    if (in_the_way(purpose) != nullptr) co_return Attempt{.result = std::unexpected(breaker_open(purpose))};
    // The place among the concurrent ones first, then the turn: a turn taken and then held up would end in a burst.
    auto place = co_await semaphore_.acquire(deadline);
    if (!place) co_return Attempt{.result = std::unexpected(place.error())};
    if (auto turn = co_await net::wait_for_turn(budget(request->budget), deadline); !turn) {
        co_return Attempt{.result = std::unexpected(turn.error())};
    }
    const auto permit = co_await admit(purpose, deadline);
    if (!permit) co_return Attempt{.result = std::unexpected(breaker_open(purpose))};
    Report report(breaker(purpose), *permit, clock_);
    auto exchanged = co_await send(request, deadline, accept);
    report.give(verdict_on(exchanged.result, exchanged.http_status, exchanged.is_json, *request));
    co_return Attempt{.result = std::move(exchanged.result), .sent = true};
}

/// Leave to send. While half open one request finds out for all; the others wait for what it finds. What may be missing
/// does not find out for the essential calls: its answers say nothing of them.
asio::awaitable<std::optional<net::CircuitBreaker::Permit>> Caller::admit(Purpose purpose, core::SteadyTime deadline) {
    for (;;) {
        const auto now = clock_.steady_now();
        const bool essential_closed = breaker(Purpose::essential).state(now) == net::CircuitState::closed;
        if (purpose == Purpose::essential || essential_closed) {
            if (auto permit = breaker(purpose).admit(now)) co_return permit;
        }
        if (in_the_way(purpose) != nullptr) co_return std::nullopt;
        if (Steady::now() + kHalfOpenPoll >= deadline) co_return std::nullopt;
        if (auto slept = co_await net::sleep_for(kHalfOpenPoll); !slept) co_return std::nullopt;
    }
}

asio::awaitable<Caller::Exchanged> Caller::send(std::shared_ptr<const Request> request, core::SteadyTime deadline,
                                                std::shared_ptr<const Accept> accept) {
    const auto started = Steady::now();
    const auto remaining = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - started);
    net::ClientRequest sent;
    sent.url = base_url_ + request->target;
    sent.headers.push_back({"Accept", "application/json"});
    const auto longest = request->purpose == Purpose::essential
                             ? options_.attempt_timeout
                             : std::min(options_.attempt_timeout, options_.optional_timeout);
    sent.timeout = std::clamp(remaining, std::chrono::milliseconds(1), longest);
    sent.max_body_bytes = kMaxBodyBytes;

    ++requests_;
    const auto response = co_await client_.send(std::move(sent));
    const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - started);

    Exchanged exchanged;
    if (response) {
        const auto now = Steady::now();
        const auto& own_budget = budget(request->budget);
        own_budget->observe(response->headers, now);
        exchanged.http_status = response->status;
        exchanged.is_json = core::trimmed(response->body, core::kWhitespace).starts_with('{');
        exchanged.result = (*accept)(Answer{.http_status = response->status, .body = response->body});
        const bool refused = !exchanged.result && exchanged.result.error().code() == ErrorCode::rate_limited;
        if (refused) own_budget->penalise(now);
    } else {
        exchanged.result = std::unexpected(response.error());
    }

    std::optional<ErrorCode> code;
    if (!exchanged.result) code = exchanged.result.error().code();
    if (code) ++errors_[std::string(to_string(*code))];
    if (observer_.on_request) observer_.on_request(request->method, elapsed, code);
    co_return exchanged;
}

asio::awaitable<core::Result<void>> Caller::probe(Request request, Accept read) {
    const auto deadline = Steady::now() + options_.probe_timeout;
    const auto shared_request = std::make_shared<const Request>(std::move(request));
    const auto shared_read = std::make_shared<const Accept>(std::move(read));
    if (auto turn = co_await net::wait_for_turn(budget(shared_request->budget), deadline); !turn) {
        co_return std::unexpected(note_refusal(turn.error()).within("probe"));
    }
    const auto exchanged = co_await send(shared_request, deadline, shared_read);
    if (!exchanged.result) {
        const auto error = exchanged.result.error().within("probe");
        last_error_ = error.message();
        co_return std::unexpected(error);
    }
    for (net::CircuitBreaker& each : breakers_) each.end_cooldown(clock_.steady_now());
    co_return core::Result<void>();
}

ExchangeStatus Caller::status() const {
    const auto now = clock_.steady_now();
    ExchangeStatus status;
    const net::CircuitBreaker& essential = breaker(Purpose::essential);
    status.state = essential.state(now);
    status.fail_count = essential.failures();
    status.cooldown_remaining_sec = static_cast<double>(essential.cooldown_remaining(now).count()) / 1000.0;
    status.threshold = essential.threshold();
    status.requests = requests_;
    status.errors = errors_;
    status.last_error = last_error_;
    return status;
}

}  // namespace scanner::exchange::rest
