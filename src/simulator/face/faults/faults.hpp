#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanner::simulator::face {

/// What can go wrong with an exchange. docs/simulator.md says what each looks like from outside.
enum class FaultKind {
    http_429,       ///< "429": HTTP 429 with a JSON body
    http_429_html,  ///< "429-html": HTTP 429 with the CDN's page
    body_1032,      ///< "1032": HTTP 200, over-limit error in the body
    http_5xx,       ///< "5xx": a gateway's HTML page
    maintenance,    ///< {"status":"maintain"} everywhere, heartbeat 0
    slow,           ///< an answer that takes `delay`
    truncated,      ///< the connection ends half way through the body
    empty,          ///< HTTP 200 without a body
    malformed,      ///< not the JSON that it should be
    non_finite,     ///< NaN, 1e999 and "NaN" in place of numbers
    stale_book,     ///< books stand still, and their times with them
    vanish,         ///< contracts that are gone from lists and unknown by name
    stale_candles,  ///< no candle is made any more; the answers are of now
    resized,        ///< "resize": a contract is ten times as big as it was, everywhere
    relisted,       ///< "relist": the contract list has a dead row of the contract in front of the live one
    cached,         ///< answers stand still, times and all: the first one is given again and again
    clock_skew,     ///< every ts is off by `offset`
    bulk_404,       ///< "404-bulk": v1 funding and open interest for all contracts are gone
    reset,          ///< the connection is dropped instead of an answer
    // What befalls the WebSockets, and nothing else.
    ws_drop_version,  ///< a change of a book is not sent, its version is used up
    ws_duplicate,     ///< a frame is sent twice
    ws_stall,         ///< a topic says nothing, its socket lives
    ws_half_open,     ///< a connection says nothing any more, and is not closed
    ws_disconnect,    ///< a connection is dropped without a close
    ws_refuse,        ///< the handshake is answered with an error
    ws_slow,          ///< frames come `delay` late
    ws_garbage,       ///< a frame that cannot be read in place of a good one
    ws_bomb,          ///< a frame that inflates to far more than any book in place of a good one
    ws_wrong_book,    ///< a change of a book that is not true
};
[[nodiscard]] std::string_view to_string(FaultKind kind);
/// Every kind with a line about it, for --help and error messages.
struct FaultInfo {
    FaultKind kind;
    std::string_view name;
    std::string_view help;
};
[[nodiscard]] const std::array<FaultInfo, 29>& fault_infos();

/// One --fault. Times are real time since the faults were set.
struct FaultSpec {
    FaultKind kind = FaultKind::http_5xx;
    double rate = 1.0;  ///< share of the matching requests, or of the contracts that a fault is about. 0..1
    std::optional<std::chrono::milliseconds> on;   ///< alone: once, for so long; with `off`: that long in each cycle
    std::optional<std::chrono::milliseconds> off;  ///< alone: quiet for so long, then on for good
    std::chrono::milliseconds after{0};            ///< before the first cycle begins
    std::string contract;                          ///< upper case; empty: any
    std::string path;                              ///< part of the path; empty: any
    std::chrono::milliseconds delay{5'000};        ///< slow, ws_slow
    std::chrono::milliseconds offset{-30'000};     ///< clock_skew
    int status = 503;                              ///< 5xx, ws_refuse

    friend bool operator==(const FaultSpec&, const FaultSpec&) = default;
};

/// "KIND[:rate=0.1][:on=5s][:off=10s][:after=1m][:contract=CODE][:path=SUBSTR][:delay=2s][:offset=-30s][:status=502]".
/// Fails with one sentence that names everything wrong with it.
[[nodiscard]] core::Result<FaultSpec> parse_fault(std::string_view text);
/// The text that parse_fault reads back.
[[nodiscard]] std::string to_text(const FaultSpec& fault);

/// Whether the schedule has the fault on, `elapsed` after it was set.
[[nodiscard]] bool scheduled_on(const FaultSpec& fault, std::chrono::milliseconds elapsed);
/// When the fault that is on now goes off by its schedule, counted from `elapsed`; nothing when it does not.
[[nodiscard]] std::optional<std::chrono::milliseconds> on_until(const FaultSpec& fault,
                                                                std::chrono::milliseconds elapsed);

/// What a request asks, as far as faults care.
struct FaultTarget {
    std::string_view path;
    std::string_view contract;  ///< upper case, empty for bulk requests
};

/// A fault that struck one frame, topic, connection or handshake.
struct FaultStrike {
    const FaultSpec* fault = nullptr;  ///< until the set is replaced
    std::uint64_t draw = 0;            ///< which way to do it
};

/// What befalls one request.
struct FaultVerdict {
    /// The answer is replaced: 429, 1032, 5xx, maintenance, empty, reset, 404-bulk.
    std::optional<FaultSpec> replacement;
    /// The body is spoilt: truncated, malformed, non_finite.
    std::optional<FaultSpec> corruption;
    std::chrono::milliseconds delay{0};
    std::chrono::milliseconds skew{0};
    bool cached = false;     ///< the answer is the one that was given first
    std::uint64_t draw = 0;  ///< which way to spoil it
};

/// The faults in force: schedule and dice with the time as an argument. The dice are a function of the seed and of how
/// often each fault was asked before. One thread.
class FaultSet {
public:
    FaultSet(std::uint64_t seed, std::vector<FaultSpec> faults, core::SteadyTime since);

    [[nodiscard]] FaultVerdict decide(const FaultTarget& target, core::SteadyTime now);
    /// Whether a fault that is about contracts (stale_book, vanish, …) holds for this one. The same contracts each
    /// time.
    [[nodiscard]] bool holds_for(FaultKind kind, std::string_view contract, core::SteadyTime now) const;
    /// Whether any fault of this kind is on by its schedule.
    [[nodiscard]] bool any_on(FaultKind kind, core::SteadyTime now) const;

    /// Throws the dice once for a `ws_…` kind. Nothing when it does not strike.
    [[nodiscard]] std::optional<FaultStrike> strike(FaultKind kind, const FaultTarget& target, core::SteadyTime now);
    /// The same, but decided by `key` alone for as long as the fault is on without a break: a topic that is stalled
    /// stays so, and others are the next time.
    [[nodiscard]] std::optional<FaultStrike> strike_for(FaultKind kind, const FaultTarget& target, std::uint64_t key,
                                                        core::SteadyTime now);
    /// Whether there is a fault of a `ws_…` kind at all.
    [[nodiscard]] bool any_for_websockets() const;

    /// When the schedules began.
    [[nodiscard]] core::SteadyTime since() const { return since_; }

    struct State {
        FaultSpec fault;
        bool on = false;
        std::uint64_t hits = 0;  ///< requests, frames or connections that it befell
    };
    [[nodiscard]] std::vector<State> states(core::SteadyTime now) const;

private:
    struct Entry {
        FaultSpec fault;
        std::uint64_t asked = 0;
        std::uint64_t hits = 0;
    };
    [[nodiscard]] std::chrono::milliseconds elapsed(core::SteadyTime now) const;
    template <class Draw>
    [[nodiscard]] std::optional<FaultStrike> first_strike(FaultKind kind, const FaultTarget& target,
                                                          core::SteadyTime now, Draw draw);

    std::uint64_t seed_;
    std::vector<Entry> entries_;
    core::SteadyTime since_;
};

}  // namespace scanner::simulator::face
