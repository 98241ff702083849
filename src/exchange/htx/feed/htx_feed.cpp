#include "exchange/htx/feed/htx_feed.hpp"

#include "exchange/htx/feed/feed_core.hpp"

#include "scanner/core/log.hpp"
#include "scanner/exchange/checkpointed.hpp"
#include "scanner/net/event.hpp"
#include "scanner/net/retry.hpp"
#include "scanner/net/task_group.hpp"
#include "scanner/net/websocket_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace scanner::exchange::htx::feed {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;
using core::Result;
using std::chrono::milliseconds;

constexpr std::uint16_t kNormal = 1000;
constexpr std::uint16_t kUnreadable = 1007;
/// How often it is looked for what time has brought, when nothing else happens.
constexpr milliseconds kLook{1'000};
/// For connections to end after `stop`, twice.
constexpr milliseconds kGrace{400};
/// Connections are begun one after another, at most so far apart.
constexpr milliseconds kSpread{250};

net::WebSocketClientOptions client_options(const MarketFeedOptions& options) {
    return {.ca_bundle_path = options.ca_bundle_path,
            .proxy = options.proxy,
            .connect_timeout = options.connect_timeout,
            .idle_timeout = options.dead_after,
            .close_timeout = options.close_timeout,
            .max_message_bytes = options.max_inflated_bytes};
}

/// One connection, whose coroutine connects again and again until it is not needed any more.
struct Line {
    std::size_t number = 0;
    std::string name;
    std::string url;
    ConnectionState state = ConnectionState::connecting;
    bool running = false;
    std::optional<core::SteadyTime> last_frame;
    std::string last_error;
    net::WebSocketConnection* link = nullptr;  // while it is connected
    std::string given_up;                      // why we ourselves end it
    core::RepeatedFailure failure{"feed_connection_failed"};
};

class HtxFeed final : public MarketFeed, public Checkpointed {
public:
    HtxFeed(const asio::any_io_executor& executor, MarketFeedOptions options, FeedListener& listener,
            const core::Clock& clock, std::uint64_t random_seed)
        : options_(std::move(options)),
          clock_(clock),
          random_seed_(random_seed),
          client_(net::make_websocket_client(client_options(options_))),
          core_(options_, listener, net::make_random_unit(random_seed)),
          group_(executor,
                 [](std::string_view task, std::string_view what) {
                     core::log(core::LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
                 }),
          news_(executor),
          stop_(executor) {
        notifications_.number = FeedCore::kNotifications;
        notifications_.name = "notifications";
        notifications_.url = options_.url + std::string(kNotificationPath);
        if (options_.tap != nullptr) options_.tap->on_begin(random_seed);
    }

    void want(std::vector<std::shared_ptr<const market::Contract>> contracts) override {
        core_.want(std::move(contracts), clock_.steady_now());
        pass_news();
    }
    void restart_book(std::string_view contract_code, BookState cause, std::string_view why) override {
        core_.restart_book(contract_code, cause, why, clock_.steady_now());
        pass_news();
    }
    void restart_tape(std::string_view contract_code, std::string_view why) override {
        core_.restart_tape(contract_code, why, clock_.steady_now());
        pass_news();
    }
    [[nodiscard]] const market::LiveBook* book(std::string_view contract_code) const override {
        return core_.book(contract_code);
    }
    [[nodiscard]] asio::awaitable<void> run() override;
    void stop() override;
    [[nodiscard]] FeedStatus status() const override;
    [[nodiscard]] std::string checkpoint() override { return core_.checkpoint(); }
    [[nodiscard]] bool restore(std::string_view /*bytes*/) override { return false; }

private:
    asio::awaitable<void> keep(Line& line);
    asio::awaitable<void> connect_again_and_again(Line& line);
    asio::awaitable<core::Error> follow(Line& line, net::WebSocketConnection& link);
    [[nodiscard]] Result<void> on_message(Line& line, net::WebSocketConnection& link, const net::WebSocketData& data);
    void tend(core::SteadyTime now);
    void tend_lines(core::SteadyTime now);
    void send_due(core::SteadyTime now);
    [[nodiscard]] Line* line_of(std::size_t number);
    [[nodiscard]] bool is_needed(const Line& line) const {
        return !stopping_ && (line.number == FeedCore::kNotifications || line.number < core_.connections());
    }
    /// Small ones: 0 for the notifications, then those of the market.
    static std::uint32_t tap_number(const Line& line) {
        return line.number == FeedCore::kNotifications ? 0 : static_cast<std::uint32_t>(line.number) + 1;
    }
    static void give_up(Line& line, std::uint16_t code, std::string why) {
        if (line.link == nullptr) return;
        if (line.given_up.empty()) line.given_up = std::move(why);
        line.link->close(code);
    }
    void pass_news() {
        if (core_.take_news()) news_.notify();
    }

    const MarketFeedOptions options_;
    const core::Clock& clock_;
    const std::uint64_t random_seed_;
    std::unique_ptr<net::WebSocketClient> client_;
    FeedCore core_;
    Line notifications_;
    std::vector<std::unique_ptr<Line>> lines_;  // of the market, by number
    net::TaskGroup group_;
    net::Event news_;
    net::Event stop_;
    bool stopping_ = false;
    std::uint64_t reconnections_ = 0;
};

Line* HtxFeed::line_of(std::size_t number) {
    if (number == FeedCore::kNotifications) return &notifications_;
    return number < lines_.size() ? lines_[number].get() : nullptr;
}

asio::awaitable<void> HtxFeed::run() {
    while (!stopping_) {
        if (options_.tap != nullptr) options_.tap->on_tend();
        const auto now = clock_.steady_now();
        tend(now);
        // The clock is not always the machine's own, whose time it is that passes.
        const auto wait = std::clamp<core::SteadyTime::duration>(core_.next_due() - now, milliseconds(1), kLook);
        if (co_await news_.wait_for(wait) == net::Event::Outcome::cancelled) break;
    }
    stop();
    // A cancelled run still waits until no coroutine of a connection is left, which takes two graces at most.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    static_cast<void>(co_await group_.shutdown(kGrace));
}

void HtxFeed::stop() {
    stopping_ = true;
    give_up(notifications_, kNormal, "stopped");
    for (const auto& line : lines_) give_up(*line, kNormal, "stopped");
    stop_.notify();
    news_.notify();
}

void HtxFeed::tend(core::SteadyTime now) {
    core_.look(now);
    static_cast<void>(core_.take_news());  // what follows sees to it
    tend_lines(now);
    send_due(now);
}

void HtxFeed::tend_lines(core::SteadyTime now) {
    while (lines_.size() < core_.connections()) {
        auto line = std::make_unique<Line>();
        line->number = lines_.size();
        line->name = fmt::format("market {}", lines_.size() + 1);
        line->url = options_.url + std::string(kMarketPath);
        lines_.push_back(std::move(line));
    }
    const auto tend_one = [&](Line& line) {
        if (!line.running && is_needed(line)) {
            line.running = group_.spawn(line.name, keep(line));
        } else if (!is_needed(line)) {
            give_up(line, kNormal, "not needed any more");
        } else if (core_.is_overdue(line.number, now)) {
            give_up(line, kNormal, "no answer to a subscription");
        }
    };
    if (auto fault = core_.take_notification_fault(now); !fault.empty()) {
        give_up(notifications_, kNormal, std::move(fault));
    }
    tend_one(notifications_);
    for (const auto& line : lines_) tend_one(*line);
}

void HtxFeed::send_due(core::SteadyTime now) {
    while (auto request = core_.next(now)) {
        Line* const line = line_of(request->connection);
        if (line == nullptr || line->link == nullptr) continue;  // it ended just now: asked for again after that
        const auto queued = line->link->send(std::move(request->text));
        if (!queued) give_up(*line, kNormal, queued.error().message());
    }
}

/// However it ends, the line can be begun again.
asio::awaitable<void> HtxFeed::keep(Line& line) {
    try {
        co_await connect_again_and_again(line);
    } catch (...) {
        line.running = false;
        line.link = nullptr;
        throw;  // to the group, which reports it
    }
    line.running = false;
}

asio::awaitable<void> HtxFeed::connect_again_and_again(Line& line) {
    auto random = net::make_random_unit(random_seed_ ^ (0x9E3779B97F4A7C15ULL * (line.number + 2)));
    if (line.number != FeedCore::kNotifications && line.number > 0) {
        const auto jitter = static_cast<double>(kSpread.count()) * random();
        co_await stop_.wait_for(milliseconds(static_cast<std::int64_t>(jitter)));
    }
    net::Backoff backoff({.max_attempts = 0, .base = options_.backoff_base, .cap = options_.backoff_cap},
                         std::move(random));
    while (is_needed(line)) {
        line.state = ConnectionState::connecting;
        auto link = co_await client_->connect(line.url);
        if (stopping_) break;
        ErrorCode reason{};
        if (link) {
            const auto begun = clock_.steady_now();
            const core::Error ended = co_await follow(line, **link);
            line.last_error = ended.message();
            reason = ended.code();
            if (clock_.steady_now() - begun >= options_.healthy_after) backoff.reset();
        } else {
            line.last_error = link.error().message();
            reason = link.error().code();
        }
        line.state = ConnectionState::waiting;
        link = core::fail(ErrorCode::cancelled, "closed");  // which begins its close
        if (!is_needed(line)) break;
        ++reconnections_;
        line.failure.failed(core::to_string(reason), {{"connection", line.name}, {"error", line.last_error}});
        co_await stop_.wait_for(backoff.next().value_or(options_.backoff_cap));
    }
}

asio::awaitable<core::Error> HtxFeed::follow(Line& line, net::WebSocketConnection& link) {
    line.state = ConnectionState::live;
    line.link = &link;
    line.given_up.clear();
    if (options_.tap != nullptr) options_.tap->on_connected(tap_number(line), line.name);
    if (line.number == FeedCore::kNotifications) {
        core_.notifications_connected(clock_.steady_now());
    } else {
        core_.connected(line.number);
    }
    pass_news();
    std::optional<core::Error> ended;
    while (!ended) {
        const auto data = co_await link.read();
        if (!data) {
            ended = data.error();
            continue;
        }
        try {
            if (const auto handled = on_message(line, link, *data); !handled) ended = handled.error();
        } catch (const std::exception& fault) {
            core::log(core::LogLevel::error, "feed_message_failed",
                      {{"connection", line.name}, {"error", fault.what()}});
            ended.emplace(ErrorCode::internal, fault.what());
        }
    }
    line.link = nullptr;
    if (!line.given_up.empty()) ended.emplace(ErrorCode::cancelled, line.given_up);
    if (options_.tap != nullptr) options_.tap->on_disconnected(tap_number(line), ended->message());
    if (line.number == FeedCore::kNotifications) {
        core_.notifications_disconnected();
    } else {
        core_.disconnected(line.number, ended->message());
    }
    pass_news();
    co_return *ended;
}

Result<void> HtxFeed::on_message(Line& line, net::WebSocketConnection& link, const net::WebSocketData& data) {
    if (options_.tap != nullptr) options_.tap->on_message(tap_number(line), data.binary, data.bytes);
    const Received received{.wall = clock_.now(), .steady = clock_.steady_now()};
    line.last_frame = received.steady;
    line.failure.recovered();
    Result<std::optional<std::string>> answer = std::nullopt;
    if (!data.binary) {
        answer = std::unexpected(core_.on_text());
    } else if (line.number == FeedCore::kNotifications) {
        answer = core_.on_notification(data.bytes, received);
    } else {
        answer = core_.on_market(line.number, data.bytes, received);
    }
    pass_news();
    if (!answer) {
        link.close(kUnreadable);
        return std::unexpected(answer.error());
    }
    std::optional<std::string>& reply = *answer;
    if (!reply) return {};
    return link.send(std::move(*reply), net::WebSocketConnection::Order::first);
}

FeedStatus HtxFeed::status() const {
    FeedStatus status;
    const auto describe = [](const Line& line, std::size_t topics) {
        return FeedConnectionStatus{.name = line.name,
                                    .state = line.state,
                                    .topics = topics,
                                    .last_frame = line.last_frame,
                                    .last_error = line.last_error};
    };
    for (const auto& line : lines_) {
        if (line->running) status.connections.push_back(describe(*line, core_.topics_on(line->number)));
    }
    if (notifications_.running) status.connections.push_back(describe(notifications_, NoticeTopics::kCount));
    status.reconnections = reconnections_;
    core_.fill(status);
    return status;
}

}  // namespace

std::unique_ptr<MarketFeed> make_htx_feed(const asio::any_io_executor& executor, MarketFeedOptions options,
                                          FeedListener& listener, const core::Clock& clock, std::uint64_t random_seed) {
    return std::make_unique<HtxFeed>(executor, std::move(options), listener, clock, random_seed);
}

}  // namespace scanner::exchange::htx::feed
