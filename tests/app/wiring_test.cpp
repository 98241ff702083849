#include "app/wiring.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

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

/// What `sequence` holds, as it is read at the start.
std::optional<std::uint64_t> reserved(core::Result<std::string> text, bool aside) {
    class Sequence final : public alerts::StateFile {
    public:
        explicit Sequence(core::Result<std::string> text) : text_(std::move(text)) {}
        core::Result<std::string> read() override { return text_; }
        boost::asio::awaitable<core::Result<void>> write(std::string text) override {
            text_ = std::move(text);
            co_return core::Result<void>();
        }
        void set_aside() override { aside_ = true; }
        [[nodiscard]] bool aside() const { return aside_; }

    private:
        core::Result<std::string> text_;
        bool aside_ = false;
    };
    Sequence sequence(std::move(text));
    const auto number = reserved_sequence(sequence);
    EXPECT_EQ(sequence.aside(), aside);
    return number;
}

TEST(ReservedSequence, tells_none_from_one_that_cannot_be_read) {
    EXPECT_EQ(reserved("4000\n", false), 4'000U);
    EXPECT_EQ(reserved(core::fail(core::ErrorCode::not_found, "no file"), false), 0U);
    EXPECT_EQ(reserved(core::fail(core::ErrorCode::io, "a bad disk"), false), std::nullopt);
    for (const char* const damaged : {"", "40x0", "-1", "9223372036854775807", "99999999999999999999"}) {
        EXPECT_EQ(reserved(damaged, true), std::nullopt) << damaged;
    }
}

TEST(AlertOptions, are_live_only_where_there_is_a_feed) {
    settings::Settings settings;
    settings.exchange_url = "http://127.0.0.1:18080";
    settings.feed = settings::FeedMode::automatic;
    EXPECT_TRUE(alert_options(settings).live);
    settings.feed_url = "no-address";
    EXPECT_FALSE(alert_options(settings).live);
    settings.feed_url.reset();
    settings.feed = settings::FeedMode::off;
    EXPECT_FALSE(alert_options(settings).live);
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
