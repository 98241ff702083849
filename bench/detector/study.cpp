// Plays the simulator's own market, with planted scenarios and their twins, through the detectors of every contract, in
// simulated time. Writes what they said every few seconds beside the truth, for bench/detector/report.py.
//
//   detector-study --seeds 1-8 --hours 8 --contracts 24 --prevalence 0.03 --input feed|poll --out FILE
#include "observer.hpp"
#include "simulator/market.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/ranking/ranker.hpp"
#include "scanner/signals/detect/contract_detectors.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
using scanner::core::WallTime;
namespace market = scanner::market;
namespace signals = scanner::signals;
namespace simulator = scanner::simulator;
using scanner::bench::Observed;
using scanner::bench::Observer;

constexpr WallTime kStart{std::chrono::milliseconds(1'790'000'040'000)};
constexpr auto kFeedStep = 100ms;
constexpr auto kSample = 5s;
constexpr auto kPoll = 5s;
constexpr auto kOpenInterest = 15s;
constexpr std::size_t kLevels = 150;
constexpr std::size_t kPolledLevels = 20;
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

struct Options {
    std::uint64_t first_seed = 1;
    std::uint64_t last_seed = 1;
    int hours = 8;
    int contracts = 24;
    double prevalence = 0.03;
    bool feed = true;
    std::vector<std::string> scenarios{"all"};
    std::string out = "study.bin";
};

/// One line of the file: what was true and what was said, at one moment of one contract. Packed by its own order.
struct Row {
    std::uint32_t seed = 0;
    std::uint32_t contract = 0;
    std::uint32_t second = 0;
    std::uint32_t episode = 0;  ///< 0: nothing is played
    std::uint32_t label = 0;    ///< place in the file's list of labels
    std::uint32_t manipulation = 0;
    float turnover = 0.0F;  ///< of 24 h, USDT
    float intensity = 0.0F;
    float score = kNone;
    float probability = kNone;
    float volume_z = kNone;
    float kamps_kleinberg = 0.0F;
    float seed_model = kNone;
    Observed observed;
    std::array<float, signals::kDetectorFlagCount> severities{};
};
static_assert(sizeof(Row) == 4 * (18 + signals::kDetectorFlagCount));

market::Level to_level(const simulator::BookLevel& level, const market::Contract& contract) {
    return {simulator::price_from_ticks(level.price_ticks, contract.price_tick),
            static_cast<double>(level.contracts) * contract.contract_size};
}

/// The volume of the last minute against the twelve hours before, as everyone's first idea; and Kamps and Kleinberg
/// (2018): volume and price both over a moving average of the last twelve hours by a factor.
class Baselines {
public:
    void add(const simulator::SimulatedCandle& candle) {
        history_.push_back(candle);
        while (history_.size() > 720) history_.pop_front();
    }
    void judge(const simulator::SimulatedCandle& running, double minute_share, Row& row) const {
        if (history_.size() < 60) return;
        double sum = 0.0;
        double squares = 0.0;
        double price = 0.0;
        for (const auto& candle : history_) {
            const auto volume = static_cast<double>(candle.doubled_contracts);
            sum += volume;
            squares += volume * volume;
            price += candle.close;
        }
        const auto count = static_cast<double>(history_.size());
        const double mean = sum / count;
        const double deviation = std::sqrt(std::max(squares / count - mean * mean, 1e-9));
        const double volume = static_cast<double>(running.doubled_contracts) +
                              (1.0 - minute_share) * static_cast<double>(history_.back().doubled_contracts);
        row.volume_z = static_cast<float>((volume - mean) / deviation);
        const double rise = running.close / (price / count);
        row.kamps_kleinberg = static_cast<float>(std::min(volume / std::max(mean, 1e-9) / 4.0, rise / 1.05));
    }

private:
    std::deque<simulator::SimulatedCandle> history_;
};

class Contract {
public:
    Contract(const simulator::SimulatedMarket& world, std::size_t place)
        : world_(world), place_(place), contract_(world.contracts()[place].contract) {
        told_fills_ = world.fill_count(place);
    }

