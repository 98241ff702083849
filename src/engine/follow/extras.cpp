#include "engine/follow/extras.hpp"

#include "scanner/ranking/pack_market.hpp"

#include <fmt/format.h>

#include <utility>

namespace scanner::ranking {

/// The contract's own members come in its place.
template <>
struct Fields<engine::UniverseEntry> {
    static void visit(auto& self, auto& pack) {
        if constexpr (std::remove_cvref_t<decltype(pack)>::kReads) {
            market::Contract contract;
            pack(contract);
            self.contract = std::make_shared<const market::Contract>(std::move(contract));
        } else {
            pack(*self.contract);
        }
        pack(self.scanned, self.reason, self.detail, self.turnover_24h, self.last_price, self.ticker_time);
    }
};

template <>
struct Fields<engine::SourceHealth> {
    static void visit(auto& self, auto& pack) {
        pack(self.last_cycle_ms, self.last_error, self.failure_streak, self.cycle_count, self.backoff_sec,
             self.recent_cycle_ms, self.next_scan_at);
    }
};

}  // namespace scanner::ranking

namespace scanner::engine {
namespace {

core::Error flaw(std::string_view part, const ranking::PackReader& pack) {
    return {core::ErrorCode::malformed,
            fmt::format("ranking message: {}: {}", part, pack.ok() ? "more behind its end" : pack.problem())};
}

}  // namespace

ranking::PackedBytes pack_universe(const std::vector<UniverseEntry>* universe) {
    ranking::PackWriter pack;
    pack(universe != nullptr);
    if (universe != nullptr) pack(*universe);
    return std::make_shared<const std::string>(pack.take());
}

core::Result<UniversePtr> unpack_universe(std::string_view bytes) {
    ranking::PackReader pack(bytes);
    bool has = false;
    std::vector<UniverseEntry> universe;
    pack(has);
    if (has) pack(universe);
    if (!pack.at_end()) return std::unexpected(flaw("universe", pack));
    if (!has) return nullptr;
    return std::make_shared<const std::vector<UniverseEntry>>(std::move(universe));
}

ranking::PackedBytes pack_source(const SourceHealth& source) {
    ranking::PackWriter pack;
    pack(source);
    return std::make_shared<const std::string>(pack.take());
}

core::Result<SourceHealth> unpack_source(std::string_view bytes) {
    ranking::PackReader pack(bytes);
    SourceHealth source;
    pack(source);
    if (!pack.at_end()) return std::unexpected(flaw("source", pack));
    return source;
}

}  // namespace scanner::engine
