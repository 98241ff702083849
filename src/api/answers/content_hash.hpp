#pragma once

#include <string>
#include <string_view>

namespace scanner::api {

/// 128 bits of XXH3 as 32 hexadecimal digits: tells bodies apart that were not made to collide, which is what an ETag
/// is for. Not for secrets, and not against an adversary.
[[nodiscard]] std::string content_hash(std::string_view bytes);

}  // namespace scanner::api
