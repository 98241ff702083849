#include "api/panel/panel_files.hpp"

#include "api/http/negotiation.hpp"
#include "api/http/problem.hpp"

#include "scanner/net/request_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace scanner::api {
namespace {

namespace fs = std::filesystem;

/// Nothing but the console's own files and its own daemon; connect-src covers WebSockets of the same origin.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string html_page(std::string_view title, std::string_view body) {
    return fmt::format(R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{0}</title>
<h1>{0}</h1>
{1}
</html>
)",
                       title, body);
}

/// `meanwhile`: the address of what there is while it is not built.
PanelPages pages_of(std::string_view what, std::string_view folder, std::string_view meanwhile,
                    std::string_view base_path) {
    constexpr std::string_view kHowToBuild = R"(<p>To build it, run in the source tree</p>
<pre>scripts/build-panel.sh</pre>
<p>(it needs Node 18 or later) and restart the scanner.</p>)";
    const auto link = [base_path](std::string_view path) {
        return fmt::format(R"(<a href="{0}/{1}">{0}/{1}</a>)", base_path, path);
    };
    return {.not_built = html_page(fmt::format("The {} is not built", what),
                                   fmt::format("<p>What it shows is at {}.</p>\n{}", link(meanwhile), kHowToBuild)),
            .no_such_file = html_page("No such file", fmt::format("<p>The {} is at {}.</p>", what, link(folder))),
            .folder = std::string(folder)};
}

/// `text` with every `from` replaced.
std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string result;
    for (std::size_t at = 0; (at = text.find(from)) != std::string_view::npos; text.remove_prefix(at + from.size())) {
        result.append(text.substr(0, at)).append(to);
    }
    return result.append(text);
}

void add(net::ServerResponse& response, std::string_view name, std::string_view value) {
    response.headers.push_back({.name = std::string(name), .value = std::string(value)});
}

void add_security(net::ServerResponse& response) {
    add(response, "Content-Security-Policy", kContentSecurityPolicy);
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "X-Frame-Options", "DENY");
    add(response, "Referrer-Policy", "no-referrer");
    add(response, "Cross-Origin-Opener-Policy", "same-origin");
    add(response, "Cross-Origin-Resource-Policy", "same-origin");
    add(response, "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
}

net::ServerResponse page(int status, std::string_view html) {
    net::ServerResponse response;
    response.status = status;
    add(response, "Content-Type", "text/html; charset=utf-8");
    add(response, "Cache-Control", "no-store");
    add_security(response);
    response.body = std::make_shared<const std::string>(html);
    return response;
}

net::ServerResponse wrong_method(std::string_view method) {
    const Problem problem = method_not_allowed(method, "GET, HEAD, OPTIONS");
    net::ServerResponse response;
    response.status = problem.status;
    add(response, "Content-Type", "application/problem+json");
    add(response, "Cache-Control", "no-store");
    add(response, "Allow", problem.allow);
    add_security(response);
    response.body = std::make_shared<const std::string>(render_problem(problem));
    return response;
}

bool is_hidden(const fs::path& relative) {
    return std::ranges::any_of(relative, [](const fs::path& part) { return part.native().starts_with('.'); });
}

core::Result<std::string> read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) return core::fail(core::ErrorCode::io, fmt::format("cannot read {}", path.string()));
    return content;
}

core::Error too_much(const fs::path& directory) {
    return {core::ErrorCode::invalid_input, fmt::format("{} holds more than {} files or {} MiB: is it a built console?",
                                                        directory.string(), kMaxPanelFiles, kMaxPanelBytes >> 20U)};
}

/// Paths of the regular files below `directory`, relative to it.
core::Result<std::vector<fs::path>> list_files(const fs::path& directory) {
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        const fs::path relative = entry->path().lexically_relative(directory);
        if (is_hidden(relative)) {
            entry.disable_recursion_pending();
            continue;
        }
        if (!fs::is_regular_file(entry->symlink_status(error)) || error) continue;
        if (found.size() == kMaxPanelFiles) return std::unexpected(too_much(directory));
        found.push_back(relative);
    }
    if (error) {
        return core::fail(core::ErrorCode::io, fmt::format("cannot list {}: {}", directory.string(), error.message()));
    }
    std::ranges::sort(found);
    return found;
}

}  // namespace

core::Result<std::vector<PanelFile>> read_panel_directory(const fs::path& directory) {
    std::error_code error;
    if (directory.empty() || !fs::is_directory(directory, error)) return std::vector<PanelFile>();
    const auto paths = list_files(directory);
    if (!paths) return std::unexpected(paths.error());
    std::vector<PanelFile> files;
    std::size_t total = 0;
    for (const fs::path& path : *paths) {
        const auto size = fs::file_size(directory / path, error);
        if (error || size > kMaxPanelBytes - total) return std::unexpected(too_much(directory));
        auto content = read_file(directory / path);
        if (!content) return std::unexpected(content.error());
        total += content->size();
        files.push_back({.path = path.generic_string(), .content = std::move(*content)});
    }
    return files;
}

