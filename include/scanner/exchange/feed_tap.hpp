#pragma once

#include <cstdint>
#include <string_view>

namespace scanner::exchange {

/// Sees what comes over a feed's connections, as it came, before anything is made of it. Loop thread only; must be
/// quick, and must not throw.
class FeedTap {
public:
    virtual ~FeedTap() = default;
    /// Connections are numbered; one that ended may open again under its number.
    virtual void on_connected(std::uint32_t connection, std::string_view name) = 0;
    virtual void on_message(std::uint32_t connection, bool binary, std::string_view bytes) = 0;
    virtual void on_disconnected(std::uint32_t connection, std::string_view why) = 0;
    /// The feed begins, with this seed of what it leaves to chance.
    virtual void on_begin(std::uint64_t random_seed) = 0;
    /// The feed is about to look at what the passing of time has brought, and to send what is due.
    virtual void on_tend() = 0;
};

}  // namespace scanner::exchange
