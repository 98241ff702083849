#include "storage/redis/redis_lease.hpp"

#include "scanner/core/json_writer.hpp"
#include "scanner/storage/snapshot_cache.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <random>
#include <signal.h>
#include <sstream>
#include <unistd.h>
#include <utility>
#include <vector>

namespace scanner::storage {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using Words = std::vector<std::string>;

constexpr std::size_t kMaxHolderBytes = 1'024;
constexpr milliseconds kWatchInterval{250};
/// A time to live that has grown by more was renewed.
constexpr std::int64_t kRenewedMs = 100;

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string link_target(const char* path) {
    std::array<char, 128> target{};
    const ssize_t length = ::readlink(path, target.data(), target.size());
    return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string();
}

/// Field 22 of /proc/<pid>/stat; nothing when there is no such process.
std::optional<std::int64_t> start_ticks(std::int64_t pid) {
    std::string text = first_line(fmt::format("/proc/{}/stat", pid).c_str());
    const std::size_t name_end = text.rfind(')');  // the name may hold anything
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
    constexpr std::size_t kStart = 22 - 3;
    if (words.size() <= kStart) return std::nullopt;
    return std::atoll(words[kStart].c_str());
}

std::string random_instance() {
    std::random_device device;
    std::string text;
    for (int i = 0; i < 4; ++i) text += fmt::format("{:08x}", device());
    return text;
}

/// What may stand in a message.
std::string plain(std::string_view text) {
    constexpr std::size_t kMaxCount = 64;
    std::string shown(text.substr(0, kMaxCount));
    std::ranges::replace_if(shown, [](char c) { return c <= ' ' || c >= 0x7F || c == '"' || c == '\\'; }, '?');
    return shown;
}

}  // namespace

LeaseHolder this_process(std::string installation, core::WallTime now) {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    LeaseHolder holder;
    holder.instance = random_instance();
    holder.installation = std::move(installation);
    holder.host = host.data();
    holder.boot = first_line("/proc/sys/kernel/random/boot_id");
    holder.pid_namespace = link_target("/proc/self/ns/pid");
    holder.pid = ::getpid();
    holder.start_ticks = start_ticks(holder.pid).value_or(0);
    holder.since_ms = core::to_unix_ms(now);
    return holder;
}

std::string encode_holder(const LeaseHolder& holder) {
    core::JsonWriter json(512);
    json.begin_object()
        .field("instance", holder.instance)
        .field("installation", holder.installation)
        .field("host", holder.host)
        .field("boot", holder.boot)
        .field("pid_namespace", holder.pid_namespace)
        .field("pid", holder.pid)
        .field("start_ticks", holder.start_ticks)
        .field("since_ms", holder.since_ms)
        .end_object();
    return std::move(json).take();
}

std::optional<LeaseHolder> decode_holder(std::string_view text) {
    if (text.size() > kMaxHolderBytes) return std::nullopt;
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    LeaseHolder holder;
    const auto text_of = [&](const char* name, std::string& into) {
        const auto found = json.find(name);
        if (found == json.end() || !found->is_string()) return false;
        into = found->get<std::string>();
        return true;
    };
    const auto number_of = [&](const char* name, std::int64_t& into) {
        const auto found = json.find(name);
        if (found == json.end() || !found->is_number_integer()) return false;
        into = found->get<std::int64_t>();
        return into >= 0;
    };
    const bool whole = text_of("instance", holder.instance) && text_of("installation", holder.installation) &&
                       text_of("host", holder.host) && text_of("boot", holder.boot) &&
                       text_of("pid_namespace", holder.pid_namespace) && number_of("pid", holder.pid) &&
                       number_of("start_ticks", holder.start_ticks) && number_of("since_ms", holder.since_ms);
    if (!whole) return std::nullopt;
    return holder;
}

bool has_ended(const LeaseHolder& holder) {
    // Only where its number means the same process as here, which a boot and a pid namespace decide together.
    if (holder.boot.empty() || holder.boot != first_line("/proc/sys/kernel/random/boot_id")) return false;
    if (holder.pid_namespace.empty() || holder.pid_namespace != link_target("/proc/self/ns/pid")) return false;
    if (holder.pid <= 0 || holder.start_ticks <= 0) return false;
    const auto started = start_ticks(holder.pid);
    return !started || *started != holder.start_ticks;
}

std::string describe(const LeaseHolder& holder) {
    return fmt::format("host {}, process {}{}", plain(holder.host), holder.pid,
                       holder.installation.empty() ? "" : ", installation " + plain(holder.installation));
}

