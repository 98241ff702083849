#pragma once

#include "storage/spool/spool.hpp"

#include "scanner/core/log.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scanner::storage {

/// A folder for a spool of the test's own, and silence: it complains as it should.
class SpoolFixture : public testing::Test {
protected:
    static constexpr core::WallTime kNow = core::from_unix_ms(1'795'325'040'000);

    SpoolFixture() {
        core::set_log_level(core::LogLevel::off);
        char folder[] = "/tmp/market-scanner-spool-XXXXXX";
        folder_ = ::mkdtemp(folder);
        options_.directory = folder_ / "spool";
    }
    ~SpoolFixture() override {
        std::filesystem::remove_all(folder_);
        core::set_log_level(level_);
    }

    std::unique_ptr<Spool> open(core::WallTime now = kNow) {
        auto spool = open_spool(options_, now);
        EXPECT_TRUE(spool) << spool.error().message();
        return spool ? std::move(*spool) : nullptr;
    }
    static std::vector<std::string> contents(Spool& spool) {
        std::vector<std::string> payloads;
        for (const SpoolRecord& record : spool.read(10'000, 1U << 30U)) payloads.push_back(record.payload);
        return payloads;
    }

    core::LogLevel level_ = core::log_level();
    std::filesystem::path folder_;
    SpoolOptions options_;
};

}  // namespace scanner::storage
