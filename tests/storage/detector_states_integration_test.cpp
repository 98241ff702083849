#include "storage/store_fixture.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

/// States of detectors in the database: one host writes, another goes on.
namespace scanner::storage {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

class DetectorTable : public EitherStore {
protected:
    DetectorTable() { open_store(); }
    std::map<std::string, std::string> read() {
        const auto found = await(store_->detector_states().read());
        EXPECT_TRUE(found) << found.error().message();
        std::map<std::string, std::string> states;
        for (const auto& state : found.value_or(std::vector<DetectorState>())) {
            states[state.contract_code] = state.bytes;
        }
        return states;
    }
    void write(std::vector<DetectorState> changed) {
        const auto written = await(store_->detector_states().write(std::move(changed)));
        ASSERT_TRUE(written) << written.error().message();
    }
};

TEST_P(DetectorTable, is_read_by_the_next_one) {
    const core::WallTime now = clock_.now();
    std::string noise(60'000, 'x');
    for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * 31 + i / 7);
    write({{"A-USDT", now, "one"}, {"B-USDT", now, noise}, {"C-USDT", now, "three"}});
    write({{"A-USDT", now, "two"}, {"C-USDT", now, ""}});
    // Another process, which may be on another host.
    reopen_store();
    const auto found = read();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found.at("A-USDT"), "two");
    EXPECT_TRUE(found.at("B-USDT") == noise);
}

TEST_P(DetectorTable, forgets_what_is_a_day_old) {
    const core::WallTime now = clock_.now();
    write({{"A-USDT", now - std::chrono::hours(25), "old"}, {"B-USDT", now, "new"}});
    EXPECT_THAT(read(), UnorderedElementsAre(Pair("B-USDT", "new")));
    write({});
    EXPECT_EQ(read().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Databases, DetectorTable, testing::Values(DatabaseKind::sqlite, DatabaseKind::postgres),
                         database_name);

}  // namespace
}  // namespace scanner::storage
