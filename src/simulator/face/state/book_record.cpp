#include "simulator/face/state/book_record.hpp"

#include "simulator/face/state/book_changes.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace scanner::simulator::face {

using market::Side;

bool BookRecord::look(const SimulatedMarket& market, std::size_t contract) {
    if (looked_ && market.matching_id(contract) == newest_.matching_id) return false;
    BookState book = market.book(contract, kLevels);
    if (looked_) {
        Step step{
            .matching_id = newest_.matching_id, .time = newest_.time, .left = market.now(), .bids = {}, .asks = {}};
        append_changes(book.bids, newest_.bids, Side::buy, step.bids);
        append_changes(book.asks, newest_.asks, Side::sell, step.asks);
        steps_.push_back(std::move(step));
        while (steps_.size() > kMaxKept || steps_.front().left < market.now() - kKept) steps_.pop_front();
    }
    looked_ = true;
    newest_ = std::move(book);
    return true;
}

std::optional<BookState> BookRecord::at(std::int64_t matching_id) const {
    if (!looked_ || matching_id > newest_.matching_id) return std::nullopt;
    BookState book = newest_;
    for (const Step& step : steps_ | std::views::reverse) {
        if (book.matching_id <= matching_id) break;
        apply_changes(step.bids, Side::buy, book.bids);
        apply_changes(step.asks, Side::sell, book.asks);
        book.matching_id = step.matching_id;
        book.time = step.time;
    }
    if (book.matching_id != matching_id) return std::nullopt;
    return book;
}

std::optional<WallTime> BookRecord::superseded(std::int64_t matching_id) const {
    const auto step = std::ranges::lower_bound(steps_, matching_id, {}, &Step::matching_id);
    if (step == steps_.end() || step->matching_id != matching_id) return std::nullopt;
    return step->left;
}

}  // namespace scanner::simulator::face
