#pragma once

#include <cstdint>
#include <optional>

namespace scanner::app {

/// Lets the process have as many open files (sockets, above all) as the system allows it: shells and service managers
/// start programs with a soft limit of 1024, which thousands of stream subscribers would not fit in. Returns the limit
/// that holds now; nothing when the system does not say.
std::optional<std::uint64_t> raise_open_file_limit() noexcept;

}  // namespace scanner::app
