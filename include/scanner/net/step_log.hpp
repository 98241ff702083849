#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>

namespace scanner::net {

/// Told of every point at which a component takes something over or acts of its own accord, in the order in which that
/// happens. A step and what follows it without waiting happen at one moment: the clock that belongs to the log stands
/// still meanwhile. That is what makes a replay of the same steps come to the same. Loop thread only.
class StepLog {
public:
    virtual ~StepLog() = default;
    /// Something came. `name` is a stable word, `contract` a contract code or empty. Borrowed.
    virtual void step(std::string_view name, std::string_view contract, std::string_view detail) = 0;
    /// The caller is about to act. Recording, it goes on at once, with `detail`; replaying, it waits until the
    /// recording has come to this step, and gets the recorded detail.
    [[nodiscard]] virtual boost::asio::awaitable<std::string> reach(std::string_view name, std::string detail) {
        step(name, {}, detail);
        co_return detail;
    }
    /// Whether `reach` waits for a recording: then nothing else need be waited for.
    [[nodiscard]] virtual bool is_replay() const { return false; }
};

}  // namespace scanner::net
