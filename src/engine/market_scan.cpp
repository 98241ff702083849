#include "scanner/engine/market_scan.hpp"

#include "engine/job_runner.hpp"

#include "scanner/engine/candle_series.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
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

/// What a pass knows of one candidate so far.
struct Slot {
    Candidate candidate;
    std::shared_ptr<const market::OrderBook> book;
    core::WallTime book_true_at;  ///< local time at which the book stood like this
    CandleSeries::View candles;
    double latency_ms = 0.0;
    std::optional<Exclusion> problem;
};

/// One pass; shared with its jobs.
struct Pass {
    core::WallTime exchange_now;     ///< the exchange's clock when it assembled the tickers
    core::WallTime tickers_read_at;  ///< ours, when they arrived
    std::vector<Slot> slots;
    Bulk<market::FundingRate> funding;
    Bulk<market::OpenInterest> open_interest;
    Bulk<market::IndexPrice> index;
    std::vector<std::string> degraded;
};

enum class JobKind { funding, open_interest, index, book, candles };
struct Job {
    JobKind kind = JobKind::book;
    std::size_t slot = 0;
};

class MarketScanImpl final : public MarketScan {
public:
    MarketScanImpl(exchange::Exchange& exchange, const core::Clock& clock, MarketScanOptions options)
        : exchange_(exchange), clock_(clock), options_(std::move(options)) {}

    asio::awaitable<core::Result<ScanResult>> run(std::function<void(std::size_t, std::size_t)> progress) override {
        Pass pass;
        ScanResult result;
        auto tickers = co_await read_contracts_and_tickers(pass.degraded);
        if (!tickers) co_return std::unexpected(tickers.error());
        pass.tickers_read_at = clock_.now();
        pass.exchange_now = tickers->exchange_time;

        for (const auto& [code, ticker] : tickers->by_contract) result.turnover_24h[code] = ticker.turnover_24h;
        Universe universe = select_universe(contracts_, tickers->by_contract, options_.universe);
        result.exclusions = std::move(universe.exclusions);
        for (Candidate& candidate : universe.candidates) {
            Slot slot;
            slot.candidate = std::move(candidate);
            pass.slots.push_back(std::move(slot));
        }
        forget_candles_of_others(pass);
        const std::vector<Job> jobs = plan(pass);
        co_await read_all(pass, jobs, std::move(progress));
        assemble(pass, result);
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
    asio::awaitable<core::Result<Bulk<market::Ticker>>> read_contracts_and_tickers(std::vector<std::string>& degraded) {
        using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): operators
        const bool renew = contracts_.empty() || clock_.steady_now() >= contracts_due_;
        if (!renew) co_return co_await exchange_.tickers();
        // The first time one after the other: an exchange may need contract sizes to read tickers, and would ask twice.
        if (contracts_.empty()) {
            if (auto contracts = co_await exchange_.contracts(); contracts) {
                take_contracts(std::move(*contracts));
            } else {
                co_return std::unexpected(contracts.error().within("contract list"));
            }
            co_return co_await exchange_.tickers();
        }
        auto [contracts, tickers] = co_await (exchange_.contracts() && exchange_.tickers());
        if (contracts) {
            take_contracts(std::move(*contracts));
        } else {
            degraded.push_back("contract list: " + contracts.error().message());
        }
        co_return std::move(tickers);
    }

    void take_contracts(exchange::ContractList list) {
        contracts_.clear();
        milliseconds good_for = options_.contracts_ttl;
        for (market::Contract& contract : list.contracts) {
            // After a settlement the list says when the next one is.
            if (contract.next_funding_time && *contract.next_funding_time > list.exchange_time) {
                good_for = std::min(good_for, *contract.next_funding_time - list.exchange_time + kAfterSettlement);
            }
            contracts_.push_back(std::make_shared<const market::Contract>(std::move(contract)));
        }
        contracts_due_ = clock_.steady_now() + good_for;
    }

    void forget_candles_of_others(const Pass& pass) {
        std::unordered_set<std::string_view> kept;
        for (const Slot& slot : pass.slots) kept.insert(slot.candidate.contract->contract_code);
        std::erase_if(series_, [&](const auto& entry) { return !kept.contains(entry.first); });
    }

