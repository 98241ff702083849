#include "net/client/curl_transfer.hpp"

#include "net/client/public_address.hpp"
#include "net/client/public_route.hpp"

#include "scanner/core/text.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace scanner::net {
namespace {

using core::ErrorCode;

constexpr std::size_t kMaxHeaderBytes = 256U << 10U;  // browsers stop there too
constexpr long kReceiveBufferBytes = 128L << 10;      // all tickers are ~100 kB: a few reads instead of many
constexpr std::size_t kRefused = 0;                   // a callback's way to end the transfer

/// Token of RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
    static constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || kPunctuation.contains(c);
    });
}

bool is_header_value(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// "https://host:port" of an http(s) URL, without credentials; nothing for any other.
std::optional<std::string> origin(std::string_view url) {
    if (std::ranges::any_of(url, [](char c) { return (c >= '\0' && c <= ' ') || c == '\x7f'; })) return std::nullopt;
    const std::size_t separator = url.find("://");
    if (separator == std::string_view::npos) return std::nullopt;
    const std::string scheme = core::lower_case(url.substr(0, separator));
    if (scheme != "http" && scheme != "https") return std::nullopt;
    std::string_view authority = url.substr(separator + 3);
    authority = authority.substr(0, authority.find_first_of("/?#"));
    authority = authority.substr(authority.rfind('@') + 1);  // npos + 1 is 0
    if (authority.empty()) return std::nullopt;
    return fmt::format("{}://{}", scheme, authority);
}

ErrorCode error_code(CURLcode code) {
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT: return ErrorCode::timeout;
        case CURLE_URL_MALFORMAT: return ErrorCode::invalid_input;
        // The answer is there but is not what it should be. Cut short, or garbled on the way, or not HTTP/1.x at all
        // (which curl calls an unsupported protocol: the scheme was looked at before).
        case CURLE_PARTIAL_FILE:
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_FILESIZE_EXCEEDED:
        case CURLE_WRITE_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM: return ErrorCode::malformed;
        case CURLE_OUT_OF_MEMORY:
        case CURLE_FAILED_INIT:
        case CURLE_BAD_FUNCTION_ARGUMENT:
        case CURLE_UNKNOWN_OPTION:
        case CURLE_NOT_BUILT_IN: return ErrorCode::internal;
        default: return ErrorCode::network;
    }
}

}  // namespace

core::Result<void> CurlTransfer::check(const ClientRequest& request) {
    if (!origin(request.url)) {
        return core::fail(ErrorCode::invalid_input, "not an absolute, percent-encoded http or https URL");
    }
    if (!is_token(request.method)) return core::fail(ErrorCode::invalid_input, "not an HTTP method");
    for (const Header& header : request.headers) {
        if (!is_token(header.name) || !is_header_value(header.value)) {
            return core::fail(ErrorCode::invalid_input, "a header name or value with characters that may not be there");
        }
    }
    return {};
}

std::string CurlTransfer::label_of(const ClientRequest& request) {
    return fmt::format("{} {}", request.method, origin(request.url).value_or("(no URL)"));
}

core::Result<std::unique_ptr<CurlTransfer>> CurlTransfer::make(EasyHandle easy, ClientRequest request,
                                                               const HttpClientOptions& options,
                                                               std::optional<std::string> proxy) {
    if (auto checked = check(request); !checked) return std::unexpected(checked.error());
    std::string label = label_of(request);
    if (!easy) return core::fail(ErrorCode::internal, label + ": curl_easy_init failed");
    std::unique_ptr<CurlTransfer> transfer(
        new CurlTransfer(std::move(easy), std::move(request), std::move(label), std::move(proxy)));
    transfer->set_up(options);
    if (transfer->set_up_code_ != CURLE_OK) {
        return core::fail(ErrorCode::internal, fmt::format("{}: curl does not take an option: {}", transfer->label_,
                                                           curl_easy_strerror(transfer->set_up_code_)));
    }
    return transfer;
}

CurlTransfer::CurlTransfer(EasyHandle easy, ClientRequest request, std::string label, std::optional<std::string> proxy)
    : easy_(std::move(easy)),
      request_(std::move(request)),
      label_(std::move(label)),
      proxy_(std::move(proxy)),
      started_(std::chrono::steady_clock::now()) {}

template <class V>
void CurlTransfer::set(CURLoption option, V value) {
    const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
    if (set_up_code_ == CURLE_OK) set_up_code_ = code;
}

