#include "app/service.hpp"
#include "support/raw_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

/// What SECURITY.md promises of the programs as they are built and as they run.
namespace scanner::app {
namespace {

using nlohmann::json;
using test::RawClient;
using test::Service;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// -- how they are built ----------------------------------------------------------------------------------------------

/// The parts of an ELF file that hardening shows in. 64 bits, little-endian: what Debian builds for here.
class ElfFile {
public:
    explicit ElfFile(const std::string& path) {
        std::error_code error;
        const auto size = std::filesystem::file_size(path, error);
        if (error) return;
        bytes_.resize(size);
        std::ifstream(path, std::ios::binary).read(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    }
    [[nodiscard]] bool valid() const {
        return bytes_.size() > sizeof(Elf64_Ehdr) && bytes_.starts_with(ELFMAG) && bytes_[EI_CLASS] == ELFCLASS64;
    }
    [[nodiscard]] bool position_independent() const { return header().e_type == ET_DYN; }
    [[nodiscard]] const Elf64_Phdr* segment(Elf64_Word type) {
        segments_.resize(header().e_phnum);
        std::memcpy(segments_.data(), bytes_.data() + header().e_phoff, segments_.size() * sizeof(Elf64_Phdr));
        const auto found = std::ranges::find(segments_, type, &Elf64_Phdr::p_type);
        return found == segments_.end() ? nullptr : &*found;
    }
    /// Whether symbols are resolved at the start, after which their table is read-only.
    [[nodiscard]] bool binds_now() {
        const Elf64_Phdr* const dynamic = segment(PT_DYNAMIC);
        if (dynamic == nullptr) return false;
        std::vector<Elf64_Dyn> entries(dynamic->p_filesz / sizeof(Elf64_Dyn));
        std::memcpy(entries.data(), bytes_.data() + dynamic->p_offset, entries.size() * sizeof(Elf64_Dyn));
        return std::ranges::any_of(entries, [](const Elf64_Dyn& entry) {
            return entry.d_tag == DT_BIND_NOW || (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_BIND_NOW) != 0) ||
                   (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_NOW) != 0);
        });
    }
    /// Whether it takes `symbol` from a library: by its name in the file's tables.
    [[nodiscard]] bool imports(std::string_view symbol) const {
        return bytes_.find('\0' + std::string(symbol) + '\0') != std::string::npos;
    }

private:
    [[nodiscard]] Elf64_Ehdr header() const {
        Elf64_Ehdr header;
        std::memcpy(&header, bytes_.data(), sizeof header);
        return header;
    }

