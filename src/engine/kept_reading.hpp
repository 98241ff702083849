#pragma once

#include "engine/index_ring.hpp"
#include "engine/input_ages.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"
#include "scanner/ranking/ranker.hpp"
#include "scanner/ranking/ranking.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::engine {

/// What a live tape says of a contract's price.
struct TapePrice {
    std::optional<core::WallTime> time;  ///< of the last trade, by the exchange's clock; empty before the first
    double last = 0.0;                   ///< its price
    bool complete = false;               ///< every trade since its subscription was told, or filled in since
    std::string_view subscription;       ///< a literal; empty while no feed is asked for it

    friend bool operator==(const TapePrice&, const TapePrice&) = default;
};

/// Everything of a contract's own that its reading is made of, in a form that is quick to compare: what is big is
/// compared by where it is, and kept so that nothing else can be there.
struct ReadingKey {
    std::shared_ptr<const market::Contract> contract;
    std::uint64_t ticker = 0;  ///< version of its slot, here and below
    std::uint64_t book = 0;    ///< and of the subscription beside it
    std::uint64_t candles = 0;
    std::shared_ptr<const std::vector<market::Candle>> series;
    bool candles_follow = false;
    double latency_ms = 0.0;
    std::string_view book_subscription;
    TapePrice tape;

    friend bool operator==(const ReadingKey&, const ReadingKey&) = default;
};

/// The rows of the lists that a reading is made of, by value: the lists change under them.
class SeenRows {
public:
    SeenRows() = default;
    explicit SeenRows(const ListRows& rows);
    /// Whether a reading of `rows` would say the same.
    [[nodiscard]] bool same_as(const ListRows& rows) const;

private:
    template <class T>
    struct Seen {
        std::optional<T> value;
        core::WallTime list_time;
        std::string problem;
    };
    template <class T>
    [[nodiscard]] static Seen<T> seen(const ListRow<T>& row);
    template <class T>
    [[nodiscard]] static bool same(const Seen<T>& seen, const ListRow<T>& row);

    Seen<market::FundingRate> funding_;
    Seen<market::OpenInterest> open_interest_;
    Seen<market::IndexPrice> index_;
};

/// Versions of the lists: a number each that grows when anything of one changes.
struct ListVersions {
    std::uint64_t funding = 0;
    std::uint64_t open_interest = 0;
    std::uint64_t index = 0;

    friend bool operator==(const ListVersions&, const ListVersions&) = default;
};

/// The last reading of a contract, and for how long it stays what it is. Nothing has to be marked as changed: what a
/// reading was made of is compared with what there is, so that no writer can forget it.
class KeptReading {
public:
    /// What was read and when.
    struct Made {
        ReadingKey key;
        SeenRows rows;
        ListVersions lists;
        std::optional<core::WallTime> priced_at;  ///< PriceTimes::priced_at that it was judged with
        Holding holding;
    };

    /// The reading, where the contract may be published; the same object for as long as it says the same.
    [[nodiscard]] const ranking::MarketDataPtr& data() const { return data_; }
    /// Why it may not be; empty where it may.
    [[nodiscard]] const std::optional<ranking::Exclusion>& exclusion() const { return exclusion_; }
    [[nodiscard]] std::optional<core::WallTime> priced_at() const { return made_.priced_at; }
    [[nodiscard]] const Holding& holding() const { return made_.holding; }
    /// The inputs of the last reading that could be published: what was true at a moment stays true at that moment.
    [[nodiscard]] const market::Inputs* published_inputs() const { return last_ ? &last_->inputs : nullptr; }

    /// Whether reading again at `now` would bring the same, but for the rows of the lists.
    [[nodiscard]] bool holds(const ReadingKey& key, const JudgingTime& now) const;
    /// Whether the lists are the very same as when it was made; else ask `has_rows`.
    [[nodiscard]] bool has_lists(const ListVersions& lists) const { return made_.lists == lists; }
    /// Whether the rows are the same; then they are taken for those of `lists`.
    [[nodiscard]] bool has_rows(const ListRows& rows, const ListVersions& lists);

    void take(Made made, market::MarketData data);
    void exclude(Made made, ranking::Exclusion exclusion);
    /// The next reading is made anew. What it brings stays the same object where it says the same.
    void forget() { is_made_ = false; }

    /// As it is once it was forgotten: what the next reading is compared with.
    static void persist(auto& self, auto& archive) { archive(self.last_); }

private:
    Made made_;
    bool is_made_ = false;
    ranking::MarketDataPtr data_;  ///< nullptr: excluded
    ranking::MarketDataPtr last_;  ///< the last that was not excluded
    std::optional<ranking::Exclusion> exclusion_;
    /// Own time minus the exchange's, within which no moment of the reading moves.
    std::chrono::milliseconds least_skew_ = std::chrono::milliseconds::min();
    std::chrono::milliseconds greatest_skew_ = std::chrono::milliseconds::max();
};

/// Two clocks that are read one after the other, and one of them slowed down for safety, tell the same moment a little
/// differently each time. What was true at a moment stays true at that moment: else every reading would be a new one.
inline constexpr std::chrono::milliseconds kClockJitter{20};

}  // namespace scanner::engine
