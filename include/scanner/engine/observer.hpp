#pragma once

#include "scanner/core/error.hpp"
#include "scanner/ranking/ranking.hpp"

#include <optional>
#include <string_view>

namespace scanner::engine {

/// What the engine reports to metrics and tests. Called on the loop thread, in the order of events; must be
/// quick and must not call back into the engine. Every function does nothing unless overridden.
class EngineObserver {
public:
    virtual ~EngineObserver() = default;

    /// A cycle made `ranking`; it is already the current one.
    virtual void on_cycle(const ranking::Ranking& ranking) { static_cast<void>(ranking); }
    /// A cycle failed and left the previous ranking in place. Not called for a cycle abandoned on shutdown.
    virtual void on_cycle_error(const core::Error& error, double cycle_ms) {
        static_cast<void>(error);
        static_cast<void>(cycle_ms);
    }
    /// One request to the exchange was answered or failed, each retry being one of its own: `seconds` is how long the
    /// exchange took, waits for the budget and between retries excluded. `method` is the name of the Exchange function
    /// ("order_book"): few and stable. `error` is empty after a success.
    virtual void on_exchange_request(std::string_view method, double seconds, std::optional<core::ErrorCode> error) {
        static_cast<void>(method);
        static_cast<void>(seconds);
        static_cast<void>(error);
    }
};

}  // namespace scanner::engine
