#include "api/http/router.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace scanner::api {
namespace {

using Segments = std::vector<std::string>;

Router<int> make_router() {
    std::vector<Route<int>> routes;
    routes.push_back({"GET", PathPattern("/symbols"), "/symbols", 1});
    routes.push_back({"GET", PathPattern("/symbol/{symbol}/inspect"), "/inspect", 2});
    routes.push_back({"GET", PathPattern("/watchlists"), "/watchlists", 3});
    routes.push_back({"POST", PathPattern("/watchlists"), "/watchlists", 4});
    routes.push_back({"DELETE", PathPattern("/watchlists/{name}"), "/watchlists/{name}", 5});
    return Router<int>(std::move(routes));
}

TEST(Router, finds_by_method_and_path) {
    const auto router = make_router();
    const auto handler = [&router](std::string_view method, const Segments& path) {
        const auto match = router.match(method, path);
        return match.route == nullptr ? 0 : match.route->handler;
    };
    EXPECT_EQ(handler("GET", {"symbols"}), 1);
    EXPECT_EQ(handler("HEAD", {"symbols"}), 1);
    EXPECT_EQ(handler("POST", {"watchlists"}), 4);
    EXPECT_EQ(handler("DELETE", {"watchlists", "mine"}), 5);
    EXPECT_EQ(handler("POST", {"symbols"}), 0);
    EXPECT_EQ(handler("get", {"symbols"}), 0);
    EXPECT_EQ(handler("GET", {"Symbols"}), 0);
    EXPECT_EQ(handler("GET", {}), 0);
}

TEST(Router, lets_a_symbol_span_segments) {
    const auto router = make_router();
    const Segments raw{"symbol", "BTC", "USDT:USDT", "inspect"};
    const auto match = router.match("GET", raw);
    ASSERT_NE(match.route, nullptr);
    EXPECT_EQ(match.route->handler, 2);
    EXPECT_EQ(match.variable, "BTC/USDT:USDT");
    const Segments encoded{"symbol", "BTC/USDT:USDT", "inspect"};
    EXPECT_EQ(router.match("GET", encoded).variable, "BTC/USDT:USDT");
    const Segments nothing{"symbol", "inspect"};
    EXPECT_EQ(router.match("GET", nothing).route, nullptr);
    EXPECT_TRUE(router.match("GET", nothing).allow.empty());
}

TEST(Router, tells_the_methods_of_a_known_path) {
    const auto router = make_router();
    const Segments lists{"watchlists"};
    EXPECT_EQ(router.match("PATCH", lists).allow, "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(router.match("PATCH", lists).route, nullptr);
    const Segments list{"watchlists", "mine"};
    EXPECT_EQ(router.match("GET", list).allow, "DELETE, OPTIONS");
    const Segments unknown{"nowhere"};
    EXPECT_TRUE(router.match("GET", unknown).allow.empty());
}

}  // namespace
}  // namespace scanner::api
