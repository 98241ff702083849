#pragma once

#include "engine/feed/feed_source.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/engine/engine_view.hpp"
#include "scanner/market/live_book.hpp"
#include "scanner/market/market.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::engine {

/// Why a book is asked for beside the feed.
enum class BookReading : std::uint8_t {
    audit,      ///< to compare the live one, which rests, with it
    routine,    ///< to compare with it what the live one, which moves, was under the answer's number
    fall_back,  ///< to have one at all
};

struct BookTask {
    std::shared_ptr<const market::Contract> contract;
    BookReading reading = BookReading::audit;
    bool urgent = false;  ///< there is reason to doubt the live one

    static void persist(auto& self, auto& archive) {
        archive(self.contract, self.reading, self.urgent);
        archive.require(self.contract != nullptr && self.reading <= BookReading::fall_back);
    }
};

/// A live book that must be given up.
struct OverdueBook {
    std::string contract_code;
    std::string_view why;
};

/// Whether two books show the same, as far down as both go.
[[nodiscard]] bool same_levels(const market::LiveBook& live, const market::OrderBook& other);
[[nodiscard]] bool same_levels(const market::OrderBook& kept, const market::OrderBook& other);

/// Decides which book is asked for next, and what the answer says of the live one.
///
/// An open connection proves nothing for a topic, and a topic that rests looks like one that has stalled. So a live
/// book that no frame has confirmed for some seconds is compared with what the exchange's other interface shows, those
/// that have rested for longest first; at once where trades go by a book that does not move. Contracts without a live
/// book get one that way, those that have gone without for longest first. A book that moves takes its turn when nothing
/// else is to be asked: wrong levels deep in it would go unseen for as long as they do not change. Pure: time is an
/// argument. One thread.
class BookAudit {
public:
    /// A live book is asked about after this much silence...
    static constexpr std::chrono::seconds kRestAfter{5};
    /// ... or, where the tape trades, after this much.
    static constexpr std::chrono::milliseconds kTradesGoBy{500};
    /// One that moves is asked about so long after the last time.
    static constexpr std::chrono::seconds kRoutineEvery{10};
    /// A live book that has gone unconfirmed for longer is given up: with the second that a ranking may take to say so,
    /// no book that is called live has rested unconfirmed for 30 s...
    static constexpr std::chrono::seconds kMaxSilence{28};
    /// ... or is 2 s behind a tape that trades.
    static constexpr std::chrono::milliseconds kMaxTradesGoBy{1'500};
    /// A book whose frames have come late for so long is subscribed anew.
    static constexpr std::chrono::seconds kMaxLateness{3};
    /// Between two readings of a book that is not live.
    static constexpr std::chrono::seconds kFallBackEvery{3};

    using Followed = FollowedContracts;

    /// Who reads the books of contracts without a live one.
    enum class Others : std::uint8_t {
        fall_back,  ///< this one, beside the scan: the feed is followed
        left_alone  ///< the scan alone: no feed is there
    };
    /// The next one to ask for; empty while all is well. It is under way until `judge` or `failed`.
    [[nodiscard]] std::optional<BookTask> next(const Followed& followed, core::SteadyTime now,
                                               Others others = Others::fall_back);
    /// Live books that nothing has confirmed for too long.
    [[nodiscard]] static std::vector<OverdueBook> overdue(const Followed& followed, core::SteadyTime now);

    /// What `answer`, asked for by the last `next` of this contract, says of its live book. `live` may have become
    /// nullptr meanwhile. `kept`: the live one as it was under the answer's number, where that is known.
    [[nodiscard]] AuditResult judge(const FollowedContract& contract, const market::LiveBook* live,
                                    const market::OrderBook& answer, core::SteadyTime now,
                                    const market::OrderBook* kept = nullptr);
    /// No answer came.
    void failed(const std::string& contract_code, core::SteadyTime now);
    /// The answer to a fall-back came.
    void took(const std::string& contract_code, core::SteadyTime now);

    static void persist(auto& self, auto& archive) { archive(self.records_); }

private:
    struct Record {
        bool under_way = false;
        std::optional<core::SteadyTime> asked;
        std::optional<core::SteadyTime> without_since;  ///< not live since, or since the last reading
        std::optional<core::SteadyTime> differed;       ///< the last audit that said something, and it differed
        bool differed_by_number = false;                ///< that one, of two books of one number
        core::SteadyTime audited;                       ///< when one last agreed; at first when the contract was seen

        static void persist(auto& self, auto& archive) {
            archive(self.under_way, self.asked, self.without_since, self.differed, self.differed_by_number,
                    self.audited);
        }
    };

    [[nodiscard]] static AuditResult compare(const FollowedContract& contract, const market::LiveBook* live,
                                             const market::OrderBook& answer, core::SteadyTime asked);

    std::unordered_map<std::string, Record> records_;
};

}  // namespace scanner::engine
