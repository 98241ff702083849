#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace scanner::simulator::face {

/// What a frame holds, shared by all who are sent it.
using SharedFrame = std::shared_ptr<const std::string>;

/// Makes the exchange's frames: each one gzip member with the header that Go writes (no time, operating system 255).
/// Keeps the compressor's memory from one frame to the next. One thread.
class FramePacker {
public:
    FramePacker();
    ~FramePacker();
    FramePacker(const FramePacker&) = delete;
    FramePacker& operator=(const FramePacker&) = delete;

    [[nodiscard]] SharedFrame pack(std::string_view json);

    /// The compressed beginning of frames that differ only in their last few bytes, such as a version.
    struct Beginning {
        std::string packed;
        std::uint32_t checksum = 0;
        std::uint32_t size = 0;
    };
    [[nodiscard]] Beginning begin(std::string_view json);
    /// The whole frame: `rest` is stored as it is, so that nothing is compressed once more. At most 65535 bytes.
    [[nodiscard]] static SharedFrame finish(const Beginning& beginning, std::string_view rest);

private:
    void deflate_to(std::string& out, std::string_view text, int flush);

    std::unique_ptr<z_stream_s> stream_;
};

/// A frame that says `json` and inflates to `bytes` of white space behind it.
[[nodiscard]] SharedFrame pack_bomb(std::string_view json, std::size_t bytes);

}  // namespace scanner::simulator::face
