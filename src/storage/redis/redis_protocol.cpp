#include "storage/redis/redis_protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <hiredis/hiredis.h>
#include <new>
#include <system_error>
#include <utility>

namespace scanner::storage {
namespace {

/// Of a line: an error's text is the longest that there is. A whole reply may have as much framing beside its texts.
constexpr std::size_t kMaxLineBytes = 64U << 10U;

std::unexpected<core::Error> malformed(std::string what) {
    return core::fail(core::ErrorCode::malformed, "redis: " + std::move(what));
}

/// What the reader's callbacks know of the reply that is being built. A callback that returns nullptr ends the reading.
struct Build {
    ReplyLimits limits;
    std::size_t elements = 0;
    std::string fault;
};

Build& build_of(const redisReadTask* task) {
    return *static_cast<Build*>(task->privdata);
}

/// Where the object of `task` belongs: its place in the array around it, or one of its own.
RedisReply* place_of(const redisReadTask* task) {
    if (task->parent == nullptr) return new (std::nothrow) RedisReply;  // the reader's until it is handed over
    auto& siblings = static_cast<RedisReply*>(task->parent->obj)->elements;
    return &siblings.at(static_cast<std::size_t>(task->idx));
}

std::optional<RedisReply::Kind> text_kind(int type) {
    switch (type) {
        case REDIS_REPLY_STRING: return RedisReply::Kind::string;
        case REDIS_REPLY_STATUS: return RedisReply::Kind::status;
        case REDIS_REPLY_ERROR: return RedisReply::Kind::error;
        default: return std::nullopt;
    }
}

void* create_string(const redisReadTask* task, char* text, std::size_t size) {
    const auto kind = text_kind(task->type);
    RedisReply* const reply = kind ? place_of(task) : nullptr;
    if (reply == nullptr) return nullptr;
    reply->kind = *kind;
    reply->text.assign(text, size);
    return reply;
}

/// hiredis 1 counts elements as size_t, earlier ones as int; a negative count is nil and does not come here.
template <class Count>
void* create_array(const redisReadTask* task, Count count) {
    Build& build = build_of(task);
    std::size_t depth = 0;
    for (const redisReadTask* around = task->parent; around != nullptr; around = around->parent) ++depth;
    const auto size = static_cast<std::size_t>(count);
    if (task->type != REDIS_REPLY_ARRAY || depth >= build.limits.max_depth ||
        size > build.limits.max_elements - build.elements) {
        build.fault = "an array that is longer or deeper than any answer";
        return nullptr;
    }
    RedisReply* const reply = place_of(task);
    if (reply == nullptr) return nullptr;
    build.elements += size;
    reply->kind = RedisReply::Kind::array;
    reply->elements.resize(size);
    return reply;
}

void* create_integer(const redisReadTask* task, long long value) {
    RedisReply* const reply = place_of(task);
    if (reply == nullptr) return nullptr;
    reply->kind = RedisReply::Kind::integer;
    reply->integer = value;
    return reply;
}

void* create_nil(const redisReadTask* task) {
    return place_of(task);
}

void free_reply(void* reply) {
    delete static_cast<RedisReply*>(reply);
}

redisReplyObjectFunctions make_functions() {
    redisReplyObjectFunctions functions{};
    functions.createString = create_string;
    functions.createArray = create_array;  // deduced from the member's type
    functions.createInteger = create_integer;
    functions.createNil = create_nil;
    functions.freeObject = free_reply;
#if defined(HIREDIS_MAJOR) && HIREDIS_MAJOR >= 1
    // Kinds of RESP3, which is never asked for.
    functions.createDouble = [](const redisReadTask*, double, char*, std::size_t) -> void* { return nullptr; };
    functions.createBool = [](const redisReadTask*, int) -> void* { return nullptr; };
#endif
    return functions;
}

}  // namespace

std::string encode_command(std::span<const std::string> words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
    }
    char* formatted = nullptr;
    const auto size = redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), texts.data(), sizes.data());
    if (size < 0 || formatted == nullptr) throw std::bad_alloc();
    const std::unique_ptr<char, decltype(&redisFreeCommand)> owned(formatted, &redisFreeCommand);
    return {formatted, static_cast<std::size_t>(size)};
}

class ReplyReader::Parser {
public:
    explicit Parser(ReplyLimits limits)
        : functions_(make_functions()),
          build_{.limits = limits},
          reader_(redisReaderCreateWithFunctions(&functions_), &redisReaderFree) {
        if (!reader_) throw std::bad_alloc();
        reader_->privdata = &build_;
    }

    void feed(std::string_view bytes) {
        unread_ += bytes.size();
        redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
    }

    core::Result<std::optional<RedisReply>> next() {
        void* object = nullptr;
        if (redisReaderGetReply(reader_.get(), &object) != REDIS_OK) return malformed(fault());
        if (object == nullptr) {
            if (auto within = check_announced(); !within) return std::unexpected(within.error());
            return std::nullopt;
        }
        const std::unique_ptr<RedisReply> reply(static_cast<RedisReply*>(object));
        unread_ = reader_->len - reader_->pos;
        build_.elements = 0;
        return std::move(*reply);
    }

private:
    std::string fault() const {
        if (!build_.fault.empty()) return build_.fault;
        return fmt::format("not an answer of Redis; is this its port? ({})", reader_->errstr);
    }

    /// Of the part that is not whole yet: one of REDIS_REPLY_*, -1 before its first byte.
    int waited_for() const {
        if (reader_->ridx < 0) return -1;
#if defined(HIREDIS_MAJOR) && HIREDIS_MAJOR >= 1
        return reader_->task[reader_->ridx]->type;
#else
        return reader_->rstack[reader_->ridx].type;
#endif
    }

    /// The reply is not whole yet: whether it can become so within its bounds. The reader stands behind the first byte
    /// of the part that it waits for.
    core::Result<void> check_announced() const {
        if (unread_ > build_.limits.max_bytes + kMaxLineBytes)
            return malformed(fmt::format("an answer of more than {} bytes", build_.limits.max_bytes));
        const std::string_view rest(reader_->buf + reader_->pos, reader_->len - reader_->pos);
        const std::size_t line_end = rest.find('\r');
        if (line_end == std::string_view::npos) {
            if (rest.size() > kMaxLineBytes) return malformed("a line without an end");
            return {};
        }
        if (waited_for() != REDIS_REPLY_STRING) return {};
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + line_end, size);
        if (error == std::errc::result_out_of_range || (error == std::errc() && size > build_.limits.max_bytes))
            return malformed(fmt::format("an answer of {} bytes, of which at most {} are read",
                                         rest.substr(0, std::min<std::size_t>(line_end, 20)), build_.limits.max_bytes));
        return {};
    }

    redisReplyObjectFunctions functions_;
    Build build_;
    std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader_;
    std::size_t unread_ = 0;  ///< bytes since the last whole reply
};

ReplyReader::ReplyReader(ReplyLimits limits) : parser_(std::make_unique<Parser>(limits)) {}
ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
    parser_->feed(bytes);
}

core::Result<std::optional<RedisReply>> ReplyReader::next() {
    return parser_->next();
}

}  // namespace scanner::storage
