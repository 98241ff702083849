#include "storage/detectors/packed_state.hpp"

#include <zlib.h>

#include <cstddef>
#include <cstdint>

namespace scanner::storage {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kMaxStateBytes = 128U << 10U;
constexpr int kFast = 1;

}  // namespace

std::string pack_state(std::string_view bytes) {
    if (bytes.empty() || bytes.size() > kMaxStateBytes) return {};
    uLongf size = compressBound(static_cast<uLong>(bytes.size()));
    std::string packed(kLengthBytes + size, '\0');
    for (std::size_t i = 0; i < kLengthBytes; ++i) packed[i] = static_cast<char>((bytes.size() >> (8 * i)) & 0xffU);
    const int done = compress2(reinterpret_cast<Bytef*>(packed.data() + kLengthBytes), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()), kFast);
    if (done != Z_OK) return {};
    packed.resize(kLengthBytes + size);
    return packed;
}

std::optional<std::string> unpack_state(std::string_view packed) {
    if (packed.empty()) return std::string();
    if (packed.size() < kLengthBytes) return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = 0; i < kLengthBytes; ++i) {
        length |= static_cast<std::size_t>(static_cast<unsigned char>(packed[i])) << (8 * i);
    }
    if (length == 0 || length > kMaxStateBytes) return std::nullopt;
    std::string bytes(length, '\0');
    auto size = static_cast<uLongf>(length);
    const int done = uncompress(reinterpret_cast<Bytef*>(bytes.data()), &size,
                                reinterpret_cast<const Bytef*>(packed.data() + kLengthBytes),
                                static_cast<uLong>(packed.size() - kLengthBytes));
    if (done != Z_OK || size != length) return std::nullopt;
    return bytes;
}

}  // namespace scanner::storage
