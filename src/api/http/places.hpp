#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace scanner::api {

/// So many at a time in all, and so many for one client. A place is taken before the first wait and held over it: what
/// is counted only afterwards lets in every request made meanwhile. Places may outlive their Places. Loop thread.
class Places {
    struct State {
        std::size_t max = 0;
        std::size_t share = 0;
        std::size_t taken = 0;
        std::map<std::string, std::size_t> by_client;
    };

public:
    /// Gives itself back when destroyed; an empty one (no room, default, moved from) gives nothing.
    class [[nodiscard]] Place {
    public:
        Place() = default;
        Place(Place&& other) noexcept = default;
        Place& operator=(Place&& other) noexcept {
            std::swap(state_, other.state_);
            std::swap(client_, other.client_);
            return *this;
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            if (state_ == nullptr) return;
            --state_->taken;
            const auto count = state_->by_client.find(client_);
            if (count != state_->by_client.end() && --count->second == 0) state_->by_client.erase(count);
        }
        [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

    private:
        friend class Places;
        Place(std::shared_ptr<State> state, std::string client)
            : state_(std::move(state)), client_(std::move(client)) {}
        std::shared_ptr<State> state_;
        std::string client_;
    };

    explicit Places(std::size_t max, std::size_t share = SIZE_MAX)
        : state_(std::make_shared<State>(State{.max = max, .share = share})) {}

    /// An empty place when there is no room. `occupied`: how many are taken otherwise. `client`: whose share it comes
    /// out of; empty for none's.
    [[nodiscard]] Place take(std::size_t occupied = 0, std::string client = {}) {
        if (occupied >= state_->max || state_->taken >= state_->max - occupied) return {};
        if (!client.empty()) {
            std::size_t& count = state_->by_client[client];
            if (count >= state_->share) return {};
            ++count;
        }
        ++state_->taken;
        return {state_, std::move(client)};
    }
    [[nodiscard]] std::size_t taken() const noexcept { return state_->taken; }

private:
    std::shared_ptr<State> state_;
};

}  // namespace scanner::api
