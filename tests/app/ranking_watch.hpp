#pragma once

#include "support/run_coroutine.hpp"

#include "scanner/net/http_client.hpp"

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace scanner::test {

/// What a client saw of one cycle.
struct SeenCycle {
    std::uint64_t sequence = 0;
    std::string time;   ///< "2026-11-22T05:24:00.123Z"
    std::string items;  ///< its ranking under the default profile: "BTC/USDT:USDT 1 32.7137\n…"
};

/// A client in a thread of its own that asks for /rankings all the time: remembers each cycle that it was shown, how
/// long each answer took, and which failed.
class RankingWatch {
public:
    RankingWatch(std::uint16_t port, std::chrono::milliseconds pause)
        : url_("http://127.0.0.1:" + std::to_string(port) + "/rankings?top=200&page_size=100&fields=symbol,rank,score"),
          pause_(pause),
          thread_([this] { run(); }) {}
    ~RankingWatch() { stop(); }
    RankingWatch(const RankingWatch&) = delete;
    RankingWatch& operator=(const RankingWatch&) = delete;

    void stop() {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
    }

    /// Every cycle that was shown; one number may have been shown with two times.
    [[nodiscard]] std::vector<SeenCycle> cycles() const {
        const std::scoped_lock guard(mutex_);
        std::vector<SeenCycle> all;
        for (const auto& [key, cycle] : cycles_) all.push_back(cycle);
        return all;
    }
    [[nodiscard]] std::size_t count() const {
        const std::scoped_lock guard(mutex_);
        return cycles_.size();
    }
    /// Milliseconds of the answers since the last call, sorted; requests that were not answered 200 are in `failed`.
    struct Answers {
        std::vector<double> ms;
        std::size_t failed = 0;
        std::string last_failure;
        [[nodiscard]] double quantile(double share) const {
            if (ms.empty()) return 0.0;
            return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
        }
    };
    [[nodiscard]] Answers take_answers() {
        const std::scoped_lock guard(mutex_);
        Answers taken = std::exchange(answers_, {});
        std::ranges::sort(taken.ms);
        return taken;
    }

private:
    void run() {
        boost::asio::io_context io(1);
        const auto client = net::make_curl_client(io.get_executor(), {});
        while (!stopping_) {
            net::ClientRequest request;
            request.url = url_;
            request.timeout = std::chrono::seconds(10);
            const auto began = std::chrono::steady_clock::now();
            const auto answer = run_on(io, client->send(std::move(request)), std::chrono::seconds(60));
            const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
            note(answer, took.count());
            std::this_thread::sleep_for(pause_);
        }
    }

    void note(const core::Result<net::ClientResponse>& answer, double ms) {
        const std::scoped_lock guard(mutex_);
        if (!answer || answer->status != 200) {
            ++answers_.failed;
            answers_.last_failure = answer ? answer->body : answer.error().message();
            return;
        }
        answers_.ms.push_back(ms);
        const auto body = nlohmann::json::parse(answer->body);
        SeenCycle cycle{.sequence = body.at("seq"), .time = body.at("ts")};
        const auto key = std::pair(cycle.sequence, cycle.time);
        if (cycles_.contains(key)) return;
        for (const auto& item : body.at("items")) {
            cycle.items += item.at("symbol").get<std::string>() + ' ' + item.at("rank").dump() + ' ' +
                           item.at("score").dump() + '\n';
        }
        cycles_.emplace(key, std::move(cycle));
    }

    std::string url_;
    std::chrono::milliseconds pause_;
    mutable std::mutex mutex_;
    std::map<std::pair<std::uint64_t, std::string>, SeenCycle> cycles_;
    Answers answers_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace scanner::test
