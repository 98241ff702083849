#include "app/service.hpp"
#include "support/postgres_server.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The real program, killed in the middle of an episode: it is neither lost nor doubled.
namespace scanner::app {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using test::Service;

/// Generous: the machine may be busy with other things.
constexpr seconds kLong{180};

Service::Options service(std::vector<std::string> environment) {
    environment.insert(environment.end(), {"SCANNER_MANIP_MODEL=measured", "SCANNER_FEED=required"});
    return {.simulator = {"--contracts", "4", "--market", "busy", "--scenario", "none", "--plant",
                          "oi_paint:contract=BTC-USDT:after=1s:for=1h:intensity=30"},
            .environment = std::move(environment),
            .interval_sec = "1"};
}

/// What the ledger has of the planted contract, by id: the phase and whether it has ended.
struct Known {
    std::string phase;
    bool ended = false;
};
std::map<std::string, Known> ledger(Service& service) {
    std::map<std::string, Known> known;
    const auto answer = service.get("/manipulation/episodes?symbol=BTC-USDT&flag=oi_implausible&limit=1000");
    if (!answer || answer->status != 200) return known;
    for (const json& item : json::parse(answer->body).at("items")) {
        known[item.at("id")] = {.phase = item.at("phase"), .ended = !item.at("end").is_null()};
    }
    return known;
}

double metric(Service& service, const std::string& name) {
    const auto answer = service.get("/metrics");
    if (!answer) return -1.0;
    const auto found = answer->body.find("\n" + name + " ");
    return found == std::string::npos ? -1.0 : std::stod(answer->body.substr(found + name.size() + 2));
}

/// The ledger as it was at the start is settled, and a state was saved and told after that.
bool settled(Service& service) {
    return metric(service, "scanner_manipulation_ledger_resumed") == 1.0 &&
           metric(service, "scanner_manipulation_contracts") >= 1.0 &&
           metric(service, "scanner_manipulation_saves_total") >= 1.0;
}

void kill_and_start(Service& service) {
    service.scanner().stop(SIGKILL);
    service.scanner().start();
    ASSERT_TRUE(service.wait_until([&] { return settled(service); }, kLong)) << service.scanner().output();
}

class Episodes : public testing::TestWithParam<bool> {
protected:
    Episodes() {
        std::vector<std::string> environment;
        if (GetParam()) {
            postgres_.emplace();
            environment.push_back("SCANNER_POSTGRES_URL=" + postgres_->url());
        }
        service_ = std::make_unique<Service>(service(std::move(environment)));
    }
    std::optional<test::PostgresServer> postgres_;
    std::unique_ptr<Service> service_;
};

TEST_P(Episodes, a_kill_in_the_middle_of_one_neither_loses_nor_doubles_it) {
    Service& running = *service_;
    ASSERT_TRUE(running.wait_until([&] { return ledger(running).size() == 1; }, kLong)) << running.scanner().output();
    const std::string id = ledger(running).begin()->first;
    ASSERT_FALSE(ledger(running).at(id).ended);
    for (int time = 0; time < 2; ++time) {
        kill_and_start(running);
        EXPECT_GE(metric(running, "scanner_manipulation_restored"), 1.0);
        const auto now = ledger(running);
        ASSERT_EQ(now.size(), 1U) << "lost or doubled";
        ASSERT_TRUE(now.contains(id));
        EXPECT_FALSE(now.at(id).ended) << now.at(id).phase;
    }
    // A lost state shows: the same, without it, is another episode, and the end of the first one was not seen.
    running.scanner().stop(SIGKILL);
    ASSERT_TRUE(std::filesystem::remove(running.data() / "detectors"));
    running.scanner().start();
    ASSERT_TRUE(running.wait_until([&] { return ledger(running).size() == 2; }, kLong)) << running.scanner().output();
    EXPECT_TRUE(running.wait_until([&] { return ledger(running)[id].ended; }, kLong));
    EXPECT_EQ(ledger(running).at(id).phase, "interrupted");
}

INSTANTIATE_TEST_SUITE_P(Stores, Episodes, testing::Bool(),
                         [](const auto& info) { return info.param ? "postgres" : "sqlite"; });

}  // namespace
}  // namespace scanner::app
