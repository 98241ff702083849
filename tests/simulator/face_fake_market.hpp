#pragma once

#include "simulator/face/state/scene.hpp"
#include "simulator/market.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace scanner::simulator::face::test {

using namespace std::chrono_literals;

inline constexpr std::int64_t kNowMs = 1'789'336'870'043;
inline const WallTime kNow = core::from_unix_ms(kNowMs);

/// A market that stands exactly as a test puts it.
class FakeMarket final : public SimulatedMarket {
public:
    enum Contract : std::size_t { btc, pepe, cyber, cvx, future, lobster, count };

    FakeMarket() {
        add("BTC-USDT", 0.001, 0.1);
        add("PEPE-USDT", 1e6, 1e-10);
        add("CYBER-USDT", 1.0, 0.001).contract.status = market::ContractStatus::suspended;
        add("CVX-USDT", 0.1, 0.001).delisted_ghost = true;
        add("BTC-USDT-261225", 0.001, 0.1).dated_future = true;
        add("龙虾-USDT", 10.0, 1e-8);
        listings[btc].labels = {"hot", "common"};
        for (std::size_t i = 0; i < count; ++i) books[i].time = time - 200ms;
        books[cyber].time = core::from_unix_ms(1'767'859'205'000);
        fundings[btc] = {.rate = 0.00004317342907712, .funding_time = core::from_unix_ms(1'789'344'000'000)};
        fundings[cyber] = {.rate = 0.0, .funding_time = core::from_unix_ms(1'767'859'200'000)};
    }

    void advance(WallTime to) override { time = std::max(time, to); }
    WallTime now() const override { return time; }
    const std::vector<SimulatedContract>& contracts() const override { return listings; }
    BookState book(std::size_t contract, std::size_t levels) const override {
        BookState book = at(books, contract);
        if (book.bids.size() > levels) book.bids.resize(levels);
        if (book.asks.size() > levels) book.asks.resize(levels);
        return book;
    }
    std::int64_t matching_id(std::size_t contract) const override { return at(books, contract).matching_id; }
    TickerState ticker(std::size_t contract) const override { return at(tickers, contract); }
    std::vector<SimulatedCandle> minute_candles(std::size_t contract, std::size_t count) const override {
        return newest(at(candles, contract), count);
    }
    std::vector<SimulatedTrade> trades(std::size_t contract, std::size_t count) const override {
        return newest(at(tapes, contract), count);
    }
    std::uint64_t fill_count(std::size_t contract) const override { return at(tapes, contract).size(); }
    double index_price(std::size_t contract) const override { return at(indexes, contract); }
    double mark_price(std::size_t contract) const override { return at(marks, contract); }
    FundingState funding(std::size_t contract) const override { return at(fundings, contract); }
    std::vector<FundingPoint> funding_history(std::size_t contract, std::size_t count) const override {
        auto points = at(funding_points, contract);
        if (points.size() > count) points.resize(count);
        return points;
    }
    std::int64_t open_interest_contracts(std::size_t contract) const override { return at(interests, contract); }
    std::vector<Label> labels(WallTime after) const override {
        auto kept = truths;
        std::erase_if(kept, [after](const Label& label) { return label.time <= after; });
        return kept;
    }

    WallTime time = kNow;
    std::vector<SimulatedContract> listings;
    std::map<std::size_t, BookState> books;
    std::map<std::size_t, TickerState> tickers;
    std::map<std::size_t, std::vector<SimulatedCandle>> candles;
    std::map<std::size_t, std::vector<SimulatedTrade>> tapes;
    std::map<std::size_t, double> indexes;
    std::map<std::size_t, double> marks;
    std::map<std::size_t, FundingState> fundings;
    std::map<std::size_t, std::vector<FundingPoint>> funding_points;
    std::map<std::size_t, std::int64_t> interests;
    std::vector<Label> truths;

private:
    SimulatedContract& add(std::string code, double size, double tick) {
        SimulatedContract& added = listings.emplace_back();
        added.contract.contract_code = std::move(code);
        added.contract.contract_size = size;
        added.contract.price_tick = tick;
        added.contract.status = market::ContractStatus::listed;
        added.create_date = "20201021";
        return added;
    }
    template <class T>
    static T at(const std::map<std::size_t, T>& values, std::size_t contract) {
        const auto found = values.find(contract);
        return found == values.end() ? T{} : found->second;
    }
    template <class T>
    static std::vector<T> newest(std::vector<T> values, std::size_t count) {
        if (values.size() > count) values.erase(values.begin(), values.end() - static_cast<std::ptrdiff_t>(count));
        return values;
    }
};

/// The market with all that an endpoint is given, made anew for each answer.
struct Stage {
    FakeMarket market;
    std::chrono::milliseconds skew{0};
    std::function<bool(std::size_t)> vanished;

    using Endpoint = std::string (*)(const Scene&, const Params&);
    [[nodiscard]] std::string ask(Endpoint endpoint, std::string_view query = {}) const {
        const Directory directory(market.listings, market.time);
        BookShelf books(market.listings.size(), 1);
        books.renew(market, [](std::size_t) { return false; });
        References references(market.listings.size());
        references.sample(market, directory);
        const Scene scene{.market = market,
                          .directory = directory,
                          .books = books,
                          .references = references,
                          .now = market.time + skew,
                          .skew = skew,
                          .seed = 1,
                          .vanished = vanished};
        return endpoint(scene, Params(query));
    }
};

}  // namespace scanner::simulator::face::test
