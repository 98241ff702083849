#pragma once

#include "scanner/core/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace scanner::api {

/// Counts wrong tokens by client, and what to log of them: one line per client and minute. The right token is always
/// accepted, since others at the same address (behind one proxy) may have it. Pure: the time is an argument. Loop
/// thread.
class TokenWatch {
public:
    /// What is logged: so many wrong tokens since the line before.
    struct Line {
        std::string client;
        std::uint64_t count = 0;
    };

    /// After this many in a row a client must wait; each further one doubles the wait.
    static constexpr std::size_t kFreeAttempts = 10;
    static constexpr std::chrono::seconds kFirstWait{2};
    static constexpr std::chrono::seconds kMaxWait{60};
    static constexpr std::chrono::seconds kLinePeriod{60};
    /// Clients are forgotten after this time, and beyond this number.
    static constexpr std::chrono::minutes kMemory{10};
    static constexpr std::size_t kMaxClients = 1'024;
    /// Lines a period, over all clients: the rest is one line more, of "others".
    static constexpr std::size_t kMaxLines = 60;

    /// `client` gave a wrong token. Returns how long it must wait, if it did so before its last wait was over.
    [[nodiscard]] std::optional<std::chrono::seconds> wrong(std::string_view client, core::SteadyTime now);
    /// `client` gave the right one: it starts anew.
    void right(std::string_view client);

    /// Whether `take_lines` would return any; cheap.
    [[nodiscard]] bool has_lines(core::SteadyTime now) const noexcept { return now >= next_line_; }
    /// What is due now.
    [[nodiscard]] std::vector<Line> take_lines(core::SteadyTime now);

private:
    struct Record {
        std::size_t in_a_row = 0;
        std::uint64_t unlogged = 0;
        core::SteadyTime last;
        core::SteadyTime wait_until;
        core::SteadyTime next_line;
    };
    void make_room(core::SteadyTime now);

    std::unordered_map<std::string, Record> clients_;
    std::uint64_t others_ = 0;  ///< of clients that were forgotten before they were logged, or beyond kMaxLines
    core::SteadyTime period_began_{};
    std::size_t lines_in_period_ = 0;
    core::SteadyTime next_line_ = core::SteadyTime::max();
};

}  // namespace scanner::api