    std::vector<Job> plan(Pass& pass) {
        std::vector<Job> jobs{{JobKind::funding, 0}, {JobKind::open_interest, 0}, {JobKind::index, 0}};
        for (std::size_t i = 0; i < pass.slots.size(); ++i) {
            jobs.push_back({JobKind::book, i});
            CandleSeries& series = series_of(pass.slots[i]);
            if (series.missing(pass.exchange_now) > 0) {
                jobs.push_back({JobKind::candles, i});
            } else {
                series.follow(pass.slots[i].candidate.ticker.last, pass.exchange_now);
                pass.slots[i].candles = series.view(pass.exchange_now);
            }
        }
        return jobs;
    }

    CandleSeries& series_of(const Slot& slot) {
        return series_
            .try_emplace(slot.candidate.contract->contract_code, options_.candle_interval_minutes,
                         options_.candle_count)
            .first->second;
    }

    asio::awaitable<void> read_all(Pass& pass, const std::vector<Job>& jobs,
                                   std::function<void(std::size_t, std::size_t)> progress) {
        JobLimits limits;
        limits.concurrency = options_.concurrency;
        limits.job_deadline = options_.contract_deadline;
        const std::size_t total = jobs.size();
        const auto outcomes = co_await run_jobs(
            total, limits, [this, &pass, &jobs](std::size_t number) { return read(pass, jobs[number]); },
            [progress, total](std::size_t done) {
                if (progress) progress(done, total);
            });
        for (std::size_t i = 0; i < total; ++i) {
            if (outcomes[i] == JobOutcome::done) continue;
            const core::Error error(core::ErrorCode::timeout, outcomes[i] == JobOutcome::failed
                                                                  ? "failed unexpectedly"
                                                                  : "took too long and was abandoned");
            note_failure(pass, jobs[i], error);
        }
    }

    asio::awaitable<void> read(Pass& pass, Job job) {
        const auto began = clock_.steady_now();
        switch (job.kind) {
            case JobKind::funding:
                co_await read_bulk(pass, job, exchange_.funding_rates(codes(pass)), pass.funding);
                break;
            case JobKind::open_interest:
                co_await read_bulk(pass, job, exchange_.open_interest(codes(pass)), pass.open_interest);
                break;
            case JobKind::index: co_await read_bulk(pass, job, exchange_.index_prices(), pass.index); break;
            case JobKind::book: co_await read_book(pass, job); break;
            case JobKind::candles: co_await read_candles(pass, job); break;
        }
        if (job.kind != JobKind::book && job.kind != JobKind::candles) co_return;
        const double took = std::chrono::duration<double, std::milli>(clock_.steady_now() - began).count();
        pass.slots[job.slot].latency_ms = std::max(pass.slots[job.slot].latency_ms, took);
    }

    static std::vector<std::string> codes(const Pass& pass) {
        std::vector<std::string> wanted;
        wanted.reserve(pass.slots.size());
        for (const Slot& slot : pass.slots) wanted.push_back(slot.candidate.contract->contract_code);
        return wanted;
    }

    template <class T>
    asio::awaitable<void> read_bulk(Pass& pass, Job job, asio::awaitable<core::Result<Bulk<T>>> call, Bulk<T>& into) {
        auto answer = co_await std::move(call);
        if (answer) {
            into = std::move(*answer);
        } else {
            note_failure(pass, job, answer.error());
        }
    }

    asio::awaitable<void> read_book(Pass& pass, Job job) {
        auto answer = co_await exchange_.order_book(pass.slots[job.slot].candidate.contract);
        Slot& slot = pass.slots[job.slot];
        if (!answer) {
            note_failure(pass, job, answer.error());
            co_return;
        }
        // Both times are the exchange's, so that their difference is the age whatever our clock says.
        const milliseconds age = std::max(answer->exchange_time - answer->book.exchange_time, milliseconds(0));
        if (age > options_.max_book_age) {
            slot.problem = Exclusion{slot.candidate.contract->contract_code, "stale_book",
                                     fmt::format("the book is {} s old", age.count() / 1000)};
            co_return;
        }
        slot.book_true_at = clock_.now() - age;
        slot.book = std::make_shared<const market::OrderBook>(std::move(answer->book));
    }

    asio::awaitable<void> read_candles(Pass& pass, Job job) {
        const Slot& wanted = pass.slots[job.slot];
        const int count = series_of(wanted).missing(pass.exchange_now);
        auto answer = co_await exchange_.candles(wanted.candidate.contract, options_.candle_interval_minutes, count);
        Slot& slot = pass.slots[job.slot];
        if (!answer) {
            note_failure(pass, job, answer.error());
            co_return;
        }
        CandleSeries& series = series_of(slot);
        series.merge(answer->candles);
        slot.candles = series.view(answer->exchange_time);
        // Read after the tickers, so its last close is the newer last price.
        if (!slot.candles.candles->empty() && slot.candles.closed < slot.candles.candles->size()) {
            slot.candidate.ticker.last = slot.candles.candles->back().close;
        }
    }

