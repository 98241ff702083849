#include "exchange/htx/bulk_fallback.hpp"
#include "exchange/htx/caller.hpp"
#include "exchange/htx/decode_bulk.hpp"
#include "exchange/htx/decode_contract.hpp"
#include "exchange/htx/decode_contracts.hpp"
#include "exchange/htx/decode_health.hpp"
#include "exchange/htx/endpoints.hpp"
#include "exchange/htx/sweep.hpp"

#include "scanner/exchange/htx.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace scanner::exchange {
namespace {

namespace asio = boost::asio;
using core::Error;
using core::ErrorCode;
using core::Result;
using htx::Answer;
using htx::BulkAnswer;
using htx::Sweep;

constexpr int kMostRows = 2000;  // of candles and of trades a call

class HtxExchange final : public Exchange {
public:
    HtxExchange(asio::any_io_executor executor, HtxOptions options, net::HttpClient& client, const core::Clock& clock,
                std::uint64_t random_seed, HtxObserver observer)
        : options_(std::move(options)),
          observer_(std::move(observer)),
          clock_(clock),
          caller_(std::move(executor), options_, client, clock, random_seed, observer_),
          funding_fallback_(options_.fallback_probe_interval),
          open_interest_fallback_(options_.fallback_probe_interval) {}

    asio::awaitable<Result<ContractList>> contracts() override;
    asio::awaitable<Result<Bulk<market::Ticker>>> tickers() override;
    asio::awaitable<Result<Bulk<market::FundingRate>>> funding_rates(std::vector<std::string> wanted) override;
    asio::awaitable<Result<Bulk<market::OpenInterest>>> open_interest(std::vector<std::string> wanted) override;
    asio::awaitable<Result<Bulk<market::IndexPrice>>> index_prices() override;
    asio::awaitable<Result<BookAnswer>> order_book(std::shared_ptr<const market::Contract> contract) override;
    asio::awaitable<Result<CandleBatch>> candles(std::shared_ptr<const market::Contract> contract, int interval_minutes,
                                                 int count) override;
    asio::awaitable<Result<std::vector<market::Trade>>> trades(std::shared_ptr<const market::Contract> contract,
                                                               int count) override;
    asio::awaitable<Result<void>> probe() override;
    ExchangeStatus status() const override;

private:
    /// One request of a fallback: the contracts it is for, and how its answer is read.
    template <class T>
    using SweepCall = asio::awaitable<Result<BulkAnswer<T>>> (HtxExchange::*)(std::vector<std::string> codes,
                                                                              core::SteadyTime deadline);

    asio::awaitable<Result<BulkAnswer<market::FundingRate>>> v5_funding(std::vector<std::string> codes,
                                                                        core::SteadyTime deadline);
    asio::awaitable<Result<BulkAnswer<market::OpenInterest>>> v5_open_interest(std::vector<std::string> codes,
                                                                               core::SteadyTime deadline);

    template <class T>
    asio::awaitable<Result<Bulk<T>>> bulk_or_sweep(htx::Endpoint endpoint,
                                                   std::function<Result<BulkAnswer<T>>(const Answer&)> read,
                                                   htx::BulkFallback& fallback, std::vector<std::string> wanted,
                                                   std::size_t codes_per_call, SweepCall<T> sweep_call);
    template <class T>
    asio::awaitable<Result<Bulk<T>>> sweep(std::string method, core::SteadyTime deadline,
                                           std::vector<std::string> wanted, std::size_t codes_per_call,
                                           SweepCall<T> call);
    template <class T>
    asio::awaitable<void> sweep_worker(std::shared_ptr<Sweep<T>> work, SweepCall<T> call);

    void note_dropped(std::string_view method, const std::vector<RowProblem>& problems);
    /// The answer without its problems, which are counted and passed on.
    template <class T>
    Bulk<T> keep_good(std::string_view method, BulkAnswer<T> answer) {
        note_dropped(method, answer.problems);
        return std::move(answer.bulk);
    }

