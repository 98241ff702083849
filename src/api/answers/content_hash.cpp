#include "api/answers/content_hash.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace scanner::api {
namespace {

constexpr std::uint64_t kC1 = 0x87c37b91114253d5ULL;
constexpr std::uint64_t kC2 = 0x4cf5ad432745937fULL;

std::uint64_t load(const char* at) {
    std::uint64_t value = 0;
    std::memcpy(&value, at, sizeof value);
    if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
    return value;
}

std::uint64_t scramble_low(std::uint64_t k) {
    return std::rotl(k * kC1, 31) * kC2;
}
std::uint64_t scramble_high(std::uint64_t k) {
    return std::rotl(k * kC2, 33) * kC1;
}

std::uint64_t finish(std::uint64_t k) {
    k ^= k >> 33U;
    k *= 0xff51afd7ed558ccdULL;
    k ^= k >> 33U;
    k *= 0xc4ceb9fe1a85ec53ULL;
    return k ^ (k >> 33U);
}

}  // namespace

std::string content_hash(std::string_view bytes) {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::size_t at = 0;
    for (; at + 16 <= bytes.size(); at += 16) {
        low ^= scramble_low(load(bytes.data() + at));
        low = (std::rotl(low, 27) + high) * 5 + 0x52dce729ULL;
        high ^= scramble_high(load(bytes.data() + at + 8));
        high = (std::rotl(high, 31) + low) * 5 + 0x38495ab5ULL;
    }
    std::array<char, 16> tail{};
    if (at < bytes.size()) std::memcpy(tail.data(), bytes.data() + at, bytes.size() - at);
    high ^= scramble_high(load(tail.data() + 8));
    low ^= scramble_low(load(tail.data()));

    low ^= bytes.size();
    high ^= bytes.size();
    low += high;
    high += low;
    low = finish(low);
    high = finish(high);
    low += high;
    high += low;

    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(32);
    for (const std::uint64_t half : {low, high}) {
        for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(half >> static_cast<unsigned>(shift)) & 15U];
    }
    return text;
}

}  // namespace scanner::api
