#include "engine/market_state.hpp"
#include "engine/ranking_cycle.hpp"

#include "scanner/core/random.hpp"
#include "scanner/engine/ranking_board.hpp"
#include "scanner/ranking/ranker.hpp"
#include "scanner/ranking/scoring.hpp"
#include "scanner/signals/numbers.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// A ranking that is made of what has changed says what one says that is made of everything anew, whatever happens in
/// the market, and when nothing does but time.
namespace scanner::engine {
namespace {

using market::Input;
using ranking::MarketDataPtr;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::size_t kContracts = 10;
const core::WallTime kStart = core::from_unix_ms(1'790'000'010'000);

struct Recorded {
    ranking::RankerInput input;
    ranking::Ranker::Cycle cycle;
};

class RandomMarket {
public:
    explicit RandomMarket(std::uint64_t seed, bool with_feed) : random_(seed) {
        if (with_feed) limits_.max_index_gap = seconds(3);
        for (std::size_t i = 0; i < kContracts; ++i) contracts_.push_back(contract(i, 1.0));
        options_.settings.default_profile = "scalp";
        options_.settings.notional_usdt = 5'000.0;
        options_.settings.min_qvol_usdt = 1e6;
        options_.settings.max_spread_bps = 40.0;
        options_.profiles.assign(signals::builtin_profiles().begin(), signals::builtin_profiles().end());
        options_.limits = limits_;
        options_.interval = std::chrono::hours(1);  // a memory of an hour, so that nothing is forgotten on the way
        options_.snapshots_ttl = std::chrono::hours(1);
        cycle_.set_options(options_);
        both([this](MarketState& state) { state.set_contracts(contracts_); });
        scan();
    }

    /// Time passes, something happens in most steps, and both ways to a ranking are compared.
    void step() {
        pass(random_.chance(0.1) ? milliseconds(random_.below(100'000)) : milliseconds(random_.below(2'000)));
        const std::uint64_t events = random_.below(4);
        for (std::uint64_t i = 0; i < events; ++i) happen();
        compare();
    }

    [[nodiscard]] std::size_t compared() const { return compared_; }
    [[nodiscard]] std::size_t kept() const { return kept_; }
    [[nodiscard]] std::size_t expired() const { return expired_; }

private:
    static std::shared_ptr<const market::Contract> contract(std::size_t i, double size) {
        auto made = std::make_shared<market::Contract>();
        made->contract_code = fmt::format("C{:02}-USDT", i * 7 % kContracts);
        made->symbol = fmt::format("C{:02}/USDT:USDT", i * 7 % kContracts);
        made->contract_size = size;
        made->listed_at = kStart - std::chrono::days(3);
        return made;
    }
    void both(const std::function<void(MarketState&)>& write) {
        write(kept_state_);
        write(anew_state_);
    }
    /// The same of a contract in both, where it is of the universe.
    void both(const std::string& code, const std::function<void(ContractState&)>& write) {
        both([&](MarketState& state) {
            if (const ContractStatePtr found = state.find(code)) write(*found);
        });
    }
    const std::shared_ptr<const market::Contract>& any() { return contracts_[random_.below(contracts_.size())]; }
    /// By the exchange's clock; now and then a little ahead.
    core::WallTime told() { return exchange_now_ + milliseconds(30) - milliseconds(random_.below(400)); }
    Receipt receipt(InputSource source = InputSource::rest) const {
        return {.source = source, .wall = clock_.now(), .steady = clock_.steady_now()};
    }
    double price() { return 100.0 + 0.1 * static_cast<double>(random_.below(20)); }

