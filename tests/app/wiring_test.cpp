#include "app/wiring.hpp"

#include <gtest/gtest.h>

namespace scanner::app {
namespace {

ranking::RankingOrigin origin_of(const std::string& url) {
    settings::Settings settings;
    settings.exchange_url = url;
    return ranking_origin(settings);
}

TEST(RankingOrigin, knows_htx_by_its_hosts_alone) {
    for (const char* const url : {"https://api.hbdm.com", "https://www.htx.com", "https://api.hbdm.vn",
                                  "https://api.btcgateway.pro", "https://API.HBDM.COM:443", "https://hbdm.com"})
        EXPECT_EQ(origin_of(url).exchange, "htx") << url;
    for (const char* const url : {"http://127.0.0.1:18080", "http://127.0.0.1/hbdm.com",
                                  "http://127.0.0.1:9010/htx.com", "http://127.0.0.1:9010/?host=api.hbdm.com",
                                  "https://hbdm.com.example", "https://nothbdm.com", "https://hbdm.com@evil.example"})
        EXPECT_EQ(origin_of(url).exchange, url);
}

TEST(AlertOptions, link_to_the_exchanges_page_of_a_contract) {
    EXPECT_EQ(alert_options(settings::Settings()).contract_page,
              "https://www.htx.com/futures/linear_swap/exchange"
              "#contract_code={contract_code}&contract_type=swap&type=cross");
}

TEST(RankingOrigin, is_of_the_installation_or_else_of_the_prefix) {
    settings::Settings settings;
    EXPECT_EQ(ranking_origin(settings).installation, "");
    settings.redis_key_prefix = "a:";
    EXPECT_EQ(ranking_origin(settings).installation, "a:");
    settings.installation_id = "main";
    EXPECT_EQ(ranking_origin(settings).installation, "main");
}

}  // namespace
}  // namespace scanner::app
