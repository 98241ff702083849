#include "app/commands/command_line.hpp"

#include "scanner/core/version.hpp"
#include "scanner/settings/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scanner::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

CommandLine parse(std::vector<std::string_view> arguments) {
    return parse_command_line(arguments);
}

Invocation invocation(std::vector<std::string_view> arguments) {
    const CommandLine line = parse(std::move(arguments));
    const auto* const result = std::get_if<Invocation>(&line);
    EXPECT_NE(result, nullptr);
    return result == nullptr ? Invocation() : *result;
}

std::vector<std::string> problems(std::vector<std::string_view> arguments) {
    const CommandLine line = parse(std::move(arguments));
    const auto* const result = std::get_if<UsageError>(&line);
    EXPECT_NE(result, nullptr);
    return result == nullptr ? std::vector<std::string>() : result->problems;
}

std::string answer(std::vector<std::string_view> arguments) {
    const CommandLine line = parse(std::move(arguments));
    const auto* const result = std::get_if<Answer>(&line);
    EXPECT_NE(result, nullptr);
    return result == nullptr ? std::string() : result->text;
}

TEST(CommandLine, serves_without_arguments) {
    const Invocation nothing = invocation({});
    EXPECT_EQ(nothing.command, Command::serve);
    EXPECT_THAT(nothing.flags, IsEmpty());
    EXPECT_EQ(nothing.env_file, std::nullopt);
}

TEST(CommandLine, knows_its_commands) {
    for (const Command command : {Command::serve, Command::collect_once, Command::compute, Command::recording,
                                  Command::replay, Command::config, Command::migrate}) {
        EXPECT_EQ(invocation({to_string(command)}).command, command);
    }
}

TEST(CommandLine, leaves_what_follows_to_commands_that_read_it_themselves) {
    const Invocation cut = invocation({"recording", "cut", "folder", "--out", "part", "--symbols=btc"});
    EXPECT_EQ(cut.command, Command::recording);
    EXPECT_THAT(cut.rest, ElementsAre("cut", "folder", "--out", "part", "--symbols=btc"));
    EXPECT_THAT(invocation({"replay", "a", "--digest"}).rest, ElementsAre("a", "--digest"));
    EXPECT_THAT(answer({"recording", "--help"}), HasSubstr("verify FILE"));
    EXPECT_THAT(answer({"replay", "--help"}), HasSubstr("--digest"));
}

TEST(CommandLine, takes_the_tapes_of_detect) {
    const Invocation detect = invocation({"detect", "--features", "a.csv.gz", "b.csv"});
    EXPECT_EQ(detect.command, Command::detect);
    EXPECT_THAT(detect.tapes, ElementsAre("a.csv.gz", "b.csv"));
    EXPECT_TRUE(detect.features);
    EXPECT_THAT(problems({"detect"}), ElementsAre(HasSubstr("needs the tapes")));
    EXPECT_THAT(problems({"config", "--features"}), ElementsAre("--features is not valid for config (only detect)"));
    EXPECT_THAT(answer({"detect", "--help"}), HasSubstr("ts_ms,side,price,amount"));
}

TEST(CommandLine, makes_a_flag_of_every_setting) {
    for (const auto& info : settings::setting_infos()) {
        const std::string flag = "--" + info.flag + "=x";
        EXPECT_THAT(invocation({flag}).flags, ElementsAre(Pair(std::string(info.name), "x")));
    }
}

TEST(CommandLine, takes_values_after_a_space_or_an_equals_sign_before_and_after_the_command) {
    EXPECT_THAT(invocation({"--http-port", "9", "collect-once", "--symbols=btc,eth", "--min-qvol-usdt", "-1"}).flags,
                ElementsAre(Pair("SCANNER_HTTP_PORT", "9"), Pair("SCANNER_MIN_QVOL_USDT", "-1"),
                            Pair("SCANNER_SYMBOLS", "btc,eth")));
    EXPECT_THAT(invocation({"--symbols="}).flags, ElementsAre(Pair("SCANNER_SYMBOLS", "")));
    EXPECT_THAT(invocation({"--alert-webhook-url=http://h/?a=b"}).flags,
                ElementsAre(Pair("SCANNER_ALERT_WEBHOOK_URL", "http://h/?a=b")));
}

TEST(CommandLine, takes_a_bare_switch_for_true) {
    const Invocation bare = invocation({"--metrics-enabled", "serve"});
    EXPECT_THAT(bare.flags, ElementsAre(Pair("SCANNER_METRICS_ENABLED", "true")));
    EXPECT_EQ(bare.command, Command::serve);
    EXPECT_THAT(invocation({"--metrics-enabled=false"}).flags, ElementsAre(Pair("SCANNER_METRICS_ENABLED", "false")));
    EXPECT_THAT(problems({"serve", "--metrics-enabled", "false"}),
                ElementsAre("unexpected argument \"false\"; write --metrics-enabled=false"));
}

