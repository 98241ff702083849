#pragma once

#include "support/websocket_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

namespace scanner::test {

/// Authorities and certificates for tests, made by the openssl program, in a folder that goes with this.
class TlsAuthority {
public:
    TlsAuthority() {
        std::string pattern = (std::filesystem::temp_directory_path() / "scanner-tls-XXXXXX").string();
        EXPECT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem "
            "-days 2 -subj /CN=test-ca");
    }
    ~TlsAuthority() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    TlsAuthority(const TlsAuthority&) = delete;
    TlsAuthority& operator=(const TlsAuthority&) = delete;

    [[nodiscard]] std::string bundle() const { return (folder_ / "ca.pem").string(); }
    /// A server's certificate for `alternative`, e.g. "DNS:localhost" or "IP:127.0.0.1".
    [[nodiscard]] TlsFiles issue(const std::string& name, const std::string& alternative) const {
        std::ofstream(folder_ / (name + ".ext")) << "subjectAltName=" << alternative << "\n";
        run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout " + name + ".key -out " +
            name + ".csr -subj /CN=server");
        run("openssl x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out " + name +
            ".pem -extfile " + name + ".ext");
        return {.certificate = (folder_ / (name + ".pem")).string(), .key = (folder_ / (name + ".key")).string()};
    }

private:
    void run(const std::string& command) const {
        const std::string quiet = "cd " + folder_.string() + " && " + command + " > openssl.log 2>&1";
        EXPECT_EQ(std::system(quiet.c_str()), 0) << command;  // NOLINT(concurrency-mt-unsafe)
    }

    std::filesystem::path folder_;
};

}  // namespace scanner::test
