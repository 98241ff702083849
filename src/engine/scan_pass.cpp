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
    // A book that was read with another size is wrong by that factor.
    if (!slot || slot->contract->contract_size != contract->contract_size) slot = std::make_shared<ScanSlot>();
    slot->contract = contract;
    return slot;
}

void ScanPass::set_universe(std::vector<Candidate> candidates, core::WallTime assembled) {
    tickers_read = true;
    tickers_assembled_ = assembled;
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
        if (std::string* const problem = problem_of(job.call)) *problem = error.message();
        note_degraded(fmt::format("{}: {}", input_of(job.call), error.message()));
        return;
    }
    if (job.slot->problem) return;
    const bool malformed = error.code() == core::ErrorCode::malformed;
    job.slot->problem = ranking::Exclusion{job.slot->contract->contract_code, malformed ? "malformed" : "fetch_failed",
                                           fmt::format("{}: {}", input_of(job.call), error.message())};
}

void ScanPass::expect_calls(std::size_t count) {
    calls_expected_ += count;
}

void ScanPass::call_ended() {
    ++calls_ended_;
    if (progress_) progress_(calls_ended_, calls_expected_);
}

std::string* ScanPass::problem_of(ScanCall call) {
    switch (call) {
        case ScanCall::funding: return &lists.funding.problem;
        case ScanCall::open_interest: return &lists.open_interest.problem;
        case ScanCall::index: return &lists.index.problem;
        case ScanCall::book:
        case ScanCall::candles: break;
    }
    return nullptr;
}

void ScanPass::assemble(ScanResult& result, const JudgingTime& now, const InputLimits& limits) {
    for (const auto& slot : universe_) {
        const bool complete = slot->book && (slot->candles_read_at || slot->candles_follow_at);
        if (!slot->problem && !complete) {
            slot->problem =
                ranking::Exclusion{slot->contract->contract_code, "fetch_failed", "the cycle ended before it was read"};
        }
        if (slot->problem) {
            result.exclusions.push_back(std::move(*slot->problem));
            continue;
        }
        // Closed by the answer's own time; not by one that lies ahead of the exchange's clock.
        const core::WallTime candles_at =
            slot->candles_read_at ? std::min(*slot->candles_read_at, now.exchange) : *slot->candles_follow_at;
        slot->ticker.time = worse_of(slot->ticker.time.value_or(tickers_assembled_), tickers_assembled_, now.exchange);
        market::MarketData data = market_data(*slot, candles_at);
        if (auto reason = judge_inputs(data, lists, now, limits)) {
            // What is ahead of now would be taken for complete until its time has come.
            const auto& candles = data.inputs[market::Input::candles];
            if (candles.time && *candles.time > now.exchange) slot->series->clear();
            result.exclusions.push_back(std::move(*reason));
            continue;
        }
        if (!slot->candles_read_at) {
            slot->series->follow(data.ticker.last, candles_at);
            data.candles = slot->series->view(candles_at).candles;
        }
        result.data.push_back(std::move(data));
    }
    result.degraded = std::move(degraded_);
}

market::MarketData ScanPass::market_data(ScanSlot& slot, core::WallTime candles_at) {
    market::MarketData data;
    data.contract = slot.contract;
    data.ticker = std::move(slot.ticker);
    // The book's best prices, not the ticker's: they agree with the depth shown.
    data.ticker.bid = slot.book->bids.empty() ? std::nullopt : std::optional(slot.book->bids.front());
    data.ticker.ask = slot.book->asks.empty() ? std::nullopt : std::optional(slot.book->asks.front());
    data.order_book = slot.book;
    const CandleSeries::View candles = slot.series->view(candles_at);
    data.candles = candles.candles;
    data.closed_candles = candles.closed;
    // Read after the ticker was made, the running candle's close is the newer last price.
    const bool running = candles.closed < candles.candles->size();
    if (running && slot.candles_read_at && slot.candles_read_at > data.ticker.time) {
        data.ticker.last = candles.candles->back().close;
    }
    data.fetch_latency_ms = slot.latency_ms;
    return data;
}

}  // namespace scanner::engine
