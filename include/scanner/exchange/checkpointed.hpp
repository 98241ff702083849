#pragma once

#include <string>
#include <string_view>

namespace scanner::exchange {

/// An exchange or a feed that another one can go on from, without connections of its own: what a recording holds of it
/// at the head of a segment. Loop thread only, and not from within one of its calls.
class Checkpointed {
public:
    virtual ~Checkpointed() = default;
    /// Everything that decides what it makes of what comes. It goes on as if it had been restored from it.
    [[nodiscard]] virtual std::string checkpoint() = 0;
    /// Goes on from there, and tells no listener of it. False where the bytes are none of that: nothing has changed
    /// then. A feed that has connections cannot.
    [[nodiscard]] virtual bool restore(std::string_view bytes) = 0;
};

}  // namespace scanner::exchange
