#include "ranking/stream/patch.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

/// A patch: in turn how many bytes of the old text stay, how many of the old one are left out then, how many new ones
/// come in their place, and those; until the new text is complete. Counts are LEB128.
namespace scanner::ranking {
namespace {

/// How far the same text may have moved: a double, one, two and three levels, a candle (its time takes six bytes).
constexpr std::array<std::size_t, 6> kMoves{16, 46, 32, 8, 48, 92};
/// Bytes compared to choose between two ways to go on.
constexpr std::size_t kLook = 64;
/// Fewer equal bytes than that are not worth the two counts they take.
constexpr std::size_t kLeastCopy = 4;
/// So many equal bytes in place are taken without looking further.
constexpr std::size_t kSure = 24;
constexpr std::size_t kMaxCountBytes = 10;
/// A value that changed in place.
constexpr std::size_t kValue = sizeof(double);

std::uint64_t eight_at(const char* at) {
    std::uint64_t value = 0;
    std::memcpy(&value, at, sizeof(value));
    return value;
}

/// How many bytes are the same at the front, `limit` at most.
std::size_t common(std::string_view left, std::string_view right, std::size_t limit = std::string_view::npos) {
    static_assert(std::endian::native == std::endian::little);
    limit = std::min({limit, left.size(), right.size()});
    std::size_t at = 0;
    for (; at + sizeof(std::uint64_t) <= limit; at += sizeof(std::uint64_t)) {
        const std::uint64_t differing = eight_at(left.data() + at) ^ eight_at(right.data() + at);
        if (differing != 0) return at + static_cast<std::size_t>(std::countr_zero(differing)) / 8;
    }
    while (at < limit && left[at] == right[at]) ++at;
    return at;
}

/// Which of eight bytes are the same: a bit for each, the first one lowest.
unsigned same_of_eight(const char* left, const char* right) {
    constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7fULL;
    const std::uint64_t differing = eight_at(left) ^ eight_at(right);
    const std::uint64_t same = ~(((differing & kLow) + kLow) | differing | kLow);  // 0x80 where a byte is 0
    return static_cast<unsigned>(((same >> 7U) * 0x0102040810204080ULL) >> 56U);
}

std::string_view behind(std::string_view text, std::size_t at) {
    return at < text.size() ? text.substr(at) : std::string_view();
}

/// Where both texts go on alike: so many bytes further in each, and for how long.
struct Meeting {
    std::size_t in_old = 0;
    std::size_t in_fresh = 0;
    std::size_t length = 0;

    /// What is saved by it.
    [[nodiscard]] std::ptrdiff_t worth() const {
        return static_cast<std::ptrdiff_t>(length) - static_cast<std::ptrdiff_t>(in_fresh);
    }
};

std::optional<Meeting> meeting(std::string_view old, std::string_view fresh) {
    static_assert(kLeastCopy == 4);
    std::optional<Meeting> best;
    const auto in_place = [&](std::size_t step) {
        const std::size_t length = common(behind(old, step), behind(fresh, step), kLook);
        if (length >= kLeastCopy) best = Meeting{.in_old = step, .in_fresh = step, .length = length};
        return best.has_value();
    };
    if (std::min(old.size(), fresh.size()) >= 2 * kValue) {
        const unsigned same = same_of_eight(old.data(), fresh.data()) |
                              same_of_eight(old.data() + kValue, fresh.data() + kValue) << kValue;
        const unsigned four = same & same >> 1U & same >> 2U & same >> 3U;
        if (four != 0) static_cast<void>(in_place(static_cast<std::size_t>(std::countr_zero(four))));
    } else {
        for (std::size_t step = 0; step <= kValue && !in_place(step);) ++step;
    }
    if (best && best->length >= kSure) return best;
    const auto consider = [&](std::size_t in_old, std::size_t in_fresh) {
        if (old.size() < in_old + kValue || fresh.size() < in_fresh + kValue ||
            eight_at(old.data() + in_old) != eight_at(fresh.data() + in_fresh))
            return;
        const Meeting found{.in_old = in_old,
                            .in_fresh = in_fresh,
                            .length = common(behind(old, in_old), behind(fresh, in_fresh), kLook)};
        if (!best || found.worth() > best->worth()) best = found;
    };
    for (const std::size_t move : kMoves) {
        consider(move, 0);
        consider(0, move);
    }
    return best;
}

/// Where the next count or byte goes.
char* write_count(char* out, std::size_t count) {
    while (count >= 0x80U) {
        *out++ = static_cast<char>((count & 0x7fU) | 0x80U);
        count >>= 7U;
    }
    *out++ = static_cast<char>(count);
    return out;
}

/// Nothing where it is cut off or beyond `limit`.
std::optional<std::size_t> read_count(std::string_view& bytes, std::size_t limit) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
        if ((byte & 0x80U) != 0) continue;
        if (value > limit) return std::nullopt;
        return static_cast<std::size_t>(value);
    }
    return std::nullopt;
}

}  // namespace

void write_patch(std::string& out, std::string_view old, std::string_view fresh) {
    while (!fresh.empty()) {
        const std::size_t copied = common(old, fresh);
        old.remove_prefix(copied);
        fresh.remove_prefix(copied);
        // Values that do not come back are new, and stand in the place of old ones.
        std::size_t skipped = 0;
        std::size_t added = 0;
        while (added < fresh.size()) {
            if (skipped == old.size()) {
                added = fresh.size();
                break;
            }
            if (const auto found = meeting(behind(old, skipped), fresh.substr(added))) {
                skipped += found->in_old;
                added += found->in_fresh;
                break;
            }
            added = std::min(added + kValue, fresh.size());
            skipped = std::min(skipped + kValue, old.size());
        }
        char counts[3 * kMaxCountBytes];
        char* end = write_count(counts, copied);
        end = write_count(end, skipped);
        end = write_count(end, added);
        out.append(counts, end);
        out += fresh.substr(0, added);
        old.remove_prefix(skipped);
        fresh.remove_prefix(added);
    }
}

std::optional<std::string> read_patch(std::string_view& patches, std::string_view old, std::size_t size) {
    std::string made;
    made.reserve(size);
    while (made.size() < size) {
        const auto copied = read_count(patches, std::min(old.size(), size - made.size()));
        if (!copied) return std::nullopt;
        made += old.substr(0, *copied);
        old.remove_prefix(*copied);
        const auto skipped = read_count(patches, old.size());
        if (!skipped) return std::nullopt;
        old.remove_prefix(*skipped);
        const auto added = read_count(patches, std::min(patches.size(), size - made.size()));
        if (!added || *added > patches.size()) return std::nullopt;
        // A step that does nothing would let a few bytes take long.
        if (*copied == 0 && *skipped == 0 && *added == 0) return std::nullopt;
        made += patches.substr(0, *added);
        patches.remove_prefix(*added);
    }
    return made;
}

}  // namespace scanner::ranking
