#include "alerts/delivery/chat_message.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/core/names.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/core/url.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <optional>
#include <vector>

namespace scanner::alerts {
namespace {

using core::WebhookFormat;
using nlohmann::json;

constexpr std::size_t kMaxTextBytes = 1'900;  // Discord takes 2000 characters, Telegram 4096, Slack more
constexpr std::size_t kMaxWhyBytes = 300;
constexpr std::size_t kMaxFlagsBytes = 200;
constexpr std::chrono::minutes kLate{2};
constexpr std::int64_t kSuppressEmbeds = 4;  // Discord's flag: no preview of the link

/// The front of `text`, at most `max_bytes` bytes, not cut inside a character.
std::string shortened(std::string text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return text;
    std::size_t end = max_bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text.resize(end);
    return text + "…";
}

/// `text` as the chat shows it literally.
std::string escaped(WebhookFormat format, std::string_view text) {
    std::string out;
    for (const char c : core::visible_text(text)) {
        if (format == WebhookFormat::slack && (c == '&' || c == '<' || c == '>')) {
            out += c == '&' ? "&amp;" : (c == '<' ? "&lt;" : "&gt;");
            continue;
        }
        static constexpr std::string_view kMarkdown = "\\*_~`|<>[]()#@";
        if (format == WebhookFormat::discord && kMarkdown.contains(c)) out += '\\';
        out += c == '\n' || c == '\t' ? ' ' : c;
    }
    return out;
}

std::optional<double> number_in(const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number()) return std::nullopt;
    const double value = found->get<double>();
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string text_in(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// To four decimals, or six digits below 1: for reading, not for computing.
std::string shown(double value) {
    if (std::fabs(value) < 1.0 || std::fabs(value) > 1e12) return fmt::format("{:.6g}", value);
    return core::format_double(std::round(value * 1e4) / 1e4);
}

std::string place(const json& payload) {
    std::string line;
    const auto add = [&line](const std::string& part) { line += (line.empty() ? "" : ", ") + part; };
    if (const auto rank = number_in(payload, "rank")) {
        std::string text = fmt::format("Rank {:.0f}", *rank);
        const auto delta = number_in(payload, "rank_delta");
        if (delta && *delta != 0.0)
            text += fmt::format(" ({} {:.0f})", *delta > 0.0 ? "up" : "down", std::fabs(*delta));
        add(text);
    }
    if (const auto score = number_in(payload, "score")) {
        const std::string profile = text_in(payload, "profile");
        add("score " + shown(*score) + (profile.empty() ? "" : " under " + profile));
    }
    if (const auto price = number_in(payload, "last_price")) {
        add("last price " + core::format_double(*price) + " USDT");
    }
    return line;
}

/// "manip_score >= 60 (72.5), "scam_wick" in flags".
std::string why(const json& payload) {
    std::string line;
    if (const auto conditions = payload.find("conditions"); conditions != payload.end() && conditions->is_array()) {
        for (const json& condition : *conditions) {
            if (!condition.is_object()) continue;
            if (!line.empty()) line += ", ";
            line += text_in(condition, "text");
            if (const auto left = number_in(condition, "left")) line += " (" + shown(*left) + ")";
        }
    }
    if (line.empty()) line = text_in(payload, "expression");
    return line.empty() ? line : "Why: " + shortened(std::move(line), kMaxWhyBytes);
}

std::string manipulation(const json& payload) {
    std::string flags;
    if (const auto given = payload.find("manipulation_flags"); given != payload.end() && given->is_array()) {
        for (const json& flag : *given) {
            if (flag.is_string()) flags += (flags.empty() ? "" : ", ") + flag.get<std::string>();
        }
    }
    const auto score = number_in(payload, "manipulation_score");
    if (flags.empty() && (!score || *score == 0.0)) return {};
    std::string line = "Manipulation score " + (score ? shown(*score) : std::string("unknown"));
    return flags.empty() ? line : line + ": " + shortened(std::move(flags), kMaxFlagsBytes);
}

std::string when(core::WallTime time, core::WallTime now) {
    std::string text = core::format_time(time);  // 2026-11-22T05:24:00.123Z
    text = text.substr(0, 10) + " " + text.substr(11, 8) + " UTC";
    if (now - time < kLate) return text;
    const auto late = std::chrono::duration_cast<std::chrono::minutes>(now - time).count();
    return text + (late < 120 ? fmt::format(", sent {} min later", late)
                              : fmt::format(", sent {} h later: look before you act", late / 60));
}

/// `page` with the code in its place. Percent-encoded: nothing in it is markup but '&', which Slack wants as an entity.
std::string link_to(WebhookFormat format, std::string_view page, std::string_view code) {
    constexpr std::string_view kPlace = "{contract_code}";
    const std::size_t place = page.find(kPlace);
    if (place == std::string_view::npos) return {};
    std::string link(page.substr(0, place));
    link += core::percent_encode(code);
    link += page.substr(place + kPlace.size());
    if (format != WebhookFormat::slack) return link;
    for (std::size_t at = link.find('&'); at != std::string::npos; at = link.find('&', at + 1)) {
        link.replace(at, 1, "&amp;");
    }
    return link;
}

std::string text_of(WebhookFormat format, std::string_view contract_page, const Alert& alert, core::WallTime now) {
    json payload = json::parse(alert.payload_json, nullptr, false);
    if (!payload.is_object()) payload = json::object();
    const auto simulated = payload.find("simulated");
    const bool unreal = simulated != payload.end() && *simulated == json(true);
    std::string text;
    const auto add = [&text](const std::string& line) {
        if (line.empty() || text.size() + 1 + line.size() > kMaxTextBytes) return;
        if (!text.empty()) text += '\n';
        text += line;
    };
    add(escaped(format, shortened(alert.rule, core::kMaxNameBytes) + ": " + shortened(alert.symbol, 160) +
                            (unreal ? " (simulated exchange)" : "")));
    for (const std::string& line : {place(payload), why(payload), manipulation(payload), when(alert.time, now)}) {
        add(escaped(format, line));
    }
    const std::string code = text_in(payload, "contract_code");
    if (!unreal && !code.empty() && code.size() <= core::kMaxNameBytes) {
        add(link_to(format, contract_page, code));
    }
    return text;
}

}  // namespace

std::string render_chat_message(WebhookFormat format, std::string_view chat_id, std::string_view contract_page,
                                const Alert& alert, core::WallTime now) {
    const std::string text = text_of(format, contract_page, alert, now);
    core::JsonWriter out(256 + 2 * text.size());
    out.begin_object();
    if (format == WebhookFormat::discord) {
        out.field("content", text).key("allowed_mentions").begin_object();
        out.key("parse").begin_array().end_array().end_object().field("flags", kSuppressEmbeds);
    } else if (format == WebhookFormat::slack) {
        out.field("text", text).field("mrkdwn", false).field("unfurl_links", false).field("unfurl_media", false);
    } else {
        out.field("chat_id", chat_id).field("text", text);
        out.key("link_preview_options").begin_object().field("is_disabled", true).end_object();
    }
    return out.end_object().take();
}

}  // namespace scanner::alerts
