#include "app/replay/replay_ports.hpp"

#include "app/replay/recorded_steps.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/recording/answer_memory.hpp"
#include "scanner/recording/tap.hpp"

#include <algorithm>
#include <optional>

namespace scanner::app {
namespace {

namespace asio = boost::asio;

std::string target_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    const std::size_t path = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
    return path == std::string_view::npos ? "/" : std::string(url.substr(path));
}

/// What requests of one path about one contract have in common.
std::string similar_to(std::string_view target) {
    return std::string(target.substr(0, target.find('?'))) + '|' + recording::contract_of_url(target);
}

/// Whether what was recorded just before is the answer that led to this error.
bool was_answered(core::ErrorCode code) {
    return code == core::ErrorCode::exchange_rejected || code == core::ErrorCode::not_found ||
           code == core::ErrorCode::maintenance || code == core::ErrorCode::malformed;
}

class ReplayExchange final : public exchange::Exchange {
public:
    ReplayExchange(exchange::Exchange& inner, ReplayClient& client, Waiters& waiters, std::string prefix)
        : inner_(inner), client_(client), waiters_(waiters), prefix_(std::move(prefix)) {}

    asio::awaitable<core::Result<exchange::ContractList>> contracts() override {
        return answered("contracts", "", inner_.contracts());
    }
    asio::awaitable<core::Result<exchange::Bulk<market::Ticker>>> tickers() override {
        return answered("tickers", "", inner_.tickers());
    }
    asio::awaitable<core::Result<exchange::Bulk<market::FundingRate>>> funding_rates(
        std::vector<std::string> wanted) override {
        return answered("funding_rates", "", inner_.funding_rates(std::move(wanted)));
    }
    asio::awaitable<core::Result<exchange::Bulk<market::OpenInterest>>> open_interest(
        std::vector<std::string> wanted) override {
        return answered("open_interest", "", inner_.open_interest(std::move(wanted)));
    }
    asio::awaitable<core::Result<exchange::Bulk<market::IndexPrice>>> index_prices() override {
        return answered("index_prices", "", inner_.index_prices());
    }
    asio::awaitable<core::Result<exchange::BookAnswer>> order_book(
        std::shared_ptr<const market::Contract> contract) override {
        std::string code = contract->contract_code;
        return answered("order_book", std::move(code), inner_.order_book(std::move(contract)));
    }
    asio::awaitable<core::Result<exchange::CandleBatch>> candles(std::shared_ptr<const market::Contract> contract,
                                                                 int interval_minutes, int count) override {
        std::string code = contract->contract_code;
        return answered("candles", std::move(code), inner_.candles(std::move(contract), interval_minutes, count));
    }
    asio::awaitable<core::Result<std::vector<market::Trade>>> trades(std::shared_ptr<const market::Contract> contract,
                                                                     int count) override {
        std::string code = contract->contract_code;
        return answered(recording::trades_step(count), std::move(code), inner_.trades(std::move(contract), count));
    }
    asio::awaitable<core::Result<void>> probe() override { return answered("probe", "", inner_.probe()); }
    exchange::ExchangeStatus status() const override { return inner_.status(); }

private:
    template <class T>
    asio::awaitable<core::Result<T>> answered(std::string name, std::string contract,
                                              asio::awaitable<core::Result<T>> call) {
        const std::uint64_t asked = client_.answers();
        const auto outcome = co_await waiters_.wait(prefix_ + name, std::move(contract), prefix_.empty());
        if (!outcome) co_return core::fail(core::ErrorCode::cancelled, "given up");
        const auto error = recording::outcome_error(*outcome);
        client_.answer_since(asked);
        if (*outcome == recording::kAnswerLate) co_await asio::this_coro::reset_cancellation_state();
        if (!error) co_return co_await std::move(call);
        // An answer that was of no use counts in what the exchange's side makes of the next ones.
        if (was_answered(error->code())) static_cast<void>(co_await std::move(call));
        co_return std::unexpected(*error);
    }

    exchange::Exchange& inner_;
    ReplayClient& client_;
    Waiters& waiters_;
    const std::string prefix_;
};

}  // namespace

void ReplayClient::put(recording::RestAnswer answer, bool known_before) {
    std::string target = target_of(answer.url);
    similar_.insert_or_assign(similar_to(target), target);
    if (!known_before) ++count_;
    answers_.insert_or_assign(std::move(target), Known{.number = count_, .answer = std::move(answer)});
}

