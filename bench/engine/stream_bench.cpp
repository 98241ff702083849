// What a message of the ranking stream costs in processor time, on messages that a scanner sent: `stream-bench FILE
// EXCHANGE`, where FILE holds each after its length (four bytes, little-endian), a whole ranking first. bench/scale.py
// makes one and runs it.

#include "scanner/ranking/ranking_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace scanner {
namespace {

/// What this thread has used, in µs.
double used_us() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e6 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e3;
}

struct Figures {
    std::string name;
    std::vector<double> us;
    std::size_t bytes = 0;

    template <class Work>
    auto measure(Work work) {
        const double before = used_us();
        auto result = work();
        us.push_back(used_us() - before);
        return result;
    }
    void print() {
        if (us.empty()) return;
        std::ranges::sort(us);
        fmt::print("{:18} {:4} of them, {:7.0f} us in the middle, {:7.0f} at most, {:8} bytes each\n", name, us.size(),
                   us[us.size() / 2], us.back(), bytes / us.size());
    }
};

std::vector<std::string> messages_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> messages;
    for (std::size_t at = 0; at + sizeof(std::uint32_t) <= all.size();) {
        std::uint32_t size = 0;
        std::memcpy(&size, all.data() + at, sizeof(size));
        messages.push_back(all.substr(at + sizeof(size), size));
        at += sizeof(size) + size;
    }
    return messages;
}

int run(const char* path, const ranking::RankingOrigin& origin) {
    Figures received{.name = "received delta"};
    Figures received_whole{.name = "received whole"};
    Figures packed{.name = "packed"};
    Figures delta{.name = "encoded delta"};
    Figures snapshot{.name = "encoded whole"};
    Figures again{.name = "own delta decoded"};
    ranking::PackedRankingPtr base;    // as it came
    ranking::PackedRankingPtr own;     // packed by this version
    ranking::PackedRankingPtr reader;  // that was sent on by this version
    for (const std::string& message : messages_of(path)) {
        const auto head = ranking::message_head(message);
        Figures& figures = head && head->base == 0 ? received_whole : received;
        const auto read = figures.measure([&] { return ranking::decode_message(message, base.get(), origin); });
        if (!read) {
            fmt::print(stderr, "{}\n", read.error().message());
            return 1;
        }
        figures.bytes += message.size();
        base = *read;
        const auto next = packed.measure([&] { return ranking::pack_ranking(base->ranking, base->note, own.get()); });
        if (own == nullptr || base->note.recorded) {
            const std::string bytes = snapshot.measure([&] { return ranking::encode_snapshot(*next, origin); });
            snapshot.bytes += bytes.size();
            if (own == nullptr) reader = ranking::decode_message(bytes, nullptr, origin).value_or(nullptr);
        }
        if (own != nullptr) {
            const std::string bytes = delta.measure([&] { return ranking::encode_delta(*own, *next, origin); });
            delta.bytes += bytes.size();
            const auto sent_on = again.measure([&] { return ranking::decode_message(bytes, reader.get(), origin); });
            if (!sent_on) {
                fmt::print(stderr, "sent on: {}\n", sent_on.error().message());
                return 1;
            }
            reader = *sent_on;
        }
        own = next;
    }
    for (Figures* const figures : {&received_whole, &received, &packed, &snapshot, &delta, &again}) figures->print();
    return 0;
}

}  // namespace
}  // namespace scanner

int main(int count, char** words) {
    if (count != 3) {
        fmt::print(stderr, "stream-bench FILE EXCHANGE\n");
        return 2;
    }
    return scanner::run(words[1], {.exchange = words[2], .installation = ""});
}
