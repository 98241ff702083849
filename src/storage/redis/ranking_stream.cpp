#include "storage/redis/redis_connection.hpp"
#include "storage/redis/redis_reply.hpp"
#include "storage/redis/redis_script.hpp"
#include "storage/redis/scanner_scripts.hpp"

#include "scanner/core/log.hpp"
#include "scanner/storage/scanner_lease.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
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
/// What a value may be longer by than was asked for: the protocol's own bytes.
constexpr std::size_t kReplyRoom = 64U << 10U;

/// Epoch, number and version: what an entry and a snapshot both begin with.
template <class Message>
bool read_head(const ReplyFields& fields, Message& into) {
    constexpr std::uint64_t kMaxVersion = 1'000'000;
    std::uint64_t version = 0;
    if (!read_count(field_of(fields, "epoch"), into.epoch) || !read_count(field_of(fields, "seq"), into.seq) ||
        !read_count(field_of(fields, "version"), version) || version > kMaxVersion)
        return false;
    into.version = static_cast<int>(version);
    return true;
}

bool read_entry(const StreamRow& row, StreamEntry& entry) {
    ReplyFields fields;
    if (!read_fields(*row.fields, fields) || !read_head(fields, entry)) return false;
    entry.id = row.id;
    entry.recorded = field_of(fields, "recorded") == "1";
    entry.delta = field_of(fields, "delta");
    return true;
}

class RankingStreamImpl final : public RankingStream {
public:
    RankingStreamImpl(const asio::any_io_executor& executor, RankingStreamOptions options)
        : prefix_(std::move(options.key_prefix)),
          kept_(options.kept),
          connection_(make_redis_connection(executor, {.url = std::move(options.url),
                                                       .ca_bundle_path = std::move(options.ca_bundle_path),
                                                       .max_reply_bytes = options.max_answer_bytes + kReplyRoom,
                                                       .max_reply_depth = kStreamReplyDepth,
                                                       // While it blocks, no other command is answered.
                                                       .command_timeout = options.command_timeout + kMaxBlock,
                                                       .reconnect_cap = kReconnectCap})) {}

    void start(const asio::any_io_executor& executor) {
        asio::co_spawn(executor, connection_->run(), [](const std::exception_ptr& error) {
            if (error) core::log(core::LogLevel::error, "task_failed", {{"task", "redis_stream"}});
        });
    }

    asio::awaitable<core::Result<void>> publish(Leadership leadership, Publication publication) override {
        Words keys{prefix_ + "lease", prefix_ + "epoch", prefix_ + "stream:rankings", prefix_ + "stream:snapshot",
                   prefix_ + "stream:last"};
        Words arguments{std::move(leadership.token),           std::to_string(leadership.epoch),
                        std::to_string(publication.seq),       std::to_string(publication.version),
                        publication.recorded ? "1" : "0",      std::to_string(kept_.count()),
                        publication.delta.empty() ? "0" : "1", std::move(publication.delta),
                        publication.snapshot ? "1" : "0",      std::move(publication.snapshot).value_or("")};
        for (const SnapshotCache::Entry& entry : publication.keys) {
            keys.push_back(prefix_ + entry.key);
            arguments.push_back(*entry.value);
            arguments.push_back(std::to_string(entry.ttl.count()));
        }
        const auto reply = co_await run_script(connection_, kPublishScript, std::move(keys), std::move(arguments));
        if (!reply) co_return std::unexpected(reply.error().within("publishing"));
        if (reply->kind != Kind::integer) co_return std::unexpected(strange_reply("publishing"));
        if (reply->integer == 0)
            co_return core::fail(core::ErrorCode::conflict, "redis: fenced: another scanner is, or may be, elected");
        if (reply->integer != 1)
            co_return core::fail(core::ErrorCode::invalid_input,
                                 "redis: a ranking of a higher number was published already");
        co_return core::Result<void>{};
    }

    asio::awaitable<core::Result<std::optional<StreamSnapshot>>> snapshot() override {
        Words words{"HGETALL", prefix_ + "stream:snapshot"};
        const auto reply = co_await connection_->command(std::move(words));
        if (!reply) co_return std::unexpected(reply.error().within("snapshot"));
        ReplyFields fields;
        if (!read_fields(*reply, fields)) co_return std::unexpected(strange_reply("snapshot"));
        if (fields.empty()) co_return std::nullopt;
        StreamSnapshot snapshot;
        if (!read_head(fields, snapshot)) co_return std::unexpected(strange_reply("snapshot"));
        snapshot.bytes = field_of(fields, "bytes");
        snapshot.after = field_of(fields, "after");
        co_return snapshot;
    }

    asio::awaitable<core::Result<std::vector<StreamEntry>>> read_after(std::string id, milliseconds block) override {
        Words words{"XREAD", "COUNT", std::to_string(kMaxEntries)};
        if (block > milliseconds(0)) {  // BLOCK 0 would wait for ever
            words.emplace_back("BLOCK");
            words.push_back(std::to_string(std::min(block, kMaxBlock).count()));
        }
        words.emplace_back("STREAMS");
        words.push_back(prefix_ + "stream:rankings");
        words.push_back(std::move(id));
        const auto reply = co_await connection_->command(std::move(words));
        if (!reply) co_return std::unexpected(reply.error().within("stream"));
        std::vector<StreamEntry> entries;
        const auto rows = read_stream_rows(*reply, "stream");
        if (!rows) co_return std::unexpected(rows.error());
        for (const StreamRow& row : *rows) {
            if (!read_entry(row, entries.emplace_back())) co_return std::unexpected(strange_reply("stream"));
        }
        co_return entries;
    }

    asio::awaitable<core::Result<std::optional<StreamPosition>>> last() override {
        Words words{"HMGET", prefix_ + "stream:last", "epoch", "seq"};
        const auto reply = co_await connection_->command(std::move(words));
        if (!reply) co_return std::unexpected(reply.error().within("stream:last"));
        if (reply->kind != Kind::array || reply->elements.size() != 2)
            co_return std::unexpected(strange_reply("stream:last"));
        if (reply->elements[0].kind == Kind::nil) co_return std::nullopt;
        StreamPosition position;
        if (!read_count(reply->elements[0].text, position.epoch) || !read_count(reply->elements[1].text, position.seq))
            co_return std::unexpected(strange_reply("stream:last"));
        co_return position;
    }

    StoreStatus status() const override {
        StoreStatus status;
        status.state = connection_->state();
        status.last_error = connection_->last_error();
        return status;
    }

    void stop() override { connection_->stop(); }

private:
    std::string prefix_;
    milliseconds kept_;
    std::shared_ptr<RedisConnection> connection_;
};

}  // namespace

std::shared_ptr<RankingStream> make_ranking_stream(const asio::any_io_executor& executor,
                                                   RankingStreamOptions options) {
    const auto stream = std::make_shared<RankingStreamImpl>(executor, std::move(options));
    stream->start(executor);
    return stream;
}

}  // namespace scanner::storage
