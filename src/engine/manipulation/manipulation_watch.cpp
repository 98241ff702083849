#include "engine/manipulation/manipulation_watch.hpp"

#include "scanner/core/log.hpp"
#include "scanner/core/symbol.hpp"
#include "scanner/signals/detect/flags.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace scanner::engine {
namespace {

/// A contract that moves in and out of the ranked ones keeps its yardsticks.
constexpr std::chrono::hours kForgetAfter{1};
constexpr std::size_t kMaxEnded = 10'000;
constexpr std::size_t kLeastCompared = 5;  // contracts: fewer are no market
/// Frames of different connections come in no order: what is told as of now may still miss a trade of a moment ago.
constexpr std::chrono::milliseconds kTapeDelay{1'500};

template <class T>
const T* find_in(const OptionalList<T>& list, const std::string& code) {
    const auto found = list.bulk.by_contract.find(code);
    return found == list.bulk.by_contract.end() ? nullptr : &found->second;
}

}  // namespace

ManipulationWatch::Watched& ManipulationWatch::at(const std::shared_ptr<const market::Contract>& contract,
                                                  core::WallTime now) {
    const auto found = watched_.find(contract->contract_code);
    // Another contract size is another contract of the same name.
    if (found != watched_.end() && found->second.contract.contract().contract_size == contract->contract_size) {
        found->second.wanted = std::max(found->second.wanted, now);
        return found->second;
    }
    if (found != watched_.end()) {
        end_watching(found->second, now);
        watched_.erase(found);
    }
    Watched& watched =
        watched_.emplace(contract->contract_code, Watched{.contract = WatchedContract(contract), .wanted = now})
            .first->second;
    begin(watched);
    return watched;
}

ManipulationWatch::Watched& ManipulationWatch::at(const market::Contract& contract, core::WallTime now) {
    const auto found = watched_.find(contract.contract_code);
    if (found != watched_.end()) return found->second;
    return at(std::make_shared<const market::Contract>(contract), now);
}

void ManipulationWatch::begin(Watched& watched) {
    const std::string& code = watched.contract.contract().contract_code;
    const auto kept = kept_.find(code);
    if (kept == kept_.end()) return;
    if (const auto restored = watched.contract.restore(kept->second); !restored) {
        core::log(core::LogLevel::warning, "detectors_not_restored",
                  {{"contract_code", code}, {"error", restored.error().message()}});
    } else {
        watched.restored = true;
        watched.told = true;
    }
    kept_.erase(kept);
}

void ManipulationWatch::on_trades(const market::Contract& contract, std::span<const market::Trade> trades,
                                  core::WallTime at_time) {
    at(contract, at_time).contract.on_trades(trades, at_time);
}
void ManipulationWatch::on_tape_hole(const market::Contract& contract, core::WallTime at_time) {
    at(contract, at_time).contract.on_tape_hole(at_time);
}
void ManipulationWatch::on_tape_filled(const market::Contract& contract, std::span<const market::Trade> trades,
                                       core::WallTime at_time) {
    at(contract, at_time).contract.on_tape_filled(trades, at_time);
}
void ManipulationWatch::on_book(const market::Contract& contract, const market::LiveBook& book,
                                core::WallTime at_time) {
    at(contract, at_time).contract.on_book(book, at_time);
}
void ManipulationWatch::on_book_lost(const market::Contract& contract, core::WallTime at_time) {
    at(contract, at_time).contract.on_book_lost(at_time);
}
void ManipulationWatch::on_liquidation(std::string_view contract_code, market::Side taker_side, double notional,
                                       core::WallTime at_time) {
    const auto found = watched_.find(contract_code);
    if (found != watched_.end()) found->second.contract.on_liquidation(taker_side, notional, at_time);
}

void ManipulationWatch::observe(const MarketState& state, core::WallTime now) {
    const OptionalLists& lists = state.lists();
    for (const ContractStatePtr& held : state.universe()) {
        const std::string& code = held->contract->contract_code;
        WatchedContract& contract = at(held->contract, now).contract;
        const bool polled = !held->book_followed && held->book.state == SlotState::live &&
                            held->book.value != nullptr && held->book.received.source == InputSource::rest;
        if (polled) contract.on_polled_book(*held->book.value);
        if (const auto* const index = find_in(lists.index, code)) contract.on_index(index->price, index->time);
        const bool whole = held->tape.complete && held->tape.time;
        // It is held against what was traded meanwhile: a tape that is only polled lags behind it, and what it has not
        // told yet would look like open interest out of nothing.
        if (const auto* const interest = find_in(lists.open_interest, code); interest != nullptr && whole) {
            contract.on_open_interest(interest->base_amount, lists.open_interest.bulk.exchange_time);
        }
        if (const auto* const funding = find_in(lists.funding, code)) {
            contract.on_funding(*funding, lists.funding.bulk.exchange_time);
        }
        contract.pass(now, whole ? std::optional(now - kTapeDelay) : std::nullopt);
    }
    compare_books(now);
    forget(now);
}

void ManipulationWatch::compare_books(core::WallTime now) {
    std::vector<double> thinnings;
    thinnings.reserve(watched_.size());
    for (const auto& [code, watched] : watched_) {
        if (const auto thinning = watched.contract.thinning(now)) thinnings.push_back(*thinning);
    }
    if (thinnings.size() < kLeastCompared) return;
    const auto middle = thinnings.begin() + static_cast<std::ptrdiff_t>(thinnings.size() / 2);
    std::ranges::nth_element(thinnings, middle);
    for (auto& [code, watched] : watched_) watched.contract.on_market_thinning(*middle, now);
}

/// What is under way is told as interrupted: its end will not be seen.
void ManipulationWatch::end_watching(Watched& watched, core::WallTime now) {
    auto changed = watched.contract.take_changes(now, now, settings_.simulated);
    std::ranges::move(changed, std::back_inserter(waiting_));
    auto ended = watched.contract.open_records(now, settings_.simulated, now);
    std::ranges::move(ended, std::back_inserter(waiting_));
}

void ManipulationWatch::forget(core::WallTime now) {
    for (auto entry = watched_.begin(); entry != watched_.end();) {
        if (now - entry->second.wanted <= kForgetAfter) {
            ++entry;
            continue;
        }
        end_watching(entry->second, now);
        dropped_.push_back(entry->first);
        entry = watched_.erase(entry);
    }
    if (kept_.empty()) return;
    if (!kept_since_) kept_since_ = now;
    // Their episodes are told as interrupted by then: going on with them later would open them again.
    if (now - *kept_since_ <= kForgetAfter) return;
    for (const auto& [code, kept] : kept_) dropped_.push_back(code);
    kept_.clear();
}

std::shared_ptr<const signals::DetectorVerdict> ManipulationWatch::verdict(const std::string& contract_code,
                                                                           core::WallTime now) {
    const auto found = watched_.find(contract_code);
    if (found == watched_.end()) return nullptr;
    return found->second.contract.verdict(now, settings_.threshold);
}

std::optional<core::WallTime> ManipulationWatch::next_change_at(core::WallTime now) {
    std::optional<core::WallTime> first;
    for (auto& [code, watched] : watched_) {
        const auto next = watched.contract.next_change_at(now);
        if (next && (!first || *next < *first)) first = next;
    }
    return first;
}

core::WallTime ManipulationWatch::numbering(core::WallTime own) const {
    return std::max(own, core::from_unix_ms(static_cast<std::int64_t>(known_revision_) + 1));
}

std::vector<storage::EpisodeRecord> ManipulationWatch::take_changes(core::WallTime now, core::WallTime clock) {
    const core::WallTime own = numbering(clock);
    std::vector<storage::EpisodeRecord> changes = std::exchange(waiting_, {});
    for (auto& [code, watched] : watched_) {
        if (std::exchange(watched.restored, false)) {
            auto known = watched.contract.open_records(own, settings_.simulated);
            for (const storage::EpisodeRecord& record : known) begun_.insert(record.id);  // it did not begin now
            std::ranges::move(known, std::back_inserter(changes));
        }
        static_cast<void>(watched.contract.verdict(now, settings_.threshold));
        auto of_contract = watched.contract.take_changes(now, own, settings_.simulated);
        watched.told = watched.told || !of_contract.empty();
        std::ranges::move(of_contract, std::back_inserter(changes));
    }
    if (!resumed_at_) {
        for (const storage::EpisodeRecord& change : changes) {
            if (change.end && ended_.size() < kMaxEnded) ended_.insert_or_assign(change.id, change);
        }
    }
    // What is told of one just now is newer than what the ledger held of it.
    std::erase_if(resumed_, [&changes](const storage::EpisodeRecord& record) {
        return std::ranges::find(changes, record.id, &storage::EpisodeRecord::id) != changes.end();
    });
    settle_resumed(own);
    std::ranges::move(std::exchange(waiting_, {}), std::back_inserter(changes));
    for (const storage::EpisodeRecord& change : changes) {
        if (change.end) {
            begun_.erase(change.id);
        } else if (begun_.insert(change.id).second) {
            const auto flag = signals::find_detector_flag(change.flag);
            if (flag) ++episodes_[to_string(*flag)];
        }
    }
    return changes;
}

void ManipulationWatch::begin_anew() {
    ManipulationWatch fresh;
    fresh.settings_ = settings_;
    fresh.episodes_ = std::move(episodes_);
    *this = std::move(fresh);
}

std::vector<storage::DetectorState> ManipulationWatch::take_states(core::WallTime own, Changed changed) {
    std::vector<storage::DetectorState> states;
    dropping_ = std::exchange(dropped_, {});
    for (const std::string& code : dropping_) {
        if (!watched_.contains(code)) states.push_back({.contract_code = code, .saved_at = own, .bytes = {}});
    }
    for (auto& [code, watched] : watched_) {
        if (changed == Changed::told && !watched.told) continue;
        watched.told = false;
        std::string bytes = encode_contract(watched.contract.keep());
        const std::uint64_t check = std::hash<std::string>()(bytes) | 1U;
        if (std::exchange(watched.saved_check, check) == check) continue;
        states.push_back({.contract_code = code, .saved_at = own, .bytes = std::move(bytes)});
    }
    return states;
}

void ManipulationWatch::not_saved() {
    for (auto& [code, watched] : watched_) watched.saved_check = 0;
    std::ranges::move(std::exchange(dropping_, {}), std::back_inserter(dropped_));
}

std::size_t ManipulationWatch::restore(std::vector<storage::DetectorState> states, core::WallTime own) {
    const auto keep = [this, own](KeptContract contract) {
        if (!is_recent(contract.saved_at, own) || kept_.size() >= kMaxKeptContracts) return;
        saved_at_ = std::max(saved_at_.value_or(contract.saved_at), contract.saved_at);
        std::string code = contract.contract_code;
        kept_.insert_or_assign(std::move(code), std::move(contract));
    };
    for (const storage::DetectorState& state : states) {
        if (state.contract_code.empty()) {
            auto all = decode_first_version(state.bytes);
            if (!all) {
                core::log(core::LogLevel::warning, "detectors_begin_afresh", {{"error", all.error().message()}});
                continue;
            }
            for (KeptContract& contract : *all) keep(std::move(contract));
            continue;
        }
        auto contract = decode_contract(state.bytes, state.saved_at);
        if (contract && contract->contract_code == state.contract_code) {
            keep(std::move(*contract));
        } else {
            core::log(core::LogLevel::warning, "detectors_not_restored",
                      {{"contract_code", state.contract_code},
                       {"error", contract ? std::string_view("of another contract") : contract.error().message()}});
        }
    }
    return kept_.size();
}

void ManipulationWatch::resume(std::vector<storage::Episode> open, core::WallTime own) {
    for (storage::Episode& episode : open) {
        // Numbers beyond what a clock gives are none of ours.
        const std::uint64_t revision = episode.record.revision;
        if (core::is_unix_ms(static_cast<std::int64_t>(revision)))
            known_revision_ = std::max(known_revision_, revision);
        const auto ended = ended_.find(episode.record.id);
        if (ended == ended_.end()) {
            resumed_.push_back(std::move(episode.record));
            continue;
        }
        ended->second.revision = std::max(ended->second.revision, revision) + 1;
        waiting_.push_back(std::move(ended->second));
    }
    ended_.clear();
    resumed_at_ = own;
}

void ManipulationWatch::settle_resumed(core::WallTime own) {
    std::erase_if(resumed_, [&](storage::EpisodeRecord& record) {
        const auto code = core::parse_symbol(record.symbol);
        const auto watched = code ? watched_.find(*code) : watched_.end();
        if (watched != watched_.end() && watched->second.contract.is_open(record.id)) {
            watched->second.restored = true;  // told again, over what the ledger has
            return true;
        }
        // It may still be ranked: what was kept of a contract is restored then.
        if (watched == watched_.end() && own - *resumed_at_ < kForgetAfter) return false;
        record.phase = kInterrupted;
        record.end = std::max(saved_at_.value_or(own), record.start);
        record.revision =
            std::max(record.revision + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(core::to_unix_ms(own), 0)));
        waiting_.push_back(std::move(record));
        return true;
    });
}

void ManipulationWatch::fill(ManipulationStatus& status) const {
    status.contracts = watched_.size();
    status.episodes = episodes_;
    for (const signals::DetectorFlagInfo& flag : signals::kDetectorFlags) {
        status.open[flag.name] = 0;
        status.unknown[flag.name] = 0;
        status.episodes.try_emplace(flag.name, 0);
    }
    for (const auto& [code, watched] : watched_) {
        status.quarantined += watched.contract.is_quarantined() ? 1U : 0U;
        for (const signals::DetectorFlagInfo& flag : signals::kDetectorFlags) {
            status.open[flag.name] += watched.contract.open().has(flag.flag) ? 1U : 0U;
            status.unknown[flag.name] += watched.contract.unknown().has(flag.flag) ? 1U : 0U;
        }
    }
}

}  // namespace scanner::engine
