#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// What streams decide, apart from how they wait: pure, the time is an argument.
namespace scanner::api {

/// Which frames one subscriber gets: always the newest that it has not had, never one twice, never an older one after a
/// newer one. Frames are known by numbers that grow.
class Conflation {
public:
    /// Frame `number` is there. True when one before it had not been taken yet and never will be.
    [[nodiscard]] bool offer(std::uint64_t number) noexcept {
        const bool passed_over = newest_ > taken_;
        newest_ = number;
        return passed_over;
    }
    [[nodiscard]] bool pending() const noexcept { return newest_ > taken_; }
    /// The number of the frame to send now, which counts as sent; nothing when there is none.
    [[nodiscard]] std::optional<std::uint64_t> take() noexcept {
        if (!pending()) return std::nullopt;
        taken_ = newest_;
        return taken_;
    }
    /// Marks everything up to `number` as received.
    void skip_to(std::uint64_t number) noexcept {
        taken_ = number;
        if (newest_ < number) newest_ = number;
    }

private:
    std::uint64_t newest_ = 0;
    std::uint64_t taken_ = 0;
};

/// How long one frame has been on its way to one subscriber.
class FrameDeadline {
public:
    void begin(core::SteadyTime now) noexcept { began_ = now; }
    void end() noexcept { began_.reset(); }
    [[nodiscard]] bool passed(core::SteadyTime now, std::chrono::milliseconds limit) const noexcept {
        return began_ && now - *began_ > limit;
    }

private:
    std::optional<core::SteadyTime> began_;
};

/// Limits the messages that clients send on connections where none are expected.
class MessageGate {
public:
    MessageGate(int most, std::chrono::milliseconds window) noexcept : most_(most), window_(window) {}
    /// Whether this message is within `most` of the window.
    [[nodiscard]] bool allow(core::SteadyTime now) noexcept {
        if (count_ == 0 || now - began_ >= window_) {
            began_ = now;
            count_ = 0;
        }
        return ++count_ <= most_;
    }

private:
    int most_;
    std::chrono::milliseconds window_;
    core::SteadyTime began_;
    int count_ = 0;
};

/// Whether a WebSocket from a page of `origin` may be opened: pages of this very host (as `host`, the request's Host
/// header, names it), pages of `allowed` ("*": any), and clients other than browsers, which send none. Browsers do not
/// keep pages from opening WebSockets to other hosts; this does.
[[nodiscard]] bool origin_may_connect(std::string_view origin, std::string_view host,
                                      std::span<const std::string> allowed);

/// Whether the page came from the browser's own machine: http or https of localhost, 127.0.0.0/8 or [::1], any port.
/// No foreign page can have such an origin, whatever its name resolves to.
[[nodiscard]] bool page_on_loopback(std::string_view origin);

/// The number in a Last-Event-ID header; nothing for what we never sent.
[[nodiscard]] std::optional<std::uint64_t> parse_event_id(std::string_view text);

}  // namespace scanner::api
