#include "engine/checkpoint/episode_record.hpp"
#include "engine/manipulation/manipulation_loop.hpp"

#include "scanner/core/checkpoint.hpp"
#include "scanner/market/checkpoint.hpp"
#include "scanner/signals/detect/episode_checkpoint.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace scanner::engine {

/// The bytes are what a restart would read.
template <core::ConstOr<KeptContract> Kept, class Archive>
void persist(Kept& self, Archive& archive) {
    auto& [code, size, last_over, detectors, saved_at] = self;
    archive(code, size, last_over, saved_at);
    if constexpr (Archive::kReads) {
        std::string bytes;
        archive(bytes);
        const auto* const begin = reinterpret_cast<const std::byte*>(bytes.data());
        detectors = std::make_shared<const std::vector<std::byte>>(begin, begin + bytes.size());
    } else {
        archive(std::string(reinterpret_cast<const char*>(detectors->data()), detectors->size()));
    }
}

// -- a contract

void WatchedContract::persist_members(auto& self, auto& archive) {
    archive(self.contract_, self.detectors_, self.quarantine_, self.recent_, self.trades_to_, self.polled_book_,
            self.index_, self.open_interest_, self.funding_);
    archive.require(self.contract_ != nullptr);
}

// What was told last is left out: the next ranking makes it again.
void WatchedContract::save(core::CheckpointWriter& archive) const {
    persist_members(*this, archive);
    archive(static_cast<std::uint64_t>(contexts_.size()));
    for (const auto& [number, kept] : contexts_) archive(number, kept.episode, kept.context, kept.revision);
}

void WatchedContract::load(core::CheckpointReader& archive) {
    persist_members(*this, archive);
    const std::size_t count = archive.count();
    for (std::size_t i = 0; i < count && archive.ok(); ++i) {
        std::uint64_t number = 0;
        Kept kept{.episode = {}, .context = EpisodeContext({}), .revision = 0};
        archive(number, kept.episode, kept.context, kept.revision);
        archive.require(contexts_.emplace(number, std::move(kept)).second);
    }
}

// -- all of them

void ManipulationWatch::persist_rest(auto& self, auto& archive) {
    archive(self.kept_, self.waiting_, self.resumed_, self.resumed_at_, self.saved_at_, self.kept_since_, self.ended_,
            self.known_revision_);
    archive.require(self.kept_.size() <= kMaxKeptContracts);
}

void ManipulationWatch::save(core::CheckpointWriter& archive) const {
    archive(static_cast<std::uint64_t>(watched_.size()));
    for (const auto& [code, watched] : watched_) {
        archive(code, watched.wanted, watched.restored);
        watched.contract.save(archive);
    }
    persist_rest(*this, archive);
}

void ManipulationWatch::load(core::CheckpointReader& archive) {
    watched_.clear();
    const std::size_t count = archive.count();
    for (std::size_t i = 0; i < count && archive.ok(); ++i) {
        std::string code;
        Watched watched{.contract = WatchedContract(nullptr), .wanted = {}};
        archive(code, watched.wanted, watched.restored);
        watched.contract.load(archive);
        archive.require(archive.ok() && watched.contract.contract().contract_code == code);
        archive.require(watched_.emplace(std::move(code), std::move(watched)).second);
    }
    persist_rest(*this, archive);
    for (const auto& [code, kept] : kept_) archive.require(kept.contract_code == code);
}

// -- what goes on around them

void ManipulationLoop::persist_members(auto& self, auto& archive) {
    archive(self.untold_, self.asked_open_, self.tapes_, self.due_, self.reading_);
    archive.require(self.reading_.size() == kTradeReaders);
}

void ManipulationLoop::save(core::CheckpointWriter& archive) const {
    watch_.save(archive);
    persist_members(*this, archive);
}

void ManipulationLoop::load(core::CheckpointReader& archive) {
    watch_.load(archive);
    persist_members(*this, archive);
    loaded_ = archive.ok();
}

}  // namespace scanner::engine
