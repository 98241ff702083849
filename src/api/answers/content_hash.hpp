#pragma once

#include <string>
#include <string_view>

namespace scanner::api {

/// 128 bits of MurmurHash3 (x64 variant, seed 0) as 32 hexadecimal digits: names a body by its bytes. Not for secrets.
[[nodiscard]] std::string content_hash(std::string_view bytes);

}  // namespace scanner::api
