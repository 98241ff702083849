#include "exchange/htx/htx_exchange.hpp"

#include "exchange/htx/decode_bulk.hpp"
#include "exchange/htx/decode_contract.hpp"
#include "exchange/htx/decode_contracts.hpp"
#include "exchange/htx/decode_health.hpp"
#include "exchange/htx/endpoints.hpp"
#include "exchange/htx/htx_description.hpp"
#include "exchange/rest/bulk_fallback.hpp"
#include "exchange/rest/caller.hpp"
#include "exchange/rest/sweep.hpp"

#include "scanner/core/checkpoint.hpp"
#include "scanner/core/url.hpp"
#include "scanner/exchange/checkpointed.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace scanner::exchange::htx {
namespace {

namespace asio = boost::asio;
using core::Error;
using core::ErrorCode;
using core::Result;
using rest::Answer;
using rest::BulkAnswer;

constexpr int kMaxRows = 2000;  // of candles and of trades a call

class HtxExchange final : public Exchange, public Checkpointed {
public:
    HtxExchange(asio::any_io_executor executor, ExchangeOptions options, net::HttpClient& client,
                const core::Clock& clock, std::uint64_t random_seed, ExchangeObserver observer)
        : options_(std::move(options)),
          observer_(std::move(observer)),
          clock_(clock),
          caller_(std::move(executor), options_,
                  {.requests_per_sec = {options_.market_requests_per_sec, options_.other_requests_per_sec},
                   .purposes = kPurposes},
                  client, clock, random_seed, observer_),
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

    std::string checkpoint() override {
        core::CheckpointWriter archive;
        archive(sizes_, funding_fallback_, open_interest_fallback_);
        return archive.take();
    }
    bool restore(std::string_view bytes) override {
        core::CheckpointReader archive(bytes);
        ContractSizes sizes;
        rest::BulkFallback funding = funding_fallback_;
        rest::BulkFallback open_interest = open_interest_fallback_;
        archive(sizes, funding, open_interest);
        if (!archive.at_end()) return false;
        sizes_ = std::move(sizes);
        funding_fallback_ = funding;
        open_interest_fallback_ = open_interest;
        return true;
    }

private:
    asio::awaitable<Result<BulkAnswer<market::FundingRate>>> v5_funding(std::vector<std::string> codes,
                                                                        core::SteadyTime deadline);
    asio::awaitable<Result<BulkAnswer<market::OpenInterest>>> v5_open_interest(std::vector<std::string> codes,
                                                                               core::SteadyTime deadline);

    /// The bulk call, or while that is given up `call(codes, deadline)` for each batch of `wanted`.
    template <class T, class Read, class Call>
    asio::awaitable<Result<Bulk<T>>> bulk_or_sweep(rest::Request request, Read read, rest::BulkFallback& fallback,
                                                   std::vector<std::string> wanted, std::size_t codes_per_call,
                                                   Call call);

    void note_dropped(std::string_view method, const std::vector<RowProblem>& problems);
    /// The answer without its problems, which are counted and passed on.
    template <class T>
    Bulk<T> keep_good(std::string_view method, BulkAnswer<T> answer) {
        note_dropped(method, answer.problems);
        return std::move(answer.bulk);
    }

