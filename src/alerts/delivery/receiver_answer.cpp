#include "alerts/delivery/receiver_answer.hpp"

#include "scanner/core/names.hpp"
#include "scanner/net/request_target.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace scanner::alerts {
namespace {

constexpr std::size_t kMaxExcerptBytes = 200;
constexpr std::size_t kMaxReadBytes = 8U << 10U;  // of an answer, for the excerpt
constexpr std::size_t kShortestKey = 6;           // a shorter piece of a path is a word
constexpr std::size_t kShortestSecret = 3;        // of what is a secret by its place
constexpr double kMaxSeconds = 1e9;

/// What such addresses are made of besides keys.
constexpr std::array<std::string_view, 8> kWords{"webhook",   "webhooks",     "services", "sendMessage",
                                                 "workflows", "integrations", "alerts",   "incoming"};

class Secrets {
public:
    void add(std::string_view text, std::size_t shortest) {
        if (text.size() < shortest || std::ranges::find(kWords, text) != kWords.end()) return;
        found_.emplace_back(text);
        if (auto decoded = core::percent_decode(text); decoded && *decoded != text && decoded->size() >= shortest) {
            found_.push_back(std::move(*decoded));
        }
        if (auto encoded = core::percent_encode(text); encoded != text) found_.push_back(std::move(encoded));
    }
    std::vector<std::string> take() {
        std::ranges::sort(found_, [](const std::string& a, const std::string& b) {
            return a.size() != b.size() ? a.size() > b.size() : a < b;
        });
        const auto repeated = std::ranges::unique(found_);
        found_.erase(repeated.begin(), repeated.end());
        return std::move(found_);
    }

private:
    std::vector<std::string> found_;
};

void hide(std::string& text, std::string_view secret) {
    static constexpr std::string_view kHidden = "***";
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kHidden.size())) {
        text.replace(at, secret.size(), kHidden);
    }
}

std::optional<std::chrono::milliseconds> wait_of(const nlohmann::json& object) {
    const auto found = object.find("retry_after");
    if (found == object.end() || !found->is_number()) return std::nullopt;
    const double seconds = found->get<double>();
    if (!std::isfinite(seconds) || seconds < 0.0) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(std::min(seconds, kMaxSeconds) * 1'000.0)));
}

}  // namespace

std::vector<std::string> secrets_of(const core::Url& url, std::string_view signing_secret) {
    Secrets secrets;
    secrets.add(url.password, kShortestSecret);
    if (url.password.empty()) secrets.add(url.user, kShortestSecret);  // a token in its place
    secrets.add(signing_secret, kShortestSecret);
    secrets.add(url.query.empty() ? url.path : url.path + "?" + url.query, kShortestSecret);
    secrets.add(url.path, kShortestKey);
    std::string_view path = url.path;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view segment = path.substr(0, end);
        secrets.add(segment, kShortestKey);
        // Telegram's "bot123:ABC".
        if (segment.starts_with("bot") && segment.find(':') != std::string_view::npos) {
            secrets.add(segment.substr(3), kShortestKey);
            secrets.add(segment.substr(segment.find(':') + 1), kShortestKey);
        }
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    if (const auto query = net::parse_query(url.query)) {
        for (const net::QueryParameter& parameter : *query) {
            if (parameter.name == "chat_id") continue;  // not a secret, and errors make no sense without it
            secrets.add(parameter.value, kShortestSecret);
        }
    }
    return secrets.take();
}

std::string answer_excerpt(std::string_view body, std::span<const std::string> secrets) {
    std::string text(body.substr(0, kMaxReadBytes));
    for (const std::string& secret : secrets) hide(text, secret);
    std::string line;
    for (const char c : text) {
        const bool blank = static_cast<unsigned char>(c) <= 0x20;
        if (blank && (line.empty() || line.back() == ' ')) continue;
        line += blank ? ' ' : c;
        if (line.size() > 2 * kMaxExcerptBytes) break;
    }
    while (line.ends_with(' ')) line.pop_back();
    line = core::visible_text(line);
    if (line.size() <= kMaxExcerptBytes) return line;
    std::size_t end = kMaxExcerptBytes;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;  // not inside a character
    return line.substr(0, end) + "…";
}

std::optional<std::chrono::milliseconds> retry_after_in(std::string_view body) {
    if (body.find("retry_after") == std::string_view::npos || body.size() > kMaxReadBytes) return std::nullopt;
    const auto answer = nlohmann::json::parse(body, nullptr, false);
    if (!answer.is_object()) return std::nullopt;
    if (const auto wait = wait_of(answer)) return wait;
    const auto parameters = answer.find("parameters");
    return parameters != answer.end() && parameters->is_object() ? wait_of(*parameters) : std::nullopt;
}

}  // namespace scanner::alerts