    const HtxOptions options_;
    const HtxObserver observer_;
    const core::Clock& clock_;
    htx::JsonParser parser_;
    htx::Caller caller_;
    htx::ContractSizes sizes_;  // of the newest contract list: ticker quotes come in contracts
    htx::BulkFallback funding_fallback_;
    htx::BulkFallback open_interest_fallback_;
    std::uint64_t dropped_rows_ = 0;
};

void HtxExchange::note_dropped(std::string_view method, const std::vector<RowProblem>& problems) {
    if (problems.empty()) return;
    dropped_rows_ += problems.size();
    if (observer_.on_dropped_rows) observer_.on_dropped_rows(method, problems);
}

asio::awaitable<Result<ContractList>> HtxExchange::contracts() {
    std::function<Result<htx::ContractsAnswer>(const Answer&)> read = [this](const Answer& answer) {
        return htx::decode_contracts(parser_, answer);
    };
    auto answer = co_await caller_.call<htx::ContractsAnswer>(htx::contracts_endpoint(), "contracts",
                                                              caller_.deadline(), std::move(read));
    if (!answer) co_return std::unexpected(answer.error());
    note_dropped("contracts", answer->problems);
    sizes_.clear();
    for (const auto& contract : answer->list.contracts) {
        if (contract.unreadable.empty()) sizes_.insert_or_assign(contract.contract_code, contract.contract_size);
    }
    co_return std::move(answer->list);
}

asio::awaitable<Result<Bulk<market::Ticker>>> HtxExchange::tickers() {
    if (sizes_.empty()) {
        if (const auto list = co_await contracts(); !list) co_return std::unexpected(list.error().within("tickers"));
    }
    std::function<Result<BulkAnswer<market::Ticker>>(const Answer&)> read = [this](const Answer& answer) {
        return htx::decode_tickers(parser_, answer, sizes_);
    };
    auto endpoint = htx::tickers_endpoint();
    auto answer = co_await caller_.call<BulkAnswer<market::Ticker>>(std::move(endpoint), "tickers", caller_.deadline(),
                                                                    std::move(read));
    if (!answer) co_return std::unexpected(answer.error());
    co_return keep_good("tickers", std::move(*answer));
}

asio::awaitable<Result<Bulk<market::IndexPrice>>> HtxExchange::index_prices() {
    std::function<Result<BulkAnswer<market::IndexPrice>>(const Answer&)> read = [this](const Answer& answer) {
        return htx::decode_index(parser_, answer);
    };
    auto endpoint = htx::index_endpoint();
    auto answer = co_await caller_.call<BulkAnswer<market::IndexPrice>>(
        std::move(endpoint), "index_prices", caller_.deadline(htx::Purpose::index), std::move(read));
    if (!answer) co_return std::unexpected(answer.error());
    co_return keep_good("index_prices", std::move(*answer));
}

asio::awaitable<Result<Bulk<market::FundingRate>>> HtxExchange::funding_rates(std::vector<std::string> wanted) {
    std::function<Result<BulkAnswer<market::FundingRate>>(const Answer&)> read = [this](const Answer& answer) {
        return htx::decode_funding(parser_, answer);
    };
    return bulk_or_sweep<market::FundingRate>(htx::funding_endpoint(), std::move(read), funding_fallback_,
                                              std::move(wanted), htx::kV5FundingCodesPerCall, &HtxExchange::v5_funding);
}

asio::awaitable<Result<Bulk<market::OpenInterest>>> HtxExchange::open_interest(std::vector<std::string> wanted) {
    std::function<Result<BulkAnswer<market::OpenInterest>>(const Answer&)> read = [this](const Answer& answer) {
        return htx::decode_open_interest(parser_, answer);
    };
    return bulk_or_sweep<market::OpenInterest>(htx::open_interest_endpoint(), std::move(read), open_interest_fallback_,
                                               std::move(wanted), 1, &HtxExchange::v5_open_interest);
}

asio::awaitable<Result<BulkAnswer<market::FundingRate>>> HtxExchange::v5_funding(std::vector<std::string> codes,
                                                                                 core::SteadyTime deadline) {
    std::function<Result<BulkAnswer<market::FundingRate>>(const Answer&)> read = [this](const Answer& answer) {
        return htx::decode_v5_funding(parser_, answer);
    };
    return caller_.call<BulkAnswer<market::FundingRate>>(htx::v5_funding_endpoint(codes), "v5_funding_rate", deadline,
                                                         std::move(read));
}

asio::awaitable<Result<BulkAnswer<market::OpenInterest>>> HtxExchange::v5_open_interest(std::vector<std::string> codes,
                                                                                        core::SteadyTime deadline) {
    std::function<Result<BulkAnswer<market::OpenInterest>>(const Answer&)> read =
        [this, code = codes.front()](const Answer& answer) {
            return htx::decode_v5_open_interest(parser_, answer, code);
        };
    return caller_.call<BulkAnswer<market::OpenInterest>>(
        htx::v5_open_interest_endpoint(codes.front()), "v5_open_interest " + codes.front(), deadline, std::move(read));
}

template <class T>
asio::awaitable<Result<Bulk<T>>> HtxExchange::bulk_or_sweep(htx::Endpoint endpoint,
                                                            std::function<Result<BulkAnswer<T>>(const Answer&)> read,
                                                            htx::BulkFallback& fallback,
                                                            std::vector<std::string> wanted, std::size_t codes_per_call,
                                                            SweepCall<T> sweep_call) {
    const std::string method(endpoint.method);
    const auto deadline = caller_.deadline(endpoint.purpose);
    if (fallback.try_bulk(clock_.steady_now())) {
        const bool was_active = fallback.active();
        auto answer = co_await caller_.call<BulkAnswer<T>>(std::move(endpoint), method, deadline, std::move(read));
        if (answer) {
            fallback.bulk_succeeded();
        } else {
            fallback.bulk_failed(answer.error().code(), clock_.steady_now());
        }
        if (fallback.active() != was_active && observer_.on_fallback) {
            observer_.on_fallback(method, fallback.active());
        }
        if (answer) co_return keep_good(method, std::move(*answer));
        if (!fallback.active()) co_return std::unexpected(answer.error());
    }
    // Many small calls need longer than one; what is not answered by then is missing for this cycle.
    const auto sweep_deadline = deadline + options_.optional_timeout;
    co_return co_await sweep<T>(method, sweep_deadline, std::move(wanted), codes_per_call, sweep_call);
}

/// A call per batch of contracts. What fails for some contracts leaves them out; only when nothing was answered the
/// whole fails.
template <class T>
asio::awaitable<Result<Bulk<T>>> HtxExchange::sweep(std::string method, core::SteadyTime deadline,
                                                    std::vector<std::string> wanted, std::size_t codes_per_call,
                                                    SweepCall<T> call) {
    using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): operator&&
    const auto work = std::make_shared<Sweep<T>>(std::move(wanted), codes_per_call, deadline);
    work->bulk.exchange_time = clock_.now();
    // Four at a time, so that books and candles find places between them.
    co_await (sweep_worker<T>(work, call) && sweep_worker<T>(work, call) && sweep_worker<T>(work, call) &&
              sweep_worker<T>(work, call));
    note_dropped(method, work->problems);
    const auto& error = work->first_error;
    if (error && work->answered == 0) co_return std::unexpected(error->within(method));
    co_return std::move(work->bulk);
}

