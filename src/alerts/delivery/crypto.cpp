#include "alerts/delivery/crypto.hpp"

#include <array>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdexcept>

namespace scanner::alerts {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// libcrypto speaks of unsigned bytes.
const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
template <std::size_t N>
std::string text_of(const std::array<unsigned char, N>& bytes) {
    return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view message) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    unsigned int length = 0;
    // Fails for want of memory only.
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(message), message.size(), digest.data(),
             &length) == nullptr) {
        throw std::runtime_error("libcrypto cannot make an HMAC");
    }
    return text_of(digest);
}

std::string sha256(std::string_view message) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(bytes_of(message), message.size(), digest.data());
    return text_of(digest);
}

std::string to_base64(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // the library ends it with a zero
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
    // The library skips spaces and takes a '=' for a zero anywhere, so what it is given is looked at first.
    if (text.size() % 4 == 1 || text.find_first_not_of(kAlphabet) != std::string_view::npos) return std::nullopt;
    const std::size_t missing = (4 - text.size() % 4) % 4;
    const std::string padded = std::string(text) + std::string(missing, '=');
    std::string bytes(padded.size() / 4 * 3, '\0');
    if (padded.empty()) return bytes;
    if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), bytes_of(padded),
                        static_cast<int>(padded.size())) < 0) {
        return std::nullopt;
    }
    bytes.resize(bytes.size() - missing);
    return bytes;
}

}  // namespace scanner::alerts
