#include "scanner/storage/scanner_lease.hpp"

#include "storage/redis/redis_connection.hpp"
#include "storage/redis/redis_reply.hpp"
#include "storage/redis/redis_script.hpp"
#include "storage/redis/scanner_scripts.hpp"

#include "scanner/core/log.hpp"

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

constexpr milliseconds kMinTimeout{100};
constexpr milliseconds kReconnectCap{250};
constexpr std::size_t kMaxHolderBytes = 512;

core::Error lost() {
    return {core::ErrorCode::conflict, "redis: the lease is not this scanner's any more"};
}
/// "run_id:0123…" of INFO server.
std::string run_of(std::string_view info) {
    constexpr std::string_view kName = "run_id:";
    const std::size_t at = info.find(kName);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = info.substr(at + kName.size());
    return std::string(rest.substr(0, rest.find_first_of("\r\n")));
}

class ScannerLeaseImpl final : public ScannerLease {
public:
    ScannerLeaseImpl(const asio::any_io_executor& executor, ScannerLeaseOptions options)
        : prefix_(std::move(options.key_prefix)),
          ttl_(std::to_string(options.lease.count())),
          connection_(make_redis_connection(executor, connection_options(options))) {}

    void start(const asio::any_io_executor& executor) {
        asio::co_spawn(executor, connection_->run(), [](const std::exception_ptr& error) {
            if (error) core::log(core::LogLevel::error, "task_failed", {{"task", "redis_lease"}});
        });
    }

    asio::awaitable<core::Result<std::optional<LeaseClaim>>> acquire(std::string token) override {
        Words keys{prefix_ + "lease", prefix_ + "epoch", prefix_ + "stream:last", prefix_ + "scanner.lease"};
        Words arguments{token, ttl_};
        const auto reply = co_await run_script(connection_, kAcquireScript, std::move(keys), std::move(arguments));
        if (!reply) co_return std::unexpected(reply.error().within("lease"));
        if (reply->kind != Kind::array || reply->elements.empty()) co_return std::unexpected(strange_reply("lease"));
        if (reply->elements[0].integer != 1) co_return std::nullopt;
        if (reply->elements.size() != 4) co_return std::unexpected(strange_reply("lease"));
        LeaseClaim claim{.token = std::move(token)};
        if (!read_count(reply->elements[1].text, claim.epoch)) co_return std::unexpected(strange_reply("epoch"));
        if (!reply->elements[2].text.empty()) {
            StreamPosition& last = claim.last.emplace();
            if (!read_count(reply->elements[2].text, last.epoch) || !read_count(reply->elements[3].text, last.seq))
                co_return std::unexpected(strange_reply("stream:last"));
        }
        Words info{"INFO", "server"};
        const auto server = co_await connection_->command(std::move(info));
        if (!server) co_return std::unexpected(server.error().within("lease"));
        claim.run = run_of(server->text);
        if (claim.run.empty()) co_return std::unexpected(strange_reply("INFO"));
        co_return claim;
    }

    asio::awaitable<core::Result<Leadership>> install(std::string token, std::uint64_t epoch) override {
        Words keys{prefix_ + "lease", prefix_ + "epoch"};
        Words arguments{token, ttl_, std::to_string(epoch)};
        const auto reply = co_await run_script(connection_, kInstallScript, std::move(keys), std::move(arguments));
        if (!reply) co_return std::unexpected(reply.error().within("epoch"));
        if (reply->kind != Kind::integer) co_return std::unexpected(strange_reply("epoch"));
        if (reply->integer == 0) co_return std::unexpected(lost());
        if (reply->integer != 1) co_return core::fail(core::ErrorCode::conflict, "redis: it has seen a later epoch");
        co_return Leadership{.epoch = epoch, .token = std::move(token)};
    }

    asio::awaitable<core::Result<void>> renew(std::string token) override {
        Words keys{prefix_ + "lease"};
        Words arguments{std::move(token), ttl_};
        const auto reply = co_await run_script(connection_, kRenewScript, std::move(keys), std::move(arguments));
        if (!reply) co_return std::unexpected(reply.error().within("renewal"));
        if (reply->kind != Kind::integer) co_return std::unexpected(strange_reply("renewal"));
        if (reply->integer != 1) co_return std::unexpected(lost());
        co_return core::Result<void>{};
    }

    asio::awaitable<core::Result<void>> release(std::string token) override {
        Words keys{prefix_ + "lease"};
        Words arguments{std::move(token)};
        const auto reply = co_await run_script(connection_, kReleaseScript, std::move(keys), std::move(arguments));
        if (!reply) co_return std::unexpected(reply.error().within("release"));
        co_return core::Result<void>{};
    }

    asio::awaitable<core::Result<std::optional<std::string>>> holder() override {
        Words words{"GETRANGE", prefix_ + "lease", "0", std::to_string(kMaxHolderBytes)};
        auto reply = co_await connection_->command(std::move(words));
        if (!reply) co_return std::unexpected(reply.error());
        if (reply->kind != Kind::string || reply->text.empty()) co_return std::nullopt;
        co_return std::move(reply->text);
    }

    StoreStatus status() const override {
        StoreStatus status;
        status.state = connection_->state();
        status.last_error = connection_->last_error();
        return status;
    }

    void stop() override { connection_->stop(); }

private:
    /// Answers that come later than a third of the lease are of no use, and what is away is tried again at once: a
    /// successor has less than two leases' time.
    static RedisConnectionOptions connection_options(const ScannerLeaseOptions& options) {
        const milliseconds third = std::max(options.lease / 3, kMinTimeout);
        return {.url = options.url,
                .ca_bundle_path = options.ca_bundle_path,
                .connect_timeout = std::max(third, milliseconds(500)),
                .command_timeout = third,
                .reconnect_cap = kReconnectCap};
    }

    std::string prefix_;
    std::string ttl_;
    std::shared_ptr<RedisConnection> connection_;
};

}  // namespace

std::shared_ptr<ScannerLease> make_scanner_lease(const asio::any_io_executor& executor, ScannerLeaseOptions options) {
    const auto lease = std::make_shared<ScannerLeaseImpl>(executor, std::move(options));
    lease->start(executor);
    return lease;
}

}  // namespace scanner::storage
