#include "app/open_files.hpp"

#include <algorithm>
#include <sys/resource.h>

namespace scanner::app {
namespace {

/// Enough for every subscriber that the server takes; some containers allow a thousand million.
constexpr rlim_t kEnough = 1U << 20U;

}  // namespace

std::optional<std::uint64_t> raise_open_file_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
    const rlim_t wanted = std::max(limit.rlim_cur, std::min(limit.rlim_max, kEnough));
    if (wanted != limit.rlim_cur) {
        const rlimit raised{.rlim_cur = wanted, .rlim_max = limit.rlim_max};
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return wanted;
    }
    return limit.rlim_cur;
}

}  // namespace scanner::app
