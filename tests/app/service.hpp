#pragma once

#include "support/child_process.hpp"
#include "support/free_port.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/net/http_client.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace scanner::test {

/// In the environment of a scanner whose test is about polling: rankings at the end of each scan, and no others.
inline const std::string kPolling = "SCANNER_FEED=off";

/// The two real programs side by side: htx-simulator and market-scanner, on free ports with a throw-away data folder.
class Service {
public:
    struct Options {
        std::vector<std::string> simulator{"--contracts", "20", "--market", "busy", "--scenario", "none"};
        std::vector<std::string> scanner;      ///< flags
        std::vector<std::string> environment;  ///< "NAME=value"
        std::string interval_sec = "0.5";
        bool data_from_environment =
            false;  ///< SCANNER_DATA_DIR is among `environment`, and not this object's to remove
    };

    Service() : Service(Options()) {}
    explicit Service(Options options) : scanner_port_(free_port()) {
        std::string folder = "/tmp/market-scanner-data-XXXXXX";
        data_ = ::mkdtemp(folder.data());
        start_simulator(options.simulator);
        std::vector<std::string> scanner{SCANNER_BIN_DIR "/market-scanner",
                                         "serve",
                                         "--env-file",
                                         "/dev/null",
                                         "--http-port",
                                         std::to_string(scanner_port_),
                                         "--exchange-url",
                                         "http://127.0.0.1:" + std::to_string(simulator_port_),
                                         "--scan-interval-sec",
                                         options.interval_sec};
        if (!options.data_from_environment) scanner.insert(scanner.end(), {"--data-dir", data_.string()});
        scanner.insert(scanner.end(), options.scanner.begin(), options.scanner.end());
        scanner_ = std::make_unique<ChildProcess>(std::move(scanner), std::move(options.environment));
    }
    ~Service() {
        scanner_.reset();
        simulator_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(data_, ignored);
    }
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    [[nodiscard]] ChildProcess& simulator() { return *simulator_; }
    [[nodiscard]] ChildProcess& scanner() { return *scanner_; }
    [[nodiscard]] std::uint16_t port() const { return scanner_port_; }
    [[nodiscard]] const std::filesystem::path& data() const { return data_; }
    [[nodiscard]] std::string exchange_url() const { return "http://127.0.0.1:" + std::to_string(simulator_port_); }

    core::Result<net::ClientResponse> get(const std::string& target) { return send("GET", scanner_port_, target, ""); }
    nlohmann::json get_json(const std::string& target) {
        const auto answer = get(target);
        if (!answer) {
            ADD_FAILURE() << target << ": " << answer.error().message() << "\n" << scanner_->output();
            return {};
        }
        return nlohmann::json::parse(answer->body, nullptr, false);
    }
    core::Result<net::ClientResponse> post(const std::string& target, const nlohmann::json& body) {
        return send("POST", scanner_port_, target, body.dump());
    }
    [[nodiscard]] int status_of(const std::string& target) {
        const auto answer = get(target);
        return answer ? answer->status : 0;
    }

    /// Replaces the simulator's faults, in the form of its --fault flag.
    void set_faults(const std::vector<std::string>& faults) {
        const auto answer = send("POST", simulator_port_, "/_simulator/faults", nlohmann::json(faults).dump());
        ASSERT_TRUE(answer && answer->status == 200) << (answer ? answer->body : answer.error().message());
    }

    template <class Predicate>
    bool wait_until(Predicate done, std::chrono::seconds limit = std::chrono::seconds(30)) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!done()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return true;
    }
    bool wait_until_ready() {
        return wait_until([this] { return status_of("/ready") == 200; });
    }
    [[nodiscard]] std::uint64_t sequence() {
        return get_json("/healthz/details").at("ranking").value("seq", std::uint64_t{0});
    }

private:
    /// On a port that was free a moment ago: what else runs on this machine may have been faster.
    void start_simulator(const std::vector<std::string>& flags) {
        std::string said;
        for (int attempt = 0; attempt < 3; ++attempt) {
            simulator_port_ = free_port();
            std::vector<std::string> words{SCANNER_BIN_DIR "/htx-simulator", "--port", std::to_string(simulator_port_)};
            words.insert(words.end(), flags.begin(), flags.end());
            simulator_ = std::make_unique<ChildProcess>(std::move(words));
            const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
            while (simulator_->running() && std::chrono::steady_clock::now() < deadline) {
                if (simulator_->wait_for_output("listening", std::chrono::seconds(1))) return;
            }
            said = simulator_->output();
        }
        throw std::runtime_error("htx-simulator did not come up: " + said);
    }

    core::Result<net::ClientResponse> send(std::string method, std::uint16_t port, const std::string& target,
                                           std::string body) {
        net::ClientRequest request;
        request.method = std::move(method);
        request.url = "http://127.0.0.1:" + std::to_string(port) + target;
        request.body = std::move(body);
        request.timeout = std::chrono::seconds(10);
        if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
        return run_on(io_, client_->send(std::move(request)));
    }

    std::uint16_t simulator_port_ = 0;
    std::uint16_t scanner_port_;
    std::filesystem::path data_;
    boost::asio::io_context io_{1};
    std::unique_ptr<net::HttpClient> client_ = net::make_curl_client(io_.get_executor(), {});
    std::unique_ptr<ChildProcess> simulator_;
    std::unique_ptr<ChildProcess> scanner_;
};

}  // namespace scanner::test
