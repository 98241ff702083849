#include "scanner/engine/market_scan.hpp"

#include "engine/book_sequence.hpp"
#include "engine/exchange_clock.hpp"
#include "engine/input_ages.hpp"
#include "engine/job_runner.hpp"
#include "engine/scan_pass.hpp"

#include "scanner/engine/candle_series.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
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

/// Reasons of contracts that would have been read, had all been well.
constexpr std::array<std::string_view, 6> kNotRead{"fetch_failed", "malformed",          "stale_ticker",
                                                   "stale_book",   "price_outside_book", "stale_candles"};

class MarketScanImpl final : public MarketScan {
public:
    MarketScanImpl(exchange::Exchange& exchange, const core::Clock& clock, MarketScanOptions options)
        : exchange_(exchange), clock_(clock), options_(std::move(options)) {}

    asio::awaitable<core::Result<ScanResult>> run(std::function<void(std::size_t, std::size_t)> progress) override {
        using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): operators
        ScanPass pass(std::move(progress));
        if (auto contracts = co_await renew_contracts(pass); !contracts) co_return std::unexpected(contracts.error());

        // What will be wanted whatever the tickers say is read beside them: waiting for them costs a round trip.
        const std::vector<ScanJob> early = plan_early(pass);
        ScanResult result;
        auto tickers = co_await (read_tickers_and_rest(pass, result) && read_all(pass, early));
        const core::WallTime own = clock_.now();
        const JudgingTime now{.exchange = exchange_clock_.settle(own, clock_.steady_now()), .own = own};
        if (!tickers) co_return std::unexpected(tickers.error());
        pass.assemble(result, now,
                      {.price = options_.max_price_age, .candle_interval_minutes = options_.candle_interval_minutes});
        result.listed = contracts_;
        if (result.data.empty()) co_return nothing_read(result);
        co_return result;
    }

    void set_options(MarketScanOptions options) override {
        if (options.candle_interval_minutes != options_.candle_interval_minutes ||
            options.candle_count != options_.candle_count) {
            series_.clear();
        }
        options_ = std::move(options);
    }

