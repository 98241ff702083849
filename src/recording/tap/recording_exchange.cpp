#include "scanner/recording/tap.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>
#include <exception>
#include <string>
#include <utility>

namespace scanner::recording {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;

constexpr std::array kCodes{ErrorCode::invalid_input,
                            ErrorCode::not_found,
                            ErrorCode::timeout,
                            ErrorCode::cancelled,
                            ErrorCode::network,
                            ErrorCode::http_status,
                            ErrorCode::rate_limited,
                            ErrorCode::maintenance,
                            ErrorCode::exchange_rejected,
                            ErrorCode::malformed,
                            ErrorCode::unavailable,
                            ErrorCode::conflict,
                            ErrorCode::io,
                            ErrorCode::internal};

/// The step comes last before the caller goes on, with nothing in between that could wait.
class RecordingExchange final : public exchange::Exchange {
public:
    RecordingExchange(exchange::Exchange& inner, net::StepLog& steps, std::string prefix)
        : inner_(inner), steps_(steps), prefix_(std::move(prefix)) {}

    asio::awaitable<core::Result<exchange::ContractList>> contracts() override {
        return told("contracts", "", inner_.contracts());
    }
    asio::awaitable<core::Result<exchange::Bulk<market::Ticker>>> tickers() override {
        return told("tickers", "", inner_.tickers());
    }
    asio::awaitable<core::Result<exchange::Bulk<market::FundingRate>>> funding_rates(
        std::vector<std::string> wanted) override {
        return told("funding_rates", "", inner_.funding_rates(std::move(wanted)));
    }
    asio::awaitable<core::Result<exchange::Bulk<market::OpenInterest>>> open_interest(
        std::vector<std::string> wanted) override {
        return told("open_interest", "", inner_.open_interest(std::move(wanted)));
    }
    asio::awaitable<core::Result<exchange::Bulk<market::IndexPrice>>> index_prices() override {
        return told("index_prices", "", inner_.index_prices());
    }
    asio::awaitable<core::Result<exchange::BookAnswer>> order_book(
        std::shared_ptr<const market::Contract> contract) override {
        std::string code = code_of(contract);
        return told("order_book", std::move(code), inner_.order_book(std::move(contract)));
    }
    asio::awaitable<core::Result<exchange::CandleBatch>> candles(std::shared_ptr<const market::Contract> contract,
                                                                 int interval_minutes, int count) override {
        std::string code = code_of(contract);
        return told("candles", std::move(code), inner_.candles(std::move(contract), interval_minutes, count));
    }
    asio::awaitable<core::Result<std::vector<market::Trade>>> trades(std::shared_ptr<const market::Contract> contract,
                                                                     int count) override {
        std::string code = code_of(contract);
        return told(trades_step(count), std::move(code), inner_.trades(std::move(contract), count));
    }
    asio::awaitable<core::Result<void>> probe() override { return told("probe", "", inner_.probe()); }
    exchange::ExchangeStatus status() const override { return inner_.status(); }

private:
    static std::string code_of(const std::shared_ptr<const market::Contract>& contract) {
        return contract ? contract->contract_code : std::string();
    }

    template <class T>
    asio::awaitable<core::Result<T>> told(std::string name, std::string contract,
                                          asio::awaitable<core::Result<T>> call) {
        core::Result<T> answer = core::fail(ErrorCode::cancelled, "not asked");
        try {
            answer = co_await std::move(call);
        } catch (const std::exception& thrown) {
            // A call that is cancelled may end so too: a replay must know that it has ended.
            const core::Error error(ErrorCode::cancelled, thrown.what());
            steps_.step(prefix_ + name, contract, outcome_text(&error));
            throw;
        }
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        const bool late = answer.has_value() && cancellation.cancelled() != asio::cancellation_type::none;
        steps_.step(prefix_ + name, contract,
                    late ? std::string(kAnswerLate) : outcome_text(answer ? nullptr : &answer.error()));
        co_return answer;
    }

    exchange::Exchange& inner_;
    net::StepLog& steps_;
    const std::string prefix_;
};

}  // namespace

std::string trades_step(int count) {
    return "trades:" + std::to_string(count);
}

std::string outcome_text(const core::Error* error) {
    if (error == nullptr) return std::string(kAnswerOk);
    return std::string(core::to_string(error->code())) + ": " + error->message();
}

std::unique_ptr<core::Error> outcome_error(std::string_view text) {
    if (text == kAnswerOk || text == kAnswerLate) return nullptr;
    for (const ErrorCode code : kCodes) {
        const std::string_view name = core::to_string(code);
        if (text.starts_with(name) && text.substr(name.size()).starts_with(": ")) {
            return std::make_unique<core::Error>(code, std::string(text.substr(name.size() + 2)));
        }
    }
    return std::make_unique<core::Error>(ErrorCode::internal, std::string(text));
}

std::unique_ptr<exchange::Exchange> make_recording_exchange(exchange::Exchange& inner, net::StepLog& steps,
                                                            std::string prefix) {
    return std::make_unique<RecordingExchange>(inner, steps, std::move(prefix));
}

}  // namespace scanner::recording