template <class T>
asio::awaitable<void> HtxExchange::sweep_worker(std::shared_ptr<Sweep<T>> work, SweepCall<T> call) {
    while (work->next < work->batches.size() && !work->stopped) {
        const auto codes = work->batches[work->next++];
        auto answer = co_await (this->*call)(codes, work->deadline);
        if (answer) {
            work->add(std::move(*answer));
        } else if (answer.error().code() == ErrorCode::not_found && codes.size() > 1) {
            // One unknown contract spoils the whole batch: ask for each by itself.
            for (const auto& code : codes) work->batches.push_back({code});
        } else if (answer.error().code() == ErrorCode::not_found) {
            ++work->answered;
            work->problems.push_back({codes.front(), answer.error().message()});
        } else {
            work->fail(answer.error());
            for (const auto& code : codes) work->problems.push_back({code, answer.error().message()});
        }
    }
}

Error unknown_contract() {
    return {ErrorCode::invalid_input, "no contract given"};
}

Error out_of_range(std::string_view what, int count) {
    return {ErrorCode::invalid_input, fmt::format("{}: {} is not from 1 to {}", what, count, kMostRows)};
}

asio::awaitable<Result<BookAnswer>> HtxExchange::order_book(std::shared_ptr<const market::Contract> contract) {
    if (!contract) co_return std::unexpected(unknown_contract());
    std::function<Result<BookAnswer>(const Answer&)> read = [this, contract](const Answer& answer) {
        return htx::decode_order_book(parser_, answer, *contract);
    };
    auto endpoint = htx::order_book_endpoint(contract->contract_code);
    co_return co_await caller_.call<BookAnswer>(std::move(endpoint), "order_book " + contract->contract_code,
                                                caller_.deadline(), std::move(read));
}