private:
    /// Alone, before everything else: an exchange may need contract sizes to read tickers and books.
    asio::awaitable<core::Result<void>> renew_contracts(ScanPass& pass) {
        if (!contracts_.empty() && clock_.steady_now() < contracts_due_) co_return core::Result<void>();
        co_return co_await read_contracts(pass);
    }

    asio::awaitable<core::Result<void>> read_contracts(ScanPass& pass) {
        auto list = co_await exchange_.contracts();
        if (list) {
            exchange_clock_.note(TimeSource::contracts, list->exchange_time, clock_.steady_now());
            take_contracts(std::move(*list));
        } else if (contracts_.empty()) {
            co_return std::unexpected(list.error().within("contract list"));
        } else {
            // The one that is held goes on: its statuses may be old, its sizes are checked against every ticker.
            contracts_due_ = clock_.steady_now() + kAfterListFailure;
            pass.note_degraded("contract list: " + list.error().message());
        }
        co_return core::Result<void>();
    }

    void take_contracts(exchange::ContractList list) {
        std::unordered_map<std::string_view, double> sizes;
        const Contracts before = std::move(contracts_);
        for (const auto& contract : before) sizes.emplace(contract->contract_code, contract->contract_size);
        contracts_.clear();
        milliseconds good_for = options_.contracts_ttl;
        for (market::Contract& contract : list.contracts) {
            // After a settlement the list says when the next one is.
            if (contract.next_funding_time && *contract.next_funding_time > list.exchange_time) {
                good_for = std::min(good_for, *contract.next_funding_time - list.exchange_time + kAfterSettlement);
            }
            if (is_passing(contract.status)) good_for = std::min(good_for, kWhileSettling);
            // With another size it may be another contract of the same name: it starts afresh.
            const auto size = sizes.find(contract.contract_code);
            if (size != sizes.end() && size->second != contract.contract_size) series_.erase(contract.contract_code);
            contracts_.push_back(std::make_shared<const market::Contract>(std::move(contract)));
        }
        contracts_due_ = clock_.steady_now() + good_for;
    }

    /// Reads the list again when a ticker's volumes tell another contract size: nothing of that contract may be
    /// published with the old one. Where that does not help, it is left out.
    asio::awaitable<void> check_sizes(ScanPass& pass, const std::unordered_map<std::string, market::Ticker>& tickers) {
        const bool mismatch = std::ranges::any_of(contracts_, [&](const auto& contract) {
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
        Contracts eligible = eligible_contracts(contracts_, options_.universe);
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
            jobs.push_back({ScanCall::book, slot});
            slot->book_asked = true;
            // What is missing of a series that was begun follows from the exchange's clock, which comes with the
            // tickers.
            if (!series_of(*slot)->empty()) continue;
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
    asio::awaitable<core::Result<void>> read_tickers_and_rest(ScanPass& pass, ScanResult& result) {
        auto tickers = co_await exchange_.tickers();
        if (!tickers) {
            pass.hopeless = true;
            co_return std::unexpected(tickers.error());
        }
        exchange_clock_.note(TimeSource::tickers, tickers->exchange_time, clock_.steady_now());
        co_await check_sizes(pass, tickers->by_contract);
        pass.exchange_now =
            exchange_clock_.provisional(clock_.now(), clock_.steady_now()).value_or(tickers->exchange_time);
        Universe universe = select_universe(contracts_, tickers->by_contract, options_.universe);
        result.exclusions = std::move(universe.exclusions);
        pass.set_universe(std::move(universe.candidates), tickers->exchange_time);
        remember_universe(pass);
        result.tickers = std::move(tickers->by_contract);
        for (auto& [code, ticker] : result.tickers) ticker.time = ticker.time.value_or(tickers->exchange_time);
        const std::vector<ScanJob> rest = plan_rest(pass);
        co_await read_all(pass, rest);
        co_return core::Result<void>();
    }

    void remember_universe(const ScanPass& pass) {
        last_universe_.clear();
        for (const auto& slot : pass.universe()) last_universe_.insert(slot->contract->contract_code);
        const auto gone = [&](const std::string& code) { return !last_universe_.contains(code); };
        std::erase_if(series_, [&](const auto& entry) { return gone(entry.first); });
        book_sequence_.forget(gone);
    }

    std::vector<ScanJob> plan_rest(ScanPass& pass) {
        std::vector<ScanJob> jobs;
        if (!pass.bulk_asked) plan_bulk(pass, jobs);
        for (const auto& slot : pass.universe()) {
            if (!slot->book_asked) jobs.push_back({ScanCall::book, slot});
            slot->series = series_of(*slot);
            if (slot->candles_asked) continue;
            if (slot->series->missing(pass.exchange_now) > 0) {
                jobs.push_back({ScanCall::candles, slot});
            } else {
                slot->candles_follow_at = pass.exchange_now;
            }
        }
        return jobs;
    }

    std::shared_ptr<CandleSeries> series_of(const ScanSlot& slot) {
        std::shared_ptr<CandleSeries>& series = series_[slot.contract->contract_code];
        if (!series) {
            series = std::make_shared<CandleSeries>(options_.candle_interval_minutes, options_.candle_count);
        }
        return series;
    }

    /// `jobs` must outlive it.
    asio::awaitable<void> read_all(ScanPass& pass, const std::vector<ScanJob>& jobs) {
        JobLimits limits;
        limits.concurrency = options_.concurrency;
        limits.job_deadline = options_.contract_deadline;
        pass.expect_calls(jobs.size());
        const auto outcomes = co_await run_jobs(
            jobs.size(), limits, [this, &pass, &jobs](std::size_t number) { return read(pass, jobs[number]); },
            [&pass](std::size_t) { pass.call_ended(); });
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (outcomes[i] == JobOutcome::done) continue;
            const core::Error error(core::ErrorCode::timeout, outcomes[i] == JobOutcome::failed
                                                                  ? "failed unexpectedly"
                                                                  : "took too long and was abandoned");
            pass.note_failure(jobs[i], error);
        }
    }

    asio::awaitable<void> read(ScanPass& pass, ScanJob job) {
        if (pass.hopeless) co_return;
        const auto began = clock_.steady_now();
        switch (job.call) {
            case ScanCall::funding:
                co_await read_bulk(pass, job, exchange_.funding_rates(pass.codes()), pass.lists.funding,
                                   TimeSource::funding);
                break;
            case ScanCall::open_interest:
                co_await read_bulk(pass, job, exchange_.open_interest(pass.codes()), pass.lists.open_interest,
                                   TimeSource::open_interest);
                break;
            case ScanCall::index:
                co_await read_bulk(pass, job, exchange_.index_prices(), pass.lists.index, TimeSource::index);
                break;
            case ScanCall::book: co_await read_book(pass, job); break;
            case ScanCall::candles: co_await read_candles(pass, job); break;
        }
        if (!job.slot) co_return;
        const double took = std::chrono::duration<double, std::milli>(clock_.steady_now() - began).count();
        job.slot->latency_ms = std::max(job.slot->latency_ms, took);
    }

    template <class T>
    asio::awaitable<void> read_bulk(ScanPass& pass, ScanJob job, asio::awaitable<core::Result<Bulk<T>>> call,
                                    OptionalList<T>& into, TimeSource source) {
        auto answer = co_await std::move(call);
        if (!answer) {
            pass.note_failure(job, answer.error());
            co_return;
        }
        if (!answer->by_contract.empty()) {
            exchange_clock_.note(source, answer->exchange_time, clock_.steady_now());
        }
        into.bulk = std::move(*answer);
        into.problem.clear();
    }

    asio::awaitable<void> read_book(ScanPass& pass, ScanJob job) {
        auto answer = co_await exchange_.order_book(job.slot->contract);
        if (!answer) {
            pass.note_failure(job, answer.error());
            co_return;
        }
        exchange_clock_.note(TimeSource::order_book, answer->exchange_time, clock_.steady_now());
        market::OrderBook& book = answer->book;
        book.exchange_time = book_sequence_.time_of(job.slot->contract->contract_code, book);
        job.slot->book = std::make_shared<const market::OrderBook>(std::move(book));
    }

    asio::awaitable<void> read_candles(ScanPass& pass, ScanJob job) {
        const int count = series_of(*job.slot)->missing(pass.exchange_now);
        auto answer = co_await exchange_.candles(job.slot->contract, options_.candle_interval_minutes, count);
        if (!answer) {
            pass.note_failure(job, answer.error());
            co_return;
        }
        exchange_clock_.note(TimeSource::candles, answer->exchange_time, clock_.steady_now());
        series_of(*job.slot)->merge(answer->candles);
        job.slot->candles_read_at = answer->exchange_time;
    }

    static core::Result<ScanResult> nothing_read(const ScanResult& result) {
        for (const ranking::Exclusion& exclusion : result.exclusions) {
            if (std::ranges::find(kNotRead, exclusion.reason) != kNotRead.end()) {
                return core::fail(core::ErrorCode::unavailable, fmt::format("no contract could be read; {}: {}",
                                                                            exclusion.contract_code, exclusion.detail));
            }
        }
        return core::fail(core::ErrorCode::unavailable, "no contract passes SCANNER_SYMBOLS and SCANNER_UNIVERSE");
    }

    exchange::Exchange& exchange_;
    const core::Clock& clock_;
    MarketScanOptions options_;
    Contracts contracts_;
    core::SteadyTime contracts_due_;
    core::SteadyTime size_check_due_;
    ExchangeClock exchange_clock_;
    BookSequence book_sequence_;
    std::unordered_set<std::string> last_universe_;  ///< contract codes of the last pass that had tickers
    std::unordered_map<std::string, std::shared_ptr<CandleSeries>> series_;
};

}  // namespace

std::unique_ptr<MarketScan> make_market_scan(exchange::Exchange& exchange, const core::Clock& clock,
                                             MarketScanOptions options) {
    return std::make_unique<MarketScanImpl>(exchange, clock, std::move(options));
}

}  // namespace scanner::engine
