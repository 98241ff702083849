#include "engine/feed/book_audit.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace scanner::engine {
namespace {

using exchange::BookState;

/// Sizes are products of contracts and contract size: the two ways may differ in the last digits.
constexpr double kRounding = 1e-9;
/// An answer takes a while; the same contract is not asked for again before.
constexpr std::chrono::seconds kAskAgain{1};
/// ... but sooner where there is doubt.
constexpr std::chrono::milliseconds kAskAgainInDoubt{500};

bool same(double a, double b) {
    return std::abs(a - b) <= kRounding * std::max(std::abs(a), std::abs(b));
}

bool same_side(std::span<const market::Level> a, std::span<const market::Level> b) {
    const std::size_t common = std::min(a.size(), b.size());
    if (common == 0) return a.size() == b.size();
    for (std::size_t i = 0; i < common; ++i) {
        if (!same(a[i].price, b[i].price) || !same(a[i].size, b[i].size)) return false;
    }
    return true;
}

bool trades_go_by(const FollowedContract& contract, core::SteadyTime now, core::SteadyTime::duration time) {
    return contract.traded && *contract.traded > contract.confirmed && now - contract.traded_read >= time;
}

}  // namespace

bool same_levels(const market::OrderBook& kept, const market::OrderBook& other) {
    return same_side(kept.bids, other.bids) && same_side(kept.asks, other.asks);
}

bool same_levels(const market::LiveBook& live, const market::OrderBook& other) {
    return same_side(live.bids(), other.bids) && same_side(live.asks(), other.asks);
}

std::optional<BookTask> BookAudit::next(const Followed& followed, core::SteadyTime now, Others others) {
    std::erase_if(records_, [&](const auto& entry) { return !followed.contains(entry.first); });
    // The smaller the more urgent; among equals the one that has waited for longest.
    enum Urgency : std::uint8_t { doubted, without, rests, moves };
    const FollowedContract* best = nullptr;
    Record* best_record = nullptr;
    Urgency best_urgency = moves;
    core::SteadyTime best_since;
    BookReading reading = BookReading::audit;
    for (const auto& [code, contract] : followed) {
        Record& record = records_.try_emplace(code, Record{.audited = now}).first->second;
        if (contract.book == BookState::live) {
            record.without_since.reset();
        } else if (!record.without_since) {
            record.without_since = now;
        }
        const bool doubt = !record.without_since && (record.differed || trades_go_by(contract, now, kTradesGoBy));
        const core::SteadyTime::duration pause = doubt ? core::SteadyTime::duration(kAskAgainInDoubt) : kAskAgain;
        if (record.under_way || (record.asked && now - *record.asked < pause)) continue;
        Urgency urgency = rests;
        core::SteadyTime since = contract.confirmed;
        if (record.without_since) {
            // No ranking waits for one that is looked at, and who looks asks for it.
            if (others == Others::left_alone || contract.on_demand) continue;
            if (now - *record.without_since < kFallBackEvery) continue;
            urgency = without;
            since = *record.without_since;
        } else {
            if (doubt) {
                urgency = doubted;
            } else if (now - contract.confirmed < kRestAfter) {
                if (now - record.audited < kRoutineEvery) continue;
                urgency = moves;
                since = record.asked.value_or(record.audited);
            }
        }
        if (best != nullptr && (urgency > best_urgency || (urgency == best_urgency && since >= best_since))) continue;
        best = &contract;
        best_record = &record;
        best_urgency = urgency;
        best_since = since;
        const bool by_number = urgency == moves || (urgency == doubted && record.differed && record.differed_by_number);
        reading = urgency == without ? BookReading::fall_back : by_number ? BookReading::routine : BookReading::audit;
    }
    if (best == nullptr) return std::nullopt;
    best_record->under_way = true;
    best_record->asked = now;
    return BookTask{.contract = best->contract, .reading = reading, .urgent = best_urgency == doubted};
}

std::vector<OverdueBook> BookAudit::overdue(const Followed& followed, core::SteadyTime now) {
    std::vector<OverdueBook> books;
    for (const auto& [code, contract] : followed) {
        if (contract.book != BookState::live) continue;
        if (contract.late_since && now - *contract.late_since > kMaxLateness) {
            books.push_back({code, "its frames come late"});
        } else if (trades_go_by(contract, now, kMaxTradesGoBy)) {
            books.push_back({code, "trades go by, and nothing has confirmed it"});
        } else if (now - contract.confirmed > kMaxSilence) {
            books.push_back({code, "neither a frame nor an audit has confirmed it"});
        }
    }
    return books;
}

AuditResult BookAudit::judge(const FollowedContract& contract, const market::LiveBook* live,
                             const market::OrderBook& answer, core::SteadyTime now, const market::OrderBook* kept) {
    Record& record = records_[contract.contract->contract_code];
    record.under_way = false;
    const bool is_live = live != nullptr && contract.book == BookState::live;
    const bool by_number = kept != nullptr && is_live;
    const AuditResult result = !by_number ? compare(contract, live, answer, record.asked.value_or(now))
                               : same_levels(*kept, answer) ? AuditResult::agrees
                                                            : AuditResult::differs;
    if (result == AuditResult::agrees) record.audited = now;
    if (result != AuditResult::differs) {
        // Two of one number that differed stay in doubt until two of one number are found again.
        if (result == AuditResult::moved && is_live && record.differed_by_number) return result;
        record.differed.reset();
        return result;
    }
    // Once may be a frame that is on its way; a second time without any frame in between is not, nor is it one where
    // trades have gone by meanwhile, nor where two books of one number have differed before.
    const bool newer = live->matching_id() == 0 || answer.matching_id == 0 || answer.matching_id > live->matching_id();
    const bool again = (record.differed && contract.book_frame <= *record.differed) ||
                       (newer && trades_go_by(contract, now, kTradesGoBy)) ||
                       (by_number && record.differed && record.differed_by_number);
    record.differed = again ? std::nullopt : std::optional(now);
    record.differed_by_number = by_number && !again;
    if (again) record.audited = now;
    return again ? AuditResult::failed : AuditResult::differs;
}

AuditResult BookAudit::compare(const FollowedContract& contract, const market::LiveBook* live,
                               const market::OrderBook& answer, core::SteadyTime asked) {
    if (live == nullptr || contract.book != BookState::live) return AuditResult::moved;
    const bool numbered = live->matching_id() > 0 && answer.matching_id > 0;
    if (numbered && live->matching_id() == answer.matching_id) {
        return same_levels(*live, answer) ? AuditResult::agrees : AuditResult::differs;
    }
    // A frame has come since it was asked for, or the answer is older than the live book: of two moments.
    if (contract.book_frame > asked || (numbered && answer.matching_id < live->matching_id())) {
        return AuditResult::moved;
    }
    return same_levels(*live, answer) ? AuditResult::agrees : AuditResult::differs;
}

void BookAudit::failed(const std::string& contract_code, core::SteadyTime now) {
    took(contract_code, now);
}

void BookAudit::took(const std::string& contract_code, core::SteadyTime now) {
    const auto found = records_.find(contract_code);
    if (found == records_.end()) return;
    found->second.under_way = false;
    if (found->second.without_since) found->second.without_since = now;
}

}  // namespace scanner::engine
