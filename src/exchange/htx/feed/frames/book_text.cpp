#include "exchange/htx/feed/frames/book_text.hpp"

namespace scanner::exchange::htx::feed {
namespace {

/// A 64-bit number has at least so many digits without overflow.
constexpr int kMaxDigits = 18;

class BookReader {
public:
    BookReader(std::string_view text, BookText& out, LevelList& bids, LevelList& asks)
        : at_(text.data()), end_(text.data() + text.size()), out_(out), bids_(bids), asks_(asks) {}

    bool read() {
        return read_object([this](std::string_view key) { return read_root_member(key); }) && at_ == end_ &&
               !out_.topic.empty() && has_tick_;
    }

private:
    template <class Member>
    bool read_object(Member member) {
        if (!take('{')) return false;
        do {
            std::string_view key;
            if (!text(key) || !take(':') || !member(key)) return false;
        } while (take(','));
        return take('}');
    }
    bool read_root_member(std::string_view key) {
        if (key == "ch") return once(out_.topic);
        if (key == "ts") return once(out_.sent);
        if (key != "tick" || has_tick_) return false;
        has_tick_ = true;
        return read_object([this](std::string_view inner) { return read_tick_member(inner); });
    }
    bool read_tick_member(std::string_view key) {
        if (key == "asks") return once(asks_, has_asks_);
        if (key == "bids") return once(bids_, has_bids_);
        if (key == "ch") return once(channel_);
        if (key == "event") return once(out_.event);
        if (key == "id") return once(id_);
        if (key == "mrid") return once(out_.matching_id);
        if (key == "ts") return once(out_.time);
        if (key == "version") return once(out_.version);
        return false;
    }

    bool once(LevelList& list, bool& has) {
        if (has) return false;
        has = true;
        return read_levels(at_, end_, list) == nullptr;
    }
    bool once(std::string_view& out) { return out.empty() && text(out) && !out.empty(); }
    /// A whole number that is not below 0.
    bool once(std::optional<std::int64_t>& out) {
        if (out) return false;
        const char* const begin = at_;
        std::uint64_t value = 0;
        while (at_ != end_ && *at_ >= '0' && *at_ <= '9') value = value * 10 + static_cast<std::uint64_t>(*at_++ - '0');
        const auto digits = at_ - begin;
        if (digits == 0 || digits > kMaxDigits || (digits > 1 && *begin == '0')) return false;
        out = static_cast<std::int64_t>(value);
        return true;
    }
    /// Text of printable ASCII without a backslash.
    bool text(std::string_view& out) {
        if (!take('"')) return false;
        const char* const begin = at_;
        while (at_ != end_ && *at_ != '"') {
            if (*at_ < ' ' || *at_ > '~' || *at_ == '\\') return false;
            ++at_;
        }
        if (at_ == end_) return false;
        out = {begin, static_cast<std::size_t>(at_++ - begin)};
        return true;
    }
    bool take(char c) {
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }

    const char* at_;
    const char* end_;
    BookText& out_;
    LevelList& bids_;
    LevelList& asks_;
    std::string_view channel_;
    std::optional<std::int64_t> id_;
    bool has_tick_ = false;
    bool has_asks_ = false;
    bool has_bids_ = false;
};

}  // namespace

bool read_book_text(std::string_view text, BookText& out, LevelList& bids, LevelList& asks) {
    return BookReader(text, out, bids, asks).read();
}

}  // namespace scanner::exchange::htx::feed
