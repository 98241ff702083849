#include "scanner/net/gzip_inflater.hpp"
#include "scanner/recording/tools.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <istream>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace scanner::recording {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kGzip = "\x1f\x8b";

std::optional<std::string> from_base64(std::string_view text) {
    static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (text.size() % 4 != 0) return std::nullopt;
    std::string out;
    out.reserve(text.size() / 4 * 3);
    for (std::size_t at = 0; at < text.size(); at += 4) {
        const bool last = at + 4 == text.size();
        const std::size_t padding = !last ? 0 : text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            std::size_t digit = 0;
            if (i < 4 - padding) digit = kDigits.find(text[at + i]);
            if (digit == std::string_view::npos) return std::nullopt;
            bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
        }
        for (std::size_t i = 0; i < 3 - padding; ++i) out += static_cast<char>((bits >> (16 - (8 * i))) & 0xffU);
    }
    return out;
}

class Importer {
public:
    explicit Importer(SegmentFolder& into) : into_(into) {}

    core::Result<void> line(std::string_view text) {
        const Json json = Json::parse(text, nullptr, false);
        if (!json.is_object()) return wrong("not a JSON object");
        const auto time = json.find("t");
        if (time == json.end() || !time->is_number_integer() || time->get<std::int64_t>() < 0) {
            return wrong("t: must be nanoseconds since 1970 as a whole number");
        }
        const auto ns = time->get<std::int64_t>();
        if (ns < last_ns_) return wrong("t: goes back; lines must be in the order of time");
        last_ns_ = ns;
        const Stamp at{.wall_ns = ns, .steady_ns = ns};
        const auto kind = text_of(json, "kind");
        const auto subject = text_of(json, "topic_or_url");
        auto body = text_of(json, "body");
        if (const auto coded = text_of(json, "body_base64")) {
            if (body) return wrong("body and body_base64: only one of them");
            body = from_base64(*coded);
            if (!body) return wrong("body_base64: not base64");
        }
        if (!body) return wrong("body: missing, or not a text");
        if (kind == "rest") {
            if (!subject || subject->empty()) return wrong("topic_or_url: must be the URL");
            return into_.add(
                {at, RestAnswer{.url = *subject, .status = 200, .headers = {}, .body = inflated(*body), .error = ""}});
        }
        if (kind != "ws") return wrong("kind: must be \"rest\" or \"ws\"");
        return frame(at, text_of(json, "connection").value_or(""), *body);
    }

private:
    core::Result<void> frame(Stamp at, const std::string& name, const std::string& body) {
        const auto known = connections_.emplace(name, static_cast<std::uint32_t>(connections_.size()));
        if (known.second) {
            auto opened = into_.add(
                {at, ConnectionEvent{.connection = known.first->second, .open = true, .name = name, .detail = ""}});
            if (!opened) return opened;
        }
        std::string content = inflated(body);
        const bool compressed = content.starts_with(kGzip);
        return into_.add({at, SocketFrame{.connection = known.first->second,
                                          .binary = true,
                                          .compressed = compressed,
                                          .bytes = std::move(content)}});
    }

    std::string inflated(const std::string& body) {
        if (!body.starts_with(kGzip)) return body;
        const auto content = inflater_.inflate(body);
        return content ? std::string(*content) : body;
    }

    static std::optional<std::string> text_of(const Json& json, const char* name) {
        const auto found = json.find(name);
        if (found == json.end() || !found->is_string()) return std::nullopt;
        return found->get<std::string>();
    }

    static core::Result<void> wrong(std::string what) {
        return core::fail(core::ErrorCode::invalid_input, std::move(what));
    }

    SegmentFolder& into_;
    net::GzipInflater inflater_{16U << 20U};
    std::map<std::string, std::uint32_t> connections_;
    std::int64_t last_ns_ = 0;
};

}  // namespace

core::Result<void> import_lines(std::istream& lines, SegmentFolder& into) {
    Importer importer(into);
    std::string text;
    for (std::size_t number = 1; std::getline(lines, text); ++number) {
        if (text.ends_with('\r')) text.pop_back();
        if (text.empty()) continue;
        if (auto done = importer.line(text); !done) {
            return std::unexpected(done.error().within(fmt::format("line {}", number)));
        }
    }
    if (into.records() == 0) return core::fail(core::ErrorCode::invalid_input, "no lines");
    return into.finish();
}

}  // namespace scanner::recording
