#include "scanner/settings/settings.hpp"

#include "scanner/settings/settings_load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

namespace scanner::settings {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::array kExchanges{ExchangeChoice{.name = "alpha", .base_url = "https://api.alpha.example"},
                                ExchangeChoice{.name = "beta", .base_url = "https://beta.example/api"}};

LoadedSettings load(SettingInputs inputs) {
    auto loaded = load_settings(inputs);
    EXPECT_TRUE(loaded) << to_string(loaded.error().front());
    return loaded ? std::move(*loaded) : LoadedSettings();
}

Settings from_environment(SettingTexts texts) {
    return load({.file = {}, .environment = std::move(texts), .flags = {}}).settings;
}

std::vector<std::string> problems_of(SettingInputs inputs) {
    const auto loaded = load_settings(inputs, kExchanges);
    EXPECT_FALSE(loaded);
    std::vector<std::string> problems;
    if (!loaded) {
        for (const auto& problem : loaded.error()) problems.push_back(to_string(problem));
    }
    return problems;
}

std::vector<std::string> problems_in_environment(SettingTexts texts) {
    return problems_of({.file = {}, .environment = std::move(texts), .flags = {}});
}

TEST(Settings, are_the_documented_defaults_when_nothing_is_given) {
    const LoadedSettings loaded = load({});
    EXPECT_EQ(loaded.settings, Settings());
    EXPECT_THAT(loaded.warnings, IsEmpty());
    EXPECT_EQ(loaded.sources.size(), setting_infos().size());
    for (const auto& [name, source] : loaded.sources) EXPECT_EQ(source, SettingSource::built_in) << name;
}

TEST(Settings, have_defaults_that_pass_their_own_checks) {
    SettingTexts texts;
    for (const auto& info : setting_infos()) texts.emplace(info.name, info.default_text);
    EXPECT_EQ(from_environment(texts), Settings());
}

TEST(Settings, of_one_among_several_say_where_they_meet) {
    const auto redis = std::pair<const std::string, std::string>("SCANNER_REDIS_URL", "redis://127.0.0.1:6379/0");
    const auto postgres = std::pair<const std::string, std::string>("SCANNER_POSTGRES_URL", "postgresql://h/d");
    EXPECT_EQ(from_environment({{"SCANNER_ROLE", "scanner"}, redis}).role, Role::scanner);
    EXPECT_EQ(from_environment({{"SCANNER_ROLE", "scanner"}, postgres}).role, Role::scanner);
    EXPECT_EQ(from_environment({{"SCANNER_ROLE", "replica"}, redis}).role, Role::replica);
    EXPECT_THAT(problems_in_environment({{"SCANNER_ROLE", "scanner"}}),
                ElementsAre(HasSubstr("SCANNER_REDIS_URL or SCANNER_POSTGRES_URL")));
    EXPECT_THAT(problems_in_environment({{"SCANNER_ROLE", "replica"}, postgres}),
                ElementsAre(HasSubstr("SCANNER_REDIS_URL")));
    EXPECT_TRUE(from_environment({{"SCANNER_ROLE", "scanner"}, redis, {"SCANNER_RECORD", "true"}}).record);
    EXPECT_THAT(problems_in_environment({{"SCANNER_ROLE", "replica"}, redis, {"SCANNER_RECORD", "true"}}),
                ElementsAre(AllOf(HasSubstr("SCANNER_RECORD"), HasSubstr("SCANNER_ROLE=replica"))));
    for (const char* const lease : {"499", "60001", "soon", "-1", "2000.5"})
        EXPECT_THAT(
            problems_in_environment({{"SCANNER_LEASE_MS", lease}}),
            ElementsAre(AllOf(HasSubstr("SCANNER_LEASE_MS"), HasSubstr(lease), HasSubstr("from 500 to 60000"))));
    EXPECT_THAT(problems_in_environment({{"SCANNER_ROLE", "leader"}}),
                ElementsAre(HasSubstr("all, scanner or replica")));
}

TEST(Settings, name_one_of_the_exchanges_there_are_or_mean_the_first) {
    const auto chosen = [](SettingTexts texts) {
        const auto loaded = load_settings({.file = {}, .environment = std::move(texts), .flags = {}}, kExchanges);
        EXPECT_TRUE(loaded);
        return loaded ? std::pair(loaded->settings.exchange, loaded->settings.exchange_url)
                      : std::pair<std::string, std::string>();
    };
    using Pair = std::pair<std::string, std::string>;
    EXPECT_EQ(chosen({}), Pair("alpha", "https://api.alpha.example"));
    EXPECT_EQ(chosen({{"SCANNER_EXCHANGE", "Beta"}}), Pair("beta", "https://beta.example/api"));
    EXPECT_EQ(chosen({{"SCANNER_EXCHANGE_URL", "http://127.0.0.1:9"}}), Pair("alpha", "http://127.0.0.1:9"));
    EXPECT_EQ(chosen({{"SCANNER_EXCHANGE", "beta"}, {"SCANNER_EXCHANGE_URL", "http://h/x/"}}),
              Pair("beta", "http://h/x"));
}

TEST(Settings, come_from_flags_over_environment_over_file) {
    const LoadedSettings loaded =
        load({.file = {{"SCANNER_HTTP_PORT", "1"}, {"SCANNER_TOPN_DEFAULT", "3"}, {"SCANNER_UNIVERSE", "crypto"}},
              .environment = {{"SCANNER_HTTP_PORT", "2"}, {"SCANNER_TOPN_DEFAULT", "4"}},
              .flags = {{"SCANNER_HTTP_PORT", "5"}}});
    EXPECT_EQ(loaded.settings.http_port, 5);
    EXPECT_EQ(loaded.settings.topn_default, 4);
    EXPECT_EQ(loaded.settings.universe, Universe::crypto);
    EXPECT_EQ(loaded.sources.find("SCANNER_HTTP_PORT")->second, SettingSource::flag);
    EXPECT_EQ(loaded.sources.find("SCANNER_TOPN_DEFAULT")->second, SettingSource::environment);
    EXPECT_EQ(loaded.sources.find("SCANNER_UNIVERSE")->second, SettingSource::file);
    EXPECT_EQ(loaded.sources.find("SCANNER_EXCHANGE")->second, SettingSource::built_in);
}

TEST(Settings, are_read_into_their_types) {
    const Settings settings = from_environment({{"SCANNER_EXCHANGE_URL", "http://127.0.0.1:9000/"},
                                                {"SCANNER_MIN_QVOL_USDT", "2.5e6"},
                                                {"SCANNER_TIMEFRAME", "4h"},
                                                {"SCANNER_PROFILE_DEFAULT", "Swing"},
                                                {"SCANNER_INCLUDE_CARRY", "off"},
                                                {"SCANNER_SCAN_INTERVAL_SEC", "0.25"},
                                                {"SCANNER_HTTP_PORT", "0"},
                                                {"SCANNER_HTTP_ADDRESS", "LOCALHOST"},
                                                {"SCANNER_REDIS_URL", "redis://u:p@cache:1/2"},
                                                {"SCANNER_POSTGRES_URL", "postgresql+psycopg://u:p@db/scanner"},
                                                {"SCANNER_BAR_1M_RETENTION_DAYS", "7"},
                                                {"SCANNER_LOG_LEVEL", "WARN"},
                                                {"SCANNER_LOG_FORMAT", "text"}});
    EXPECT_EQ(settings.exchange_url, "http://127.0.0.1:9000");
    EXPECT_EQ(settings.min_qvol_usdt, 2'500'000.0);
    EXPECT_EQ(settings.timeframe, std::chrono::hours(4));
    EXPECT_EQ(settings.profile_default, "swing");
    EXPECT_FALSE(settings.include_carry);
    EXPECT_EQ(settings.scan_interval, std::chrono::milliseconds(250));
    EXPECT_EQ(settings.http_port, 0);
    EXPECT_EQ(settings.http_address, "127.0.0.1");
    EXPECT_EQ(settings.redis_url,
              (core::RedisUrl{.host = "cache", .port = 1, .user = "u", .password = "p", .database = 2}));
    EXPECT_EQ(settings.postgres_url, "postgresql://u:p@db/scanner");
    EXPECT_EQ(settings.bar_1m_retention, std::chrono::days(7));
    EXPECT_EQ(settings.log_level, core::LogLevel::warning);
    EXPECT_EQ(settings.log_format, LogFormat::text);
}

TEST(Settings, read_symbols_in_any_spelling) {
    const auto symbols = [](std::string text) {
        return from_environment({{"SCANNER_SYMBOLS", std::move(text)}}).symbols;
    };
    EXPECT_THAT(symbols(R"(["BTC/USDT:USDT", "ethusdt"])"), ElementsAre("BTC-USDT", "ETH-USDT"));
    EXPECT_THAT(symbols(" btc , ETH-USDT,,BTC/USDT:USDT, "), ElementsAre("BTC-USDT", "ETH-USDT"));
    EXPECT_THAT(symbols(R"(["\u9f99\u867e", "\ud83e\udd9e"])"), ElementsAre("龙虾-USDT", "🦞-USDT"));
    EXPECT_THAT(symbols("[]"), IsEmpty());
    EXPECT_THAT(symbols(""), IsEmpty());
    EXPECT_THAT(symbols(" , "), IsEmpty());
}

class BadSymbols : public testing::TestWithParam<std::string> {};
TEST_P(BadSymbols, are_a_problem) {
    EXPECT_THAT(problems_in_environment({{"SCANNER_SYMBOLS", GetParam()}}), ElementsAre(HasSubstr("SCANNER_SYMBOLS")));
}
INSTANTIATE_TEST_SUITE_P(Settings, BadSymbols,
                         testing::Values("[", "[btc]", R"(["btc")", R"(["btc",])", R"(["btc"] x)", R"(["btc" "eth"])",
                                         R"([1])", R"(["\ud83e"])", R"(["\udd9e"])", R"(["\x"])", R"(["\u12"])",
                                         "[\"a\nb\"]", "btc,B TC", R"([["btc"]])", "btc;eth"));

TEST(Settings, read_cors_origins_as_browsers_send_them) {
    const auto origins = [](std::string text) {
        return from_environment({{"SCANNER_CORS_ORIGINS", std::move(text)}}).cors_origins;
    };
    EXPECT_THAT(origins("https://Panel.example.com/, http://localhost:3000"),
                ElementsAre("https://panel.example.com", "http://localhost:3000"));
    EXPECT_THAT(origins("https://a.example:443,http://[::1]:80"), ElementsAre("https://a.example", "http://[::1]"));
    EXPECT_THAT(origins(R"(["*"])"), ElementsAre("*"));
    EXPECT_THAT(origins(""), IsEmpty());
    for (const auto* const bad :
         {"panel.example.com", "https://a/path", "https://u:p@a", "ftp://a", "*,https://a", "https://a?x"}) {
        EXPECT_THAT(problems_in_environment({{"SCANNER_CORS_ORIGINS", bad}}), testing::SizeIs(1)) << bad;
    }
}

TEST(Settings, read_the_base_path_without_its_last_slash) {
    const auto path = [](std::string text) {
        return from_environment({{"SCANNER_BASE_PATH", std::move(text)}}).base_path;
    };
    EXPECT_EQ(path("/scanner"), "/scanner");
    EXPECT_EQ(path("/tools/scanner_1.0~x/"), "/tools/scanner_1.0~x");
    EXPECT_EQ(path("/"), "");
    EXPECT_EQ(path(""), "");
    for (const std::string& bad : std::vector<std::string>{
             "scanner", "//scanner", "/a//b", "/a/../b", "/.", "/a b", "/a?b", "/a#b", "/a%20b", "/\"><script>",
             "/a\\b", "https://host/scanner", "/龙", "/" + std::string(200, 'a')}) {
        EXPECT_THAT(problems_in_environment({{"SCANNER_BASE_PATH", bad}}), testing::SizeIs(1)) << bad;
    }
}

TEST(Settings, keep_the_old_names) {
    const Settings settings = from_environment({{"SCANNER_SCAN_INTERVAL_S", "20"},
                                                {"SCANNER_MARKETS_CACHE_TTL_S", "30"},
                                                {"SCANNER_ADAPTER_TIMEOUT_S", "40"},
                                                {"SCANNER_ADAPTER_COOLDOWN_S", "50"},
                                                {"SCANNER_REDIS_SNAPSHOTS_TTL_S", "70"},
                                                {"SCANNER_REDIS_RANKINGS_TTL_S", "80"},
                                                {"REQUESTS_CA_BUNDLE", "/etc/ca.pem"}});
    EXPECT_EQ(settings.scan_interval, std::chrono::seconds(20));
    EXPECT_EQ(settings.markets_cache_ttl, std::chrono::seconds(30));
    EXPECT_EQ(settings.adapter_timeout, std::chrono::seconds(40));
    EXPECT_EQ(settings.adapter_cooldown, std::chrono::seconds(50));
    EXPECT_EQ(settings.redis_snapshots_ttl, std::chrono::seconds(70));
    EXPECT_EQ(settings.redis_rankings_ttl, std::chrono::seconds(80));
    EXPECT_EQ(settings.ca_bundle_path, "/etc/ca.pem");
}

TEST(Settings, prefer_the_new_name_and_say_so) {
    const LoadedSettings loaded =
        load({.file = {},
              .environment = {{"SCANNER_SCAN_INTERVAL_S", "20"}, {"SCANNER_SCAN_INTERVAL_SEC", "30"}},
              .flags = {}});
    EXPECT_EQ(loaded.settings.scan_interval, std::chrono::seconds(30));
    EXPECT_THAT(loaded.warnings,
                ElementsAre("SCANNER_SCAN_INTERVAL_S (environment) is overridden by SCANNER_SCAN_INTERVAL_SEC"));
    EXPECT_EQ(load({.file = {{"SCANNER_SCAN_INTERVAL_SEC", "30"}},
                    .environment = {{"SCANNER_SCAN_INTERVAL_S", "20"}},
                    .flags = {}})
                  .settings.scan_interval,
              std::chrono::seconds(20))
        << "the source goes before the name";
}

TEST(Settings, take_an_empty_text_for_not_given_where_it_cannot_be_a_value) {
    const LoadedSettings loaded =
        load({.file = {{"SCANNER_HTTP_PORT", "1"}, {"SCANNER_SYMBOLS", "btc"}, {"REQUESTS_CA_BUNDLE", ""}},
              .environment = {{"SCANNER_HTTP_PORT", ""},
                              {"SCANNER_SYMBOLS", ""},
                              {"SCANNER_CA_BUNDLE_PATH", ""},
                              {"REQUESTS_CA_BUNDLE", "/ca"}},
              .flags = {}});
    EXPECT_EQ(loaded.settings.http_port, 1);
    EXPECT_EQ(loaded.sources.find("SCANNER_HTTP_PORT")->second, SettingSource::file);
    EXPECT_THAT(loaded.settings.symbols, IsEmpty()) << "an empty list is a value, and overrides";
    EXPECT_EQ(loaded.settings.ca_bundle_path, "/ca") << "an empty name does not hide its alias";
    EXPECT_THAT(problems_of({.file = {}, .environment = {}, .flags = {{"SCANNER_HTTP_PORT", ""}}}),
                ElementsAre(HasSubstr("--http-port is \"\"")))
        << "a flag is always given on purpose";
}

TEST(Settings, report_every_problem_at_once_with_what_would_be_right) {
    EXPECT_THAT(problems_of({.file = {{"SCANNER_EXCHANGE", "gamma"}},
                             .environment = {{"SCANNER_MIN_QVOL_USDT", "lots"},
                                             {"SCANNER_SCAN_INTERVAL_S", "0"},
                                             {"SCANNER_INCLUDE_CARRY", "maybe"}},
                             .flags = {{"SCANNER_HTTP_PORT", "99999"}}}),
                ElementsAre("SCANNER_EXCHANGE (file) is \"gamma\": expected alpha or beta",
                            "SCANNER_MIN_QVOL_USDT (environment) is \"lots\": expected a number of at least 0 (USDT)",
                            "SCANNER_INCLUDE_CARRY (environment) is \"maybe\": expected true or false",
                            "SCANNER_SCAN_INTERVAL_S (environment) is \"0\": expected seconds from 0.1 to 3600",
                            "--http-port is \"99999\": expected a port from 0 to 65535 (0: any free one)"));
}

struct BadValue {
    std::string name;
    std::string value;
};
class BadSetting : public testing::TestWithParam<BadValue> {};
TEST_P(BadSetting, is_a_problem) {
    EXPECT_THAT(problems_in_environment({{GetParam().name, GetParam().value}}), ElementsAre(HasSubstr(GetParam().name)))
        << GetParam().value;
}
INSTANTIATE_TEST_SUITE_P(
    Settings, BadSetting,
    testing::Values(
        BadValue{"SCANNER_EXCHANGE_URL", "api.hbdm.com"}, BadValue{"SCANNER_EXCHANGE_URL", "ftp://api.hbdm.com"},
        BadValue{"SCANNER_EXCHANGE_URL", "https://u:p@api.hbdm.com"}, BadValue{"SCANNER_EXCHANGE_URL", "https://h/?q"},
        BadValue{"SCANNER_UNIVERSE", "stocks"}, BadValue{"SCANNER_MIN_QVOL_USDT", "-1"},
        BadValue{"SCANNER_MIN_QVOL_USDT", "nan"}, BadValue{"SCANNER_MIN_QVOL_USDT", "1e16"},
        BadValue{"SCANNER_MAX_SPREAD_BPS", "10001"}, BadValue{"SCANNER_NOTIONAL_TEST", "0"},
        BadValue{"SCANNER_TIMEFRAME", "2m"}, BadValue{"SCANNER_PROFILE_DEFAULT", "sclap"},
        BadValue{"SCANNER_TOPN_DEFAULT", "0"}, BadValue{"SCANNER_TOPN_DEFAULT", "2001"},
        BadValue{"SCANNER_TOPN_DEFAULT", "12.5"}, BadValue{"SCANNER_SCAN_CONCURRENCY", "0"},
        BadValue{"SCANNER_SCAN_INTERVAL_SEC", "15s"}, BadValue{"SCANNER_REQUEST_BUDGET_PER_SEC", "801"},
        BadValue{"SCANNER_HTTP_ADDRESS", "example.com"}, BadValue{"SCANNER_HTTP_ADDRESS", "127.0.0.256"},
        BadValue{"SCANNER_HTTP_ADDRESS", std::string("127.0.0.1\0x", 11)}, BadValue{"SCANNER_HTTP_PORT", "-1"},
        BadValue{"SCANNER_HTTP_PORT", "65536"}, BadValue{"SCANNER_API_TOKEN", "two words"},
        BadValue{"SCANNER_ALLOWED_HOSTS", "https://scanner.example"}, BadValue{"SCANNER_ALLOWED_HOSTS", "a:8010"},
        BadValue{"SCANNER_ALLOWED_HOSTS", "[::1]:8010"}, BadValue{"SCANNER_ALLOWED_HOSTS", "a b"},
        BadValue{"SCANNER_ALLOWED_HOSTS", "*/x"}, BadValue{"SCANNER_TRUSTED_PROXIES", "proxy.example"},
        BadValue{"SCANNER_TRUSTED_PROXIES", "10.0.0.0/33"}, BadValue{"SCANNER_TRUSTED_PROXIES", "0.0.0.0/0"},
        BadValue{"SCANNER_TRUSTED_PROXIES", "127.0.0.1:80"}, BadValue{"SCANNER_API_TOKEN", "schlüssel"},
        BadValue{"SCANNER_REDIS_URL", "localhost:6379"}, BadValue{"SCANNER_POSTGRES_URL", "sqlite:///x.db"},
        BadValue{"SCANNER_BAR_1M_RETENTION_DAYS", "0"}, BadValue{"SCANNER_ALERT_WEBHOOK_URL", "hooks.example.com"},
        BadValue{"SCANNER_SIGNAL_CHANNEL", "a\nb"}, BadValue{"SCANNER_LOG_LEVEL", "loud"},
        BadValue{"SCANNER_LOG_FORMAT", "xml"}));

TEST(Settings, never_repeat_a_secret) {
    const auto problems = problems_in_environment({{"SCANNER_API_TOKEN", "my secret"},
                                                   {"SCANNER_ALERT_WEBHOOK_SECRET", "my secret"},
                                                   {"SCANNER_REDIS_URL", "redis://u:secret@cache/x"},
                                                   {"SCANNER_POSTGRES_URL", "mysql://u:secret@db/x"},
                                                   {"SCANNER_ALERT_WEBHOOK_URL", "ftp://hooks.example.com/secret"},
                                                   {"SCANNER_EXCHANGE_URL", "https://u:secret@api.hbdm.com"}});
    EXPECT_EQ(problems.size(), 6U);
    EXPECT_THAT(problems, testing::Each(Not(HasSubstr("secret@"))));
    EXPECT_THAT(problems, testing::Each(Not(HasSubstr("my secret"))));
    EXPECT_THAT(problems, testing::Each(Not(HasSubstr("com/secret"))));
}

TEST(Settings, show_no_secret_as_text) {
    const Settings settings = from_environment({{"SCANNER_API_TOKEN", "0123456789abcdef"},
                                                {"SCANNER_REDIS_URL", "redis://u:hunter2@cache"},
                                                {"SCANNER_POSTGRES_URL", "postgresql://u:hunter2@db/x"},
                                                {"SCANNER_ALERT_WEBHOOK_URL", "https://hooks.example.com/hunter2"},
                                                {"SCANNER_ALERT_WEBHOOK_SECRET", "hunter2"}});
    EXPECT_EQ(setting_text(settings, "SCANNER_API_TOKEN"), "***");
    EXPECT_EQ(setting_text(settings, "SCANNER_REDIS_URL"), "redis://u:***@cache:6379/0");
    EXPECT_EQ(setting_text(settings, "SCANNER_POSTGRES_URL"), "postgresql://u:***@db/x");
    EXPECT_EQ(setting_text(settings, "SCANNER_ALERT_WEBHOOK_URL"), "https://hooks.example.com/***");
    EXPECT_EQ(setting_text(settings, "SCANNER_ALERT_WEBHOOK_SECRET"), "***");
    EXPECT_EQ(setting_text(Settings(), "SCANNER_API_TOKEN"), "");
    EXPECT_EQ(setting_text(settings, "SCANNER_NO_SUCH"), "");
}

TEST(Settings, need_a_token_where_others_can_reach) {
    for (const auto* const address : {"0.0.0.0", "::", "192.168.1.5"}) {
        EXPECT_THAT(problems_in_environment({{"SCANNER_HTTP_ADDRESS", address}}),
                    ElementsAre(AllOf(HasSubstr("SCANNER_API_TOKEN is not set"), HasSubstr(address),
                                      HasSubstr("ALLOW_ANONYMOUS_WRITES"))));
    }
    from_environment({{"SCANNER_HTTP_ADDRESS", "0.0.0.0"}, {"SCANNER_API_TOKEN", "0123456789abcdef"}});
    from_environment({{"SCANNER_HTTP_ADDRESS", "127.0.0.2"}});
    for (const auto* const token : {"a", "short-of-sixteen", "aaaaaaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabcabcabc",
                                    "password-password-1", "please-ChangeMe-now-1"}) {
        const std::string given = token == std::string_view("short-of-sixteen") ? "short-of-sixtee" : token;
        EXPECT_THAT(problems_in_environment({{"SCANNER_HTTP_ADDRESS", "0.0.0.0"}, {"SCANNER_API_TOKEN", given}}),
                    ElementsAre(AllOf(HasSubstr("SCANNER_API_TOKEN (environment)"), HasSubstr("16 characters"),
                                      Not(HasSubstr(given + "\"")))))
            << given;
        from_environment({{"SCANNER_API_TOKEN", given}});  // on loopback that is the operator's own affair
    }
    const LoadedSettings open =
        load({.file = {},
              .environment = {{"SCANNER_HTTP_ADDRESS", "0.0.0.0"}, {"SCANNER_ALLOW_ANONYMOUS_WRITES", "true"}},
              .flags = {}});
    EXPECT_THAT(open.warnings, ElementsAre(HasSubstr("anyone")));
    EXPECT_THAT(problems_in_environment({{"SCANNER_HTTP_ADDRESS", "0.0.0.0"}, {"SCANNER_API_TOKEN", "two words"}}),
                ElementsAre(HasSubstr("SCANNER_API_TOKEN (environment) is \"***\"")))
        << "one problem with the token, not two";
}

TEST(Settings, list_hosts_and_proxies) {
    const Settings settings = from_environment(
        {{"SCANNER_ALLOWED_HOSTS", "Scanner.Example, 192.168.1.7,2001:db8::7,[2001:db8::8],scanner.example"},
         {"SCANNER_TRUSTED_PROXIES", R"(["127.0.0.1","10.1.2.3/8","::1"])"}});
    EXPECT_THAT(settings.allowed_hosts, ElementsAre("scanner.example", "192.168.1.7", "2001:db8::7", "2001:db8::8"));
    EXPECT_EQ(setting_text(settings, "SCANNER_TRUSTED_PROXIES"), "127.0.0.1,10.0.0.0/8,::1");
    ASSERT_EQ(settings.trusted_proxies.size(), 3U);
    EXPECT_TRUE(settings.trusted_proxies[1].contains(*core::parse_address("10.200.0.1")));
    EXPECT_TRUE(from_environment({{"SCANNER_TRUSTED_PROXIES", ""}}).trusted_proxies.empty());
}

TEST(Settings, warn_of_doubtful_combinations) {
    const auto warnings = [](SettingTexts texts) {
        return load({.file = {}, .environment = std::move(texts), .flags = {}}).warnings;
    };
    EXPECT_THAT(warnings({{"SCANNER_SCAN_INTERVAL_SEC", "90"}}),
                ElementsAre(HasSubstr("SCANNER_REDIS_SNAPSHOTS_TTL_SEC")));
    EXPECT_THAT(warnings({{"SCANNER_API_TOKEN", "short"}}), ElementsAre(HasSubstr("guessed")));
    EXPECT_THAT(warnings({{"SCANNER_ALERT_WEBHOOK_SECRET", "x"}}), ElementsAre(HasSubstr("nothing is posted")));
}

TEST(Settings, warn_of_unknown_names_with_the_nearest_known) {
    const LoadedSettings loaded = load({.file = {{"SCANNER_MIN_QVOL", "1"}, {"OTHER", "x"}},
                                        .environment = {{"PATH", "/bin"},
                                                        {"SCANNER_HTP_PORT", "1"},
                                                        {"SCANNER_ZZZZZZZZ", "1"},
                                                        {"scanner_symbols", "btc"}},
                                        .flags = {}});
    EXPECT_THAT(loaded.warnings,
                ElementsAre("SCANNER_MIN_QVOL (file) is not a setting; did you mean SCANNER_MIN_QVOL_USDT?",
                            "SCANNER_HTP_PORT (environment) is not a setting; did you mean SCANNER_HTTP_PORT?",
                            "SCANNER_ZZZZZZZZ (environment) is not a setting",
                            "scanner_symbols (environment) is not a setting; did you mean SCANNER_SYMBOLS?"));
}

TEST(Settings, cut_long_values_in_problems) {
    const auto problems = problems_in_environment({{"SCANNER_UNIVERSE", std::string(10'000, 'x')}});
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_LT(problems.front().size(), 250U);
}

TEST(SettingInfos, are_complete) {
    std::set<std::string> flags;
    for (const auto& info : setting_infos()) {
        EXPECT_TRUE(info.name.starts_with("SCANNER_")) << info.name;
        EXPECT_FALSE(info.help.empty()) << info.name;
        EXPECT_TRUE(info.help.ends_with('.')) << info.name;
        EXPECT_FALSE(info.expected.empty()) << info.name;
        EXPECT_FALSE(info.section.empty()) << info.name;
        EXPECT_TRUE(flags.insert(info.flag).second) << info.flag;
    }
    EXPECT_TRUE(flags.contains("bar-1m-retention-days"));
}

TEST(SettingInfos, know_their_secrets) {
    std::vector<std::string_view> secrets;
    for (const auto& info : setting_infos()) {
        if (info.secret) secrets.push_back(info.name);
    }
    EXPECT_THAT(secrets, testing::UnorderedElementsAre("SCANNER_EXCHANGE_URL", "SCANNER_FEED_URL", "SCANNER_API_TOKEN",
                                                       "SCANNER_REDIS_URL", "SCANNER_POSTGRES_URL",
                                                       "SCANNER_ALERT_WEBHOOK_URL", "SCANNER_ALERT_WEBHOOK_SECRET"));
}

TEST(SettingTexts, can_be_read_back) {
    const Settings settings = from_environment({{"SCANNER_SYMBOLS", "btc,龙虾"},
                                                {"SCANNER_SCAN_INTERVAL_SEC", "0.125"},
                                                {"SCANNER_MIN_QVOL_USDT", "0.1"},
                                                {"SCANNER_TIMEFRAME", "1h"},
                                                {"SCANNER_LOG_LEVEL", "warn"},
                                                {"SCANNER_HTTP_ADDRESS", "::1"},
                                                {"SCANNER_CORS_ORIGINS", "https://a.example,http://b.example:8080"},
                                                {"SCANNER_REDIS_URL", "redis://[::1]/3"},
                                                {"SCANNER_METRICS_ENABLED", "no"},
                                                {"SCANNER_BASE_PATH", "/scanner"}});
    SettingTexts texts;
    for (const auto& info : setting_infos()) texts.emplace(info.name, setting_text(settings, info.name));
    EXPECT_EQ(from_environment(texts), settings);
    EXPECT_EQ(texts["SCANNER_MIN_QVOL_USDT"], "0.1");
    EXPECT_EQ(setting_text(Settings(), "SCANNER_MIN_QVOL_USDT"), "20000000") << "no exponents for people";
}

TEST(ReloadSettings, applies_what_can_change_and_names_what_cannot) {
    Settings fresh;
    fresh.min_qvol_usdt = 1.0;
    fresh.log_level = core::LogLevel::debug;
    fresh.http_port = 9;
    fresh.data_dir = "/elsewhere";
    const SettingsReload reload = reload_settings(Settings(), fresh);
    EXPECT_THAT(reload.changed, ElementsAre("SCANNER_MIN_QVOL_USDT", "SCANNER_LOG_LEVEL"));
    EXPECT_THAT(reload.needs_restart, ElementsAre("SCANNER_HTTP_PORT", "SCANNER_DATA_DIR"));
    EXPECT_EQ(reload.settings.min_qvol_usdt, 1.0);
    EXPECT_EQ(reload.settings.log_level, core::LogLevel::debug);
    EXPECT_EQ(reload.settings.http_port, Settings().http_port);
    EXPECT_EQ(reload.settings.data_dir, Settings().data_dir);
}

TEST(ReloadSettings, changes_nothing_when_nothing_changed) {
    const SettingsReload reload = reload_settings(Settings(), Settings());
    EXPECT_EQ(reload.settings, Settings());
    EXPECT_THAT(reload.changed, IsEmpty());
    EXPECT_THAT(reload.needs_restart, IsEmpty());
}

}  // namespace
}  // namespace scanner::settings
