#pragma once

#include <string_view>

namespace scanner::core {

/// Told of every point at which a component takes something over or acts of its own accord, in the order in which that
/// happens. A step and what follows it without waiting happen at one moment: the clock that belongs to the log stands
/// still meanwhile. That is what makes a replay of the same steps come to the same. Loop thread only.
class StepLog {
public:
    virtual ~StepLog() = default;
    /// `name` is a stable word, `contract` a contract code or empty. Borrowed.
    virtual void step(std::string_view name, std::string_view contract, std::string_view detail) = 0;
};

}  // namespace scanner::core
