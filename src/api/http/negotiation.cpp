#include "api/http/negotiation.hpp"

#include "scanner/core/numeric.hpp"
#include "scanner/core/text.hpp"

#include <zlib.h>

#include <optional>

namespace scanner::api {
namespace {

/// The quality of an element "gzip;q=0.5"; 1 without one, 0 for one that is not a number from 0 to 1.
double quality(std::string_view parameters) {
    while (!parameters.empty()) {
        const std::string_view parameter = take_part(parameters, ';');
        if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
        const auto value = core::parse_double(parameter.substr(2));
        return value && *value >= 0.0 && *value <= 1.0 ? *value : 0.0;
    }
    return 1.0;
}

/// RFC 9110, 13.1: `tags` is "*" or a list that has `etag`. Weak comparison.
bool lists_tag(std::string_view tags, std::string_view etag) {
    tags = core::trimmed(tags);
    if (tags == "*") return true;
    // Our tags have no commas, so that a plain split finds them; a foreign tag with one only yields parts that miss.
    while (!tags.empty()) {
        std::string_view tag = take_part(tags, ',');
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (!tag.empty() && tag == etag) return true;
    }
    return false;
}

}  // namespace

std::string_view take_part(std::string_view& rest, char separator) {
    const std::size_t end = rest.find(separator);
    const std::string_view part = core::trimmed(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return part;
}

std::string all_values(const net::ServerRequest& request, std::string_view name) {
    std::string joined;
    for (const net::Header& header : request.headers) {
        if (header.value.empty() || !core::equal_ignoring_case(header.name, name)) continue;
        if (!joined.empty()) joined += ", ";
        joined += header.value;
    }
    return joined;
}

bool accepts_gzip(std::string_view accept_encoding) {
    std::optional<double> gzip;
    std::optional<double> identity;
    std::optional<double> anything;
    while (!accept_encoding.empty()) {
        std::string_view element = take_part(accept_encoding, ',');
        const std::string_view coding = take_part(element, ';');
        const double q = quality(element);
        if (core::equal_ignoring_case(coding, "gzip") || core::equal_ignoring_case(coding, "x-gzip")) {
            gzip = q;
        } else if (core::equal_ignoring_case(coding, "identity")) {
            identity = q;
        } else if (coding == "*") {
            anything = q;
        }
    }
    const double wanted = gzip.value_or(anything.value_or(0.0));
    return wanted > 0.0 && wanted >= identity.value_or(0.0);
}

bool none_match_hits(std::string_view if_none_match, std::string_view etag) {
    return lists_tag(if_none_match, etag);
}

bool match_hits(std::string_view if_match, std::string_view etag) {
    return lists_tag(if_match, etag);
}

std::shared_ptr<const std::string> gzip_if_worth(std::string_view body) {
    if (body.size() < kLeastGzipBytes) return nullptr;
    z_stream stream{};
    constexpr int kGzipFormat = 15 + 16;
    constexpr int kLevel = 5;  // 6 and up cost half as much again for about a percent
    constexpr int kMemLevel = 8;
    if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipFormat, kMemLevel, Z_DEFAULT_STRATEGY) != Z_OK) return nullptr;
    // Only this much room: what does not fit is not worth sending.
    auto packed = std::make_shared<std::string>(body.size() - body.size() / 10, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // zlib does not write to it
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed->data());
    stream.avail_out = static_cast<uInt>(packed->size());
    const int outcome = deflate(&stream, Z_FINISH);
    packed->resize(stream.total_out);
    deflateEnd(&stream);
    if (outcome != Z_STREAM_END) return nullptr;
    packed->shrink_to_fit();
    return packed;
}

}  // namespace scanner::api
