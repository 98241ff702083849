#include "exchange/htx/feed/feed_core.hpp"

#include "scanner/core/checkpoint.hpp"
#include "scanner/market/checkpoint.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace scanner::exchange::htx::feed {
namespace {

constexpr std::uint32_t kVersion = 1;
/// Draws are of 53 bits.
constexpr double kDrawn = 9'007'199'254'740'992.0;

}  // namespace

std::string FeedCore::checkpoint() {
    const auto seed = static_cast<std::uint64_t>(random_() * kDrawn);
    random_ = net::make_random_unit(seed);
    core::CheckpointWriter archive;
    archive(kVersion, seed, subscriptions_, contract_changes_, notices_, send_clock_,
            static_cast<std::uint64_t>(followed_.size()));
    for (const auto& [code, contract] : followed_) archive(*contract->contract, *contract);
    return archive.take();
}

bool FeedCore::restore(std::string_view bytes) {
    core::CheckpointReader archive(bytes);
    std::uint32_t version = 0;
    archive(version);
    archive.require(version == kVersion);
    std::uint64_t seed = 0;
    Subscriptions subscriptions = subscriptions_;
    ContractChanges contract_changes;
    NoticeTopics notices = notices_;
    SendClock send_clock;
    archive(seed, subscriptions, contract_changes, notices, send_clock);
    StringMap<std::unique_ptr<Followed>> followed;
    const std::size_t count = archive.count();
    for (std::size_t i = 0; i < count && archive.ok(); ++i) {
        auto contract = std::make_shared<market::Contract>();
        archive(*contract);
        archive.require(contract->contract_size > 0.0);
        if (!archive.ok()) return false;
        auto& place = followed[contract->contract_code];
        place = std::make_unique<Followed>(std::move(contract));
        archive(*place);
    }
    if (!archive.at_end()) return false;
    random_ = net::make_random_unit(seed);
    subscriptions_ = std::move(subscriptions);
    contract_changes_ = std::move(contract_changes);
    notices_ = std::move(notices);
    send_clock_ = send_clock;
    followed_ = std::move(followed);
    return true;
}

}  // namespace scanner::exchange::htx::feed
