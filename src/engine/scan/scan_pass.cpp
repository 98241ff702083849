#include "engine/scan/scan_pass.hpp"

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
        case ScanCall::book:
        case ScanCall::candles: break;  // of one contract: its state says what it failed with
    }
    return "";
}

}  // namespace

std::shared_ptr<ScanSlot> ScanPass::slot_of(const std::shared_ptr<const market::Contract>& contract) {
    auto& slot = slots_[contract->contract_code];
    const ContractStatePtr state = state_.at(contract);
    if (!slot || slot->state != state) slot = std::make_shared<ScanSlot>(state);
    return slot;
}

std::vector<std::string> ScanPass::codes() const {
    std::vector<std::string> wanted;
    wanted.reserve(slots_.size());
    for (const auto& [code, slot] : slots_) wanted.push_back(code);
    return wanted;
}

void ScanPass::note_failure(const ScanJob& job, const core::Error& error, const Receipt& receipt) {
    // Live it was not even begun where the tickers failed at once: that says nothing of it.
    if (hopeless && error.code() == core::ErrorCode::cancelled) return;
    if (error.code() == core::ErrorCode::cancelled) return;  // reported again as an abandoned job, with its reason
    if (!job.slot) {
        fail_list(job.call, error.message());
        note_degraded(fmt::format("{}: {}", input_of(job.call), error.message()));
        return;
    }
    ContractState& state = *job.slot->state;
    if (job.call == ScanCall::book && !state.book_followed) state.book.fail(error, receipt);
    if (job.call == ScanCall::candles) state.candles.fail(error, receipt);
}

void ScanPass::expect_calls(std::size_t count) {
    calls_expected_ += count;
}

void ScanPass::call_ended() {
    ++calls_ended_;
    if (progress_) progress_(calls_ended_, calls_expected_);
}

void ScanPass::fail_list(ScanCall call, const std::string& why) {
    switch (call) {
        case ScanCall::funding: return state_.fail_funding(why);
        case ScanCall::open_interest: return state_.fail_open_interest(why);
        case ScanCall::index: return state_.fail_index(why);
        case ScanCall::book:
        case ScanCall::candles: break;
    }
}

}  // namespace scanner::engine
