#include "app/commands/config_command.hpp"

#include "scanner/settings/env_file.hpp"
#include "scanner/settings/settings.hpp"
#include "scanner/settings/settings_load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <span>
#include <sstream>

namespace scanner::app {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

settings::LoadedSettings loaded(settings::SettingInputs inputs) {
    const settings::ExchangeChoice exchange{.name = "alpha", .base_url = "https://alpha.example"};
    auto result = settings::load_settings(inputs, std::span(&exchange, 1));
    EXPECT_TRUE(result);
    return result.value_or(settings::LoadedSettings());
}

settings::LoadedSettings example() {
    return loaded({.file = {{"SCANNER_TOPN_DEFAULT", "7"}},
                   .environment = {{"SCANNER_API_TOKEN", "0123456789abcdef-secret"},
                                   {"SCANNER_SYMBOLS", "龙虾,btc"},
                                   {"SCANNER_NO_SUCH", "1"}},
                   .flags = {{"SCANNER_HTTP_PORT", "9000"}}});
}

TEST(ConfigTable, has_a_line_for_every_setting_with_its_source) {
    std::istringstream lines(settings_as_table(example()));
    std::map<std::string, std::pair<std::string, std::string>> rows;
    std::size_t settings = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name, value, source;
        words >> name >> value >> source;
        if (name != "warning:") ++settings;
        rows[name] = {value, source};
    }
    EXPECT_EQ(settings, settings::setting_infos().size());
    EXPECT_EQ(rows["SCANNER_HTTP_PORT"], std::pair(std::string("9000"), std::string("flag")));
    EXPECT_EQ(rows["SCANNER_SYMBOLS"], std::pair(std::string("龙虾-USDT,BTC-USDT"), std::string("environment")));
    EXPECT_EQ(rows["SCANNER_TOPN_DEFAULT"], std::pair(std::string("7"), std::string("file")));
    EXPECT_EQ(rows["SCANNER_EXCHANGE"], std::pair(std::string("alpha"), std::string("default")));
    EXPECT_EQ(rows["SCANNER_API_TOKEN"], std::pair(std::string("***"), std::string("environment")));
    EXPECT_EQ(rows["SCANNER_REDIS_URL"], std::pair(std::string("-"), std::string("default")));
    EXPECT_TRUE(rows.contains("warning:"));
}

TEST(ConfigTable, is_aligned_whatever_the_script) {
    std::istringstream lines(settings_as_table(example()));
    std::optional<std::size_t> column;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("SCANNER_")) continue;
        std::size_t characters = 0;
        for (const char c : line.substr(0, line.rfind(' ')))
            characters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
        if (!column) column = characters;
        EXPECT_EQ(characters, *column) << line;
    }
}

TEST(ConfigJson, is_json_with_every_setting) {
    const auto json = nlohmann::json::parse(settings_as_json(example()));
    ASSERT_EQ(json["settings"].size(), settings::setting_infos().size());
    for (const auto& setting : json["settings"]) {
        if (setting["name"] == "SCANNER_HTTP_PORT") {
            EXPECT_EQ(setting,
                      nlohmann::json(
                          {{"name", "SCANNER_HTTP_PORT"}, {"value", "9000"}, {"source", "flag"}, {"default", "8010"}}));
        }
        if (setting["name"] == "SCANNER_REDIS_URL") {
            EXPECT_TRUE(setting["value"].is_null());
        }
    }
    EXPECT_EQ(json["warnings"].size(), 1U);
}

TEST(Config, never_shows_a_secret) {
    EXPECT_THAT(settings_as_table(example()), Not(HasSubstr("secret")));
    EXPECT_THAT(settings_as_json(example()), Not(HasSubstr("secret")));
}

TEST(SettingsDocs, are_what_the_program_prints) {
    const std::string page = read_file(SCANNER_SOURCE_DIR "/docs/settings.md");
    const std::size_t begin = page.find(kReferenceBegin);
    const std::size_t end = page.find(kReferenceEnd);
    ASSERT_NE(begin, std::string::npos);
    ASSERT_NE(end, std::string::npos);
    EXPECT_EQ(page.substr(begin + kReferenceBegin.size(), end - begin - kReferenceBegin.size()), settings_reference())
        << "run scripts/renew-settings-docs";
}

TEST(SettingsDocs, have_every_setting_in_the_reference) {
    const std::string reference = settings_reference();
    for (const auto& info : settings::setting_infos())
        EXPECT_THAT(reference, HasSubstr("| `" + std::string(info.name) + "` |"));
}

TEST(EnvExample, is_what_the_program_prints) {
    EXPECT_EQ(read_file(SCANNER_SOURCE_DIR "/.env.example"), env_example()) << "run scripts/renew-settings-docs";
}

TEST(EnvExample, changes_nothing_as_it_is_and_is_valid_when_uncommented) {
    const auto untouched = settings::parse_env_file(env_example());
    ASSERT_TRUE(untouched);
    EXPECT_TRUE(untouched->empty());
    std::string text = env_example();
    for (std::size_t at = 0; (at = text.find("\n#SCANNER_", at)) != std::string::npos;) text.erase(at + 1, 1);
    const auto uncommented = settings::parse_env_file(text);
    ASSERT_TRUE(uncommented);
    EXPECT_EQ(uncommented->size(), settings::setting_infos().size());
    EXPECT_EQ(loaded({.file = *uncommented, .environment = {}, .flags = {}}).settings, loaded({}).settings);
}

}  // namespace
}  // namespace scanner::app
