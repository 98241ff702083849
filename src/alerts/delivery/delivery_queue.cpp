#include "alerts/delivery/delivery_queue.hpp"

#include <algorithm>
#include <utility>

namespace scanner::alerts {

DeliveryQueue::DeliveryQueue(DeliveryOptions options, net::RandomUnit random)
    : options_(options), random_(std::move(random)) {}

std::optional<GivenUp> DeliveryQueue::push(Alert alert, core::SteadyTime now, int attempts) {
    std::string id = alert_id(alert.rule, alert.symbol, alert.time);
    if (find(id) != entries_.end()) return std::nullopt;
    std::optional<GivenUp> given_up;
    if (entries_.size() >= options_.max_waiting) {
        const auto oldest = std::ranges::find(entries_, false, &Entry::under_way);
        if (oldest == entries_.end()) {
            return GivenUp{.alert = std::move(alert), .attempts = attempts, .error = "the queue is full"};
        }
        given_up = remove(oldest, "the queue is full");
    }
    Entry entry{.item = {.alert = std::move(alert), .id = std::move(id), .attempts = attempts},
                .backoff = net::Backoff(options_.backoff, random_),
                .due = now};
    for (int i = 0; i < attempts; ++i) static_cast<void>(entry.backoff.next());
    entries_.push_back(std::move(entry));
    return given_up;
}

std::optional<DeliveryQueue::Item> DeliveryQueue::take(core::SteadyTime now) {
    if (now < closed_until_) return std::nullopt;
    auto best = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        if (entry->under_way || entry->due > now) continue;
        if (best == entries_.end() || entry->due < best->due) best = entry;
    }
    if (best == entries_.end()) return std::nullopt;
    best->under_way = true;
    return best->item;
}

std::optional<core::SteadyTime> DeliveryQueue::next_due() const {
    std::optional<core::SteadyTime> next;
    for (const Entry& entry : entries_) {
        if (!entry.under_way && (!next || entry.due < *next)) next = entry.due;
    }
    return next ? std::optional(std::max(*next, closed_until_)) : std::nullopt;
}

void DeliveryQueue::delivered(std::string_view id) {
    if (const auto entry = find(id); entry != entries_.end()) entries_.erase(entry);
}

std::optional<GivenUp> DeliveryQueue::failed(std::string_view id, std::string error,
                                             std::optional<std::chrono::milliseconds> at_least, core::SteadyTime now) {
    if (at_least) closed_until_ = std::max(closed_until_, now + *at_least);
    const auto entry = find(id);
    if (entry == entries_.end()) return std::nullopt;
    ++entry->item.attempts;
    const auto wait = entry->backoff.next();
    if (!wait) return remove(entry, std::move(error));
    entry->under_way = false;
    entry->due = now + std::max(*wait, at_least.value_or(std::chrono::milliseconds(0)));
    return std::nullopt;
}

std::optional<GivenUp> DeliveryQueue::give_up(std::string_view id, std::string error) {
    const auto entry = find(id);
    if (entry == entries_.end()) return std::nullopt;
    ++entry->item.attempts;
    return remove(entry, std::move(error));
}

void DeliveryQueue::put_back(std::string_view id, core::SteadyTime now) {
    const auto entry = find(id);
    if (entry == entries_.end()) return;
    entry->under_way = false;
    entry->due = now;
}

std::vector<DeliveryQueue::Item> DeliveryQueue::items() const {
    std::vector<Item> items;
    for (const Entry& entry : entries_) items.push_back(entry.item);
    return items;
}

DeliveryQueue::Entries::iterator DeliveryQueue::find(std::string_view id) {
    return std::ranges::find_if(entries_, [id](const Entry& entry) { return entry.item.id == id; });
}

GivenUp DeliveryQueue::remove(Entries::iterator entry, std::string error) {
    GivenUp given_up{
        .alert = std::move(entry->item.alert), .attempts = entry->item.attempts, .error = std::move(error)};
    entries_.erase(entry);
    return given_up;
}

}  // namespace scanner::alerts
