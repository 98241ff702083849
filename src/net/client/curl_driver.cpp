#include "net/client/curl_driver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace scanner::net {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMaxRequests = 4'096;  // under way or waiting for a connection

/// Once per process, before the first handle.
void initialise_curl() {
    static const CURLcode code = [] {
        // With NOSIGNAL, which threads need, curl does not guard OpenSSL's writes to closed connections against
        // SIGPIPE.
        if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return CURLE_FAILED_INIT;
        return curl_global_init(CURL_GLOBAL_DEFAULT);
    }();
    if (code != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

}  // namespace

/// What curl wants to know about one of its sockets, and the descriptor that waits for it. curl owns the socket: it is
/// released here, never closed.
struct CurlDriver::Watch {
    Watch(const asio::any_io_executor& executor, curl_socket_t of) : socket(of), descriptor(executor) {}
    ~Watch() { end(); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void end() noexcept {
        ended = true;
        if (descriptor.is_open()) descriptor.release();
    }

    curl_socket_t socket;
    asio::posix::stream_descriptor descriptor;
    bool want_read = false;
    bool want_write = false;
    bool reading = false;  // a wait is outstanding; never two of a kind
    bool writing = false;
    bool ended = false;  // curl took the socket back; the number may be another one's already
};

CurlDriver::Pending::Pending(std::unique_ptr<CurlTransfer> of, const asio::any_io_executor& executor)
    : transfer(std::move(of)), done(executor) {
    done.expires_after(std::min<std::chrono::steady_clock::duration>(transfer->timeout(), std::chrono::hours(24)));
}

CurlDriver::CurlDriver(asio::any_io_executor executor, HttpClientOptions options)
    : executor_(std::move(executor)), options_(std::move(options)), timer_(executor_) {
    initialise_curl();
    multi_.reset(curl_multi_init());
    if (!multi_) throw std::runtime_error("curl_multi_init failed");
    CURLM* const multi = multi_.get();
    const long connections = static_cast<long>(options_.max_connections);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &CurlDriver::on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, static_cast<void*>(this));
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &CurlDriver::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, static_cast<void*>(this));
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections * 2);  // kept open: the exchange's and a few others'
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, options_.http2 ? long{CURLPIPE_MULTIPLEX} : long{CURLPIPE_NOTHING});
}

CurlDriver::~CurlDriver() {
    close();
}

core::Result<std::shared_ptr<CurlDriver::Pending>> CurlDriver::start(ClientRequest request,
                                                                     std::optional<std::string> proxy) {
    if (!multi_) return core::fail(core::ErrorCode::cancelled, "the HTTP client is closed");
    if (pending_.size() >= kMaxRequests) {
        return core::fail(core::ErrorCode::unavailable, fmt::format("{} HTTP requests are under way", kMaxRequests));
    }
    EasyHandle easy;
    if (idle_.empty()) {
        easy.reset(curl_easy_init());
    } else {
        easy = std::move(idle_.back());
        idle_.pop_back();
    }
    auto transfer = CurlTransfer::make(std::move(easy), std::move(request), options_, std::move(proxy));
    if (!transfer) return std::unexpected(std::move(transfer).error());
    auto pending = std::make_shared<Pending>(std::move(*transfer), executor_);
    CURL* const handle = pending->transfer->handle();
    const CURLMcode code = curl_multi_add_handle(multi_.get(), handle);
    if (code != CURLM_OK) {
        return core::fail(core::ErrorCode::internal,
                          fmt::format("curl_multi_add_handle: {}", curl_multi_strerror(code)));
    }
    pending_.emplace(handle, pending);
    // Sent now: by way of the timer it would wait behind all that the loop has to do, the decoding of other answers
    // before all.
    act(CURL_SOCKET_TIMEOUT, 0);
    return pending;
}

void CurlDriver::withdraw(Pending& pending) noexcept {
    if (multi_ && pending.transfer->handle() != nullptr && !pending.result) remove(pending.transfer->handle());
}

