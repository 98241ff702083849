#include "scanner/core/hex.hpp"

namespace scanner::core {

std::string to_hex(std::string_view bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += hex_digit(byte >> 4U);
        text += hex_digit(byte & 15U);
    }
    return text;
}

}  // namespace scanner::core
