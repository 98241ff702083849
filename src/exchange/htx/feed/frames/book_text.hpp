#pragma once

#include "exchange/htx/feed/frames/level_text.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace scanner::exchange::htx::feed {

/// What a message of a book says, before any of it is judged. Text is borrowed from the message, levels from the lists.
struct BookText {
    std::string_view topic;
    std::optional<std::int64_t> sent;
    std::optional<std::int64_t> version;
    std::optional<std::int64_t> matching_id;
    std::optional<std::int64_t> time;
    std::string_view event;
};

/// Reads a message of a book in the form in which the exchange prints them: two objects of known keys, each once and in
/// any order, without spaces, with plain ASCII text and whole numbers. False for everything else, however good a JSON
/// it may be: a parser of all JSON then has to look at it, and decides what it is. The lists must be empty.
/// net::GzipInflater::kPadding bytes behind `text` may be read.
[[nodiscard]] bool read_book_text(std::string_view text, BookText& out, LevelList& bids, LevelList& asks);

}  // namespace scanner::exchange::htx::feed