    void feed(WallTime now) {
        tell_trades(now);
        const auto id = world_.matching_id(place_);
        if (id == matching_id_) return;
        matching_id_ = id;
        read_book(kLevels);
        book_.reset({.bids = bids_, .asks = asks_, .exchange_time = now, .matching_id = id});
        detectors_.on_book(book_, now);
        observer_.book(bids_, asks_);
    }
    void poll(WallTime now) {
        read_book(kPolledLevels);
        const market::OrderBook book{.bids = bids_, .asks = asks_, .exchange_time = now, .matching_id = 0};
        detectors_.on_polled_book(book, now);
        tell_trades(now);
    }
    void tell_references(WallTime now) {
        observer_.second(world_.index_price(place_));
        detectors_.on_index(world_.index_price(place_), now);
        const auto funding = world_.funding(place_);
        detectors_.on_funding(funding.rate, funding.funding_time, now);
    }
    void tell_open_interest(WallTime now) {
        detectors_.on_open_interest(
            static_cast<double>(world_.open_interest_contracts(place_)) * contract_.contract_size, now);
    }
    void end_minute() {
        const auto newest = world_.minute_candles(place_, 2);
        if (newest.size() == 2) baselines_.add(newest.front());
    }
    void sample(WallTime now, Row& row) {
        const signals::Verdict& verdict = detectors_.verdict(now);
        row.score = static_cast<float>(verdict.score.value_or(std::nan("")));
        row.probability = static_cast<float>(verdict.probability.value_or(std::nan("")));
        for (std::size_t i = 0; i < row.severities.size(); ++i) {
            const bool unknown = verdict.unknown.has(signals::kDetectorFlags[i].flag);
            row.severities[i] = unknown ? kNone : static_cast<float>(verdict.severities[i]);
        }
        row.observed = observer_.take();
        row.turnover = static_cast<float>(world_.ticker(place_).doubled_turnover_24h);
        const auto running = world_.minute_candles(place_, 1);
        const double share = static_cast<double>((now.time_since_epoch() % 60s).count()) / 60'000.0;
        if (!running.empty()) baselines_.judge(running.back(), share, row);
    }
    [[nodiscard]] market::MarketData data(WallTime now) {
        read_book(kPolledLevels);
        market::MarketData data;
        data.contract = std::make_shared<market::Contract>(contract_);
        data.order_book = std::make_shared<market::OrderBook>(
            market::OrderBook{.bids = bids_, .asks = asks_, .exchange_time = now, .matching_id = 0});
        auto candles = std::make_shared<std::vector<market::Candle>>();
        for (const auto& candle : world_.minute_candles(place_, 61)) {
            candles->push_back(
                {.open_time_ms = candle.open_time_sec * 1000,
                 .open = candle.open,
                 .high = candle.high,
                 .low = candle.low,
                 .close = candle.close,
                 .base_volume = static_cast<double>(candle.doubled_contracts) * contract_.contract_size});
        }
        data.closed_candles = candles->empty() ? 0 : candles->size() - 1;
        data.candles = std::move(candles);
        const auto ticker = world_.ticker(place_);
        data.ticker.contract_code = contract_.contract_code;
        if (!bids_.empty()) data.ticker.bid = bids_.front();
        if (!asks_.empty()) data.ticker.ask = asks_.front();
        data.ticker.last = ticker.last;
        data.ticker.time = now;
        data.ticker.base_volume_24h = static_cast<double>(ticker.doubled_contracts_24h) * contract_.contract_size;
        data.ticker.turnover_24h = ticker.doubled_turnover_24h;
        data.funding_rate = world_.funding(place_).rate;
        data.open_interest = static_cast<double>(world_.open_interest_contracts(place_)) * contract_.contract_size;
        data.index_price = world_.index_price(place_);
        data.data_time = now;
        return data;
    }
    [[nodiscard]] const std::string& code() const { return contract_.contract_code; }
    std::vector<signals::Episode> take_episodes() { return detectors_.take_episode_changes(); }
    [[nodiscard]] signals::ContractDetectors& detectors() { return detectors_; }

private:
    void tell_trades(WallTime now) {
        const auto fills = world_.fill_count(place_);
        const auto fresh = world_.trades(place_, static_cast<std::size_t>(fills - told_fills_));
        trades_.clear();
        for (const auto& fill : fresh) {
            trades_.push_back({.trade_id = fill.match_id * 10'000 + fill.fill_index,
                               .price = simulator::price_from_ticks(fill.price_ticks, contract_.price_tick),
                               .size = static_cast<double>(fill.doubled_contracts) * contract_.contract_size,
                               .taker_side = fill.taker_side,
                               .time = fill.time});
            if (fill.liquidation) {
                detectors_.on_liquidation(fill.taker_side, trades_.back().price * trades_.back().size / 2.0, now);
            }
        }
        told_fills_ = fills;
        for (const market::Trade& trade : trades_) {
            observer_.trade(trade, bids_.empty() ? 0.0 : bids_.front().price,
                            asks_.empty() ? 0.0 : asks_.front().price);
        }
        if (!trades_.empty() || now.time_since_epoch() % 1s == 0ms) detectors_.on_trades(trades_, now);
    }
    void read_book(std::size_t levels) {
        const auto state = world_.book(place_, levels);
        bids_.clear();
        asks_.clear();
        for (const auto& level : state.bids) bids_.push_back(to_level(level, contract_));
        for (const auto& level : state.asks) asks_.push_back(to_level(level, contract_));
    }

