#include "scanner/core/checkpoint.hpp"
#include "scanner/market/checkpoint.hpp"
#include "scanner/ranking/ranker.hpp"
#include "scanner/signals/cross_section.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <utility>

namespace scanner::signals {
namespace {

void persist(core::ConstOr<ContractState> auto& self, auto& archive) {
    auto& [micro, manipulation, unknown] = self;
    auto& [imbalance, depth] = micro;
    auto& [seen, book_imbalance, volume, velocity, interest] = manipulation;
    archive(imbalance, depth, seen, book_imbalance, volume, velocity, interest);
    using Words = std::array<std::uint64_t, sizeof(NumberSet) / sizeof(std::uint64_t)>;
    auto words = std::bit_cast<Words>(unknown);
    archive(words);
    if constexpr (std::remove_cvref_t<decltype(archive)>::kReads) unknown = std::bit_cast<NumberSet>(words);
}

}  // namespace
}  // namespace scanner::signals

namespace scanner::ranking {

void Ranker::persist_memory(auto& memory, auto& archive) {
    signals::persist(memory.before, archive);
    archive(memory.read, memory.notional_usdt, memory.recorded, memory.measured, memory.last_seen);
    archive.require(memory.read != nullptr);
}

void Ranker::save(core::CheckpointWriter& archive) const {
    std::map<std::string, const Memory*> sorted;
    for (const auto& [code, memory] : memory_) sorted.emplace(code, &memory);
    archive(static_cast<std::uint64_t>(sorted.size()));
    for (const auto& [code, memory] : sorted) {
        archive(code, memory->snapshot->spread_history);
        persist_memory(*memory, archive);
    }
    archive(previous_.codes, previous_.by_profile);
}

void Ranker::load(core::CheckpointReader& archive) {
    std::unordered_map<std::string, Memory> memories;
    const std::size_t count = archive.count();
    for (std::size_t i = 0; i < count && archive.ok(); ++i) {
        std::string code;
        std::vector<double> spreads;
        archive(code, spreads);
        Memory memory;
        persist_memory(memory, archive);
        archive.require(!spreads.empty());
        if (!archive.ok()) return;
        recompute(memory, std::move(spreads));
        memories.insert_or_assign(std::move(code), std::move(memory));
    }
    PreviousRanks previous;
    archive(previous.codes, previous.by_profile);
    for (const auto& [profile, ranks] : previous.by_profile) archive.require(ranks.size() == previous.codes.size());
    if (!archive.ok()) return;
    memory_ = std::move(memories);
    previous_ = std::move(previous);
    line_up_.clear();
    scored_with_ = {};
}

}  // namespace scanner::ranking
