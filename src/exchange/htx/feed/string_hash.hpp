#pragma once

#include <functional>
#include <map>
#include <string>

namespace scanner::exchange::htx::feed {

/// By text, and found by a view of it without a copy. In order: what is done to all of them one after another is done
/// in the same order by a feed that goes on from a checkpoint.
template <class T>
using StringMap = std::map<std::string, T, std::less<>>;

}  // namespace scanner::exchange::htx::feed