    const simulator::SimulatedMarket& world_;
    std::size_t place_;
    market::Contract contract_;
    std::int64_t matching_id_ = -1;
    std::uint64_t told_fills_ = 0;
    std::vector<market::Level> bids_;
    std::vector<market::Level> asks_;
    std::vector<market::Trade> trades_;
    market::LiveBook book_;
    signals::ContractDetectors detectors_;
    Baselines baselines_;
    Observer observer_;
};

class Study {
public:
    Study(const Options& options, std::FILE* out) : options_(options), out_(out) {}

    void play(std::uint64_t seed) {
        const auto world = simulator::make_market({.contracts = options_.contracts,
                                                   .seed = seed,
                                                   .start = kStart,
                                                   .scenarios = options_.scenarios,
                                                   .prevalence = options_.prevalence});
        std::vector<std::unique_ptr<Contract>> contracts;
        std::map<std::string, std::size_t, std::less<>> places;
        for (std::size_t i = 0; i < static_cast<std::size_t>(options_.contracts); ++i) {
            contracts.push_back(std::make_unique<Contract>(*world, i));
            places[contracts.back()->code()] = i;
        }
        std::vector<simulator::Label> labels(contracts.size());
        scanner::ranking::Ranker ranker;
        std::vector<float> seed_scores(contracts.size(), kNone);
        std::uint64_t cycle = 0;
        WallTime labelled = kStart;
        const auto step = options_.feed ? std::chrono::milliseconds(kFeedStep) : std::chrono::milliseconds(kPoll);
        for (WallTime now = kStart + step; now <= kStart + std::chrono::hours(options_.hours); now += step) {
            world->advance(now);
            const auto since = now - kStart;
            for (auto& contract : contracts) {
                // The order of a real feed: references once a second, trades as they happen, then the book they left.
                if (since % 1s == 0ms) contract->tell_references(now);
                options_.feed ? contract->feed(now) : contract->poll(now);
                if (since % kOpenInterest == 0ms) contract->tell_open_interest(now);
                if (now.time_since_epoch() % 60s == 0ms) contract->end_minute();
            }
            if (since % (options_.feed ? 1s : kPoll) == 0ms) compare_books(contracts, now);
            if (since % 15s == 0ms) rank(ranker, contracts, now, ++cycle, seed_scores);
            if (since % kSample != 0ms) continue;
            std::map<std::size_t, simulator::Label> current;
            for (auto& label : world->labels(labelled)) current[places.at(label.contract_code)] = label;
            labelled = now;
            for (std::size_t i = 0; i < contracts.size(); ++i) {
                Row row{.seed = static_cast<std::uint32_t>(seed),
                        .contract = static_cast<std::uint32_t>(i),
                        .second = static_cast<std::uint32_t>(since / 1s)};
                if (const auto label = current.find(i); label != current.end()) {
                    row.episode = static_cast<std::uint32_t>(label->second.episode);
                    row.label = place_of(label->second.kind);
                    row.manipulation = label->second.manipulation ? 1 : 0;
                    row.intensity = static_cast<float>(label->second.intensity);
                }
                contracts[i]->sample(now, row);
                row.seed_model = seed_scores[i];
                std::fwrite(&row, sizeof row, 1, out_);
            }
        }
    }
    [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }

private:
    std::uint32_t place_of(const std::string& label) {
        const auto found = std::ranges::find(labels_, label);
        if (found == labels_.end()) labels_.push_back(label);
        return static_cast<std::uint32_t>(std::ranges::find(labels_, label) - labels_.begin());
    }
    /// As the daemon does.
    static void compare_books(std::vector<std::unique_ptr<Contract>>& contracts, WallTime now) {
        std::vector<double> thinnings;
        for (auto& contract : contracts) {
            if (const auto one = contract->detectors().thinning(now)) thinnings.push_back(*one);
        }
        if (thinnings.size() < 5) return;
        const auto middle = thinnings.begin() + static_cast<std::ptrdiff_t>(thinnings.size() / 2);
        std::ranges::nth_element(thinnings, middle);
        for (auto& contract : contracts) contract->detectors().on_market_thinning(*middle, now);
    }
    void rank(scanner::ranking::Ranker& ranker, std::vector<std::unique_ptr<Contract>>& contracts, WallTime now,
              std::uint64_t cycle, std::vector<float>& scores) const {
        scanner::ranking::RankerInput input;
        for (auto& contract : contracts) {
            input.data.push_back(std::make_shared<const scanner::market::MarketData>(contract->data(now)));
        }
        const auto ranking = ranker.rank(std::move(input), {}, {}, {.sequence = cycle, .time = now});
        for (const auto& snapshot : ranking.contracts) {
            const auto found = std::ranges::find_if(
                contracts, [&](const auto& one) { return one->code() == snapshot->data.contract->contract_code; });
            if (found == contracts.end()) continue;
            scores[static_cast<std::size_t>(found - contracts.begin())] =
                static_cast<float>(snapshot->numbers.manipulation.manip_score);
        }
    }

