#pragma once

#include "alerts/fake_stores.hpp"
#include "api/sample.hpp"
#include "fuzz/check.hpp"
#include "fuzz/loopback.hpp"
#include "net/server/http_session.hpp"

#include "scanner/api/handler.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace scanner::fuzz {

/// The whole service but for the exchange and the database: sessions, parser, router, handlers, views.
class HttpService {
public:
    HttpService() {
        engine_.publish(api::test::make_ranking(6, api::test::kNow - std::chrono::seconds(15)));
        engine_.publish(api::test::make_ranking(7));
        engine_.listed = api::test::sample_universe();
        streams_.publish(engine_.current());
        api::ApiOptions options;
        options.version = "0";
        options.api_token = "secret";
        options.cors_origins = {"https://desk.example"};
        handler_ = api::make_api_handler(std::move(options), {.engine = engine_,
                                                              .metrics = metrics_,
                                                              .clock = clock_,
                                                              .watchlists = operator_.get(),
                                                              .operator_service = operator_.get(),
                                                              .streams = &streams_});
        net::HttpServerOptions server;
        server.on_error = [this](std::string_view where, std::string_view what) {
            failure_ = std::string(where) + ": " + std::string(what);
        };
        core_ = std::make_shared<net::ServerCore>(io_.get_executor(), std::move(server), *handler_);
    }

    /// What a client that sends `pieces` and then ends is sent.
    std::string answer(std::string_view first, std::string_view second) {
        Loopback connection(io_, core_);
        net::start_http_session(core_, connection.take_server_end(), net::ClientUse(), net::Refusal::none);
        connection.send(first);
        std::string answers;
        if (!second.empty()) {
            answers = connection.receive();
            connection.send(second);
        }
        connection.end_sending();
        answers += connection.receive();
        connection.finish();
        if (!failure_.empty()) require(false, failure_);
        forget_changes();
        return answers;
    }

private:
    /// So that an input does the same whatever came before it.
    void forget_changes() {
        if (documents_.documents() == first_documents_) return;
        documents_.change([](storage::OperatorDocuments& next) {
            next = storage::OperatorDocuments();
            next.loaded = true;
        });
        first_documents_ = documents_.documents();
    }

    boost::asio::io_context io_{1};
    api::test::FakeEngine engine_;
    api::Metrics metrics_{"0"};
    const core::Clock& clock_ = core::system_clock();
    api::Streams streams_{io_.get_executor(), api::StreamOptions(), engine_};
    alerts::test::FakeDocuments documents_;
    storage::OperatorDocumentsPtr first_documents_ = documents_.documents();
    std::unique_ptr<operators::OperatorService> operator_ =
        operators::make_operator_service(documents_, {}, [](const operators::EffectiveSettings&) {});
    std::unique_ptr<net::RequestHandler> handler_;
    std::shared_ptr<net::ServerCore> core_;
    std::string failure_;
};

/// The first of the answers, taken apart.
struct FirstAnswer {
    int status = 0;
    std::string_view head;
    std::string_view body;

    [[nodiscard]] bool has(std::string_view line) const { return head.find(line) != std::string_view::npos; }
};

inline FirstAnswer first_answer(std::string_view answers) {
    FirstAnswer first;
    require(answers.size() > 16 && answers.starts_with("HTTP/1.1 "), "what is sent is HTTP");
    for (const char digit : answers.substr(9, 3)) first.status = first.status * 10 + (digit - '0');
    const std::size_t end = answers.find("\r\n\r\n");
    require(end != std::string_view::npos, "a head has an end");
    first.head = answers.substr(0, end);
    first.body = answers.substr(end + 4);
    return first;
}

inline void check_answer(std::string_view answers) {
    if (answers.empty()) return;
    if (answers.starts_with("HTTP/1.1 100 ")) answers = answers.substr(answers.find("\r\n\r\n") + 4);
    if (answers.empty()) return;
    const FirstAnswer first = first_answer(answers);
    require(first.status >= 101 && first.status < 600 && first.status != 500, "an answer has a status, and not 500");
    require(first.status != 200 || !first.has("\r\nTransfer-Encoding") || !first.has("\r\nContent-Length"),
            "a body has one length");
    const bool json = first.has("json\r\n") || first.head.ends_with("json");
    const std::size_t length_at = first.head.find("\r\nContent-Length: ");
    if (!json || first.has("Content-Encoding") || length_at == std::string_view::npos) return;
    const auto length = static_cast<std::size_t>(std::stoul(std::string(first.head.substr(length_at + 18, 12))));
    // Parsing a page costs more than answering it, and the same bytes come again and again. HEAD and 304 have none.
    static const std::hash<std::string_view> kHash;
    if (first.body.size() < length || length == 0 || kHash(first.body.substr(0, length)) % 16 != 0) return;
    if (first.body.starts_with("HTTP/1.1 ")) return;
    require(nlohmann::json::accept(first.body.substr(0, length)), "what is called JSON is JSON");
}

/// Bytes that a client sends, from the socket to the answer. The first byte says where they are cut in two.
inline void http_request(std::string_view input) {
    static HttpService service;
    const std::size_t cut = std::min<std::size_t>(take_choice(input), input.size());
    check_answer(service.answer(input.substr(0, cut), input.substr(cut)));
}

}  // namespace scanner::fuzz
