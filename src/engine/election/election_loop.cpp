#include "scanner/engine/election_loop.hpp"

#include "scanner/core/log.hpp"
#include "scanner/net/deadline.hpp"
#include "scanner/net/event.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

namespace scanner::engine {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using Kind = ElectionStep::Kind;

/// The next numbers are reserved while so many are left.
constexpr std::uint64_t kAhead = 10'000;
/// For giving the lease back; without that it runs out by itself.
constexpr milliseconds kFarewell{500};

/// New for each attempt, so that an answer that comes late belongs to none but its own.
std::string new_token(const std::string& instance) {
    std::random_device device;
    return fmt::format("{}/{:08x}{:08x}{:08x}", instance, device(), device(), device());
}

std::string instance_of(const std::string& token) {
    return token.substr(0, token.rfind('/'));
}

class ElectionLoopImpl final : public ElectionLoop {
public:
    ElectionLoopImpl(asio::any_io_executor executor, std::shared_ptr<storage::ScannerLease> lease,
                     storage::EpochLedger& epochs, const core::Clock& clock, ElectionLoopOptions options,
                     ElectionEvents events)
        : lease_(std::move(lease)),
          epochs_(epochs),
          clock_(clock),
          options_(std::move(options)),
          events_(std::move(events)),
          changed_(std::move(executor)),
          election_(options_.lease, clock_.steady_now()) {}

    asio::awaitable<void> run() override {
        co_await asio::this_coro::throw_if_cancelled(false);
        while (!stopping_) {
            const ElectionStep step = election_.next(clock_.steady_now());
            const core::SteadyTime now = clock_.steady_now();
            if (step.at > now) {
                co_await changed_.wait_for(step.at - now);
            } else {
                co_await take(step.kind);
            }
        }
        if (in_term_) co_await end_term();
        if (!token_.empty()) static_cast<void>(co_await net::with_timeout(lease_->release(token_), kFarewell));
        lease_->stop();
    }

    void stop() override {
        stopping_ = true;
        changed_.notify();
    }

    void fenced() override {
        refused({core::ErrorCode::conflict, "publishing was refused: another scanner is, or may be, elected"});
        changed_.notify();
    }

    bool may_publish() const override {
        return in_term_ && !stopping_ && election_.may_publish(clock_.steady_now()) && events_.shown() < reserved_;
    }

    ElectionStatus status() const override {
        ElectionStatus status;
        status.state = election_.state();
        if (status.state == ElectionState::elected && !election_.may_publish(clock_.steady_now()))
            status.state = ElectionState::fenced;  // its time is over, and it has not come to notice
        if (status.state == ElectionState::elected) {
            status.epoch = leadership_.epoch;
            status.leader = options_.instance;
        } else {
            status.leader = leader_;
        }
        status.problem = problem_;
        status.terms = terms_;
        status.refused = refused_;
        return status;
    }

private:
    core::SteadyTime now() const { return clock_.steady_now(); }

    asio::awaitable<void> take(Kind kind) {
        switch (kind) {
            case Kind::acquire: co_await acquire(); break;
            case Kind::open_epoch: co_await open_epoch(); break;
            case Kind::install: co_await install(); break;
            case Kind::renew: co_await renew(); break;
            case Kind::step_down: co_await end_term(); break;
        }
    }

    asio::awaitable<void> acquire() {
        token_ = new_token(options_.instance);
        const core::SteadyTime sent = now();
        auto claim = co_await lease_->acquire(token_);
        if (!claim) {
            failed(claim.error());
            co_return;
        }
        worked();
        claim_ = std::move(*claim);
        election_.acquired(claim_.has_value(), sent, now());
        if (claim_) co_return;
        if (const auto holder = co_await lease_->holder(); holder) leader_ = *holder ? instance_of(**holder) : "";
    }

    asio::awaitable<void> open_epoch() {
        const auto plan = co_await epochs_.open_epoch(*claim_, events_.shown());
        if (!plan) {
            failed(plan.error());
            co_return;
        }
        worked();
        plan_ = *plan;
        election_.opened(now());
    }