asio::awaitable<Result<CandleBatch>> HtxExchange::candles(std::shared_ptr<const market::Contract> contract,
                                                          int interval_minutes, int count) {
    if (!contract) co_return std::unexpected(unknown_contract());
    if (count < 1 || count > kMostRows) co_return std::unexpected(out_of_range("candles", count));
    if (htx::period_name(interval_minutes).empty()) {
        co_return core::fail(ErrorCode::invalid_input,
                             fmt::format("candles: no interval of {} minutes", interval_minutes));
    }
    std::function<Result<CandleBatch>(const Answer&)> read = [this, contract, interval_minutes,
                                                              count](const Answer& answer) {
        return htx::decode_candles(parser_, answer, *contract, interval_minutes, count);
    };
    auto endpoint = htx::candles_endpoint(contract->contract_code, interval_minutes, count);
    co_return co_await caller_.call<CandleBatch>(std::move(endpoint), "candles " + contract->contract_code,
                                                 caller_.deadline(), std::move(read));
}

asio::awaitable<Result<std::vector<market::Trade>>> HtxExchange::trades(
    std::shared_ptr<const market::Contract> contract, int count) {
    if (!contract) co_return std::unexpected(unknown_contract());
    if (count < 1 || count > kMostRows) co_return std::unexpected(out_of_range("trades", count));
    using Trades = std::vector<market::Trade>;
    std::function<Result<Trades>(const Answer&)> read = [this, contract, count](const Answer& answer) {
        return htx::decode_trades(parser_, answer, *contract, count);
    };
    auto endpoint = htx::trades_endpoint(contract->contract_code, count);
    co_return co_await caller_.call<Trades>(std::move(endpoint), "trades " + contract->contract_code,
                                            caller_.deadline(htx::Purpose::trades), std::move(read));
}

asio::awaitable<Result<void>> HtxExchange::probe() {
    std::function<Result<void>(const Answer&)> read = [this](const Answer& answer) -> Result<void> {
        const auto heartbeat = htx::decode_heartbeat(parser_, answer);
        if (!heartbeat) return std::unexpected(heartbeat.error());
        if (heartbeat->working) return {};
        const auto until = heartbeat->estimated_recovery
                               ? ", by its own estimate until " + core::format_time(*heartbeat->estimated_recovery)
                               : std::string();
        return core::fail(ErrorCode::maintenance, "the exchange says that its swaps are under maintenance" + until);
    };
    return caller_.probe(htx::heartbeat_endpoint(), std::move(read));
}

ExchangeStatus HtxExchange::status() const {
    auto status = caller_.status();
    status.dropped_rows = dropped_rows_;
    status.funding_fallback = funding_fallback_.active();
    status.open_interest_fallback = open_interest_fallback_.active();
    return status;
}

}  // namespace

std::unique_ptr<Exchange> make_htx_exchange(asio::any_io_executor executor, HtxOptions options, net::HttpClient& client,
                                            const core::Clock& clock, std::uint64_t random_seed, HtxObserver observer) {
    return std::make_unique<HtxExchange>(std::move(executor), std::move(options), client, clock, random_seed,
                                         std::move(observer));
}

}  // namespace scanner::exchange