void CurlDriver::remove(CURL* easy) {
    const auto found = pending_.find(easy);
    if (found == pending_.end()) return;
    const std::shared_ptr<Pending> pending = std::move(found->second);
    pending_.erase(found);
    curl_multi_remove_handle(multi_.get(), easy);
    if (idle_.size() < options_.max_connections) idle_.push_back(pending->transfer->take_handle());
}

void CurlDriver::close() noexcept {
    if (!multi_) return;
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, nullptr);
    timer_.cancel();
    for (const auto& [socket, watch] : watches_) watch->end();
    watches_.clear();
    const auto left = std::exchange(pending_, {});
    for (const auto& [easy, pending] : left) {
        curl_multi_remove_handle(multi_.get(), easy);
        pending->result =
            core::fail(core::ErrorCode::cancelled, pending->transfer->label() + ": the client was closed");
        pending->done.cancel();
    }
    idle_.clear();
    multi_.reset();
}

int CurlDriver::on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* /*watch*/) noexcept {
    return static_cast<CurlDriver*>(self)->watch_socket(socket, what);
}

int CurlDriver::watch_socket(curl_socket_t socket, int what) {
    const auto found = watches_.find(socket);
    if (what == CURL_POLL_REMOVE) {
        if (found != watches_.end()) {
            found->second->end();
            watches_.erase(found);
        }
        return 0;
    }
    std::shared_ptr<Watch> watch;
    if (found != watches_.end()) {
        watch = found->second;
    } else {
        watch = std::make_shared<Watch>(executor_, socket);
        boost::system::error_code error;
        watch->descriptor.assign(socket, error);
        if (error) return -1;  // curl fails the transfer
        watches_.emplace(socket, watch);
    }
    watch->want_read = (what & CURL_POLL_IN) != 0;
    watch->want_write = (what & CURL_POLL_OUT) != 0;
    wait(watch, true);
    wait(watch, false);
    return 0;
}

void CurlDriver::wait(const std::shared_ptr<Watch>& watch, bool for_reading) {
    bool& outstanding = for_reading ? watch->reading : watch->writing;
    const bool wanted = for_reading ? watch->want_read : watch->want_write;
    if (watch->ended || outstanding || !wanted) return;
    outstanding = true;
    const auto type = for_reading ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write;
    watch->descriptor.async_wait(type, [weak = weak_from_this(), watch, for_reading](boost::system::error_code error) {
        (for_reading ? watch->reading : watch->writing) = false;
        const auto self = weak.lock();
        if (!self || watch->ended || error == asio::error::operation_aborted) return;
        if (!(for_reading ? watch->want_read : watch->want_write)) return;  // curl changed its mind meanwhile
        const int ready = for_reading ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
        self->act(watch->socket, error ? CURL_CSELECT_ERR : ready);
        self->wait(watch, for_reading);
    });
}

int CurlDriver::on_timer(CURLM* /*multi*/, long timeout_ms, void* self) noexcept {
    static_cast<CurlDriver*>(self)->set_timer(timeout_ms);
    return 0;
}

// Always by way of the loop, for 0 ms too: curl must not be called from its own callback.
void CurlDriver::set_timer(long timeout_ms) {
    if (timeout_ms < 0) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(std::chrono::milliseconds(timeout_ms));
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (self && !error) self->act(CURL_SOCKET_TIMEOUT, 0);
    });
}

void CurlDriver::act(curl_socket_t socket, int events) {
    if (!multi_) return;
    int running = 0;
    curl_multi_socket_action(multi_.get(), socket, events, &running);
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* const easy = message->easy_handle;
        const CURLcode code = message->data.result;  // `message` does not outlive the handle's removal
        const auto found = pending_.find(easy);
        if (found == pending_.end()) continue;
        const std::shared_ptr<Pending> pending = found->second;
        pending->result = pending->transfer->finish(code);
        remove(easy);
        pending->done.cancel();
    }
}

}  // namespace scanner::net
