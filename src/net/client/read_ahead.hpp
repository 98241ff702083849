#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace scanner::net {

/// What a WebSocket's socket has brought beyond what was asked for, so that one read of the socket serves many small
/// messages. It is handed out no further than to the end of the HTTP answer, then of each frame (RFC 6455, 5.2), so
/// that the parser of the frames holds no byte of the next one: whether a whole message is here is known here. What is
/// no HTTP answer and no frame is handed out all the same, to be refused by the one who parses it. Pure; not
/// thread-safe.
class ReadAhead {
public:
    static constexpr std::size_t kCapacity = 64U << 10U;

    /// Where the next bytes of the socket belong. Only to be called while nothing is `available`; never empty then.
    [[nodiscard]] std::span<char> prepare();
    void commit(std::size_t count);
    /// How many bytes can be handed out at once; 0 also while the header of a frame is not whole.
    [[nodiscard]] std::size_t available();
    /// Copies what is available, as far as there is room. How many bytes.
    std::size_t take(std::span<char> to);
    /// Whether a binary message of one frame, of at most so many bytes, is here from its first byte to its last.
    [[nodiscard]] bool holds_message(std::size_t max_bytes);

private:
    [[nodiscard]] std::string_view held() const { return {bytes_.data() + begin_, end_ - begin_}; }
    /// Finds out how long the frame is that begins at `begin_`.
    void look();

    std::vector<char> bytes_ = std::vector<char>(kCapacity);
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool in_answer_ = true;    ///< the HTTP answer is not over yet
    std::size_t left_ = 0;     ///< of what is handed out as one; 0: that is not known yet
    std::size_t payload_ = 0;  ///< of the frame, while none of it has been handed out
    bool is_message_ = false;  ///< binary, whole in one frame, nothing unusual; while none of it has been handed out
};

}  // namespace scanner::net
