#pragma once

#include "storage/redis/redis_connection.hpp"

#include "scanner/core/error.hpp"
#include "scanner/core/numeric.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scanner::storage {

/// Runs a script of `keys` and `arguments` on the server.
[[nodiscard]] inline boost::asio::awaitable<core::Result<RedisReply>> run_script(
    std::shared_ptr<RedisConnection> connection, std::string_view script, std::vector<std::string> keys,
    std::vector<std::string> arguments) {
    std::vector<std::string> words{"EVAL", std::string(script), std::to_string(keys.size())};
    words.reserve(words.size() + keys.size() + arguments.size());
    for (std::string& key : keys) words.push_back(std::move(key));
    for (std::string& argument : arguments) words.push_back(std::move(argument));
    co_return co_await connection->command(std::move(words));
}

/// A count that a script or a hash keeps as text; false for anything else.
[[nodiscard]] inline bool read_count(std::string_view text, std::uint64_t& into) {
    constexpr std::int64_t kMaxCount = (std::int64_t{1} << 53) - 1;
    const auto number = core::parse_int(text);
    if (!number || *number < 0 || *number > kMaxCount) return false;
    into = static_cast<std::uint64_t>(*number);
    return true;
}

}  // namespace scanner::storage
