#include "simulator/face/encode/gzip.hpp"

#include "scanner/core/text.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace scanner::simulator::face {
namespace {

constexpr int kGzipWindow = 15 + 16;  // 16 asks zlib for a gzip header

bool refused(std::string_view parameters) {
    const std::size_t q = parameters.find("q=");
    if (q == std::string_view::npos) return false;
    const std::string_view value = parameters.substr(q + 2);
    return value.starts_with('0') && value.find_first_of("123456789") == std::string_view::npos;
}

}  // namespace

std::string gzip(std::string_view text) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("zlib: out of memory");
    }
    std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
    // zlib reads through a non-const pointer and writes nothing there.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

bool accepts_gzip(std::string_view accept_encoding) {
    const std::string lower = core::lower_case(accept_encoding);
    std::string_view rest = lower;
    while (!rest.empty()) {
        const std::string_view item = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), item.size() + 1));
        const std::string_view name = core::trimmed(item.substr(0, item.find(';')));
        if (name == "gzip" || name == "*") return !refused(item.substr(std::min(item.size(), name.size())));
    }
    return false;
}

}  // namespace scanner::simulator::face
