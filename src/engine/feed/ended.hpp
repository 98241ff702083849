#pragma once

#include <optional>

namespace scanner::engine {

/// Says at its end that nothing is being asked for any more.
template <class Task>
class Ended {
public:
    explicit Ended(std::optional<Task>& task) : task_(task) {}
    ~Ended() { task_.reset(); }
    Ended(const Ended&) = delete;
    Ended& operator=(const Ended&) = delete;

private:
    std::optional<Task>& task_;
};

}  // namespace scanner::engine
