#include "engine/scan_pass.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace scanner::engine {
namespace {

std::string_view input_of(ScanCall call) {
    switch (call) {
        case ScanCall::funding: return "funding";
        case ScanCall::open_interest: return "open interest";
        case ScanCall::index: return "index";
        case ScanCall::book: return "order book";
        case ScanCall::candles: return "candles";
    }
    return "";
}

}  // namespace

std::shared_ptr<ScanSlot> ScanPass::slot_of(const std::shared_ptr<const market::Contract>& contract) {
    auto& slot = slots_[contract->contract_code];
    if (!slot) {
        slot = std::make_shared<ScanSlot>();
        slot->contract = contract;
    }
    return slot;
}

void ScanPass::set_universe(std::vector<Candidate> candidates) {
    tickers_read = true;
    universe_.clear();
    for (Candidate& candidate : candidates) {
        auto slot = slot_of(candidate.contract);
        slot->ticker = std::move(candidate.ticker);
        universe_.push_back(std::move(slot));
    }
}

std::vector<std::string> ScanPass::codes() const {
    std::vector<std::string> wanted;
    wanted.reserve(slots_.size());
    for (const auto& [code, slot] : slots_) wanted.push_back(code);
    return wanted;
}

void ScanPass::note_failure(const ScanJob& job, const core::Error& error) {
    if (error.code() == core::ErrorCode::cancelled) return;  // said once more as an abandoned job, with its reason
    if (!job.slot) {
        note_degraded(fmt::format("{}: {}", input_of(job.call), error.message()));
        return;
    }
    if (job.slot->problem) return;
    const bool malformed = error.code() == core::ErrorCode::malformed;
    job.slot->problem = Exclusion{job.slot->contract->contract_code, malformed ? "malformed" : "fetch_failed",
                                  fmt::format("{}: {}", input_of(job.call), error.message())};
}

void ScanPass::expect_calls(std::size_t count) {
    calls_expected_ += count;
}

void ScanPass::call_ended() {
    ++calls_ended_;
    if (progress_) progress_(calls_ended_, calls_expected_);
}

void ScanPass::assemble(ScanResult& result) {
    for (const auto& slot : universe_) {
        if (!slot->problem && (!slot->book || !slot->candles.candles)) {
            slot->problem =
                Exclusion{slot->contract->contract_code, "fetch_failed", "the cycle ended before it was read"};
        }
        if (slot->problem) {
            result.exclusions.push_back(std::move(*slot->problem));
            continue;
        }
        result.data.push_back(market_data(*slot));
    }
    result.degraded = std::move(degraded_);
}

market::MarketData ScanPass::market_data(ScanSlot& slot) const {
    const std::string& code = slot.contract->contract_code;
    market::MarketData data;
    data.contract = slot.contract;
    data.ticker = std::move(slot.ticker);
    // The book's best prices, not the ticker's: they agree with the depth shown.
    data.ticker.bid = slot.book->bids.empty() ? std::nullopt : std::optional(slot.book->bids.front());
    data.ticker.ask = slot.book->asks.empty() ? std::nullopt : std::optional(slot.book->asks.front());
    data.order_book = slot.book;
    data.candles = slot.candles.candles;
    data.closed_candles = slot.candles.closed;
    if (const auto found = funding.by_contract.find(code); found != funding.by_contract.end()) {
        data.funding_rate = found->second.rate;
    }
    if (const auto found = open_interest.by_contract.find(code); found != open_interest.by_contract.end()) {
        data.open_interest = found->second.base_amount;
    }
    if (const auto found = index.by_contract.find(code); found != index.by_contract.end()) {
        data.index_price = found->second.price;
    }
    data.data_time = std::min(slot.book_true_at, tickers_read_at);
    data.fetch_latency_ms = slot.latency_ms;
    return data;
}

}  // namespace scanner::engine
