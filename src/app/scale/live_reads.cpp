#include "app/scale/live_reads.hpp"

#include "scanner/core/hex.hpp"
#include "scanner/net/deadline.hpp"

#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <string_view>
#include <utility>

namespace scanner::app {
namespace {

namespace asio = boost::asio;
using nlohmann::json;
using std::chrono::milliseconds;

/// What an answer depends on; everything else of a request stays where it came in.
constexpr std::array<std::string_view, 4> kAskedHeaders{"Accept", "Accept-Encoding", "If-None-Match", "Origin"};
constexpr std::size_t kMaxTargetBytes = 2'048;
constexpr std::size_t kMaxHeaderBytes = 4'096;
constexpr milliseconds kBlock{1'000};
constexpr milliseconds kLookForTerm{200};
constexpr milliseconds kAfterFailure{500};
constexpr milliseconds kTasksGrace{500};

std::string make_asker() {
    std::random_device random;
    std::string bytes(16, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() & 0xFFU);
    return core::to_hex(bytes);
}

core::Error not_one(std::string_view what) {
    return {core::ErrorCode::malformed, "live read: " + std::string(what)};
}

bool is_live_read(std::string_view target) {
    std::string_view path = target.substr(0, target.find('?'));
    if (path.ends_with('/')) path.remove_suffix(1);
    // Names of contracts are not all ASCII, and clients send them as they are.
    const bool plain = std::ranges::none_of(target, [](unsigned char c) { return c <= ' ' || c == 0x7FU; });
    return plain && target.size() <= kMaxTargetBytes &&
           (path.starts_with("/symbol/") || path.starts_with("/symbols/")) && path.ends_with("/inspect");
}

json headers_of(const std::vector<net::Header>& headers) {
    json list = json::array();
    for (const net::Header& header : headers) list.push_back({header.name, header.value});
    return list;
}

/// False where it is none.
bool read_headers(const json& list, std::vector<net::Header>& headers) {
    if (!list.is_array()) return false;
    for (const json& pair : list) {
        if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) return false;
        net::Header header{.name = pair[0].get<std::string>(), .value = pair[1].get<std::string>()};
        if (header.value.size() > kMaxHeaderBytes) return false;
        headers.push_back(std::move(header));
    }
    return true;
}

std::string text_of(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::shared_ptr<storage::QuestionRelay> make_live_reads_relay(const asio::any_io_executor& executor,
                                                              const settings::Settings& settings) {
    return storage::make_question_relay(executor, {.url = settings.redis_url.value(),
                                                   .ca_bundle_path = settings.ca_bundle_path.value_or(""),
                                                   .key_prefix = settings.redis_key_prefix,
                                                   .asker = make_asker()});
}

std::string encode_live_question(const net::ServerRequest& request) {
    std::vector<net::Header> headers;
    for (const std::string_view name : kAskedHeaders) {
        const std::string_view value = request.header(name);
        if (!value.empty()) headers.push_back({.name = std::string(name), .value = std::string(value)});
    }
    return text_of({{"target", request.target}, {"headers", headers_of(headers)}});
}

core::Result<net::ServerRequest> decode_live_question(std::string_view text) {
    const json question = json::parse(text, nullptr, false);
    if (!question.is_object() || !question.contains("target") || !question["target"].is_string() ||
        !question.contains("headers"))
        return std::unexpected(not_one("a question without target and headers"));
    net::ServerRequest request;
    request.method = "GET";
    request.target = question["target"].get<std::string>();
    if (!is_live_read(request.target)) return std::unexpected(not_one("not the target of an inspection"));
    if (!read_headers(question["headers"], request.headers)) return std::unexpected(not_one("strange headers"));
    const auto is_asked = [](const net::Header& header) {
        return std::ranges::find(kAskedHeaders, std::string_view(header.name)) != kAskedHeaders.end();
    };
    if (!std::ranges::all_of(request.headers, is_asked)) return std::unexpected(not_one("a header that is not asked"));
    request.has_limits = false;  // the process that was asked by the client has counted it
    return request;
}

std::string encode_live_answer(const net::ServerResponse& response) {
    json head{{"status", response.status}, {"headers", headers_of(response.headers)}};
    if (response.rendered_headers) head["lines"] = *response.rendered_headers;
    return text_of(head) + "\n" + (response.body ? *response.body : std::string());
}

core::Result<net::ServerResponse> decode_live_answer(std::string text) {
    const auto end = text.find('\n');
    const json head = json::parse(std::string_view(text).substr(0, end), nullptr, false);
    if (end == std::string::npos || !head.is_object() || !head.contains("status") ||
        !head["status"].is_number_unsigned() || !head.contains("headers"))
        return std::unexpected(not_one("an answer without status and headers"));
    net::ServerResponse response;
    response.status = head["status"].get<int>();
    if (response.status < 200 || response.status > 599) return std::unexpected(not_one("a strange status"));
    if (!read_headers(head["headers"], response.headers)) return std::unexpected(not_one("strange headers"));
    if (const auto lines = head.find("lines"); lines != head.end()) {
        if (!lines->is_string()) return std::unexpected(not_one("strange headers"));
        response.rendered_headers = std::make_shared<const std::string>(lines->get<std::string>());
    }
    text.erase(0, end + 1);
    if (!text.empty()) response.body = std::make_shared<const std::string>(std::move(text));
    return response;
}

asio::awaitable<core::Result<net::ServerResponse>> AskedLiveReads::ask(net::ServerRequest request) {
    auto answer = co_await relay_->ask(encode_live_question(request), kLiveReadPatience);
    if (!answer) {
        ++counts_.failed;
        co_return std::unexpected(answer.error());
    }
    auto response = decode_live_answer(std::move(*answer));
    ++(response ? counts_.answered : counts_.failed);
    co_return response;
}

AnsweredLiveReads::AnsweredLiveReads(const asio::any_io_executor& executor,
                                     std::shared_ptr<storage::QuestionRelay> relay, net::RequestHandler& api,
                                     std::function<std::optional<storage::Leadership>()> leadership)
    : relay_(std::move(relay)),
      api_(api),
      leadership_(std::move(leadership)),
      changed_(executor),
      tasks_(executor, [](std::string_view task, std::string_view what) {
          core::log(core::LogLevel::error, "task_failed", {{"task", task}, {"error", what}});
      }) {}

asio::awaitable<void> AnsweredLiveReads::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    bool leading = false;
    while (!stopping_) {
        if (!leadership_()) {
            leading = false;
            if (!co_await net::sleep_for(kLookForTerm)) break;
            continue;
        }
        if (!leading) relay_->begin_taking();
        leading = true;
        if (under_way_ >= kMaxAtOnce) {
            co_await changed_.wait_for(kBlock);
            continue;
        }
        auto questions = co_await relay_->take(kMaxAtOnce - under_way_, kBlock);
        if (!questions) {
            not_taken_.failed(core::to_string(questions.error().code()), {{"error", questions.error().message()}});
            if (!co_await net::sleep_for(kAfterFailure)) break;
            continue;
        }
        not_taken_.recovered();
        for (storage::RelayedQuestion& question : *questions) {
            if (tasks_.spawn("answer_live_read", answer(std::move(question)))) ++under_way_;
        }
    }
    static_cast<void>(co_await tasks_.shutdown(kTasksGrace));
}

void AnsweredLiveReads::stop() {
    stopping_ = true;
    relay_->stop();
    changed_.notify();
}

asio::awaitable<void> AnsweredLiveReads::answer(storage::RelayedQuestion question) {
    const Place place(*this);
    auto request = decode_live_question(question.text);
    net::ServerResponse response;
    if (request) {
        response = co_await api_.handle(std::move(*request));
    } else {
        response = api_.protocol_error(400, request.error().message());  // its client need not wait for nothing
    }
    bool told = false;
    // Of the term in which it is told, not of that in which it was asked: what counts is who may tell.
    if (const auto leadership = leadership_(); leadership && !response.stream) {
        told = (co_await relay_->answer(*leadership, std::move(question), encode_live_answer(response))).has_value();
    }
    ++(told ? counts_.answered : counts_.failed);
}

}  // namespace scanner::app
