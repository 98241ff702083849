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

}  // namespace

bool same_levels(const market::LiveBook& live, const market::OrderBook& other) {
    return same_side(live.bids(), other.bids) && same_side(live.asks(), other.asks);
}

std::optional<BookTask> BookAudit::next(const Followed& followed, core::SteadyTime now, Others others) {
    std::erase_if(records_, [&](const auto& entry) { return !followed.contains(entry.first); });
    // The smaller the more urgent; among equals the one that has waited for longest.
    enum Urgency : std::uint8_t { doubted, without, rests };
    const FollowedContract* best = nullptr;
    Record* best_record = nullptr;
    Urgency best_urgency = rests;
    core::SteadyTime best_since;
    BookReading reading = BookReading::audit;
    for (const auto& [code, contract] : followed) {
        Record& record = records_[code];
        if (contract.book == BookState::live) {
            record.without_since.reset();
        } else if (!record.without_since) {
            record.without_since = now;
        }
        if (record.under_way || (record.asked && now - *record.asked < kAskAgain)) continue;
        Urgency urgency = rests;
        core::SteadyTime since = contract.confirmed;
        if (record.without_since) {
            // No ranking waits for one that is looked at, and who looks asks for it.
            if (others == Others::left_alone || contract.on_demand) continue;
            if (now - *record.without_since < kFallBackEvery) continue;
            urgency = without;
            since = *record.without_since;
        } else {
            const bool trades_go_by =
                contract.traded && *contract.traded > contract.confirmed && now - *contract.traded >= kTradesGoBy;
            if (record.differed || trades_go_by) {
                urgency = doubted;
            } else if (now - contract.confirmed < kRestAfter) {
                continue;
            }
        }
        if (best != nullptr && (urgency > best_urgency || (urgency == best_urgency && since >= best_since))) continue;
        best = &contract;
        best_record = &record;
        best_urgency = urgency;
        best_since = since;
        reading = urgency == without ? BookReading::fall_back : BookReading::audit;
    }
    if (best == nullptr) return std::nullopt;
    best_record->under_way = true;
    best_record->asked = now;
    return BookTask{.contract = best->contract, .reading = reading};
}

std::vector<std::string> BookAudit::overdue(const Followed& followed, core::SteadyTime now) {
    std::vector<std::string> codes;
    for (const auto& [code, contract] : followed) {
        if (contract.book == BookState::live && now - contract.confirmed > kMaxSilence) codes.push_back(code);
    }
    return codes;
}

AuditResult BookAudit::judge(const FollowedContract& contract, const market::LiveBook* live,
                             const market::OrderBook& answer, core::SteadyTime now) {
    Record& record = records_[contract.contract->contract_code];
    record.under_way = false;
    const AuditResult result = compare(contract, live, answer, record.asked.value_or(now));
    if (result != AuditResult::differs) {
        record.differed.reset();
        return result;
    }
    // Once may be a frame that is on its way; a second time without any frame in between is not.
    const bool again = record.differed && contract.book_frame <= *record.differed;
    record.differed = again ? std::nullopt : std::optional(now);
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
