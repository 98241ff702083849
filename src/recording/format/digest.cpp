#include "scanner/recording/digest.hpp"

#include "recording/format/layout.hpp"

#include <fmt/format.h>

namespace scanner::recording {

std::uint64_t content_hash(std::string_view bytes) {
    return checksum(bytes);
}

std::string hash_text(std::uint64_t hash) {
    return fmt::format("{:016x}", hash);
}

}  // namespace scanner::recording
