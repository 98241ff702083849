#include "api/access/token_watch.hpp"

#include <algorithm>
#include <utility>

namespace scanner::api {

std::optional<std::chrono::seconds> TokenWatch::wrong(std::string_view client, core::SteadyTime now) {
    auto found = clients_.find(std::string(client));
    if (found == clients_.end()) {
        make_room(now);
        found = clients_.emplace(client, Record{.last = now, .wait_until = now, .next_line = now}).first;
    }
    Record& record = found->second;
    if (now - record.last > kMemory) record.in_a_row = 0;
    record.last = now;
    ++record.unlogged;
    next_line_ = std::min(next_line_, std::max(record.next_line, now));
    const bool too_soon = now < record.wait_until;
    if (++record.in_a_row < kFreeAttempts) return std::nullopt;
    const std::size_t doublings = std::min<std::size_t>(record.in_a_row - kFreeAttempts, 6);
    const auto wait = std::min(kFirstWait * (1U << doublings), kMaxWait);
    record.wait_until = now + wait;
    return too_soon ? std::optional(wait) : std::nullopt;
}

void TokenWatch::right(std::string_view client) {
    if (clients_.empty()) return;
    const auto found = clients_.find(std::string(client));
    if (found == clients_.end()) return;
    found->second.in_a_row = 0;
    found->second.wait_until = found->second.last;
}

std::vector<TokenWatch::Line> TokenWatch::take_lines(core::SteadyTime now) {
    std::vector<Line> lines;
    if (!has_lines(now)) return lines;
    if (now - period_began_ >= kLinePeriod) {
        period_began_ = now;
        lines_in_period_ = 0;
        if (others_ > 0) lines.push_back({.client = "others", .count = std::exchange(others_, 0)});
    }
    next_line_ = core::SteadyTime::max();
    for (auto& [client, record] : clients_) {
        if (record.unlogged == 0) continue;
        if (now >= record.next_line) {
            record.next_line = now + kLinePeriod;
            const auto count = std::exchange(record.unlogged, 0);
            if (lines_in_period_ < kMaxLines) {
                ++lines_in_period_;
                lines.push_back({.client = client, .count = count});
            } else {
                others_ += count;
            }
        } else {
            next_line_ = std::min(next_line_, record.next_line);
        }
    }
    if (others_ > 0) next_line_ = std::min(next_line_, period_began_ + kLinePeriod);
    return lines;
}

/// Forgets quiet clients first, then the least recently seen.
void TokenWatch::make_room(core::SteadyTime now) {
    if (clients_.size() < kMaxClients) return;
    std::erase_if(clients_,
                  [&](const auto& entry) { return entry.second.unlogged == 0 && now - entry.second.last > kMemory; });
    if (clients_.size() < kMaxClients) return;
    const auto oldest = std::ranges::min_element(clients_, {}, [](const auto& entry) { return entry.second.last; });
    others_ += oldest->second.unlogged;
    if (others_ > 0) next_line_ = std::min(next_line_, period_began_ + kLinePeriod);
    clients_.erase(oldest);
}

}  // namespace scanner::api
