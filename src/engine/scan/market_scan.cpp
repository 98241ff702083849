#include "engine/scan/market_scan.hpp"

#include "engine/exchange_clock.hpp"
#include "engine/market_state.hpp"
#include "engine/scan/book_sequence.hpp"
#include "engine/scan/job_runner.hpp"
#include "engine/scan/scan_pass.hpp"

#include "scanner/core/checkpoint.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using exchange::Bulk;
using std::chrono::milliseconds;

/// The exchange takes a moment to settle, and lists the coming settlement only then.
constexpr milliseconds kAfterSettlement{5'000};
/// While a contract is being settled, when the list that failed is asked for again, and how often a list is read anew
/// because its sizes and the tickers' disagree.
constexpr milliseconds kWhileSettling{30'000};
constexpr milliseconds kAfterListFailure{30'000};
constexpr milliseconds kBetweenSizeChecks{60'000};

bool is_passing(market::ContractStatus status) {
    return status == market::ContractStatus::in_settlement || status == market::ContractStatus::settled;
}

class MarketScanImpl final : public MarketScan {
public:
    MarketScanImpl(exchange::Exchange& exchange, const core::Clock& clock, MarketState& state,
                   MarketScanOptions options, MarketScanEvents events)
        : exchange_(exchange), clock_(clock), state_(state), options_(std::move(options)), events_(std::move(events)) {}

    asio::awaitable<core::Result<ScanReport>> run(std::function<void(std::size_t, std::size_t)> progress) override {
        using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): operators
        ScanPass pass(state_, std::move(progress));
        // Of a recording that does not say so the calls that were given up are found out by time.
        given_up_by_step_ = co_await reach("pass", kGivenUpByStep) == kGivenUpByStep;
        state_.drop_candles_ahead();
        if (auto contracts = co_await renew_contracts(pass); !contracts) co_return std::unexpected(contracts.error());

        // Contracts that are likely to be needed are read beside the tickers: waiting for those costs a round trip.
        const std::vector<ScanJob> early = plan_early(pass);
        auto tickers = co_await (read_tickers_and_rest(pass) && read_all(pass, early, "give_up early"));
        static_cast<void>(co_await reach("pass_ended"));
        static_cast<void>(state_.exchange_clock().end_pass(clock_.now(), clock_.steady_now()));
        if (!tickers) co_return std::unexpected(tickers.error());
        co_return ScanReport{.degraded = pass.take_degraded()};
    }

    void set_options(MarketScanOptions options) override {
        state_.set_candles(options.candle_interval_minutes, options.candle_count);
        options_ = std::move(options);
    }

    void expire_contracts() override { contracts_due_ = core::SteadyTime(); }

    void save(core::CheckpointWriter& archive) const override { persist(*this, archive); }
    void load(core::CheckpointReader& archive) override { persist(*this, archive); }
    static void persist(auto& self, auto& archive) {
        archive(self.contracts_due_, self.size_check_due_, self.book_sequence_, self.last_universe_);
    }

private:
    /// What follows happens at the moment of that step.
    asio::awaitable<std::string> reach(std::string_view name, std::string_view detail = {}) {
        if (events_.steps == nullptr) co_return std::string(detail);
        co_return co_await events_.steps->reach(name, std::string(detail));
    }

    /// Alone, before everything else: an exchange may need contract sizes to read tickers and books.
    asio::awaitable<core::Result<void>> renew_contracts(ScanPass& pass) {
        if (!state_.contracts().empty() && clock_.steady_now() < contracts_due_) co_return core::Result<void>();
        co_return co_await read_contracts(pass);
    }

    asio::awaitable<core::Result<void>> read_contracts(ScanPass& pass) {
        auto list = co_await exchange_.contracts();
        if (list) {
            state_.exchange_clock().note(TimeSource::contracts, list->exchange_time, clock_.steady_now());
            take_contracts(std::move(*list));
        } else if (state_.contracts().empty()) {
            co_return std::unexpected(list.error().within("contract list"));
        } else {
            // The one that is held goes on: its statuses may be old, its sizes are checked against every ticker.
            contracts_due_ = clock_.steady_now() + kAfterListFailure;
            pass.note_degraded("contract list: " + list.error().message());
        }
        co_return core::Result<void>();
    }

    void take_contracts(exchange::ContractList list) {
        Contracts listed;
        listed.reserve(list.contracts.size());
        milliseconds good_for = options_.contracts_ttl;
        for (market::Contract& contract : list.contracts) {
            // After a settlement the list says when the next one is.
            if (contract.next_funding_time && *contract.next_funding_time > list.exchange_time) {
                good_for = std::min(good_for, *contract.next_funding_time - list.exchange_time + kAfterSettlement);
            }
            if (is_passing(contract.status)) good_for = std::min(good_for, kWhileSettling);
            listed.push_back(std::make_shared<const market::Contract>(std::move(contract)));
        }
        state_.set_contracts(std::move(listed));
        contracts_due_ = clock_.steady_now() + good_for;
    }

    /// Reads the list again when a ticker's volumes tell another contract size: nothing of that contract may be
    /// published with the old one. Where that does not help, it is left out.
    asio::awaitable<void> check_sizes(ScanPass& pass, const std::unordered_map<std::string, market::Ticker>& tickers) {
        const bool mismatch = std::ranges::any_of(state_.contracts(), [&](const auto& contract) {
            const auto ticker = tickers.find(contract->contract_code);
            return contract->status == market::ContractStatus::listed && ticker != tickers.end() &&
                   !size_mismatch(*contract, ticker->second).empty();
        });
        if (!mismatch || clock_.steady_now() < size_check_due_) co_return;
        size_check_due_ = clock_.steady_now() + kBetweenSizeChecks;
        static_cast<void>(co_await read_contracts(pass));
    }

    /// Those that the last pass scanned and that still may be scanned; all that may be, where all of them fit.
    Contracts likely_universe() const {
        Contracts eligible = eligible_contracts(state_.contracts(), options_.universe);
        if (eligible.size() > options_.universe.top_by_turnover) {
            std::erase_if(eligible,
                          [&](const auto& contract) { return !last_universe_.contains(contract->contract_code); });
        }
        return eligible;
    }

    std::vector<ScanJob> plan_early(ScanPass& pass) {
        std::vector<ScanJob> jobs;
        const Contracts likely = likely_universe();
        if (!likely.empty()) plan_bulk(pass, jobs);
        for (const auto& contract : likely) {
            const auto slot = pass.slot_of(contract);
            if (!slot->state->book_followed) jobs.push_back({ScanCall::book, slot});
            slot->book_asked = true;
            // What is missing of a series that was begun follows from the exchange's clock, which comes with the
            // tickers.
            if (!slot->state->candles.value.empty()) continue;
            jobs.push_back({ScanCall::candles, slot});
            slot->candles_asked = true;
        }
        return jobs;
    }

    static void plan_bulk(ScanPass& pass, std::vector<ScanJob>& jobs) {
        pass.bulk_asked = true;
        for (const ScanCall call : {ScanCall::funding, ScanCall::open_interest, ScanCall::index}) {
            jobs.push_back({call, nullptr});
        }
    }

    /// Picks the universe and reads what `plan_early` left out of it. Fails when there are no tickers.
    asio::awaitable<core::Result<void>> read_tickers_and_rest(ScanPass& pass) {
        auto tickers = co_await exchange_.tickers();
        if (!tickers) {
            pass.hopeless = true;
            co_return std::unexpected(tickers.error());
        }
        state_.exchange_clock().note(TimeSource::tickers, tickers->exchange_time, clock_.steady_now());
        co_await check_sizes(pass, tickers->by_contract);
        pass.exchange_now =
            state_.exchange_clock().provisional(clock_.now(), clock_.steady_now()).value_or(tickers->exchange_time);
        Universe universe = select_universe(state_.contracts(), tickers->by_contract, options_.universe);
        state_.set_universe(std::move(universe), std::move(*tickers), receipt());
        remember_universe();
        if (events_.on_universe) events_.on_universe();
        const std::vector<ScanJob> rest = plan_rest(pass);
        co_await read_all(pass, rest, "give_up rest");
        co_return core::Result<void>();
    }

    void remember_universe() {
        last_universe_.clear();
        for (const auto& state : state_.universe()) last_universe_.insert(state->contract->contract_code);
        book_sequence_.forget([&](const std::string& code) { return !last_universe_.contains(code); });
    }

    std::vector<ScanJob> plan_rest(ScanPass& pass) {
        std::vector<ScanJob> jobs;
        if (!pass.bulk_asked) plan_bulk(pass, jobs);
        for (const auto& state : state_.universe()) {
            const auto slot = pass.slot_of(state->contract);
            if (!slot->book_asked && !state->book_followed) jobs.push_back({ScanCall::book, slot});
            if (slot->candles_asked) continue;
            if (state->candles.value.missing(pass.exchange_now) > 0) {
                jobs.push_back({ScanCall::candles, slot});
            } else {
                state->candles.touch(pass.exchange_now, receipt());
                state->candles_follow = true;
            }
        }
        return jobs;
    }

    Receipt receipt() const {
        return {.source = InputSource::rest, .wall = clock_.now(), .steady = clock_.steady_now()};
    }

    /// `jobs` must outlive it. `give_up`: the step's name without the number of the job.
    asio::awaitable<void> read_all(ScanPass& pass, const std::vector<ScanJob>& jobs, std::string give_up) {
        JobLimits limits;
        if (given_up_by_step_) limits.steps = events_.steps;
        limits.give_up = std::move(give_up);
        limits.concurrency = options_.concurrency;
        limits.job_deadline = options_.contract_deadline;
        pass.expect_calls(jobs.size());
        const auto outcomes = co_await run_jobs(
            jobs.size(), limits, [this, &pass, &jobs](std::size_t number) { return read(pass, jobs[number]); },
            [&pass](std::size_t) { pass.call_ended(); });
        const auto given_up =
            std::ranges::any_of(outcomes, [](JobOutcome outcome) { return outcome != JobOutcome::done; });
        if (given_up) static_cast<void>(co_await reach("given_up"));
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (outcomes[i] == JobOutcome::done) continue;
            const core::Error error(core::ErrorCode::timeout, outcomes[i] == JobOutcome::failed
                                                                  ? "failed unexpectedly"
                                                                  : "took too long and was abandoned");
            pass.note_failure(jobs[i], error, receipt());
        }
    }

    asio::awaitable<void> read(ScanPass& pass, ScanJob job) {
        if (pass.hopeless) co_return;
        const auto began = clock_.steady_now();
        switch (job.call) {
            case ScanCall::funding:
                co_await read_bulk(pass, job, exchange_.funding_rates(pass.codes()), TimeSource::funding);
                break;
            case ScanCall::open_interest:
                co_await read_bulk(pass, job, exchange_.open_interest(pass.codes()), TimeSource::open_interest);
                break;
            case ScanCall::index: co_await read_bulk(pass, job, exchange_.index_prices(), TimeSource::index); break;
            case ScanCall::book: co_await read_book(pass, job); break;
            case ScanCall::candles: co_await read_candles(pass, job); break;
        }
        // What the pass has no more use for may be told as never asked in a replay.
        if (!job.slot || pass.hopeless) co_return;
        const double took = std::chrono::duration<double, std::milli>(clock_.steady_now() - began).count();
        job.slot->latency_ms = std::max(job.slot->latency_ms, took);
        job.slot->state->latency_ms = job.slot->latency_ms;
    }

    template <class T>
    asio::awaitable<void> read_bulk(ScanPass& pass, ScanJob job, asio::awaitable<core::Result<Bulk<T>>> call,
                                    TimeSource source) {
        auto answer = co_await std::move(call);
        if (!answer) {
            pass.note_failure(job, answer.error(), receipt());
            co_return;
        }
        if (!answer->by_contract.empty()) {
            state_.exchange_clock().note(source, answer->exchange_time, clock_.steady_now());
        }
        state_.take(std::move(*answer));
    }

    asio::awaitable<void> read_book(ScanPass& pass, ScanJob job) {
        const ContractStatePtr state = job.slot->state;
        auto answer = co_await exchange_.order_book(state->contract);
        if (!answer) {
            pass.note_failure(job, answer.error(), receipt());
            co_return;
        }
        state_.exchange_clock().note(TimeSource::order_book, answer->exchange_time, clock_.steady_now());
        if (state->book_followed) co_return;  // a feed has begun to keep it meanwhile, and is ahead of any answer
        market::OrderBook& book = answer->book;
        book.exchange_time = book_sequence_.time_of(state->contract->contract_code, book);
        const core::WallTime time = book.exchange_time;
        state->book.take(std::make_shared<const market::OrderBook>(std::move(book)), time, receipt());
    }

    asio::awaitable<void> read_candles(ScanPass& pass, ScanJob job) {
        const ContractStatePtr state = job.slot->state;
        const int count = state->candles.value.missing(pass.exchange_now);
        auto answer = co_await exchange_.candles(state->contract, options_.candle_interval_minutes, count);
        if (!answer) {
            pass.note_failure(job, answer.error(), receipt());
            co_return;
        }
        state_.exchange_clock().note(TimeSource::candles, answer->exchange_time, clock_.steady_now());
        state_.note_checked(state->candles.value.merge(answer->candles));
        state->candles.touch(answer->exchange_time, receipt());
        state->candles_follow = false;
    }

    exchange::Exchange& exchange_;
    const core::Clock& clock_;
    MarketState& state_;
    MarketScanOptions options_;
    MarketScanEvents events_;
    core::SteadyTime contracts_due_;
    core::SteadyTime size_check_due_;
    BookSequence book_sequence_;
    bool given_up_by_step_ = false;                  ///< calls of the pass under way
    std::unordered_set<std::string> last_universe_;  ///< contract codes of the last pass that had tickers
};

}  // namespace

std::unique_ptr<MarketScan> make_market_scan(exchange::Exchange& exchange, const core::Clock& clock, MarketState& state,
                                             MarketScanOptions options, MarketScanEvents events) {
    return std::make_unique<MarketScanImpl>(exchange, clock, state, std::move(options), std::move(events));
}

}  // namespace scanner::engine
