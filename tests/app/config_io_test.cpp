#include "app/commands/command_line.hpp"
#include "app/logging.hpp"

#include "scanner/settings/env_file.hpp"
#include "scanner/settings/settings_load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <unistd.h>

namespace scanner::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// A directory of the test's own, gone when it ends.
class Files : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "scanner-test-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        directory_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    std::string write(const std::string& name, std::string_view text) const {
        const auto path = directory_ / name;
        std::ofstream(path, std::ios::binary) << text;
        return path.string();
    }
    static std::string read(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::filesystem::path directory_;
};

std::vector<std::string> problems_of(const Invocation& invocation, const settings::SettingTexts& environment = {}) {
    const auto loaded = read_settings(invocation, environment);
    EXPECT_FALSE(loaded);
    return loaded ? std::vector<std::string>() : loaded.error();
}

TEST_F(Files, a_bundle_of_certificates_that_cannot_be_used_is_a_mistake_in_the_settings) {
    Invocation invocation;
    invocation.env_file = write("empty.env", "");
    const auto problems = [&](const std::string& path) {
        return problems_of(invocation, {{"SCANNER_CA_BUNDLE_PATH", path}});
    };
    EXPECT_THAT(problems("/no/such/bundle.pem"), ElementsAre(AllOf(HasSubstr("SCANNER_CA_BUNDLE_PATH (environment)"),
                                                                   HasSubstr("/no/such/bundle.pem"))));
    EXPECT_THAT(problems(directory_.string()), ElementsAre(HasSubstr("SCANNER_CA_BUNDLE_PATH")));
    EXPECT_THAT(problems(write("key.pem", "-----BEGIN PRIVATE KEY-----\n")), ElementsAre(HasSubstr("certificates")));
    const auto bundle = write("ca.pem", "# mine\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    EXPECT_TRUE(read_settings(invocation, {{"SCANNER_CA_BUNDLE_PATH", bundle}}));
}

TEST_F(Files, settings_come_from_the_named_file) {
    Invocation invocation;
    invocation.env_file = write("my.env", "export SCANNER_HTTP_PORT=9001 # mine\nSCANNER_TOPN_DEFAULT='5'\n");
    invocation.flags = {{"SCANNER_TOPN_DEFAULT", "6"}};
    const auto loaded = read_settings(invocation, {});
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->settings.http_port, 9001);
    EXPECT_EQ(loaded->settings.topn_default, 6);
    EXPECT_EQ(loaded->sources.find("SCANNER_HTTP_PORT")->second, settings::SettingSource::file);
}

TEST_F(Files, a_named_file_must_be_there_and_readable) {
    Invocation invocation;
    invocation.env_file = (directory_ / "none.env").string();
    EXPECT_THAT(problems_of(invocation), ElementsAre(HasSubstr("none.env: cannot be read")));
    invocation.env_file = directory_.string();
    EXPECT_THAT(problems_of(invocation), ElementsAre(HasSubstr("cannot be read")));
}

TEST_F(Files, an_empty_file_is_a_file) {
    Invocation invocation;
    invocation.env_file = write("empty.env", "");
    EXPECT_TRUE(read_settings(invocation, {}));
}

TEST_F(Files, the_lines_of_a_bad_file_are_named) {
    Invocation invocation;
    invocation.env_file = write("bad.env", "SCANNER_HTTP_PORT=1\nwhat is this\n");
    EXPECT_THAT(problems_of(invocation), ElementsAre(HasSubstr("bad.env: line 2: no '='")));
}

TEST_F(Files, problems_of_all_sources_come_together) {
    Invocation invocation;
    invocation.env_file = write("my.env", "SCANNER_HTTP_PORT=x\n");
    invocation.flags = {{"SCANNER_TOPN_DEFAULT", "0"}};
    EXPECT_THAT(problems_of(invocation, {{"SCANNER_LOG_LEVEL", "loud"}}),
                ElementsAre(HasSubstr("--topn-default is \"0\""), HasSubstr("SCANNER_HTTP_PORT (file) is \"x\""),
                            HasSubstr("SCANNER_LOG_LEVEL (environment) is \"loud\"")));
}

TEST(ProcessEnvironment, has_what_the_process_was_given) {
    ASSERT_EQ(setenv("SCANNER_TEST_ONLY", "a=b", 1), 0);  // NOLINT(concurrency-mt-unsafe): one thread
    EXPECT_EQ(process_environment()["SCANNER_TEST_ONLY"], "a=b");
    unsetenv("SCANNER_TEST_ONLY");  // NOLINT(concurrency-mt-unsafe)
}

TEST_F(Files, the_log_has_a_line_for_every_record_when_the_session_ends) {
    const std::string path = write("log", "");
    const int file = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    ASSERT_GE(file, 0);
    {
        const auto session = start_logging_to(file, core::LogLevel::info, settings::LogFormat::json);
        core::log(core::LogLevel::debug, "not_wanted");
        for (int i = 0; i < 1'000; ++i) core::log(core::LogLevel::info, "counted", {{"i", i}});
        core::log(core::LogLevel::error, "body", {{"body", std::string(7'000, 'x')}});
        EXPECT_EQ(session->dropped(), 0U);
    }
    core::log(core::LogLevel::info, "after_the_session");
    close(file);
    const std::string text = read(path);
    EXPECT_EQ(std::ranges::count(text, '\n'), 1'001);
    EXPECT_THAT(text, HasSubstr("\"i\":0}\n"));
    EXPECT_THAT(text, HasSubstr("\"i\":999}\n{\"event\":\"body\""));
    EXPECT_THAT(text, testing::Not(HasSubstr("not_wanted")));
    EXPECT_THAT(text, testing::Not(HasSubstr("after_the_session")));
}

TEST_F(Files, the_log_as_text) {
    const std::string path = write("log", "");
    const int file = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    ASSERT_GE(file, 0);
    {
        const auto session = start_logging_to(file, core::LogLevel::info, settings::LogFormat::text);
        core::log(core::LogLevel::info, "hello", {{"n", 1}});
    }
    close(file);
    EXPECT_THAT(read(path), testing::EndsWith("INFO     hello n=1\n"));
}

TEST(LogSession, is_neither_held_up_nor_kept_from_ending_by_a_reader_that_does_not_read) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(pipe2(pipe_ends.data(), O_CLOEXEC), 0);
    std::size_t dropped = 0;
    {
        const auto session = start_logging_to(pipe_ends[1], core::LogLevel::info, settings::LogFormat::json);
        const std::string filler(500, 'x');
        for (int i = 0; i < 20'000; ++i) core::log(core::LogLevel::info, "flood", {{"i", i}, {"filler", filler}});
        dropped = session->dropped();
    }
    EXPECT_GT(dropped, 0U) << "8192 lines wait at most";
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TEST(LogSession, puts_back_the_sink_and_level_that_were_there) {
    core::set_log_level(core::LogLevel::error);
    {
        const auto session = start_logging_to(STDERR_FILENO, core::LogLevel::debug, settings::LogFormat::json);
        EXPECT_EQ(core::log_level(), core::LogLevel::debug);
    }
    EXPECT_EQ(core::log_level(), core::LogLevel::error);
    core::set_log_level(core::LogLevel::warning);
}

}  // namespace
}  // namespace scanner::app