PanelPages console_pages(std::string_view base_path) {
    return pages_of("console", "panel", "rankings", base_path);
}

PanelPages docs_pages(std::string_view base_path) {
    return pages_of("documentation", "docs", "openapi.json", base_path);
}

std::string seen_from_above(std::string_view html, std::string_view folder) {
    return replaced(replaced(html, "=\"./", fmt::format("=\"{}/", folder)), "=\"../", "=\"./");
}

std::vector<PanelFile> take_folder(std::vector<PanelFile>& files, std::string_view folder) {
    std::vector<PanelFile> taken;
    for (PanelFile& file : files) {
        if (!file.path.starts_with(folder)) continue;
        taken.push_back({.path = file.path.substr(folder.size()), .content = std::move(file.content)});
        file.path.clear();
    }
    std::erase_if(files, [](const PanelFile& file) { return file.path.empty(); });
    return taken;
}

PanelFiles::PanelFiles(std::vector<PanelFile> files, PanelPages pages) : pages_(std::move(pages)) {
    for (PanelFile& file : files) add_file(file.path, file.path, std::move(file.content));
    if (const auto index = by_path_.find(kIndex); index != by_path_.end()) {
        add_file(kIndexFromAbove, kIndex, seen_from_above(*index->second.rendered->body(), pages_.folder));
    }
}

void PanelFiles::add_file(std::string_view name, std::string_view file, std::string content) {
    auto rendered = std::make_shared<Rendered>(std::string(panel_content_type(file)), std::move(content), std::nullopt);
    static_cast<void>(rendered->gzip());  // now, not while the first reader waits
    const auto& path = paths_.emplace_back(std::make_unique<const std::string>(name));
    by_path_.insert_or_assign(*path, Entry{.rendered = std::move(rendered), .immutable = has_content_hash(*path)});
}

const PanelFiles::Entry* PanelFiles::find(const net::ServerRequest& request,
                                          std::span<const std::string> segments) const {
    std::string path;
    for (std::size_t i = 0; i < segments.size(); ++i) path += (i == 0 ? "" : "/") + segments[i];
    if (segments.empty()) path = net::target_path(request.target).ends_with('/') ? kIndex : kIndexFromAbove;
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : &found->second;
}

net::ServerResponse PanelFiles::respond(const net::ServerRequest& request,
                                        std::span<const std::string> segments) const {
    if (request.method == "OPTIONS") {
        net::ServerResponse response;
        response.status = 204;
        add(response, "Allow", "GET, HEAD, OPTIONS");
        return response;
    }
    if (request.method != "GET" && request.method != "HEAD") return wrong_method(request.method);
    const Entry* const found = find(request, segments);
    if (found == nullptr) return page(404, built() ? pages_.no_such_file : pages_.not_built);

    Rendered& rendered = *found->rendered;
    const bool packed = accepts_gzip(all_values(request, "Accept-Encoding")) && rendered.gzip() != nullptr;
    const std::string& etag = packed ? rendered.gzip_etag() : rendered.etag();
    net::ServerResponse response;
    add(response, "ETag", etag);
    add(response, "Cache-Control", found->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    add(response, "Vary", "Accept-Encoding");
    add_security(response);
    if (none_match_hits(all_values(request, "If-None-Match"), etag)) {
        response.status = 304;
        return response;
    }
    add(response, "Content-Type", rendered.content_type());
    if (packed) add(response, "Content-Encoding", "gzip");
    response.body = packed ? rendered.gzip() : rendered.body();
    return response;
}

std::string_view panel_content_type(std::string_view path) noexcept {
    static constexpr auto kTypes = std::to_array<std::pair<std::string_view, std::string_view>>({
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".woff2", "font/woff2"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".txt", "text/plain; charset=utf-8"},
    });
    for (const auto& [extension, type] : kTypes) {
        if (path.ends_with(extension)) return type;
    }
    return "application/octet-stream";
}

bool has_content_hash(std::string_view path) noexcept {
    constexpr std::string_view kAssets = "assets/";
    constexpr std::size_t kHashLength = 8;
    if (!path.starts_with(kAssets)) return false;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string_view::npos || dot < kAssets.size() + kHashLength + 1) return false;
    if (path[dot - kHashLength - 1] != '-') return false;
    // Base64url, as Rollup writes it.
    return std::ranges::all_of(path.substr(dot - kHashLength, kHashLength), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    });
}

}  // namespace scanner::api
