#include "scanner/net/resolve.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <optional>
#include <signal.h>
#include <system_error>
#include <thread>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using core::ErrorCode;
using Addresses = std::vector<asio::ip::address>;

std::atomic<std::size_t> lookups_under_way{0};

/// What the thread of a lookup and the coroutine that waits for it share. It outlives both.
struct Shared {
    std::mutex mutex;
    bool awaited = true;                             ///< guarded; false: the loop may be gone
    std::optional<core::Result<Addresses>> outcome;  ///< guarded
};

/// Ends the wait, also where the coroutine is destroyed with its loop: nothing is posted to that afterwards.
class Wait {
public:
    explicit Wait(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    ~Wait() {
        const std::scoped_lock lock(shared_->mutex);
        shared_->awaited = false;
    }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

private:
    std::shared_ptr<Shared> shared_;
};

/// They are the loop's.
void block_signals() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

asio::ip::address address_of(const addrinfo& entry) {
    if (entry.ai_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, entry.ai_addr, sizeof(in));
        return asio::ip::address_v4(ntohl(in.sin_addr.s_addr));
    }
    sockaddr_in6 in{};
    std::memcpy(&in, entry.ai_addr, sizeof(in));
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), in.sin6_addr.s6_addr, bytes.size());
    return asio::ip::address_v6(bytes, in.sin6_scope_id);
}

}  // namespace

core::Result<Addresses> look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, [](addrinfo* first) {
        if (first != nullptr) ::freeaddrinfo(first);
    });
    if (failed != 0) {
        return core::fail(ErrorCode::network, fmt::format("its name cannot be resolved: {}", ::gai_strerror(failed)));
    }
    Addresses addresses;
    for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) addresses.push_back(address_of(*entry));
    }
    if (addresses.empty()) return core::fail(ErrorCode::network, "its name has no address");
    return addresses;
}

asio::awaitable<core::Result<Addresses>> resolve(std::string host, std::chrono::milliseconds timeout,
                                                 NameLookup lookup) {
    boost::system::error_code not_numeric;
    const auto numeric = asio::ip::make_address(host, not_numeric);
    if (!not_numeric) co_return Addresses{numeric};
    if (lookups_under_way.fetch_add(1) >= kMaxLookups) {
        lookups_under_way.fetch_sub(1);
        co_return core::fail(ErrorCode::unavailable, fmt::format("{} lookups of names hang already", kMaxLookups));
    }
    const auto executor = co_await asio::this_coro::executor;
    const auto shared = std::make_shared<Shared>();
    const auto done = std::make_shared<asio::steady_timer>(executor);  // cancelled when there is an outcome
    done->expires_after(timeout);
    const Wait wait(shared);
    try {
        std::thread([shared, executor, timer = std::weak_ptr(done), host, lookup = std::move(lookup)] {
            block_signals();
            auto outcome = lookup(host);
            lookups_under_way.fetch_sub(1);
            const std::scoped_lock lock(shared->mutex);
            // Nothing of the loop may be touched once it is not waited for any more.
            if (!shared->awaited) return;
            shared->outcome = std::move(outcome);
            asio::post(executor, [timer] {
                if (const auto waiting = timer.lock()) waiting->cancel();
            });
        }).detach();
    } catch (const std::system_error& failed) {
        lookups_under_way.fetch_sub(1);
        co_return core::fail(ErrorCode::unavailable, fmt::format("no thread for a lookup: {}", failed.what()));
    }
    boost::system::error_code waited;
    co_await done->async_wait(asio::redirect_error(asio::use_awaitable, waited));
    const std::scoped_lock lock(shared->mutex);
    if (shared->outcome) co_return std::move(*shared->outcome);
    if (waited) co_return core::fail(ErrorCode::cancelled, "cancelled");
    co_return core::fail(ErrorCode::timeout, fmt::format("its name was not resolved in {} ms", timeout.count()));
}

}  // namespace scanner::net
