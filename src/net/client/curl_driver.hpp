#pragma once

#include "net/client/curl_transfer.hpp"

#include "scanner/core/error.hpp"
#include "scanner/net/http_client.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace scanner::net {

/// Drives one libcurl multi handle from an Asio loop: curl says which sockets it waits for and when it wants to be
/// woken (CURLMOPT_SOCKETFUNCTION, _TIMERFUNCTION), Asio does the waiting. Loop thread only. Nothing of the caller's
/// ever runs inside a curl callback, or inside a call to this: completions go through `Pending::done`, which Asio
/// posts.
class CurlDriver : public std::enable_shared_from_this<CurlDriver> {
public:
    /// A request under way. Over when `result` is there (`done` is cancelled then) or when `done` expires: its time is
    /// up and the caller has to withdraw it.
    struct Pending {
        Pending(std::unique_ptr<CurlTransfer> of, const boost::asio::any_io_executor& executor);
        std::unique_ptr<CurlTransfer> transfer;
        boost::asio::steady_timer done;
        std::optional<core::Result<ClientResponse>> result;
    };

    CurlDriver(boost::asio::any_io_executor executor, HttpClientOptions options);
    ~CurlDriver();
    CurlDriver(const CurlDriver&) = delete;
    CurlDriver& operator=(const CurlDriver&) = delete;

    /// Begins it, by `proxy` (see CurlTransfer::make); it may be over at once (nothing listens), with the result there
    /// before a caller waits for `done`.
    [[nodiscard]] core::Result<std::shared_ptr<Pending>> start(ClientRequest request, std::optional<std::string> proxy);
    /// Drops a request that is not over; its connection is closed. Nothing to do for any other.
    void withdraw(Pending& pending) noexcept;
    /// Ends all requests as cancelled and closes the connections; none can be started any more.
    void close() noexcept;

private:
    struct Watch;
    struct MultiDeleter {
        void operator()(CURLM* handle) const noexcept { curl_multi_cleanup(handle); }
    };

    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* watch) noexcept;
    static int on_timer(CURLM* multi, long timeout_ms, void* self) noexcept;
    int watch_socket(curl_socket_t socket, int what);
    void set_timer(long timeout_ms);
    void wait(const std::shared_ptr<Watch>& watch, bool for_reading);
    void act(curl_socket_t socket, int events);
    void remove(CURL* easy);

    boost::asio::any_io_executor executor_;
    HttpClientOptions options_;
    std::unique_ptr<CURLM, MultiDeleter> multi_;  // none once closed
    boost::asio::steady_timer timer_;
    std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
    std::unordered_map<CURL*, std::shared_ptr<Pending>> pending_;
    std::vector<EasyHandle> idle_;
};

}  // namespace scanner::net
