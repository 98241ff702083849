#include "api/answers/content_hash.hpp"

#include "scanner/core/hex.hpp"

#include <xxhash.h>

namespace scanner::api {

std::string content_hash(std::string_view bytes) {
    // The canonical form is big-endian on every machine.
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
    return core::to_hex({reinterpret_cast<const char*>(canonical.digest), sizeof canonical.digest});
}

}  // namespace scanner::api
