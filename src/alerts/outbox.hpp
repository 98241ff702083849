#pragma once

#include "alerts/delivery/delivery_queue.hpp"

#include "scanner/alerts/alert.hpp"
#include "scanner/alerts/edges.hpp"
#include "scanner/core/error.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The state that the alert service saves, as text. Pure.
namespace scanner::alerts {

struct SavedState {
    /// An alert that is not delivered yet.
    struct Waiting {
        Alert alert;
        int attempts = 0;
        bool announced = false;  ///< recorded and published already: only the webhook is left
    };
    AlertEdges edges;
    std::vector<Waiting> waiting;
    std::vector<GivenUp> given_up;  ///< the database did not take them yet
};

[[nodiscard]] std::string encode_state(const SavedState& state);
/// malformed, and nothing at all, for damaged text.
[[nodiscard]] core::Result<SavedState> decode_state(std::string_view text, EdgeOptions options);

}  // namespace scanner::alerts
