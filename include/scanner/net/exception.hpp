#pragma once

#include <exception>
#include <string>

namespace scanner::net {

/// What an exception says, for logs and error texts. `exception` must not be null.
[[nodiscard]] std::string describe(const std::exception_ptr& exception);

/// Whether it is only how a cancelled coroutine ends (operation_aborted), and so nothing to report. False for null.
[[nodiscard]] bool is_cancellation(const std::exception_ptr& exception);

}  // namespace scanner::net