    asio::awaitable<void> install() {
        const core::SteadyTime sent = now();
        auto leadership = co_await lease_->install(token_, plan_.opened.epoch);
        if (!leadership) {
            outcome(leadership.error());
            co_return;
        }
        worked();
        election_.installed(sent, now());
        if (election_.state() != ElectionState::elected || stopping_) co_return;
        leadership_ = std::move(*leadership);
        reserved_ = plan_.opened.reserved;
        in_term_ = true;
        ++terms_;
        core::log(core::LogLevel::info, "elected", {{"epoch", leadership_.epoch}, {"after", plan_.after}});
        epochs_.set_author({.epoch = leadership_.epoch, .sequence = plan_.after});
        events_.begin(leadership_, plan_.after);
    }

    asio::awaitable<void> renew() {
        const core::SteadyTime sent = now();
        const auto renewed = co_await lease_->renew(token_);
        if (!renewed) {
            outcome(renewed.error());
            co_return;
        }
        worked();
        election_.renewed(sent, now());
        if (election_.state() == ElectionState::elected && events_.shown() + kAhead > reserved_)
            co_await reserve(reserved_ + storage::kEpochBlock);
    }

    /// While the database is away what is left is used up; then nothing is published until it is back.
    asio::awaitable<void> reserve(std::uint64_t up_to) {
        const std::uint64_t epoch = leadership_.epoch;
        const auto reserved = co_await net::with_timeout(epochs_.reserve(epoch, up_to), options_.lease / 3);
        if (leadership_.epoch != epoch) co_return;
        if (reserved) {
            reserved_ = up_to;
            not_reserved_.recovered();
            co_return;
        }
        not_reserved_.failed(core::to_string(reserved.error().code()), {{"error", reserved.error().message()}});
        if (reserved.error().code() == core::ErrorCode::conflict) refused(reserved.error());
    }

    asio::awaitable<void> end_term() {
        if (stopping_) {
            core::log(core::LogLevel::info, "term_ended", {{"epoch", leadership_.epoch}, {"reason", "stopping"}});
        } else {
            core::log(core::LogLevel::warning, "term_ended",
                      {{"epoch", leadership_.epoch},
                       {"reason", problem_.empty() ? std::string_view("the lease has run out") : problem_}});
        }
        // What it still writes is of this epoch: the author stays.
        if (in_term_) co_await events_.end();
        in_term_ = false;
        election_.stepped_down(now());
    }

    void outcome(const core::Error& error) {
        if (error.code() == core::ErrorCode::conflict) {
            refused(error);
        } else {
            failed(error);
        }
    }
    void refused(const core::Error& error) {
        problem_ = error.message();
        if (election_.state() == ElectionState::elected) ++refused_;
        election_.refused(now());
    }
    void failed(const core::Error& error) {
        problem_ = error.message();
        failure_.failed(core::to_string(error.code()), {{"error", problem_}});
        leader_.clear();  // no one could say
        election_.failed(now());
    }
    void worked() {
        problem_.clear();
        failure_.recovered();
    }

    std::shared_ptr<storage::ScannerLease> lease_;
    storage::EpochLedger& epochs_;
    const core::Clock& clock_;
    ElectionLoopOptions options_;
    ElectionEvents events_;
    net::Event changed_;
    Election election_;
    std::string token_;
    std::optional<storage::LeaseClaim> claim_;
    storage::EpochPlan plan_;
    storage::Leadership leadership_;
    std::uint64_t reserved_ = 0;
    bool in_term_ = false;  ///< begun, and not ended
    bool stopping_ = false;
    std::string leader_;
    std::string problem_;
    std::uint64_t terms_ = 0;
    std::uint64_t refused_ = 0;
    core::RepeatedFailure failure_{"election_failed"};
    core::RepeatedFailure not_reserved_{"numbers_not_reserved"};
};

}  // namespace

std::unique_ptr<ElectionLoop> make_election_loop(asio::any_io_executor executor,
                                                 std::shared_ptr<storage::ScannerLease> lease,
                                                 storage::EpochLedger& epochs, const core::Clock& clock,
                                                 ElectionLoopOptions options, ElectionEvents events) {
    return std::make_unique<ElectionLoopImpl>(std::move(executor), std::move(lease), epochs, clock, std::move(options),
                                              std::move(events));
}

}  // namespace scanner::engine
