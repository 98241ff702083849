#include "storage/redis/redis_reply.hpp"

#include <string>

namespace scanner::storage {

using Kind = RedisReply::Kind;

core::Error strange_reply(std::string_view what) {
    return {core::ErrorCode::malformed, "redis: " + std::string(what) + ": an answer of another kind"};
}

bool read_fields(const RedisReply& reply, ReplyFields& into) {
    if (reply.kind != Kind::array || reply.elements.size() % 2 != 0) return false;
    for (std::size_t i = 0; i < reply.elements.size(); i += 2) {
        const RedisReply& name = reply.elements[i];
        const RedisReply& value = reply.elements[i + 1];
        if (name.kind != Kind::string || value.kind != Kind::string) return false;
        into[name.text] = value.text;
    }
    return true;
}

std::string_view field_of(const ReplyFields& fields, std::string_view name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string_view() : found->second;
}

core::Result<std::vector<StreamRow>> read_stream_rows(const RedisReply& reply, std::string_view what) {
    std::vector<StreamRow> rows;
    if (reply.kind == Kind::nil) return rows;
    const auto is_pair = [](const RedisReply& each) { return each.kind == Kind::array && each.elements.size() == 2; };
    if (reply.kind != Kind::array || reply.elements.size() != 1 || !is_pair(reply.elements[0]) ||
        reply.elements[0].elements[1].kind != Kind::array) {
        return std::unexpected(strange_reply(what));
    }
    for (const RedisReply& row : reply.elements[0].elements[1].elements) {
        if (!is_pair(row) || row.elements[0].kind != Kind::string) return std::unexpected(strange_reply(what));
        rows.push_back({.id = row.elements[0].text, .fields = &row.elements[1]});
    }
    return rows;
}

}  // namespace scanner::storage