    static void note_failure(Pass& pass, Job job, const core::Error& error) {
        if (error.code() == core::ErrorCode::cancelled) return;  // said once more as an abandoned job, with its reason
        static constexpr auto kBulkName = [](JobKind kind) -> std::string_view {
            switch (kind) {
                case JobKind::funding: return "funding";
                case JobKind::open_interest: return "open interest";
                default: return "index";
            }
        };
        if (job.kind != JobKind::book && job.kind != JobKind::candles) {
            pass.degraded.push_back(fmt::format("{}: {}", kBulkName(job.kind), error.message()));
            return;
        }
        Slot& slot = pass.slots[job.slot];
        if (slot.problem) return;
        const bool malformed = error.code() == core::ErrorCode::malformed;
        slot.problem =
            Exclusion{slot.candidate.contract->contract_code, malformed ? "malformed" : "fetch_failed",
                      fmt::format("{}: {}", job.kind == JobKind::book ? "order book" : "candles", error.message())};
    }

    void assemble(Pass& pass, ScanResult& result) {
        for (Slot& slot : pass.slots) {
            if (!slot.problem && (!slot.book || !slot.candles.candles)) {
                slot.problem = Exclusion{slot.candidate.contract->contract_code, "fetch_failed",
                                         "the cycle ended before it was read"};
            }
            if (slot.problem) {
                result.exclusions.push_back(std::move(*slot.problem));
                continue;
            }
            result.data.push_back(market_data(pass, slot));
        }
        result.degraded = std::move(pass.degraded);
    }

    static market::MarketData market_data(const Pass& pass, Slot& slot) {
        const std::string& code = slot.candidate.contract->contract_code;
        market::MarketData data;
        data.contract = slot.candidate.contract;
        data.ticker = std::move(slot.candidate.ticker);
        // The book was read after the tickers: its best prices are the newer quotes, and agree with the depth shown.
        data.ticker.bid = slot.book->bids.empty() ? std::nullopt : std::optional(slot.book->bids.front());
        data.ticker.ask = slot.book->asks.empty() ? std::nullopt : std::optional(slot.book->asks.front());
        data.order_book = slot.book;
        data.candles = slot.candles.candles;
        data.closed_candles = slot.candles.closed;
        if (const auto found = pass.funding.by_contract.find(code); found != pass.funding.by_contract.end()) {
            data.funding_rate = found->second.rate;
        }
        if (const auto found = pass.open_interest.by_contract.find(code);
            found != pass.open_interest.by_contract.end()) {
            data.open_interest = found->second.base_amount;
        }
        if (const auto found = pass.index.by_contract.find(code); found != pass.index.by_contract.end()) {
            data.index_price = found->second.price;
        }
        data.data_time = std::min(slot.book_true_at, pass.tickers_read_at);
        data.fetch_latency_ms = slot.latency_ms;
        return data;
    }

    static core::Result<ScanResult> nothing_read(const ScanResult& result) {
        for (const Exclusion& exclusion : result.exclusions) {
            if (exclusion.reason == "fetch_failed" || exclusion.reason == "malformed" ||
                exclusion.reason == "stale_book") {
                return core::fail(core::ErrorCode::unavailable, fmt::format("no contract could be read; {}: {}",
                                                                            exclusion.contract_code, exclusion.detail));
            }
        }
        return core::fail(core::ErrorCode::unavailable, "no contract passes SCANNER_SYMBOLS and SCANNER_UNIVERSE");
    }

    exchange::Exchange& exchange_;
    const core::Clock& clock_;
    MarketScanOptions options_;
    std::vector<std::shared_ptr<const market::Contract>> contracts_;
    core::SteadyTime contracts_due_;
    std::unordered_map<std::string, CandleSeries> series_;
};

}  // namespace

std::unique_ptr<MarketScan> make_market_scan(exchange::Exchange& exchange, const core::Clock& clock,
                                             MarketScanOptions options) {
    return std::make_unique<MarketScanImpl>(exchange, clock, std::move(options));
}

}  // namespace scanner::engine
