#pragma once

#include "storage/redis/redis_connection.hpp"

#include "scanner/core/clock.hpp"
#include "scanner/core/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace scanner::storage {

/// What a lease says of who holds it: enough for a person to find it, and for a process of the same machine to see that
/// it has ended.
struct LeaseHolder {
    std::string instance;  ///< random, new with every start
    std::string installation;
    std::string host;
    std::string boot;           ///< the machine's boot id
    std::string pid_namespace;  ///< what `pid` is to be read in
    std::int64_t pid = 0;
    std::int64_t start_ticks = 0;  ///< when the process began, by the kernel's count since the boot
    std::int64_t since_ms = 0;     ///< the same by the wall clock
};
[[nodiscard]] LeaseHolder this_process(std::string installation, core::WallTime now);
[[nodiscard]] std::string encode_holder(const LeaseHolder& holder);
/// Nothing for a text of another kind. Hostile until parsed.
[[nodiscard]] std::optional<LeaseHolder> decode_holder(std::string_view text);
/// Whether it was a process of this machine and pid namespace and is no more.
[[nodiscard]] bool has_ended(const LeaseHolder& holder);
/// "host db1, process 17, installation a"
[[nodiscard]] std::string describe(const LeaseHolder& holder);

/// The lease on a prefix's keys as one connection sees it. Loop thread only; must outlive its coroutines.
class RedisLease {
public:
    enum class State {
        unknown,  ///< Redis is away, or takes no lease: nothing is known of others
        ours,
        foreign,
    };

    RedisLease(boost::asio::any_io_executor executor, std::shared_ptr<RedisConnection> connection, std::string key,
               std::string elected_key, std::string installation);

    /// Takes or renews it. With `from_younger` also from a holder that started after this process did.
    [[nodiscard]] boost::asio::awaitable<State> attempt(bool from_younger);
    /// As PrefixLease::claim.
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> claim();
    /// Gives it back, if it is ours.
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> release();
    [[nodiscard]] State state() const { return state_; }
    /// Who else holds it; for people.
    [[nodiscard]] const std::string& holder() const { return holder_; }

private:
    [[nodiscard]] boost::asio::awaitable<State> ask(bool from_younger);
    [[nodiscard]] boost::asio::awaitable<std::optional<std::string>> read(const std::string& key);
    [[nodiscard]] boost::asio::awaitable<bool> somebody_is_elected();
    [[nodiscard]] core::Error refusal() const;

    boost::asio::any_io_executor executor_;
    std::shared_ptr<RedisConnection> connection_;
    std::string key_;
    std::string elected_key_;  ///< the lease of scanners that elect one of them: ScannerLease
    LeaseHolder self_;
    std::string value_;
    State state_ = State::unknown;
    std::string holder_;
    std::string holder_value_;
    std::string held_key_;  ///< which of the two keys the other one holds
};

}  // namespace scanner::storage
