#pragma once

#include "scanner/core/clock.hpp"
#include "scanner/exchange/exchange.hpp"
#include "scanner/net/http_client.hpp"
#include "scanner/net/step_log.hpp"
#include "scanner/recording/record.hpp"
#include "scanner/recording/recorder.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scanner::recording {

/// What a segment begins with.
struct Beginning {
    /// The large part, which comes first: made on the recorder's thread, from what it owns. May be empty.
    std::function<std::vector<RecordBody>()> state;
    std::vector<RecordBody> pieces;
    bool whole = false;  ///< nothing that came before is needed: but for answers of a moment ago none is repeated
};

/// Where a running program says what happens, and the clock of those who say it. Loop thread only.
///
/// The clock is `real`'s, and stands still from each record on until the loop runs something else: what is decided on a
/// record is decided at the record's own time, which is all that a replay knows.
class Tap : public core::Clock, public net::StepLog {
public:
    /// From now on everything goes to `recorder`, which must live until another takes its place; nullptr: nowhere, and
    /// the clock is `real`'s. Where something has happened before, it begins with the next checkpoint.
    virtual void record_to(Recorder* recorder) = 0;
    [[nodiscard]] virtual bool is_recording() const = 0;
    /// A record that came or was made now.
    virtual void note(RecordBody body) = 0;
    /// What a segment begins with beside settings and answers: called between two things that the loop runs; nothing
    /// where no segment can begin just then, and it is asked again a moment later. The first segment of a recorder that
    /// has been there from the beginning begins with the first record, and is not asked for.
    virtual void set_checkpoint(std::function<std::optional<Beginning>()> begin) = 0;
};

/// `settings`: lines NAME=value, secrets masked. Records nowhere at first. `real` must outlive it.
[[nodiscard]] std::unique_ptr<Tap> make_tap(boost::asio::any_io_executor executor, const core::Clock& real,
                                            std::string settings);

/// Notes every answer that `inner` gets. URLs lose user and password. Both must outlive it.
[[nodiscard]] std::unique_ptr<net::HttpClient> make_recording_client(net::HttpClient& inner, Tap& tap);

/// Notes when each call of `inner` is answered, as a step: its name, the contract, and "ok" or what went wrong. Both
/// must outlive it. `prefix` stands in front of the names, so that two callers of one exchange are told apart.
[[nodiscard]] std::unique_ptr<exchange::Exchange> make_recording_exchange(exchange::Exchange& inner,
                                                                          net::StepLog& steps, std::string prefix = {});
/// The name of the step of a call for `count` trades: audits and fillings may be under way for one contract.
[[nodiscard]] std::string trades_step(int count);
inline constexpr std::string_view kFeedPrefix = "feed.";

/// The names of these steps.
inline constexpr std::string_view kAnswerOk = "ok";
/// The caller had given up by then, and what had come so far was taken all the same.
inline constexpr std::string_view kAnswerLate = "ok late";
/// "timeout: what was wrong" and back; nothing for "ok". An unknown code is an internal error.
[[nodiscard]] std::string outcome_text(const core::Error* error);
[[nodiscard]] std::unique_ptr<core::Error> outcome_error(std::string_view text);

}  // namespace scanner::recording