TEST(CommandLine, reads_the_flags_of_commands) {
    EXPECT_TRUE(invocation({"collect-once", "--json"}).json);
    EXPECT_FALSE(invocation({"collect-once"}).json);
    EXPECT_EQ(invocation({"config"}).config_output, ConfigOutput::table);
    EXPECT_EQ(invocation({"--json", "config"}).config_output, ConfigOutput::json);
    EXPECT_EQ(invocation({"config", "--markdown"}).config_output, ConfigOutput::markdown);
    EXPECT_EQ(invocation({"config", "--env-example"}).config_output, ConfigOutput::env_example);
    EXPECT_EQ(invocation({"serve", "--env-file", "/etc/scanner.env"}).env_file, "/etc/scanner.env");
    EXPECT_EQ(invocation({"--env-file=x"}).env_file, "x");
}

TEST(CommandLine, refuses_flags_of_other_commands) {
    EXPECT_THAT(problems({"serve", "--json"}), ElementsAre(HasSubstr("--json is not valid for serve")));
    EXPECT_THAT(problems({"migrate", "--markdown"}), ElementsAre(HasSubstr("(only config)")));
    EXPECT_THAT(problems({"config", "--json", "--markdown"}), ElementsAre(HasSubstr("one form")));
}

TEST(CommandLine, reports_all_problems_at_once_with_what_may_have_been_meant) {
    EXPECT_THAT(problems({"srve", "--htp-port=1", "--zzzzzz", "-p", "--http-address"}),
                ElementsAre("unknown command \"srve\"; did you mean serve?",
                            "unknown flag --htp-port; did you mean --http-port?", "unknown flag --zzzzzz",
                            "unknown flag -p; flags begin with two dashes",
                            HasSubstr("--http-address needs a value: a numeric IPv4")));
}

TEST(CommandLine, refuses_what_cannot_be_meant) {
    EXPECT_THAT(problems({"serve", "config"}), ElementsAre("unexpected argument \"config\""));
    EXPECT_THAT(problems({"--http-port=1", "--http-port=2"}), ElementsAre("--http-port is given twice"));
    EXPECT_THAT(problems({"--http-port", "--http-address=::1"}), ElementsAre(HasSubstr("--http-port needs a value")));
    EXPECT_THAT(problems({"--env-file"}), ElementsAre("--env-file needs a path"));
    EXPECT_THAT(problems({"config", "--json=yes"}), ElementsAre("--json takes no value"));
    EXPECT_THAT(problems({"--"}), testing::SizeIs(1));
    EXPECT_THAT(problems({""}), testing::SizeIs(1));
}

TEST(CommandLine, answers_for_its_version) {
    const std::string expected = "market-scanner " + std::string(core::kVersion) + "\n";
    EXPECT_EQ(answer({"--version"}), expected);
    EXPECT_EQ(answer({"-V"}), expected);
    EXPECT_EQ(answer({"serve", "--version"}), expected);
}

TEST(CommandLine, helps) {
    const std::string help = answer({"--help"});
    for (const auto* const word :
         {"serve", "collect-once", "compute", "detect", "config", "migrate", "--env-file", "Exit codes"}) {
        EXPECT_THAT(help, HasSubstr(word));
    }
    EXPECT_EQ(answer({"-h"}), help);
    EXPECT_EQ(answer({"help"}), help);
    EXPECT_EQ(answer({"help", "config"}), answer({"config", "--help"}));
    EXPECT_EQ(answer({"--help", "--no-such-flag"}), help) << "who asks for help gets it";
}

TEST(CommandLine, helps_with_every_command_and_setting) {
    for (const Command command : {Command::serve, Command::collect_once, Command::config, Command::migrate}) {
        const std::string help = answer({to_string(command), "--help"});
        EXPECT_THAT(help, testing::StartsWith("Usage: market-scanner " + std::string(to_string(command))));
        for (const auto& info : settings::setting_infos()) {
            EXPECT_THAT(help, HasSubstr("--" + info.flag)) << info.name;
            EXPECT_THAT(help, HasSubstr(std::string(info.name)));
        }
    }
    EXPECT_THAT(answer({"compute", "--help"}), HasSubstr("JSON Lines"));
}

TEST(CommandLine, keeps_help_within_the_width_of_a_terminal) {
    std::istringstream lines(answer({"serve", "--help"}));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110U) << line;
}

}  // namespace
}  // namespace scanner::app
