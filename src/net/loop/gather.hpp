#pragma once

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace scanner::net {

/// Up to three pieces of memory to be sent as one, and how far that got. Does not own them.
struct Gather {
    std::array<boost::asio::const_buffer, 3> pieces;

    [[nodiscard]] std::size_t size() const { return boost::asio::buffer_size(pieces); }
    /// `count` bytes were sent.
    void consume(std::size_t count) {
        for (auto& piece : pieces) {
            const auto taken = std::min(count, piece.size());
            piece += taken;
            count -= taken;
        }
    }
};

}  // namespace scanner::net
