#pragma once

#include "alerts/fake_stores.hpp"
#include "rules/subject.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/alerts/alert.hpp"
#include "scanner/alerts/alert_service.hpp"
#include "scanner/storage/store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

/// The alert service over documents in memory and a file on the disk.
namespace scanner::alerts::test {

using namespace rules::test;

inline constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class TempFolder {
public:
    TempFolder()
        : path_(std::filesystem::temp_directory_path() / ("alerts-" + std::to_string(::getpid()) + "-XXXXXX")) {
        std::string made = path_.string();
        EXPECT_NE(::mkdtemp(made.data()), nullptr);
        path_ = made;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// A state file that a full disk would give.
class BrokenFile final : public StateFile {
public:
    core::Result<std::string> read() override { return core::fail(core::ErrorCode::io, "no"); }
    boost::asio::awaitable<core::Result<void>> write(std::string) override {
        ++attempts;
        co_return core::fail(core::ErrorCode::io, "the disk is full");
    }
    void set_aside() override {}
    int attempts = 0;
};

class AlertServiceTest : public testing::Test {
protected:
    void SetUp() override {
        options_.backoff = {.max_attempts = 4,
                            .base = std::chrono::milliseconds(2),
                            .cap = std::chrono::milliseconds(5),
                            .floor = std::chrono::milliseconds(1)};
        options_.webhook_secret = kSecret;
        options_.webhook_allow_private = true;
        options_.save_interval = std::chrono::milliseconds(5);
        options_.dead_letter_retry = std::chrono::milliseconds(10);
        client_ = net::make_curl_client(io_.get_executor(), {});
        file_ = make_state_file(folder_.file("deep/er/alerts.json"));
    }
    void TearDown() override { stop(); }

    void start(StateFile* file = nullptr, storage::Store* store = nullptr) {
        auto made = make_alert_service(io_.get_executor(), options_,
                                       {.documents = store == nullptr ? documents_ : store->document_store(),
                                        .archive = store == nullptr ? archive_ : store->alert_archive(),
                                        .publisher = &publisher_,
                                        .http = client_.get(),
                                        .file = file == nullptr ? *file_ : *file,
                                        .clock = core::system_clock(),
                                        .random = [] { return 0.5; },
                                        .shared = shared_states_});
        ASSERT_TRUE(made) << made.error().message();
        service_ = std::move(*made);
        boost::asio::co_spawn(io_, service_->run(), [this](const std::exception_ptr& thrown) {
            EXPECT_EQ(thrown, nullptr);
            ran_ = true;
        });
    }
    void stop() {
        if (service_ == nullptr) return;
        scanner::test::run_on(io_, service_->close(std::chrono::milliseconds(200)));
        run_until([this] { return ran_; });
        service_.reset();
        ran_ = false;
    }
    template <class Condition>
    void run_until(Condition condition) {
        io_.restart();
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!condition() && std::chrono::steady_clock::now() < limit) io_.run_one_for(std::chrono::milliseconds(50));
        EXPECT_TRUE(condition());
    }
    void add_rule(storage::AlertRule rule) {
        const auto put = scanner::test::run_on(io_, documents_.put_rule(std::move(rule), std::nullopt));
        ASSERT_TRUE(put);
    }
    void cycle(const std::vector<Contract>& contracts) {
        now_ += std::chrono::seconds(15);
        service_->on_ranking(make_ranking(contracts, now_, ++sequence_));
    }

    boost::asio::io_context io_{1};
    TempFolder folder_;
    FakeDocuments documents_;
    FakeArchive archive_;
    FakePublisher publisher_;
    AlertOptions options_;
    std::unique_ptr<net::HttpClient> client_;
    std::unique_ptr<StateFile> file_;
    std::unique_ptr<AlertService> service_;
    storage::KeptStates* shared_states_ = nullptr;
    core::WallTime now_ = kNow;
    std::uint64_t sequence_ = 0;
    bool ran_ = false;
};

inline const std::vector<Contract> kHit{{.code = "BTC-USDT", .rank = 1, .manip_score = 72.5, .flags = {"scam_wick"}},
                                        {.code = "ETH-USDT", .rank = 2, .manip_score = 10.0}};
inline const std::vector<Contract> kCalm{{.code = "BTC-USDT", .rank = 1}, {.code = "ETH-USDT", .rank = 2}};

inline storage::AlertRule hit_rule() {
    return {.name = "hit",
            .expression = R"(manip_score >= 60 and "scam_wick" in flags)",
            .scope = "\"all\"",
            .cooldown = std::chrono::seconds(60),
            .enabled = true};
}

}  // namespace scanner::alerts::test
