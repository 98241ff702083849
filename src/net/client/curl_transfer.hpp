#pragma once

#include "scanner/core/error.hpp"
#include "scanner/net/http_client.hpp"

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace scanner::net {

struct EasyDeleter {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

/// One request on one easy handle: sets the handle up, collects what comes back, names what went wrong. The driver adds
/// the handle to its multi handle and takes it off before this ends. Does not move: the handle points into it.
class CurlTransfer {
public:
    /// invalid_input when the request could not be sent as it is: not http(s), or a method or header with characters
    /// that would let it say something else.
    [[nodiscard]] static core::Result<void> check(const ClientRequest& request);
    /// What to call the request in messages: method and origin. The path may be a secret (webhooks).
    [[nodiscard]] static std::string label_of(const ClientRequest& request);

    /// Checks it first. `proxy`: its URL, empty for none, or nothing when curl shall choose by the usual variables. A
    /// request for public addresses only looks at the address that it connects to when there is none; with one, its
    /// host has been judged before (public_route).
    [[nodiscard]] static core::Result<std::unique_ptr<CurlTransfer>> make(EasyHandle easy, ClientRequest request,
                                                                          const HttpClientOptions& options,
                                                                          std::optional<std::string> proxy);
    ~CurlTransfer() = default;
    CurlTransfer(const CurlTransfer&) = delete;
    CurlTransfer& operator=(const CurlTransfer&) = delete;

    [[nodiscard]] CURL* handle() const { return easy_.get(); }
    [[nodiscard]] std::chrono::milliseconds timeout() const { return request_.timeout; }
    [[nodiscard]] const std::string& label() const { return label_; }

    /// The outcome, once, after curl has ended the transfer with `code`.
    [[nodiscard]] core::Result<ClientResponse> finish(CURLcode code);
    /// The handle, clean for the next request.
    [[nodiscard]] EasyHandle take_handle();

private:
    struct ListDeleter {
        void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
    };

    CurlTransfer(EasyHandle easy, ClientRequest request, std::string label, std::optional<std::string> proxy);
    void set_up(const HttpClientOptions& options);
    void set_method_and_body();
    void set_headers();
    template <class V>
    void set(CURLoption option, V value);
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
    static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;

    EasyHandle easy_;
    ClientRequest request_;
    std::string label_;
    std::optional<std::string> proxy_;
    std::unique_ptr<curl_slist, ListDeleter> header_list_;
    ClientResponse response_;
    std::size_t header_bytes_ = 0;
    bool body_too_long_ = false;
    bool address_refused_ = false;
    CURLcode set_up_code_ = CURLE_OK;  // the first option that curl would not take
    std::chrono::steady_clock::time_point started_;
};

}  // namespace scanner::net