    const ExchangeOptions options_;
    const ExchangeObserver observer_;
    const core::Clock& clock_;
    rest::JsonParser parser_;
    rest::Caller caller_;
    ContractSizes sizes_;  // of the newest contract list: ticker quotes come in contracts
    rest::BulkFallback funding_fallback_;
    rest::BulkFallback open_interest_fallback_;
    std::uint64_t dropped_rows_ = 0;
};

void HtxExchange::note_dropped(std::string_view method, const std::vector<RowProblem>& problems) {
    if (problems.empty()) return;
    dropped_rows_ += problems.size();
    if (observer_.on_dropped_rows) observer_.on_dropped_rows(method, problems);
}

asio::awaitable<Result<ContractList>> HtxExchange::contracts() {
    const auto read = [this](const Answer& answer) { return decode_contracts(parser_, answer); };
    auto answer = co_await caller_.call(contracts_endpoint(), "contracts", caller_.deadline(), read);
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
    const auto read = [this](const Answer& answer) { return decode_tickers(parser_, answer, sizes_); };
    auto endpoint = tickers_endpoint();
    auto answer = co_await caller_.call(std::move(endpoint), "tickers", caller_.deadline(), read);
    if (!answer) co_return std::unexpected(answer.error());
    co_return keep_good("tickers", std::move(*answer));
}

asio::awaitable<Result<Bulk<market::IndexPrice>>> HtxExchange::index_prices() {
    const auto read = [this](const Answer& answer) { return decode_index(parser_, answer); };
    auto endpoint = index_endpoint();
    auto answer = co_await caller_.call(std::move(endpoint), "index_prices", caller_.deadline(kIndex), read);
    if (!answer) co_return std::unexpected(answer.error());
    co_return keep_good("index_prices", std::move(*answer));
}

asio::awaitable<Result<Bulk<market::FundingRate>>> HtxExchange::funding_rates(std::vector<std::string> wanted) {
    const auto read = [this](const Answer& answer) { return decode_funding(parser_, answer); };
    return bulk_or_sweep<market::FundingRate>(funding_endpoint(), read, funding_fallback_, std::move(wanted),
                                              kV5FundingCodesPerCall,
                                              [this](std::vector<std::string> codes, core::SteadyTime deadline) {
                                                  return v5_funding(std::move(codes), deadline);
                                              });
}

asio::awaitable<Result<Bulk<market::OpenInterest>>> HtxExchange::open_interest(std::vector<std::string> wanted) {
    const auto read = [this](const Answer& answer) { return decode_open_interest(parser_, answer); };
    return bulk_or_sweep<market::OpenInterest>(open_interest_endpoint(), read, open_interest_fallback_,
                                               std::move(wanted), 1,
                                               [this](std::vector<std::string> codes, core::SteadyTime deadline) {
                                                   return v5_open_interest(std::move(codes), deadline);
                                               });
}

asio::awaitable<Result<BulkAnswer<market::FundingRate>>> HtxExchange::v5_funding(std::vector<std::string> codes,
                                                                                 core::SteadyTime deadline) {
    const auto read = [this](const Answer& answer) { return decode_v5_funding(parser_, answer); };
    return caller_.call(v5_funding_endpoint(codes), "v5_funding_rate", deadline, read);
}

asio::awaitable<Result<BulkAnswer<market::OpenInterest>>> HtxExchange::v5_open_interest(std::vector<std::string> codes,
                                                                                        core::SteadyTime deadline) {
    const auto read = [this, code = codes.front()](const Answer& answer) {
        return decode_v5_open_interest(parser_, answer, code);
    };
    return caller_.call(v5_open_interest_endpoint(codes.front()), "v5_open_interest " + codes.front(), deadline, read);
}

template <class T, class Read, class Call>
asio::awaitable<Result<Bulk<T>>> HtxExchange::bulk_or_sweep(rest::Request request, Read read,
                                                            rest::BulkFallback& fallback,
                                                            std::vector<std::string> wanted, std::size_t codes_per_call,
                                                            Call call) {
    const std::string method(request.method);
    const auto deadline = caller_.deadline(request.purpose);
    if (fallback.try_bulk(clock_.steady_now())) {
        const bool was_active = fallback.active();
        auto answer = co_await caller_.call(std::move(request), method, deadline, read);
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
    const auto work = std::make_shared<rest::Sweep<T>>(std::move(wanted), codes_per_call, sweep_deadline);
    work->bulk.exchange_time = clock_.now();
    co_await rest::run_sweep<T>(work, call);
    note_dropped(method, work->problems);
    const auto& error = work->first_error;
    if (error && work->answered == 0) co_return std::unexpected(error->within(method));
    co_return std::move(work->bulk);
}

Error missing_contract() {
    return {ErrorCode::invalid_input, "no contract given"};
}

Error out_of_range(std::string_view what, int count) {
    return {ErrorCode::invalid_input, fmt::format("{}: {} is not from 1 to {}", what, count, kMaxRows)};
}

asio::awaitable<Result<BookAnswer>> HtxExchange::order_book(std::shared_ptr<const market::Contract> contract) {
    if (!contract) co_return std::unexpected(missing_contract());
    const auto read = [this, contract](const Answer& answer) { return decode_order_book(parser_, answer, *contract); };
    auto endpoint = order_book_endpoint(contract->contract_code);
    co_return co_await caller_.call(std::move(endpoint), "order_book " + contract->contract_code, caller_.deadline(),
                                    read);
}

asio::awaitable<Result<CandleBatch>> HtxExchange::candles(std::shared_ptr<const market::Contract> contract,
                                                          int interval_minutes, int count) {
    if (!contract) co_return std::unexpected(missing_contract());
    if (count < 1 || count > kMaxRows) co_return std::unexpected(out_of_range("candles", count));
    if (period_name(interval_minutes).empty()) {
        co_return core::fail(ErrorCode::invalid_input,
                             fmt::format("candles: no interval of {} minutes", interval_minutes));
    }
    const auto read = [this, contract, interval_minutes, count](const Answer& answer) {
        return decode_candles(parser_, answer, *contract, interval_minutes, count);
    };
    auto endpoint = candles_endpoint(contract->contract_code, interval_minutes, count);
    co_return co_await caller_.call(std::move(endpoint), "candles " + contract->contract_code, caller_.deadline(),
                                    read);
}

asio::awaitable<Result<std::vector<market::Trade>>> HtxExchange::trades(
    std::shared_ptr<const market::Contract> contract, int count) {
    if (!contract) co_return std::unexpected(missing_contract());
    if (count < 1 || count > kMaxRows) co_return std::unexpected(out_of_range("trades", count));
    const auto read = [this, contract, count](const Answer& answer) {
        return decode_trades(parser_, answer, *contract, count);
    };
    auto endpoint = trades_endpoint(contract->contract_code, count);
    co_return co_await caller_.call(std::move(endpoint), "trades " + contract->contract_code, caller_.deadline(kTrades),
                                    read);
}

asio::awaitable<Result<void>> HtxExchange::probe() {
    const auto read = [this](const Answer& answer) -> Result<void> {
        const auto heartbeat = decode_heartbeat(parser_, answer);
        if (!heartbeat) return std::unexpected(heartbeat.error());
        if (heartbeat->working) return {};
        const auto until = heartbeat->estimated_recovery
                               ? ", by its own estimate until " + core::format_time(*heartbeat->estimated_recovery)
                               : std::string();
        return core::fail(ErrorCode::maintenance, "the exchange says that its swaps are under maintenance" + until);
    };
    return caller_.probe(heartbeat_endpoint(), read);
}

ExchangeStatus HtxExchange::status() const {
    auto status = caller_.status();
    status.exchange = kDescription.name;
    status.dropped_rows = dropped_rows_;
    status.funding_fallback = funding_fallback_.active();
    status.open_interest_fallback = open_interest_fallback_.active();
    return status;
}

}  // namespace

bool is_own_host(std::string_view url) {
    const auto parsed = core::parse_url(url);
    if (!parsed) return false;
    for (const std::string_view domain : {"hbdm.com", "hbdm.vn", "btcgateway.pro", "huobi.pro", "htx.com"}) {
        const std::string_view host = parsed->host;
        if (host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.')) return true;
    }
    return false;
}

std::unique_ptr<Exchange> make_htx_exchange(asio::any_io_executor executor, ExchangeOptions options,
                                            net::HttpClient& client, const core::Clock& clock,
                                            std::uint64_t random_seed, ExchangeObserver observer) {
    return std::make_unique<HtxExchange>(std::move(executor), std::move(options), client, clock, random_seed,
                                         std::move(observer));
}

}  // namespace scanner::exchange::htx
