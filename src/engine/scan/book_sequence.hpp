#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/market/market.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace scanner::engine {

/// Remembers the newest order book of each contract by its matching id, which only grows: a book with a lower one is
/// older than that newest one, whatever time it claims (a cache that stamps what it keeps). Ids that begin anew, after
/// maintenance, are believed as soon as they grow. Pure.
class BookSequence {
public:
    /// When `book` can have stood like this at the latest.
    [[nodiscard]] core::WallTime time_of(const std::string& contract_code, const market::OrderBook& book) {
        if (book.matching_id <= 0) return book.exchange_time;
        Newest& newest =
            newest_.try_emplace(contract_code, Newest{book.matching_id, book.exchange_time, {}}).first->second;
        const bool begins_anew = newest.lower && book.matching_id > *newest.lower;
        if (book.matching_id >= newest.matching_id || begins_anew) {
            newest = {book.matching_id, book.exchange_time, {}};
            return book.exchange_time;
        }
        newest.lower = book.matching_id;
        return std::min(book.exchange_time, newest.time);
    }

    template <class Gone>
    void forget(Gone gone) {
        std::erase_if(newest_, [&](const auto& entry) { return gone(entry.first); });
    }

    static void persist(auto& self, auto& archive) { archive(self.newest_); }

private:
    struct Newest {
        std::int64_t matching_id = 0;
        core::WallTime time;
        std::optional<std::int64_t> lower;  ///< of the book that came after it and was older

        static void persist(auto& self, auto& archive) { archive(self.matching_id, self.time, self.lower); }
    };
    std::unordered_map<std::string, Newest> newest_;
};

}  // namespace scanner::engine
