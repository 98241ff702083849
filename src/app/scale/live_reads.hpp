#pragma once

#include "scanner/api/live_reads.hpp"
#include "scanner/api/scale.hpp"
#include "scanner/core/error.hpp"
#include "scanner/core/log.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/request_handler.hpp"
#include "scanner/net/task_group.hpp"
#include "scanner/settings/settings_values.hpp"
#include "scanner/storage/question_relay.hpp"
#include "scanner/storage/scanner_lease.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

/// Live reads between processes (storage/question_relay.hpp): the GET as it came, and the answer as the elected scanner
/// would have sent it.
namespace scanner::app {

[[nodiscard]] std::shared_ptr<storage::QuestionRelay> make_live_reads_relay(
    const boost::asio::any_io_executor& executor, const settings::Settings& settings);

/// Longer than the elected one takes for the slowest of them.
inline constexpr std::chrono::milliseconds kLiveReadPatience{6'000};

/// What is asked: target and the headers that an answer depends on. Another process may say anything: nothing but
/// GETs of /symbol/{symbol}/inspect is taken.
[[nodiscard]] std::string encode_live_question(const net::ServerRequest& request);
[[nodiscard]] core::Result<net::ServerRequest> decode_live_question(std::string_view text);
/// A response without a stream.
[[nodiscard]] std::string encode_live_answer(const net::ServerResponse& response);
[[nodiscard]] core::Result<net::ServerResponse> decode_live_answer(std::string text);

/// The side of a process that serves and does not scan.
class AskedLiveReads final : public api::LiveReads {
public:
    /// `are_elsewhere`: whether this process does not scan now.
    AskedLiveReads(std::shared_ptr<storage::QuestionRelay> relay, std::function<bool()> are_elsewhere)
        : relay_(std::move(relay)), are_elsewhere_(std::move(are_elsewhere)) {}

    [[nodiscard]] bool are_elsewhere() const override { return are_elsewhere_(); }
    [[nodiscard]] boost::asio::awaitable<core::Result<net::ServerResponse>> ask(net::ServerRequest request) override;
    [[nodiscard]] const api::LiveReadCounts& counts() const { return counts_; }

private:
    std::shared_ptr<storage::QuestionRelay> relay_;
    std::function<bool()> are_elsewhere_;
    api::LiveReadCounts counts_;
};

/// The side of the elected one: answers at most kMaxAtOnce at a time, which is what it has left of the exchange's
/// budget to give; the others wait in Redis, or are refused there.
class AnsweredLiveReads {
public:
    static constexpr std::size_t kMaxAtOnce = 16;

    /// `leadership`: of this process, while it is elected. `api` must outlive it.
    AnsweredLiveReads(const boost::asio::any_io_executor& executor, std::shared_ptr<storage::QuestionRelay> relay,
                      net::RequestHandler& api, std::function<std::optional<storage::Leadership>()> leadership);

    /// Until stopped.
    [[nodiscard]] boost::asio::awaitable<void> run();
    void stop();
    [[nodiscard]] const api::LiveReadCounts& counts() const { return counts_; }

private:
    /// Of those that are answered at once; given back however the answer ends.
    struct Place {
        explicit Place(AnsweredLiveReads& of) : reads(of) {}
        ~Place() {
            --reads.under_way_;
            reads.changed_.notify();
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        AnsweredLiveReads& reads;
    };

    [[nodiscard]] boost::asio::awaitable<void> answer(storage::RelayedQuestion question);

    std::shared_ptr<storage::QuestionRelay> relay_;
    net::RequestHandler& api_;
    std::function<std::optional<storage::Leadership>()> leadership_;
    std::size_t under_way_ = 0;
    api::LiveReadCounts counts_;
    bool stopping_ = false;
    net::Event changed_;
    core::RepeatedFailure not_taken_{"live_reads_not_taken"};
    net::TaskGroup tasks_;  ///< last: they use all of the above
};

}  // namespace scanner::app