    void pass(milliseconds time) {
        clock_.advance(time);
        exchange_now_ += time;
        // Two clocks that are read one after the other never differ by quite the same.
        clock_.step_wall(milliseconds(random_.below(9)) - milliseconds(4));
        if (random_.chance(0.01)) clock_.step_wall(milliseconds(random_.below(4'000)) - milliseconds(2'000));
    }

    void scan() {
        if (random_.chance(0.2)) {
            const std::size_t i = random_.below(kContracts);
            contracts_[i] = contract(i, random_.chance(0.2) ? 10.0 : contracts_[i]->contract_size);
            both([this](MarketState& state) { state.set_contracts(contracts_); });
        }
        Universe universe;
        exchange::Bulk<market::Ticker> tickers{.by_contract = {}, .exchange_time = told()};
        for (const auto& each : contracts_) {
            market::Ticker ticker{
                .contract_code = each->contract_code, .last = price(), .turnover_24h = 5e5 * random_.pareto(1.0)};
            if (random_.chance(0.5)) ticker.time = told();
            tickers.by_contract[each->contract_code] = ticker;
            if (random_.chance(0.1)) {
                universe.exclusions.push_back({each->contract_code, "turnover_rank", ""});
            } else {
                universe.candidates.push_back({each, ticker});
            }
        }
        std::ranges::sort(universe.candidates, std::ranges::greater(),
                          [](const Candidate& each) { return each.ticker.turnover_24h; });
        both([&](MarketState& state) {
            state.drop_candles_ahead();
            state.set_universe(universe, tickers, receipt());
        });
        for (const auto& each : contracts_) {
            if (random_.chance(0.9)) read_candles(each->contract_code);
            if (random_.chance(0.9)) tell_book(each->contract_code, InputSource::rest);
        }
        tell_lists();
        both([this](MarketState& state) {
            state.exchange_clock().note(TimeSource::tickers, exchange_now_, clock_.steady_now());
            state.exchange_clock().note(TimeSource::order_book, exchange_now_ - milliseconds(3), clock_.steady_now());
            static_cast<void>(state.exchange_clock().end_pass(clock_.now(), clock_.steady_now()));
        });
    }

    void read_candles(const std::string& code) {
        const core::WallTime answered = told();
        const std::int64_t running = core::to_unix_ms(answered) / kMinuteMs * kMinuteMs;
        std::vector<market::Candle> candles;
        for (std::int64_t open = running - 20 * kMinuteMs; open <= running; open += kMinuteMs) {
            const double close = price();
            candles.push_back({open, close, close + 0.05, close - 0.05, close, 10.0 + random_.uniform()});
        }
        const bool follow = random_.chance(0.4);
        both(code, [&](ContractState& state) {
            state.candles.value.merge(candles);
            state.candles.touch(answered, receipt());
            state.candles_follow = follow;
        });
    }

    void tell_book(const std::string& code, InputSource source) {
        auto book = std::make_shared<market::OrderBook>();
        const double mid = price();
        const double half = random_.chance(0.1) ? 0.5 : 0.01;
        for (int i = 0; i < 12; ++i) {
            book->bids.push_back({mid - half - 0.01 * i, 10.0 + static_cast<double>(random_.below(100))});
            book->asks.push_back({mid + half + 0.01 * i, 10.0 + static_cast<double>(random_.below(100))});
        }
        book->exchange_time = told();
        both(code, [&](ContractState& state) {
            state.book.take(book, book->exchange_time, receipt(source));
            state.book_subscription = source == InputSource::feed ? "live" : "";
        });
    }

    void tell_index() {
        exchange::Bulk<market::IndexPrice> index{.by_contract = {}, .exchange_time = told()};
        for (const auto& each : contracts_) {
            if (random_.chance(0.05)) continue;
            // The same price as before more often than not, of a new moment.
            const double last = random_.chance(0.7) ? 100.0 : price();
            index.by_contract[each->contract_code] = {last, told()};
        }
        both([&](MarketState& state) { state.take(index); });
    }

    void tell_lists() {
        exchange::Bulk<market::FundingRate> funding{.by_contract = {}, .exchange_time = told()};
        exchange::Bulk<market::OpenInterest> interest{.by_contract = {}, .exchange_time = told()};
        for (const auto& each : contracts_) {
            funding.by_contract[each->contract_code] = {
                random_.chance(0.9) ? std::optional(1e-5 * static_cast<double>(random_.below(50))) : std::nullopt,
                exchange_now_ + milliseconds(random_.below(400'000))};
            if (random_.chance(0.9)) interest.by_contract[each->contract_code] = {1e3 * random_.uniform(), 1e5};
        }
        const bool fails = random_.chance(0.1);
        both([&](MarketState& state) {
            state.take(funding);
            state.take(interest);
            if (fails) state.fail_open_interest("no answer");
        });
        tell_index();
    }

    void happen() {
        const std::string code = any()->contract_code;
        switch (random_.below(9)) {
            case 0: return tell_book(code, InputSource::feed);
            case 1: return tell_book(code, InputSource::rest);
            case 2: return tell_index();
            case 3: {
                const market::FundingRate rate{1e-5 * static_cast<double>(random_.below(50)),
                                               exchange_now_ + milliseconds(random_.below(400'000))};
                return both([&](MarketState& state) { static_cast<void>(state.change_funding(code, rate)); });
            }
            case 4: {
                TapePrice tape{.time = told(), .last = price(), .complete = true, .subscription = "live"};
                if (random_.chance(0.1)) tape = {.subscription = "incomplete"};
                return both(code, [&](ContractState& state) { state.tape = tape; });
            }
            case 5: {
                signals::FlowNumbers numbers;
                numbers.microprice = price();
                const auto flow = std::make_shared<const signals::FlowNumbers>(numbers);
                return both(code, [&](ContractState& state) { state.flow = flow; });
            }
            case 6: {
                const core::Error error(core::ErrorCode::timeout, "no answer");
                const bool of_book = random_.chance(0.5);
                return both(code, [&](ContractState& state) {
                    if (of_book) {
                        state.book.fail(error, receipt());
                    } else {
                        state.candles.fail(error, receipt());
                    }
                });
            }
            case 7: return read_candles(code);
            default: return scan();
        }
    }

    // -- comparing

    void compare() {
        MarketReading anew = read_anew();
        const bool recorded = random_.chance(0.08);
        const bool made = cycle_.make({}, recorded ? Rhythm::recorded : Rhythm::published).has_value();
        ASSERT_EQ(made, !anew.data.empty());
        if (!made) return;
        const ranking::Ranking& ranking = *board_.current();
        const MarketReading kept = kept_state_.read(clock_.now(), clock_.steady_now(), limits_);
        ASSERT_EQ(kept.data.size(), anew.data.size());
        ASSERT_EQ(kept.exclusions, anew.exclusions);
        ASSERT_EQ(kept.flow, anew.flow);
        ASSERT_EQ(kept.next_change_at, anew.next_change_at);
        for (std::size_t i = 0; i < kept.data.size(); ++i) same_data(*kept.data[i], *anew.data[i]);
        count_kept(kept);
        const ranking::Ranking scratch = from_scratch(anew, kept, ranking, recorded);
        same_ranking(ranking, scratch);
        same_universe(anew.exclusions);
        ++compared_;
    }

    MarketReading read_anew() {
        anew_state_.forget_readings();
        return anew_state_.read(clock_.now(), clock_.steady_now(), limits_);
    }

    void count_kept(const MarketReading& reading) {
        std::map<std::string, MarketDataPtr> now;
        for (const MarketDataPtr& each : reading.data) {
            now[each->contract->contract_code] = each;
            if (before_[each->contract->contract_code] == each) ++kept_;
        }
        for (const ranking::Exclusion& each : reading.exclusions) {
            if (each.reason.starts_with("stale")) ++expired_;
        }
        before_ = std::move(now);
    }

    /// The series of the two states are objects of their own; everything else is the very same.
    static void same_data(const market::MarketData& kept, market::MarketData anew) {
        ASSERT_EQ(kept.candles->size(), anew.candles->size());
        for (std::size_t i = 0; i < kept.candles->size(); ++i) {
            const market::Candle& one = (*kept.candles)[i];
            const market::Candle& other = (*anew.candles)[i];
            ASSERT_EQ(
                std::tuple(one.open_time_ms, one.open, one.high, one.low, one.close, one.base_volume),
                std::tuple(other.open_time_ms, other.open, other.high, other.low, other.close, other.base_volume));
        }
        anew.candles = kept.candles;
        ASSERT_EQ(kept.inputs, anew.inputs) << kept.contract->contract_code;
        ASSERT_EQ(kept.data_time, anew.data_time);
        ASSERT_TRUE(kept == anew) << kept.contract->contract_code;
    }

    /// By a ranker that has ranked nothing but the recorded cycles, each of them of copies.
    ranking::Ranking from_scratch(const MarketReading& anew, const MarketReading& kept, const ranking::Ranking& ranking,
                                  bool recorded) {
        ranking::RankerInput input{.data = {}, .exclusions = anew.exclusions, .flow = anew.flow};
        for (const MarketDataPtr& each : kept.data) {
            input.data.push_back(std::make_shared<const market::MarketData>(*each));
        }
        const ranking::Ranker::Cycle cycle{
            .sequence = ranking.sequence, .time = ranking.time, .recorded = recorded, .interval = options_.interval};
        ranking::Ranker ranker;
        for (const Recorded& past : recorded_) {
            static_cast<void>(ranker.rank(past.input, options_.settings, options_.profiles, past.cycle));
        }
        if (recorded) recorded_.push_back({input, cycle});
        return ranker.rank(std::move(input), options_.settings, options_.profiles, cycle);
    }

    static void same_ranking(const ranking::Ranking& one, const ranking::Ranking& other) {
        ASSERT_EQ(one.contracts.size(), other.contracts.size());
        ASSERT_EQ(one.exclusions, other.exclusions);
        ASSERT_EQ(one.excluded_by_reason, other.excluded_by_reason);
        ASSERT_EQ(one.has_flow, other.has_flow);
        for (std::size_t i = 0; i < one.contracts.size(); ++i) {
            const ranking::ContractSnapshot& left = one.contract(i);
            const ranking::ContractSnapshot& right = other.contract(i);
            ASSERT_TRUE(left.data == right.data);
            for (const signals::NumberField& field : signals::kNumbers) {
                ASSERT_EQ(field.get(one.numbers_view(i)), field.get(other.numbers_view(i))) << field.name;
            }
            ASSERT_EQ(one.numbers_view(i).unknown, other.numbers_view(i).unknown);
            ASSERT_EQ(left.numbers.manipulation.manip_flags, right.numbers.manipulation.manip_flags);
            ASSERT_EQ(left.numbers.manipulation.probability, right.numbers.manipulation.probability);
            ASSERT_EQ(left.spread_history, right.spread_history);
            ASSERT_EQ(left.notes, right.notes);
            ASSERT_EQ(age_at_ranking(one, left), age_at_ranking(other, right));
        }
        ASSERT_EQ(one.ranked.size(), other.ranked.size());
        for (const auto& [profile, entries] : one.ranked) {
            const auto& others = other.ranked.at(profile);
            ASSERT_EQ(entries.size(), others.size());
            for (std::size_t i = 0; i < entries.size(); ++i) {
                ASSERT_EQ(entries[i].contract, others[i].contract) << profile;
                ASSERT_EQ(entries[i].score, others[i].score);
                ASSERT_EQ(entries[i].rank, others[i].rank);
                ASSERT_EQ(entries[i].rank_delta, others[i].rank_delta);
                ASSERT_EQ(entries[i].components, others[i].components);
            }
        }
    }

    /// The list of contracts and the health of each, made from nothing that was kept.
    void same_universe(const std::vector<ranking::Exclusion>& exclusions) {
        std::vector<UniverseEntry> listed = board_.universe();
        ASSERT_EQ(listed.size(), contracts_.size());
        for (const UniverseEntry& entry : listed) {
            const std::string& code = entry.contract->contract_code;
            const auto contract = std::ranges::find(contracts_, entry.contract);
            ASSERT_NE(contract, contracts_.end()) << code;
            const auto excluded = std::ranges::find(exclusions, code, &ranking::Exclusion::contract_code);
            ASSERT_EQ(entry.scanned, excluded == exclusions.end()) << code;
            ASSERT_EQ(entry.reason, entry.scanned ? "" : excluded->reason);
            ASSERT_EQ(entry.detail, entry.scanned ? "" : excluded->detail);
            ASSERT_EQ(entry.last_price, kept_state_.tickers().at(code).last);
        }
        for (const ranking::ContractSnapshotPtr& each : board_.current()->contracts) {
            seen_[each->data.contract->symbol] = each->data.data_time;
        }
        const HealthDetails health = board_.health();
        ASSERT_EQ(health.symbols.size(), seen_.size());
        for (const SymbolHealth& symbol : health.symbols) ASSERT_EQ(symbol.last_seen, seen_.at(symbol.symbol));
    }

    core::Random random_;
    core::ManualClock clock_{kStart + seconds(7)};  // not the exchange's
    core::WallTime exchange_now_ = kStart;
    InputLimits limits_;
    Contracts contracts_;
    MarketState kept_state_{1, 30};
    MarketState anew_state_{1, 30};
    EngineObserver observer_;
    RankingBoard board_{clock_, {}, [] { return exchange::ExchangeStatus(); }};
    RankingCycleOptions options_;
    RankingCycle cycle_{clock_, kept_state_, board_, observer_, {}};
    std::vector<Recorded> recorded_;
    std::map<std::string, MarketDataPtr> before_;
    std::map<std::string, core::WallTime> seen_;
    std::size_t compared_ = 0;
    std::size_t kept_ = 0;
    std::size_t expired_ = 0;
};

void follow(bool with_feed) {
    std::size_t compared = 0;
    std::size_t kept = 0;
    std::size_t expired = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        RandomMarket market(seed, with_feed);
        for (int step = 0; step < 100; ++step) {
            SCOPED_TRACE(fmt::format("step {}", step));
            market.step();
            if (testing::Test::HasFatalFailure()) return;
        }
        compared += market.compared();
        kept += market.kept();
        expired += market.expired();
    }
    EXPECT_GT(compared, 800U);
    EXPECT_GT(kept, 1'500U) << "most contracts stay what they were";
    EXPECT_GT(expired, 100U) << "and some become stale by themselves";
}

TEST(IncrementalRanking, is_what_everything_anew_makes_with_a_feed) {
    follow(true);
}

TEST(IncrementalRanking, is_what_everything_anew_makes_without_one) {
    follow(false);
}

}  // namespace
}  // namespace scanner::engine