    const Options& options_;
    std::FILE* out_;
    std::vector<std::string> labels_;
};

template <class T>
bool number(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

bool read(int count, char** arguments, Options& options) {
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view name = arguments[i];
        const std::string_view value = arguments[i + 1];
        bool good = true;
        if (name == "--seeds") {
            const auto dash = value.find('-');
            good = number(value.substr(0, dash), options.first_seed);
            options.last_seed = options.first_seed;
            if (good && dash != std::string_view::npos) good = number(value.substr(dash + 1), options.last_seed);
        } else if (name == "--hours") {
            good = number(value, options.hours);
        } else if (name == "--contracts") {
            good = number(value, options.contracts) && options.contracts > 0 && options.contracts <= 400;
        } else if (name == "--prevalence") {
            good = number(value, options.prevalence);
        } else if (name == "--input") {
            good = value == "feed" || value == "poll";
            options.feed = value == "feed";
        } else if (name == "--scenario") {
            options.scenarios = {std::string(value)};
        } else if (name == "--out") {
            options.out = value;
        } else {
            good = false;
        }
        if (!good) return false;
    }
    return count % 2 == 1;
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    if (!read(count, arguments, options)) {
        std::fputs(
            "usage: detector-study --seeds 1-8 --hours 8 --contracts 24 --prevalence 0.03 --input feed|poll "
            "--scenario all --out FILE\n",
            stderr);
        return 2;
    }
    std::FILE* const out = std::fopen(options.out.c_str(), "wb");
    if (out == nullptr) {
        std::perror(options.out.c_str());
        return 1;
    }
    Study study(options, out);
    for (std::uint64_t seed = options.first_seed; seed <= options.last_seed; ++seed) study.play(seed);
    const bool written = std::fclose(out) == 0;
    // The names that the rows' numbers stand for.
    std::printf("labels");
    for (const auto& label : study.labels()) std::printf(" %s", label.c_str());
    std::printf("\nflags");
    for (const auto& flag : signals::kDetectorFlags) std::printf(" %s", std::string(flag.name).c_str());
    std::printf("\n");
    return written ? 0 : 1;
}