asio::awaitable<core::Result<net::ClientResponse>> ReplayClient::send(net::ClientRequest request) {
    const std::string target = target_of(request.url);
    auto found = answers_.find(target);
    if (found == answers_.end() && lenient_) {
        if (const auto other = similar_.find(similar_to(target)); other != similar_.end()) {
            found = answers_.find(other->second);
        }
    }
    if (found == answers_.end() || (!lenient_ && since_ > 0 && found->second.number <= since_)) {
        co_return core::fail(core::ErrorCode::network, "the recording has no answer to " + target);
    }
    const recording::RestAnswer& answer = found->second.answer;
    // What the whole call came to was recorded. Of its parts only those count that were answered: as another error one
    // of them could end the others, which were under way by then.
    if (answer.status == 0) co_return core::fail(core::ErrorCode::network, "no answer: " + answer.error);
    // A limit was waited for then: here the recording says when what was asked again was answered.
    constexpr int kTooMany = 429;
    constexpr std::size_t kErrorIsShorter = 512;
    const auto says = [&answer](std::string_view words) { return answer.body.contains(words); };
    const bool limited =
        answer.status == kTooMany || (answer.body.size() < kErrorIsShorter &&
                                      (says("\"err_code\":1032") || says("\"err-code\":1032") ||
                                       says("\"code\":1032") || says("request limit") || says("exceeded the limit")));
    if (limited) co_return core::fail(core::ErrorCode::network, "a limit was exceeded");
    net::ClientResponse response;
    response.status = answer.status;
    response.body = answer.body;
    co_return response;
}

std::uint64_t count_in(std::string_view text) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(core::parse_int(text).value_or(0), 0));
}

asio::awaitable<std::optional<std::string>> Waiters::wait(std::string name, std::string contract, bool of_scan) {
    if (free_) co_return std::string(recording::kAnswerOk);
    const auto waiter = std::make_shared<Waiter>(Waiter{.name = std::move(name),
                                                        .contract = std::move(contract),
                                                        .of_scan = of_scan,
                                                        .woken = std::make_unique<net::Event>(executor_),
                                                        .detail = std::nullopt});
    waiting_.push_back(waiter);
    while (!waiter->detail) {
        const auto woken = co_await waiter->woken->wait();
        if (waiter->given_up && !given_up_is_told_) break;
        if (woken != net::Event::Outcome::cancelled) continue;
        if (!of_scan || !given_up_is_told_) break;
        waiter->given_up = true;
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    }
    waiting_.remove(waiter);
    if (!waiter->detail && waiter->late) co_return std::string(recording::kAnswerLate);
    co_return waiter->detail;
}

bool Waiters::wake(std::string_view name, std::string_view contract, std::string detail) {
    for (const auto& waiter : waiting_) {
        if (waiter->detail || waiter->late || waiter->name != name || waiter->contract != contract) continue;
        waiter->late = detail == recording::kAnswerLate && !waiter->given_up;
        if (waiter->late) return true;
        waiter->detail = std::move(detail);
        waiter->woken->notify();
        return true;
    }
    return false;
}

void Waiters::let_go() {
    given_up_is_told_ = false;
    for (const auto& waiter : waiting_) {
        if (waiter->given_up) waiter->woken->notify();
    }
}

bool Waiters::give_up_scan(std::string_view end) {
    return !is_awaited(end) && cancel_where([](const Waiter& waiter) { return waiter.of_scan; }, "was not asked");
}

bool Waiters::end_given_up(std::string_view end) {
    return !is_awaited(end) && cancel_where([](const Waiter& waiter) { return waiter.given_up; }, "was given up");
}

bool Waiters::is_awaited(std::string_view step) const {
    return std::ranges::any_of(waiting_, [step](const auto& each) { return !each->detail && each->name == step; });
}

bool Waiters::cancel_where(bool (*is_meant)(const Waiter&), std::string_view why) {
    bool any = false;
    const core::Error error(core::ErrorCode::cancelled, std::string(why));
    for (const auto& waiter : waiting_) {
        if (!is_meant(*waiter) || waiter->detail || waiter->late) continue;
        waiter->detail = recording::outcome_text(&error);
        waiter->woken->notify();
        any = true;
    }
    return any;
}

std::string Waiters::describe() const {
    constexpr std::size_t kShown = 3;
    std::string text;
    std::size_t count = 0;
    for (const auto& waiter : waiting_) {
        if (waiter->name.starts_with(kGiveUp)) continue;  // beside the call itself
        if (++count > kShown) return text + ", …";
        if (!text.empty()) text += ", ";
        text += waiter->name;
        if (!waiter->contract.empty()) text += ' ' + waiter->contract;
    }
    return text.empty() ? "nothing" : text;
}

asio::awaitable<std::string> ReplaySteps::reach(std::string_view name, std::string detail) {
    auto told = co_await waiters_.wait(std::string(name), {});
    co_return told ? std::move(*told) : std::move(detail);
}

std::unique_ptr<exchange::Exchange> make_replay_exchange(exchange::Exchange& inner, ReplayClient& client,
                                                         Waiters& waiters, std::string prefix) {
    return std::make_unique<ReplayExchange>(inner, client, waiters, std::move(prefix));
}

}  // namespace scanner::app
