#include "app/service.hpp"
#include "support/raw_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
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
        client.send("GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        const std::string answer = client.read_all();
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 4")) << path;
        EXPECT_THAT(answer, Not(HasSubstr("root:"))) << path;
    }
}

}  // namespace
}  // namespace scanner::app
