#include "net/client/proxy_choice.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace scanner::net {
namespace {

std::string choose(const std::string& url, const std::map<std::string, std::string>& variables) {
    const auto target = request_target(url);
    EXPECT_TRUE(target) << url;
    if (!target) return "?";
    return proxy_for(*target, [&variables](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
}

TEST(RequestTarget, is_the_host_that_curl_connects_to) {
    const std::pair<const char*, const char*> hosts[]{
        {"http://example.com/x", "example.com"},
        {"https://user:pw@hooks.example.com:8443/x?y#z", "hooks.example.com"},
        {"http://good.example@127.0.0.1/x", "127.0.0.1"},
        {"http://good.example%40x@127.0.0.1/", "127.0.0.1"},
        {"http://127.1/", "127.0.0.1"},
        {"http://2130706433/", "127.0.0.1"},
        {"http://0x7f000001/", "127.0.0.1"},
        {"http://0177.0.0.1/", "127.0.0.1"},
        {"http://%31%32%37.0.0.1/", "127.0.0.1"},
        {"http://[::ffff:127.0.0.1]:80/", "::ffff:127.0.0.1"},
    };
    for (const auto& [url, host] : hosts) {
        const auto target = request_target(url);
        ASSERT_TRUE(target) << url;
        EXPECT_EQ(target->host, host) << url;
    }
    EXPECT_EQ(request_target("https://h/")->port, 443);
    EXPECT_EQ(request_target("http://h:81/")->port, 81);
    for (const char* url : {"", "h/x", "http://", "http://h:0/", "http://h:99999/", "http://a b/"}) {
        EXPECT_FALSE(request_target(url)) << url;
    }
}

TEST(ProxyFor, follows_the_usual_variables) {
    EXPECT_EQ(choose("http://h/", {}), "");
    EXPECT_EQ(choose("http://h/", {{"http_proxy", "p"}, {"all_proxy", "a"}}), "p");
    EXPECT_EQ(choose("http://h/", {{"HTTP_PROXY", "p"}}), "") << "a CGI server makes it of a request's header";
    EXPECT_EQ(choose("http://h/", {{"https_proxy", "p"}}), "");
    EXPECT_EQ(choose("https://h/", {{"https_proxy", "p"}, {"HTTPS_PROXY", "P"}}), "p");
    EXPECT_EQ(choose("https://h/", {{"HTTPS_PROXY", "P"}, {"http_proxy", "x"}}), "P");
    EXPECT_EQ(choose("https://h/", {{"ALL_PROXY", "A"}}), "A");
}

TEST(ProxyFor, leaves_out_what_no_proxy_names) {
    const auto direct = [](const std::string& url, const std::string& list) {
        const bool small = choose(url, {{"all_proxy", "p"}, {"no_proxy", list}}).empty();
        EXPECT_EQ(choose(url, {{"all_proxy", "p"}, {"NO_PROXY", list}}).empty(), small);
        return small;
    };
    EXPECT_TRUE(direct("http://a.example.com/", "*"));
    EXPECT_TRUE(direct("http://a.example.com/", "other, example.com"));
    EXPECT_TRUE(direct("http://a.example.com/", ".EXAMPLE.com."));
    EXPECT_TRUE(direct("http://a.example.com./", "a.example.com"));
    EXPECT_FALSE(direct("http://badexample.com/", "example.com"));
    EXPECT_FALSE(direct("http://a.example.com/", "b.example.com,,com.example"));
    EXPECT_TRUE(direct("http://10.1.2.3/", "192.168.0.0/16 10.0.0.0/8"));
    EXPECT_TRUE(direct("http://10.1.2.3/", "10.1.2.3"));
    EXPECT_FALSE(direct("http://10.1.2.3/", "10.0.0.0/16,2.3,10.1.2.3/99"));
    EXPECT_TRUE(direct("http://[fd00::1]/", "fd00::/8"));
    EXPECT_FALSE(direct("http://[fd00::1]/", "fe80::/10,10.0.0.0/8"));
}

}  // namespace
}  // namespace scanner::net
