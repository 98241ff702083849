#include "api/panel/panel_files.hpp"

#include "scanner/api/panel_handler.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace scanner::api {
namespace {

namespace fs = std::filesystem;

net::ServerRequest request(std::string method = "GET", std::vector<net::Header> headers = {}) {
    net::ServerRequest request;
    request.method = std::move(method);
    request.headers = std::move(headers);
    return request;
}

std::string_view header(const net::ServerResponse& response, std::string_view name) {
    return net::find_header(response.headers, name);
}

std::string script() {
    std::string text;
    for (int line = 0; line < 200; ++line) text += "export const value = 'the same again and again';\n";
    return text;
}

PanelFiles sample() {
    return PanelFiles({{.path = "index.html", .content = "<!doctype html><title>console</title>"},
                       {.path = "assets/index-B7x_9-kQ.js", .content = script()},
                       {.path = "assets/plain.css", .content = "a{}"},
                       {.path = "icon.svg", .content = "<svg/>"}});
}

net::ServerResponse get(const PanelFiles& files, const std::vector<std::string>& segments,
                        std::vector<net::Header> headers = {}) {
    return files.respond(request("GET", std::move(headers)), segments);
}

TEST(PanelFiles, the_bare_path_is_the_console_itself_and_is_asked_for_again_each_time) {
    const PanelFiles files = sample();
    EXPECT_TRUE(files.built());
    const auto response = get(files, {});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(header(response, "Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
    ASSERT_NE(response.body, nullptr);
    EXPECT_TRUE(response.body->contains("console"));
    EXPECT_EQ(*get(files, {"index.html"}).body, *response.body);
}

TEST(PanelFiles, the_documentation_is_a_folder_of_its_own) {
    std::vector<PanelFile> files{{.path = "docs/index.html", .content = "the interface"},
                                 {.path = "docs/page.js", .content = script()},
                                 {.path = "index.html", .content = "console"}};
    const PanelFiles docs(take_folder(files, "docs/"), docs_pages());
    const PanelFiles console(std::move(files));
    EXPECT_EQ(*get(docs, {}).body, "the interface");
    EXPECT_EQ(*get(docs, {"page.js"}).body, script());
    EXPECT_EQ(*get(console, {}).body, "console");
    EXPECT_EQ(get(console, {"docs", "page.js"}).status, 404);
    EXPECT_TRUE(get(docs, {"nothing.js"}).body->contains("/docs"));
    const PanelFiles not_built({}, docs_pages());
    EXPECT_TRUE(get(not_built, {}).body->contains("/openapi.json"));
}

TEST(PanelFiles, a_name_with_its_contents_hash_is_kept_forever) {
    const PanelFiles files = sample();
    EXPECT_EQ(header(get(files, {"assets", "index-B7x_9-kQ.js"}), "Cache-Control"),
              "public, max-age=31536000, immutable");
    EXPECT_EQ(header(get(files, {"assets", "plain.css"}), "Cache-Control"), "no-cache");
    EXPECT_EQ(header(get(files, {"icon.svg"}), "Cache-Control"), "no-cache");
}

TEST(PanelFiles, compressible_files_are_sent_compressed_to_clients_that_accept_it) {
    const PanelFiles files = sample();
    const auto plain = get(files, {"assets", "index-B7x_9-kQ.js"});
    const auto packed = get(files, {"assets", "index-B7x_9-kQ.js"}, {{"Accept-Encoding", "gzip, br"}});
    EXPECT_EQ(header(plain, "Content-Encoding"), "");
    EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
    EXPECT_LT(packed.body->size(), plain.body->size() / 4);
    EXPECT_NE(header(plain, "ETag"), header(packed, "ETag"));
    EXPECT_EQ(header(packed, "Vary"), "Accept-Encoding");
    EXPECT_EQ(*plain.body, script());
}

TEST(PanelFiles, a_known_tag_is_answered_without_a_body) {
    const PanelFiles files = sample();
    const std::string etag(header(get(files, {}), "ETag"));
    const auto response = get(files, {}, {{"If-None-Match", "\"other\", " + etag}});
    EXPECT_EQ(response.status, 304);
    EXPECT_EQ(response.body, nullptr);
    EXPECT_EQ(header(response, "ETag"), etag);
}

TEST(PanelFiles, every_answer_carries_the_security_headers) {
    const PanelFiles files = sample();
    for (const auto& response : {get(files, {}), get(files, {"assets", "plain.css"}), get(files, {"nothing"}),
                                 files.respond(request("POST"), {})}) {
        const std::string_view policy = header(response, "Content-Security-Policy");
        EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';")) << policy;
        EXPECT_FALSE(policy.contains("unsafe")) << policy;
        EXPECT_TRUE(policy.contains("frame-ancestors 'none'")) << policy;
        EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(header(response, "X-Frame-Options"), "DENY");
        EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer");
    }
}

TEST(PanelFiles, only_reading_is_allowed) {
    const PanelFiles files = sample();
    const auto post = files.respond(request("POST"), {});
    EXPECT_EQ(post.status, 405);
    EXPECT_EQ(header(post, "Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(files.respond(request("HEAD"), {}).status, 200);
    EXPECT_EQ(files.respond(request("OPTIONS"), {}).status, 204);
}

TEST(PanelFiles, paths_are_names_and_lead_nowhere_else) {
    const PanelFiles files = sample();
    const std::vector<std::vector<std::string>> elsewhere = {{"..", "index.html"},
                                                             {"assets", "..", "index.html"},
                                                             {"assets"},
                                                             {".", "index.html"},
                                                             {"..", "..", "etc", "passwd"},
                                                             {"assets/../index.html"},
                                                             {"", "index.html"},
                                                             {"index.html", ""},
                                                             {"/etc/passwd"},
                                                             {"assets\\plain.css"},
                                                             {"INDEX.HTML"}};
    for (const auto& segments : elsewhere) {
        const auto response = get(files, segments);
        EXPECT_EQ(response.status, 404) << segments.front();
        EXPECT_TRUE(response.body->contains("/panel"));
    }
}

TEST(PanelFiles, an_unbuilt_console_says_how_to_build_it) {
    const PanelFiles files({});
    EXPECT_FALSE(files.built());
    const auto response = get(files, {});
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(header(response, "Cache-Control"), "no-store");
    EXPECT_TRUE(response.body->contains("scripts/build-panel.sh"));
}

TEST(PanelFiles, a_page_finds_its_files_with_and_without_the_slash_behind_its_address) {
    const std::string built =
        R"(<script src="./assets/a.js"></script><link href="../rankings?top=5"><a href="#/x">..</a>)";
    const PanelFiles console({{.path = "index.html", .content = built}});
    const PanelFiles docs({{.path = "index.html", .content = built}}, docs_pages());
    const auto at = [](const PanelFiles& files, std::string target) {
        net::ServerRequest asked = request();
        asked.target = std::move(target);
        return *files.respond(asked, {}).body;
    };
    EXPECT_EQ(at(console, "/panel/"), built);
    EXPECT_EQ(at(console, "/panel/?x=1"), built);
    const std::string above =
        R"(<script src="panel/assets/a.js"></script><link href="./rankings?top=5"><a href="#/x">..</a>)";
    EXPECT_EQ(at(console, "/panel"), above);
    EXPECT_EQ(at(console, "/panel?x=/"), above);
    EXPECT_TRUE(at(docs, "/docs").contains(R"(src="docs/assets/a.js")"));
    EXPECT_EQ(at(docs, "http://host/docs/"), built);
    EXPECT_EQ(*get(console, {"index.html"}).body, built);
}

TEST(PanelFiles, the_addresses_that_they_name_are_those_of_the_proxy) {
    const PanelFiles none({}, console_pages("/scanner"));
    EXPECT_TRUE(get(none, {}).body->contains(R"(href="/scanner/rankings")"));
    const PanelFiles docs({{.path = "index.html", .content = "x"}}, docs_pages("/scanner"));
    EXPECT_TRUE(get(docs, {"nothing.js"}).body->contains(R"(href="/scanner/docs")"));
}

TEST(PanelFiles, names_tell_the_type_and_whether_they_carry_a_hash) {
    EXPECT_EQ(panel_content_type("assets/font-1.woff2"), "font/woff2");
    EXPECT_EQ(panel_content_type("a.js"), "text/javascript; charset=utf-8");
    EXPECT_EQ(panel_content_type("LICENSE"), "application/octet-stream");
    EXPECT_TRUE(has_content_hash("assets/inter-panel-Dpiovq3e.woff2"));
    EXPECT_FALSE(has_content_hash("inter-panel-Dpiovq3e.woff2"));
    EXPECT_FALSE(has_content_hash("assets/inter-Dpio.woff2"));
    EXPECT_FALSE(has_content_hash("assets/Dpiovq3e.js"));
    EXPECT_FALSE(has_content_hash("assets/x-Dpio.q3e.js"));
}

class PanelDirectory : public ::testing::Test {
protected:
    PanelDirectory() : root_(fs::temp_directory_path() / ("panel-files-" + std::to_string(::getpid()))) {
        fs::remove_all(root_);
        fs::create_directories(root_ / "dist" / "assets");
    }
    ~PanelDirectory() override { fs::remove_all(root_); }

    void write(const fs::path& path, std::string_view content) const { std::ofstream(root_ / path) << content; }

    fs::path root_;
};

TEST_F(PanelDirectory, is_read_with_its_folders_in_order) {
    write("dist/index.html", "index");
    write("dist/assets/b.js", "b");
    write("dist/assets/a.js", "a");
    const auto files = read_panel_directory(root_ / "dist");
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 3U);
    EXPECT_EQ((*files)[0].path, "assets/a.js");
    EXPECT_EQ((*files)[1].path, "assets/b.js");
    EXPECT_EQ((*files)[2].content, "index");
}

TEST_F(PanelDirectory, links_and_hidden_files_are_left_out) {
    write("secret.txt", "secret");
    write("dist/index.html", "index");
    write("dist/.env", "token");
    fs::create_directories(root_ / "dist" / ".git");
    write("dist/.git/config", "config");
    fs::create_symlink(root_ / "secret.txt", root_ / "dist" / "link.txt");
    fs::create_directory_symlink(root_, root_ / "dist" / "up");
    const auto files = read_panel_directory(root_ / "dist");
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 1U);
    EXPECT_EQ(files->front().path, "index.html");
}

TEST_F(PanelDirectory, that_is_not_there_is_an_unbuilt_console) {
    const auto files = read_panel_directory(root_ / "nowhere");
    ASSERT_TRUE(files);
    EXPECT_TRUE(files->empty());
}

TEST_F(PanelDirectory, is_found_beside_the_program_installed_or_in_its_source_tree) {
    const fs::path program = root_ / "tree" / "build" / "debug" / "bin";
    EXPECT_TRUE(find_panel_directory(program).empty());
    const auto built_at = [](const fs::path& place) {
        fs::create_directories(place);
        std::ofstream(place / "index.html") << "index";
        return place;
    };
    const fs::path source = built_at(root_ / "tree" / "web" / "panel" / "dist");
    EXPECT_EQ(find_panel_directory(program), source);
    const fs::path installed = built_at(root_ / "tree" / "build" / "debug" / "share" / "market-scanner" / "panel");
    EXPECT_EQ(find_panel_directory(program), installed);
    const fs::path beside = built_at(program / "panel");
    EXPECT_EQ(find_panel_directory(program), beside);
}

TEST_F(PanelDirectory, too_many_files_are_refused) {
    for (std::size_t index = 0; index <= kMaxPanelFiles; ++index) {
        write("dist/assets/" + std::to_string(index) + ".js", "x");
    }
    const auto files = read_panel_directory(root_ / "dist");
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().code(), core::ErrorCode::invalid_input);
}

}  // namespace
}  // namespace scanner::api
