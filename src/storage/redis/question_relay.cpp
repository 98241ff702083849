#include "scanner/storage/question_relay.hpp"

#include "storage/redis/redis_connection.hpp"
#include "storage/redis/redis_reply.hpp"
#include "storage/redis/redis_script.hpp"
#include "storage/redis/scanner_scripts.hpp"

#include "scanner/core/log.hpp"
#include "scanner/core/numeric.hpp"
#include "scanner/net/event.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <map>
#include <string_view>
#include <utility>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using Kind = RedisReply::Kind;
using Words = std::vector<std::string>;

constexpr milliseconds kMaxBlock{2'000};
constexpr milliseconds kReconnectCap{500};
constexpr milliseconds kCommandTimeout{3'000};
constexpr std::size_t kReplyRoom = 64U << 10U;
constexpr std::size_t kMaxIdBytes = 64;
/// Answers that no one fetches are gone after this.
constexpr milliseconds kAnswersKept{10'000};

/// Part of a key, and of what another process says.
bool is_name(std::string_view text) {
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return !text.empty() && text.size() <= kMaxIdBytes && std::ranges::all_of(text, is_hex);
}

/// The milliseconds of a stream's id: when its entry was made, by the server's clock.
std::optional<std::int64_t> time_of(std::string_view id) {
    return core::parse_int(id.substr(0, id.find('-')));
}

/// A question that is waited for.
struct Waiting {
    explicit Waiting(const asio::any_io_executor& executor) : arrived(executor) {}
    net::Event arrived;
    std::optional<std::string> answer;
};

struct TakenEntry {
    std::string id;
    RelayedQuestion question;
    std::int64_t patience_ms = 0;
};

/// Nothing where it is not one of ours: left out, as the next one may be.
std::optional<TakenEntry> read_entry(const StreamRow& row) {
    ReplyFields fields;
    if (!read_fields(*row.fields, fields)) return std::nullopt;
    TakenEntry entry;
    entry.id = row.id;
    entry.question.asker = field_of(fields, "asker");
    entry.question.id = field_of(fields, "id");
    entry.question.text = field_of(fields, "text");
    entry.patience_ms = core::parse_int(field_of(fields, "patience_ms")).value_or(0);
    if (!is_name(entry.question.asker) || !is_name(entry.question.id) ||
        entry.question.text.size() > QuestionRelay::kMaxQuestionBytes)
        return std::nullopt;
    return entry;
}

class QuestionRelayImpl final : public QuestionRelay, public std::enable_shared_from_this<QuestionRelayImpl> {
public:
    QuestionRelayImpl(const asio::any_io_executor& executor, QuestionRelayOptions options)
        : executor_(executor),
          options_(std::move(options)),
          telling_(connect(executor, options_)),
          blocking_(connect(executor, options_)) {}

    void start() {
        for (const auto& connection : {telling_, blocking_}) {
            asio::co_spawn(executor_, connection->run(), [](const std::exception_ptr& error) {
                if (error) core::log(core::LogLevel::error, "task_failed", {{"task", "question_relay"}});
            });
        }
    }

    asio::awaitable<core::Result<std::string>> ask(std::string question, milliseconds patience) override {
        if (question.size() > kMaxQuestionBytes)
            co_return core::fail(core::ErrorCode::invalid_input, "a question of more than 8 KiB");
        if (waiting_.size() >= options_.max_waiting)
            co_return core::fail(core::ErrorCode::unavailable,
                                 fmt::format("{} questions wait already", waiting_.size()));
        const auto deadline = std::chrono::steady_clock::now() + patience;
        const std::string id = fmt::format("{:x}", ++asked_);
        const auto waiting = std::make_shared<Waiting>(executor_);
        waiting_.emplace(id, waiting);
        const Forget forget{*this, id};
        Words words{"XADD",
                    options_.key_prefix + "relay:questions",
                    "MAXLEN",
                    "=",
                    std::to_string(kMaxQuestions),
                    "*",
                    "asker",
                    options_.asker,
                    "id",
                    id,
                    "patience_ms",
                    std::to_string(patience.count()),
                    "text",
                    std::move(question)};
        const auto added = co_await telling_->command(std::move(words));
        if (!added) co_return std::unexpected(added.error().within("asking the elected scanner"));
        fetch();
        while (!waiting->answer) {
            if (co_await waiting->arrived.wait(deadline) != net::Event::Outcome::notified) break;
        }
        if (!waiting->answer)
            co_return core::fail(core::ErrorCode::timeout,
                                 fmt::format("no elected scanner answered within {} ms", patience.count()));
        co_return std::move(*waiting->answer);
    }

    void begin_taking() override { after_.clear(); }

    asio::awaitable<core::Result<std::vector<RelayedQuestion>>> take(std::size_t most, milliseconds block) override {
        const std::string key = options_.key_prefix + "relay:questions";
        if (after_.empty()) {
            Words words{"XREVRANGE", key, "+", "-", "COUNT", "1"};
            const auto newest = co_await blocking_->command(std::move(words));
            if (!newest) co_return std::unexpected(newest.error().within("questions"));
            if (newest->kind != Kind::array) co_return std::unexpected(strange_reply("questions"));
            const bool none = newest->elements.empty() || newest->elements[0].elements.empty();
            after_ = none ? "0-0" : newest->elements[0].elements[0].text;
        }
        Words words{"XREAD",
                    "COUNT",
                    std::to_string(most),
                    "BLOCK",
                    std::to_string(std::clamp(block, milliseconds(1), kMaxBlock).count()),
                    "STREAMS",
                    key,
                    after_};
        const auto reply = co_await blocking_->command(std::move(words));
        if (!reply) co_return std::unexpected(reply.error().within("questions"));
        std::vector<RelayedQuestion> questions;
        const auto rows = read_stream_rows(*reply, "questions");
        if (!rows) co_return std::unexpected(rows.error());
        const auto now = co_await server_time();
        for (const StreamRow& row : *rows) {
            after_ = row.id;
            auto entry = read_entry(row);
            if (!entry) continue;
            const auto asked = time_of(entry->id);
            if (!asked || !now || *now - *asked >= entry->patience_ms) continue;  // its asker has gone
            questions.push_back(std::move(entry->question));
        }
        co_return questions;
    }

    asio::awaitable<core::Result<void>> answer(Leadership leadership, RelayedQuestion question,
                                               std::string answer) override {
        Words keys{options_.key_prefix + "lease", options_.key_prefix + "epoch",
                   options_.key_prefix + "relay:answers:" + question.asker};
        Words arguments{std::move(leadership.token), std::to_string(leadership.epoch),
                        question.id + "\n" + std::move(answer), std::to_string(kAnswersKept.count())};
        const auto reply = co_await run_script(telling_, kAnswerScript, std::move(keys), std::move(arguments));
        if (!reply) co_return std::unexpected(reply.error().within("answering"));
        if (reply->kind != Kind::integer) co_return std::unexpected(strange_reply("answering"));
        if (reply->integer == 0)
            co_return core::fail(core::ErrorCode::conflict, "redis: fenced: another scanner is, or may be, elected");
        co_return core::Result<void>{};
    }

    void stop() override {
        stopping_ = true;
        telling_->stop();
        blocking_->stop();
    }

private:
    /// What is waited for no more is forgotten, also when the client has gone meanwhile.
    struct Forget {
        QuestionRelayImpl& relay;
        std::string id;
        Forget(QuestionRelayImpl& of, std::string which) : relay(of), id(std::move(which)) {}
        ~Forget() { relay.waiting_.erase(id); }
        Forget(const Forget&) = delete;
        Forget& operator=(const Forget&) = delete;
    };

    static std::shared_ptr<RedisConnection> connect(const asio::any_io_executor& executor,
                                                    const QuestionRelayOptions& options) {
        return make_redis_connection(executor, {.url = options.url,
                                                .ca_bundle_path = options.ca_bundle_path,
                                                .max_reply_bytes = options.max_bytes + kReplyRoom,
                                                .max_reply_depth = kStreamReplyDepth,
                                                .command_timeout = kCommandTimeout + kMaxBlock,
                                                .reconnect_cap = kReconnectCap});
    }

    asio::awaitable<std::optional<std::int64_t>> server_time() {
        Words words{"TIME"};
        const auto reply = co_await telling_->command(std::move(words));
        if (!reply || reply->kind != Kind::array || reply->elements.size() != 2) co_return std::nullopt;
        const auto seconds = core::parse_int(reply->elements[0].text);
        const auto micros = core::parse_int(reply->elements[1].text);
        constexpr std::int64_t kMaxSeconds = 1'000'000'000'000;
        if (!seconds || !micros || *seconds < 0 || *seconds > kMaxSeconds) co_return std::nullopt;
        co_return *seconds * 1'000 + *micros / 1'000;
    }

    /// Reads answers for as long as one is waited for.
    void fetch() {
        if (fetching_) return;
        fetching_ = true;
        asio::co_spawn(executor_, fetch_answers(shared_from_this()), [](const std::exception_ptr& error) {
            if (error) core::log(core::LogLevel::error, "task_failed", {{"task", "question_relay_answers"}});
        });
    }
    static asio::awaitable<void> fetch_answers(std::shared_ptr<QuestionRelayImpl> self) {
        while (!self->stopping_ && !self->waiting_.empty()) {
            Words words{"BLPOP", self->options_.key_prefix + "relay:answers:" + self->options_.asker, "1"};
            const auto reply = co_await self->blocking_->command(std::move(words));
            if (!reply) break;  // those who wait find no answer in time; the next question tries again
            if (reply->kind != Kind::array || reply->elements.size() != 2) continue;
            const std::string& value = reply->elements[1].text;
            const auto end = value.find('\n');
            const auto waiting = self->waiting_.find(value.substr(0, std::min(end, kMaxIdBytes)));
            if (end == std::string::npos || waiting == self->waiting_.end()) continue;
            waiting->second->answer = value.substr(end + 1);
            waiting->second->arrived.notify();
        }
        self->fetching_ = false;
    }

    asio::any_io_executor executor_;
    const QuestionRelayOptions options_;
    std::shared_ptr<RedisConnection> telling_;
    std::shared_ptr<RedisConnection> blocking_;
    std::map<std::string, std::shared_ptr<Waiting>, std::less<>> waiting_;
    std::uint64_t asked_ = 0;
    std::string after_;  ///< the last question that was taken; empty: not known yet
    bool fetching_ = false;
    bool stopping_ = false;
};

}  // namespace

std::shared_ptr<QuestionRelay> make_question_relay(const asio::any_io_executor& executor,
                                                   QuestionRelayOptions options) {
    const auto relay = std::make_shared<QuestionRelayImpl>(executor, std::move(options));
    relay->start();
    return relay;
}

}  // namespace scanner::storage
