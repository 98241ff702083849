#pragma once

#include "scanner/core/error.hpp"
#include "scanner/core/url.hpp"
#include "scanner/storage/scanner_lease.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Questions of processes that serve to the scanner that is elected. Keys, under the prefix: `relay:questions` (a Redis
/// Stream of the newest kMaxQuestions), `relay:answers:ASKER` (a list with a time to live).
namespace scanner::storage {

struct QuestionRelayOptions {
    core::RedisUrl url;
    std::string ca_bundle_path;
    std::string key_prefix;
    std::string asker;                  ///< of this process: [0-9a-f], no other has the same
    std::size_t max_waiting = 64;       ///< questions of this process; more are refused
    std::size_t max_bytes = 8U << 20U;  ///< of an answer
};

/// A question as the elected one gets it.
struct RelayedQuestion {
    std::string asker;
    std::string id;  ///< of the asker's own; comes back with the answer
    std::string text;
};

/// Redis carries each question to one process and its answer back; nothing is kept of either. Loop thread only.
class QuestionRelay {
public:
    static constexpr std::size_t kMaxQuestions = 256;
    static constexpr std::size_t kMaxQuestionBytes = 8U << 10U;

    virtual ~QuestionRelay() = default;
    /// The answer. unavailable: Redis is away, or too many wait already; timeout: none came within `patience`, which is
    /// so while no one is elected; invalid_input: too long.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::string>> ask(std::string question,
                                                                                std::chrono::milliseconds patience) = 0;

    /// From now on `take` gives what is asked; what was asked before is another's, or is waited for no more.
    virtual void begin_taking() = 0;
    /// Questions whose askers still wait, at most `most`; waits for one at most `block` (at most 2 s).
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<std::vector<RelayedQuestion>>> take(
        std::size_t most, std::chrono::milliseconds block) = 0;
    /// conflict: fenced, another one is elected or may be: nothing was told.
    [[nodiscard]] virtual boost::asio::awaitable<core::Result<void>> answer(Leadership leadership,
                                                                            RelayedQuestion question,
                                                                            std::string answer) = 0;
    virtual void stop() = 0;
};

/// Connects on the executor's loop at once; asking and taking have connections of their own, since each blocks one.
[[nodiscard]] std::shared_ptr<QuestionRelay> make_question_relay(const boost::asio::any_io_executor& executor,
                                                                 QuestionRelayOptions options);

}  // namespace scanner::storage
