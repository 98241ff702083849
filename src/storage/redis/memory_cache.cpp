#include "scanner/storage/snapshot_cache.hpp"

#include <map>
#include <utility>

namespace scanner::storage {
namespace {

class MemoryCache final : public SnapshotCache {
public:
    explicit MemoryCache(const core::Clock& clock) : clock_(clock) {}

    void put(std::vector<Entry> entries) override {
        for (Entry& entry : entries) {
            kept_[std::move(entry.key)] = {std::move(entry.value), clock_.steady_now() + entry.ttl};
        }
    }

    boost::asio::awaitable<core::Result<std::optional<std::string>>> get(std::string key,
                                                                         std::size_t max_bytes) override {
        const auto found = kept_.find(key);
        if (found == kept_.end()) co_return std::nullopt;
        if (clock_.steady_now() >= found->second.until) {
            kept_.erase(found);
            co_return std::nullopt;
        }
        if (found->second.value->size() > max_bytes) co_return core::fail(core::ErrorCode::malformed, "too long");
        co_return *found->second.value;
    }

    StoreStatus status() const override { return {}; }
    boost::asio::awaitable<void> close(std::chrono::milliseconds) override { co_return; }

private:
    struct Kept {
        std::shared_ptr<const std::string> value;
        core::SteadyTime until;
    };
    const core::Clock& clock_;
    std::map<std::string, Kept> kept_;
};

}  // namespace

std::string_view to_string(StoreState state) noexcept {
    switch (state) {
        case StoreState::embedded: return "embedded";
        case StoreState::connecting: return "connecting";
        case StoreState::ready: return "ready";
        case StoreState::down: break;
    }
    return "down";
}

std::unique_ptr<SnapshotCache> make_memory_cache(const core::Clock& clock) {
    return std::make_unique<MemoryCache>(clock);
}

}  // namespace scanner::storage