    std::string bytes_;
    std::vector<Elf64_Phdr> segments_;
};

class HardeningTest : public testing::TestWithParam<const char*> {};

TEST_P(HardeningTest, is_built_in) {
    ElfFile file(SCANNER_BIN_DIR "/" + std::string(GetParam()));
    ASSERT_TRUE(file.valid()) << "not built?";
    if (file.imports("__asan_init") || file.imports("__tsan_init")) GTEST_SKIP() << "a sanitizer's build";
    EXPECT_TRUE(file.position_independent()) << "PIE";
    EXPECT_NE(file.segment(PT_GNU_RELRO), nullptr) << "RELRO";
    EXPECT_TRUE(file.binds_now()) << "full RELRO";
    const Elf64_Phdr* const stack = file.segment(PT_GNU_STACK);
    ASSERT_NE(stack, nullptr);
    EXPECT_EQ(stack->p_flags & PF_X, 0U) << "no code on the stack";
    EXPECT_TRUE(file.imports("__stack_chk_fail")) << "stack protector";
#ifdef NDEBUG
    EXPECT_TRUE(file.imports("__memcpy_chk") || file.imports("__read_chk") || file.imports("__snprintf_chk"))
        << "_FORTIFY_SOURCE";
#endif
}

INSTANTIATE_TEST_SUITE_P(Programs, HardeningTest, testing::Values("market-scanner", "htx-simulator"),
                         [](const auto& tested) {
                             return std::string(tested.param).starts_with("market") ? "market_scanner"
                                                                                    : "htx_simulator";
                         });

// -- how they run ----------------------------------------------------------------------------------------------------

TEST(Secrets, are_in_no_log_and_no_answer) {
    const std::vector<std::string> secrets{"token-hush-1111", "redis-hush-2222", "postgres-hush-3333",
                                           "webhook-hush-4444", "path-hush-5555"};
    // Stores and a receiver that are not there, so that there is something to complain about.
    Service service({.environment = {"SCANNER_API_TOKEN=" + secrets[0],
                                     "SCANNER_REDIS_URL=redis://user:" + secrets[1] + "@127.0.0.1:1/0",
                                     "SCANNER_POSTGRES_URL=postgresql://user:" + secrets[2] + "@127.0.0.1:1/db",
                                     "SCANNER_ALERT_WEBHOOK_SECRET=" + secrets[3],
                                     "SCANNER_ALERT_WEBHOOK_URL=http://127.0.0.1:1/hooks/" + secrets[4],
                                     "SCANNER_LOG_LEVEL=debug"}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    std::string shown;
    for (const char* const target : {"/healthz/details", "/metrics", "/settings", "/openapi.json", "/alerts/rules"}) {
        if (const auto answer = service.get(target)) shown += answer->body;
    }
    RawClient client(service.port());
    client.send("POST /settings HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer " + secrets[0] +
                "x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    const std::string refused = client.read_all();
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 403 "));
    shown += refused;
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
    shown += service.scanner().output();
    EXPECT_THAT(shown, HasSubstr("scan_cycle"));
    for (const std::string& secret : secrets) EXPECT_THAT(shown, Not(HasSubstr(secret)));
}

TEST(Traversal, leads_to_no_file) {
    Service service;
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    for (const std::string path :
         {"/panel/../../../../etc/passwd", "/panel/..%2f..%2f..%2fetc/passwd", "/panel/%2e%2e/%2e%2e/etc/passwd",
          "/panel//etc/passwd", "/panel/assets/../../../etc/passwd", "/panel/..\\..\\etc\\passwd",
          "/panel/%00/etc/passwd", "/docs/../../etc/passwd", "/../etc/passwd"}) {
        RawClient client(service.port());
        client.send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        const std::string answer = client.read_all();
        EXPECT_THAT(answer, testing::AnyOf(StartsWith("HTTP/1.1 400 "), StartsWith("HTTP/1.1 404 "))) << path;
        EXPECT_THAT(answer, Not(HasSubstr("root:"))) << path;
    }
}

// -- what it takes from strangers ------------------------------------------------------------------------------------

std::size_t memory_of(Service& service) {
    std::ifstream statm("/proc/" + std::to_string(service.scanner().pid()) + "/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::string ask(Service& service, const std::string& head, const char* source = nullptr) {
    RawClient client(service.port(), 0, source);
    client.send(head + "Connection: close\r\n\r\n");
    return client.read_all();
}

TEST(Bodies, that_no_route_takes_use_no_memory) {
    Service service;
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const std::size_t before = memory_of(service);
    const std::string body(999'999, 'x');  // a byte less than announced: it is still to come
    std::size_t peak = before;
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 400; ++i) {
        clients.push_back(std::make_unique<RawClient>(service.port(), 0, "127.0.0.2"));
        const std::string target = i % 2 == 0 ? "/health" : "/settings";
        clients.back()->send("POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n" +
                             body);
        peak = std::max(peak, memory_of(service));
    }
    EXPECT_LT(peak - before, std::size_t{48} << 20U) << "of 400 MB that were sent";
    EXPECT_THAT(clients.back()->read_all(), StartsWith("HTTP/1.1 413 "));
    EXPECT_EQ(service.status_of("/health"), 200);
}

TEST(Bodies, of_the_operators_routes_are_bounded_in_sum) {
    Service service;
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const std::size_t before = memory_of(service);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 1'000; ++i) {
        clients.push_back(std::make_unique<RawClient>(service.port(), 0, "127.0.0.2"));
        clients.back()->send("POST /settings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 65536\r\n\r\n" +
                             std::string(65'000, 'x'));
    }
    EXPECT_LT(memory_of(service) - before, std::size_t{40} << 20U) << "of 65 MB that were sent by one client";
    EXPECT_THAT(clients.back()->read_until("\r\n\r\n"),
                testing::AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: ")));
    EXPECT_EQ(service.status_of("/health"), 200);
}

TEST(ForeignHosts, learn_nothing_on_loopback_without_a_token) {
    Service service;
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const std::string evil = " HTTP/1.1\r\nHost: evil.example:8010\r\n";
    for (const char* target : {"/settings", "/watchlists", "/alerts/dead-letters", "/rankings", "/healthz/details",
                               "/ready", "/panel", "/stream/events", "/openapi.json"}) {
        EXPECT_THAT(ask(service, std::string("GET ") + target + evil), StartsWith("HTTP/1.1 421 ")) << target;
        const std::string own = " HTTP/1.1\r\nHost: localhost:8010\r\n";
        if (std::string_view(target) == "/stream/events") continue;
        EXPECT_THAT(ask(service, std::string("GET ") + target + own), Not(StartsWith("HTTP/1.1 421 "))) << target;
    }
    const std::string upgrade =
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Origin: http://evil.example:8010\r\nConnection: Upgrade\r\n\r\n";
    RawClient socket(service.port());
    socket.send("GET /stream/rankings" + evil + upgrade);
    EXPECT_THAT(socket.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 421 "));
    EXPECT_THAT(ask(service, "GET /health" + evil), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(ask(service, "GET /metrics" + evil), StartsWith("HTTP/1.1 200 "));
}

TEST(ForeignHosts, are_let_in_by_a_list_or_by_a_token) {
    const std::string evil = "GET /settings HTTP/1.1\r\nHost: scanner.example\r\n";
    Service listed({.environment = {"SCANNER_ALLOWED_HOSTS=scanner.example"}});
    Service tokened({.environment = {"SCANNER_API_TOKEN=a-token-for-this-test"}});
    ASSERT_TRUE(listed.wait_until_ready() && tokened.wait_until_ready());
    EXPECT_THAT(ask(listed, evil), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(ask(listed, "GET /settings HTTP/1.1\r\nHost: other.example\r\n"), StartsWith("HTTP/1.1 421 "));
    EXPECT_THAT(ask(tokened, evil), StartsWith("HTTP/1.1 200 "));
}

TEST(WrongTokens, are_logged_and_slowed_down_by_client) {
    Service service({.environment = {"SCANNER_API_TOKEN=a-token-for-this-test", "SCANNER_TRUSTED_PROXIES=127.0.0.1"}});
    ASSERT_TRUE(service.wait_until_ready()) << service.scanner().output();
    const auto save = [&service](const std::string& token, const std::string& client) {
        return ask(service, "POST /settings HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: " + client +
                                "\r\nContent-Type: application/json\r\nContent-Length: 0\r\nAuthorization: Bearer " +
                                token + "\r\n");
    };
    std::string last;
    for (int i = 0; i < 40; ++i) last = save("guess-hush-" + std::to_string(i), "192.0.2.66");
    EXPECT_THAT(last, testing::AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("Retry-After: ")));
    EXPECT_THAT(save("guess-hush", "192.0.2.77"), StartsWith("HTTP/1.1 403 "));
    EXPECT_THAT(save("a-token-for-this-test", "192.0.2.66"), StartsWith("HTTP/1.1 400 ")) << "the right one: no JSON";
    EXPECT_EQ(service.scanner().stop(SIGTERM), 0);
    const std::string log = service.scanner().output();
    EXPECT_THAT(log, HasSubstr(R"("event":"wrong_token")"));
    EXPECT_THAT(log, HasSubstr("192.0.2.66"));
    EXPECT_THAT(log, HasSubstr("192.0.2.77"));
    EXPECT_THAT(log, Not(HasSubstr("hush")));
    std::size_t lines = 0;
    for (auto at = log.find("wrong_token"); at != std::string::npos; at = log.find("wrong_token", at + 1)) ++lines;
    EXPECT_LE(lines, 4U) << "of 41";
}

}  // namespace
}  // namespace scanner::app
