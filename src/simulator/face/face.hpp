#pragma once

#include "simulator/face/control.hpp"
#include "simulator/face/faults/faults.hpp"
#include "simulator/face/faults/limits.hpp"
#include "simulator/face/state/world.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/net/request_handler.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace scanner::simulator::face {

struct FaceOptions {
    std::uint64_t seed = 1;
    std::chrono::milliseconds latency{0};  ///< of every answer of the exchange, the work of making it included
    OverLimit over_limit = OverLimit::body;
    std::vector<FaultSpec> faults;
    Status status;  ///< what stays the same of it
};

/// The exchange as its clients see it: REST and WebSocket to the letter, plus /_simulator/*. Loop thread only.
class Face : public net::RequestHandler {
public:
    /// Brings the world up to the present and sends what has become due to WebSockets. To be called every 30 ms, so
    /// that books and index prices are renewed without anybody asking. False when the market could not be played that
    /// far in the time for it: call again soon.
    virtual bool tick() = 0;
};

/// `world` and `clock` must outlive the face.
[[nodiscard]] std::unique_ptr<Face> make_face(FaceOptions options, World& world, const core::Clock& clock);

}  // namespace scanner::simulator::face
