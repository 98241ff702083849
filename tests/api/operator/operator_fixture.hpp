#pragma once

#include "alerts/fake_stores.hpp"
#include "api/response_header.hpp"
#include "api/sample.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/api/handler.hpp"
#include "scanner/core/log.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scanner::api::test {

/// A state file that needs no disk.
class MemoryFile final : public alerts::StateFile {
public:
    core::Result<std::string> read() override { return core::fail(core::ErrorCode::not_found, "nothing yet"); }
    boost::asio::awaitable<core::Result<void>> write(std::string) override { co_return core::Result<void>(); }
    void set_aside() override {}
};

class KeptLog final : public core::LogSink {
public:
    void write(const core::LogRecord& record) override {
        const std::lock_guard lock(mutex_);
        lines_.push_back(core::format_log_json(record, kNow));
    }
    /// The lines of one event, as JSON.
    std::vector<nlohmann::json> of(const std::string& event) {
        const std::lock_guard lock(mutex_);
        std::vector<nlohmann::json> found;
        for (const std::string& line : lines_) {
            auto parsed = nlohmann::json::parse(line);
            if (parsed.at("event") == event) found.push_back(std::move(parsed));
        }
        return found;
    }

private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

/// The whole handler over the operator's documents in memory and the real alert service (which is not run).
class OperatorApi : public testing::Test {
protected:
    using json = nlohmann::json;

    void SetUp() override {
        previous_sink_ = core::set_log_sink(log_);
        previous_level_ = core::log_level();
        core::set_log_level(core::LogLevel::info);
        engine_.listed = sample_universe();
        engine_.publish(make_ranking());
    }
    void TearDown() override {
        core::set_log_sink(previous_sink_);
        core::set_log_level(previous_level_);
    }

    net::RequestHandler& handler() {
        if (handler_ != nullptr) return *handler_;
        service_ = make_operator_service(documents_, defaults_,
                                         [this](const operators::EffectiveSettings& set) { applied_.push_back(set); });
        auto made = alerts::make_alert_service(io_.get_executor(), alert_options_,
                                               {.documents = documents_,
                                                .archive = archive_,
                                                .http = client_.get(),
                                                .file = file_,
                                                .clock = clock_,
                                                .random = [] { return 0.5; }});
        EXPECT_TRUE(made);
        alerts_ = std::move(*made);
        options_.version = "1.2.3";
        ports_.operator_service = service_.get();
        ports_.watchlists = service_.get();
        ports_.alerts = alerts_.get();
        ports_.alert_archive = &archive_;
        handler_ = make_api_handler(options_, ports_);
        return *handler_;
    }
    net::ServerResponse send(const std::string& method, const std::string& target, std::string body,
                             std::vector<net::Header> headers) {
        net::ServerRequest request;
        request.method = method;
        request.target = target;
        request.headers = std::move(headers);
        request.body = std::move(body);
        request.remote_address = "127.0.0.9";
        return scanner::test::run_on(io_, handler().handle(std::move(request)));
    }
    net::ServerResponse get(const std::string& target, std::vector<net::Header> headers = {}) {
        return send("GET", target, "", std::move(headers));
    }
    net::ServerResponse post(const std::string& target, const json& body, std::vector<net::Header> headers = {}) {
        headers.push_back({"Content-Type", "application/json"});
        return send("POST", target, body.is_null() ? "" : body.dump(), std::move(headers));
    }
    net::ServerResponse remove(const std::string& target, std::vector<net::Header> headers = {}) {
        return send("DELETE", target, "", std::move(headers));
    }
    static std::string header(const net::ServerResponse& response, std::string_view name) {
        return test::header_of(response, name);
    }
    static json ok(const net::ServerResponse& response) {
        EXPECT_EQ(response.status, 200) << (response.body == nullptr ? "" : *response.body);
        return response.body == nullptr ? json() : json::parse(*response.body);
    }
    static json problem(const net::ServerResponse& response, int status) {
        EXPECT_EQ(response.status, status) << (response.body == nullptr ? "" : *response.body);
        EXPECT_EQ(header(response, "Content-Type"), "application/problem+json");
        return response.body == nullptr ? json() : json::parse(*response.body);
    }
    /// What is wrong with the member `name` of a body; empty when nothing is.
    static std::string fault_of(const json& problem, const std::string& name) {
        if (!problem.contains("errors")) return "";
        for (const json& error : problem.at("errors")) {
            if (error.at("loc") == json::array({"body", name})) return error.at("msg");
        }
        return "";
    }

    boost::asio::io_context io_{1};
    core::ManualClock clock_{kNow};
    FakeEngine engine_;
    Metrics metrics_{"1.2.3"};
    ApiOptions options_;
    ApiPorts ports_{.engine = engine_, .metrics = metrics_, .clock = clock_};
    operators::OperatorDefaults defaults_;
    alerts::AlertOptions alert_options_;
    alerts::test::FakeDocuments documents_;
    alerts::test::FakeArchive archive_;
    MemoryFile file_;
    std::unique_ptr<net::HttpClient> client_;
    std::vector<operators::EffectiveSettings> applied_;
    std::unique_ptr<operators::OperatorService> service_;
    std::unique_ptr<alerts::AlertService> alerts_;
    std::unique_ptr<net::RequestHandler> handler_;
    std::shared_ptr<KeptLog> log_ = std::make_shared<KeptLog>();
    std::shared_ptr<core::LogSink> previous_sink_;
    core::LogLevel previous_level_ = core::LogLevel::warning;
};

}  // namespace scanner::api::test