void CurlTransfer::set_up(const HttpClientOptions& options) {
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, options.http2 ? long{CURL_HTTP_VERSION_2TLS} : long{CURL_HTTP_VERSION_1_1});
    if (options.http2) set(CURLOPT_PIPEWAIT, 1L);
    set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    if (!options.ca_bundle_path.empty()) set(CURLOPT_CAINFO, options.ca_bundle_path.c_str());
    set(CURLOPT_USERAGENT, options.user_agent.c_str());
    set(CURLOPT_ACCEPT_ENCODING, "");  // everything that this curl can undo
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    // Refused, which is as well, by a handle that still has the buffer of a request that never got a connection.
    (void)curl_easy_setopt(easy_.get(), CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's own
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.max_body_bytes));
    // Otherwise taking a handle off while its name is being resolved blocks the loop until getaddrinfo has given up
    // (curl #8515).
    set(CURLOPT_QUICK_EXIT, 1L);
    // The driver keeps the deadline itself: curl's own does not reach requests that still wait for a connection in all
    // versions (curl #13276). This one only has to be no shorter, since its default of 300 s might be.
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max(request_.timeout.count(), std::int64_t{0}) + 1'000));
    set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    if (proxy_) {
        set(CURLOPT_PROXY, proxy_->c_str());  // empty: none, whatever the variables say
        set(CURLOPT_NOPROXY, "");             // they have been looked at
    }
    if (request_.public_address_only) {
        if (!proxy_ || proxy_->empty()) {
            set(CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::on_open_socket);
            set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
        }
        set(CURLOPT_FRESH_CONNECT, 1L);  // one that is open already may lead anywhere
        set(CURLOPT_FORBID_REUSE, 1L);
    }
    set_method_and_body();
    set_headers();
}

void CurlTransfer::set_method_and_body() {
    if (request_.method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
        return;
    }
    const bool sends_body =
        !request_.body.empty() || request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
    if (sends_body) {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
        set(CURLOPT_POSTFIELDS, request_.body.c_str());  // not copied: request_ outlives the transfer
    }
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void CurlTransfer::set_headers() {
    const auto append = [this](const std::string& line) {
        curl_slist* const longer = curl_slist_append(header_list_.get(), line.c_str());
        if (longer == nullptr) throw std::bad_alloc();
        if (!header_list_) header_list_.reset(longer);  // otherwise it is the same list
    };
    append("Expect:");  // no 100-continue: it costs a round trip
    // curl would call every body a form.
    if (find_header(request_.headers, "content-type").empty()) append("Content-Type:");
    for (const Header& header : request_.headers) {
        // "name:" alone would remove the header; with a semicolon it is sent empty.
        append(core::trimmed(header.value).empty() ? header.name + ";" : header.name + ": " + header.value);
    }
    set(CURLOPT_HTTPHEADER, header_list_.get());
}

// The callbacks are called from C: noexcept, so that running out of memory ends the program and not the stack.
std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    const std::size_t bytes = size * count;
    if (bytes > transfer.request_.max_body_bytes - transfer.response_.body.size()) {
        transfer.body_too_long_ = true;
        return kRefused;
    }
    transfer.response_.body.append(data, bytes);
    return bytes;
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    const std::size_t bytes = size * count;
    transfer.header_bytes_ += bytes;
    if (transfer.header_bytes_ > kMaxHeaderBytes) return kRefused;
    const std::string_view line(data, bytes);
    const std::size_t colon = line.find(':');
    if (line.starts_with("HTTP/")) {
        transfer.response_.headers.clear();  // a status line: what came before belonged to a 1xx answer
    } else if (colon != std::string_view::npos) {
        transfer.response_.headers.push_back({std::string(core::trimmed(line.substr(0, colon), core::kWhitespace)),
                                              std::string(core::trimmed(line.substr(colon + 1), core::kWhitespace))});
    }
    return bytes;
}

// Asked with each address that curl is about to connect to: later than any check of the name could be, so that a name
// cannot mean one host when it is checked and another when it is used.
curl_socket_t CurlTransfer::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
    boost::asio::ip::tcp::endpoint endpoint;
    const bool known =
        (address->family == AF_INET || address->family == AF_INET6) && address->addrlen <= endpoint.capacity();
    if (known) std::memcpy(endpoint.data(), &address->addr, address->addrlen);
    if (!known || !is_public_address(endpoint.address())) {
        static_cast<CurlTransfer*>(self)->address_refused_ = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

core::Result<ClientResponse> CurlTransfer::finish(CURLcode code) {
    if (code == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
        response_.status = static_cast<int>(status);
        response_.elapsed =
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started_);
        return std::move(response_);
    }
    if (address_refused_ && code == CURLE_COULDNT_CONNECT) {
        return core::fail(ErrorCode::invalid_input, fmt::format("{}: {}", label_, kNotPublic));
    }
    std::string why = curl_easy_strerror(code);
    if (body_too_long_ || code == CURLE_FILESIZE_EXCEEDED) {
        why = fmt::format("the body is longer than {} bytes", request_.max_body_bytes);
    } else if (header_bytes_ > kMaxHeaderBytes) {
        why = fmt::format("the headers are longer than {} bytes", kMaxHeaderBytes);
    } else if (code == CURLE_PARTIAL_FILE) {
        why = fmt::format("the body was cut short after {} bytes", response_.body.size());
    }
    return core::fail(error_code(code), fmt::format("{}: {}", label_, why));
}

EasyHandle CurlTransfer::take_handle() {
    curl_easy_reset(easy_.get());
    return std::move(easy_);
}

}  // namespace scanner::net