RedisLease::RedisLease(asio::any_io_executor executor, std::shared_ptr<RedisConnection> connection, std::string key,
                       std::string elected_key, std::string installation)
    : executor_(std::move(executor)),
      connection_(std::move(connection)),
      key_(std::move(key)),
      elected_key_(std::move(elected_key)),
      self_(this_process(std::move(installation), core::system_clock().now())),
      value_(encode_holder(self_)) {}

asio::awaitable<RedisLease::State> RedisLease::attempt(bool from_younger) {
    state_ = co_await ask(from_younger);
    co_return state_;
}

asio::awaitable<std::optional<std::string>> RedisLease::read(const std::string& key) {
    Words words{"GETRANGE", key, "0", std::to_string(kMaxHolderBytes)};
    const auto reply = co_await connection_->command(std::move(words));
    if (!reply || reply->kind != RedisReply::Kind::string) co_return std::nullopt;
    co_return reply->text;
}

/// Whoever is elected publishes under the same keys; the lease of an election does not begin while this one is there.
asio::awaitable<bool> RedisLease::somebody_is_elected() {
    const auto found = co_await read(elected_key_);
    if (!found || found->empty()) co_return false;
    holder_ = "elected: " + plain(*found);
    holder_value_ = *found;
    held_key_ = elected_key_;
    co_return true;
}

asio::awaitable<RedisLease::State> RedisLease::ask(bool from_younger) {
    if (co_await somebody_is_elected()) co_return State::foreign;
    const std::string ttl = std::to_string(PrefixLease::kLeaseTime.count());
    for (int tries = 0; tries < 3; ++tries) {
        Words take{"SET", key_, value_, "NX", "PX", ttl};
        const auto taken = co_await connection_->command(std::move(take));
        if (!taken) co_return State::unknown;
        if (taken->kind == RedisReply::Kind::status) {
            if (!co_await somebody_is_elected()) co_return State::ours;
            state_ = State::ours;
            static_cast<void>(co_await release());  // elected between the two: it goes on
            co_return State::foreign;
        }
        const auto found = co_await read(key_);
        if (!found) co_return State::unknown;
        if (found->empty()) continue;  // it ran out just now
        if (*found == value_) {
            Words renew{"PEXPIRE", key_, ttl};
            const auto renewed = co_await connection_->command(std::move(renew));
            if (!renewed) co_return State::unknown;
            if (renewed->integer == 1) co_return State::ours;
            continue;
        }
        const auto holder = decode_holder(*found);
        if (holder && (has_ended(*holder) || (from_younger && holder->since_ms > self_.since_ms))) {
            Words over{"SET", key_, value_, "XX", "PX", ttl};
            static_cast<void>(co_await connection_->command(std::move(over)));
            continue;  // the next round sees whether it is ours now
        }
        holder_ = holder ? describe(*holder) : "a program of another kind";
        holder_value_ = *found;
        held_key_ = key_;
        co_return State::foreign;
    }
    co_return State::unknown;
}

asio::awaitable<core::Result<void>> RedisLease::claim() {
    constexpr milliseconds kAfterwards{1'000};
    const auto deadline = std::chrono::steady_clock::now() + PrefixLease::kLeaseTime + kAfterwards;
    asio::steady_timer timer(executor_);
    std::string holder_before;
    std::int64_t left_before = 0;
    while (co_await attempt(false) == State::foreign) {
        Words words{"PTTL", held_key_};
        const auto left = co_await connection_->command(std::move(words));
        if (!left) co_return core::Result<void>{};
        const bool renewed = left->integer > left_before + kRenewedMs || holder_value_ != holder_before;
        const bool never_ends = left->integer == -1;
        const bool first = holder_before.empty();
        if ((renewed && !first) || never_ends || std::chrono::steady_clock::now() >= deadline)
            co_return std::unexpected(refusal());
        holder_before = holder_value_;
        left_before = left->integer;
        timer.expires_after(kWatchInterval);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return core::Result<void>{};
}

core::Error RedisLease::refusal() const {
    return {core::ErrorCode::conflict,
            fmt::format("another scanner is live on the same Redis keys ({}; lease \"{}\"): stop it, or give this one "
                        "keys of its own with SCANNER_REDIS_KEY_PREFIX",
                        holder_, held_key_)};
}

asio::awaitable<core::Result<void>> RedisLease::release() {
    if (state_ != State::ours) co_return core::Result<void>{};
    const auto found = co_await read(key_);
    if (!found || *found != value_) co_return core::Result<void>{};
    state_ = State::unknown;
    Words words{"DEL", key_};
    const auto deleted = co_await connection_->command(std::move(words));
    if (!deleted) co_return std::unexpected(deleted.error());
    co_return core::Result<void>{};
}

}  // namespace scanner::storage
