#include "exchange/rest/bulk_fallback.hpp"

namespace scanner::exchange::rest {
namespace {

constexpr int kUselessAnswersToSwitch = 2;

bool is_useless(core::ErrorCode code) {
    switch (code) {
        case core::ErrorCode::exchange_rejected:
        case core::ErrorCode::not_found:
        case core::ErrorCode::maintenance:
        case core::ErrorCode::malformed: return true;
        default: return false;
    }
}

}  // namespace

void BulkFallback::bulk_succeeded() {
    useless_in_a_row_ = 0;
    active_ = false;
}

void BulkFallback::bulk_failed(core::ErrorCode code, core::SteadyTime now) {
    if (is_useless(code) && ++useless_in_a_row_ >= kUselessAnswersToSwitch) active_ = true;
    if (active_) next_probe_ = now + probe_interval_;
}

}  // namespace scanner::exchange::rest
