#include "net/scripted_server.hpp"
#include "support/run_coroutine.hpp"

#include "scanner/net/http_client.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace scanner::net {
namespace {

using test::ok;
using test::run_on;
using test::ScriptedServer;

TEST(CurlClient, connects_to_public_addresses_only_when_told_so) {
    boost::asio::io_context io(1);
    ScriptedServer server(io, [](const std::string&) { return ok("{}"); });
    const auto client = make_curl_client(io.get_executor(), {});
    const std::string port = server.url("/").substr(server.url("/").rfind(':'));
    for (const std::string host :
         {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"}) {
        ClientRequest request{.url = "http://" + host + port};
        const auto open = run_on(io, client->send(request));
        if (host == "127.0.0.1") ASSERT_TRUE(open) << open.error().message();
        request.public_address_only = true;
        // Also where an open connection of the request before could be used.
        const auto refused = run_on(io, client->send(request));
        ASSERT_FALSE(refused) << host;
        EXPECT_EQ(refused.error().code(), core::ErrorCode::invalid_input) << host << ": " << refused.error().message();
        EXPECT_NE(refused.error().message().find("no public address"), std::string::npos) << refused.error().message();
    }
    const auto open_again = run_on(io, client->send({.url = "http://127.0.0.1" + port}));
    EXPECT_TRUE(open_again);
}

}  // namespace
}  // namespace scanner::net
