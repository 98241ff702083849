#include "net/client/connect_any.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// The time of one address. Shared with its timer, which may still be about to tell when the attempt is over.
struct Share {
    explicit Share(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool over = false;
    bool spent = false;
};

/// Ends with the attempt, also where that is cancelled by an exception: the socket may be gone soon after.
class Attempt {
public:
    explicit Attempt(std::shared_ptr<Share> share) : share_(std::move(share)) {}
    ~Attempt() {
        share_->over = true;
        share_->timer.cancel();
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

private:
    std::shared_ptr<Share> share_;
};

}  // namespace

asio::awaitable<error_code> connect_any(tcp::socket& socket, std::span<const asio::ip::address> addresses,
                                        std::uint16_t port, core::SteadyTime by) {
    const auto executor = co_await asio::this_coro::executor;
    error_code error = asio::error::host_not_found;
    auto left = static_cast<std::int64_t>(addresses.size());
    for (const auto& address : addresses) {
        error_code ignored;
        socket.close(ignored);
        const auto sharing = left--;
        // Here, so that whether it is open tells afterwards whether somebody has closed it.
        socket.open(address.is_v6() ? tcp::v6() : tcp::v4(), error);
        if (error) continue;
        const auto share = std::make_shared<Share>(executor);
        const Attempt attempt(share);
        if (sharing > 1) {
            const auto now = std::chrono::steady_clock::now();
            share->timer.expires_at(now + std::max(by - now, core::SteadyTime::duration::zero()) / sharing);
            share->timer.async_wait([share, &socket](const error_code& cancelled) {
                if (cancelled || share->over) return;
                share->spent = true;
                error_code unneeded;
                socket.close(unneeded);
            });
        }
        const auto [failed] =
            co_await socket.async_connect(tcp::endpoint(address, port), asio::as_tuple(asio::use_awaitable));
        error = failed;
        // Whatever the attempt came to, it may have been closed before it was told: by its time, or by the owner.
        if (share->spent) {
            error = asio::error::timed_out;
        } else if (!socket.is_open() || error == asio::error::operation_aborted) {
            co_return asio::error::operation_aborted;
        } else if (!error) {
            co_return error;
        }
    }
    co_return error;
}

}  // namespace scanner::net
