#pragma once

#include "api/answers/rendered.hpp"

#include "scanner/core/error.hpp"
#include "scanner/net/http_message.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace scanner::api {

/// A file of the built console, under its path within the build: "index.html", "assets/index-B7x.js".
struct PanelFile {
    std::string path;
    std::string content;
};

inline constexpr std::size_t kMaxPanelFiles = 256;
inline constexpr std::size_t kMaxPanelBytes = 16U << 20U;  ///< of all files together

/// Reads the files below `directory`, in the order of their paths; none when there is no such directory. Hidden files
/// and symbolic links are left out, so that nothing outside of it is ever read. Fails on more than the limits above
/// (invalid_input) and on what cannot be read (io).
[[nodiscard]] core::Result<std::vector<PanelFile>> read_panel_directory(const std::filesystem::path& directory);

/// What is said in place of a page: HTML.
struct PanelPages {
    std::string not_built;  ///< while there is no index.html
    std::string no_such_file;
    std::string folder;  ///< the last segment of its address: "panel"
};
/// `base_path`: what addresses begin with, as ServerRequest's targets do not; empty at the root.
[[nodiscard]] PanelPages console_pages(std::string_view base_path = {});
[[nodiscard]] PanelPages docs_pages(std::string_view base_path = {});

/// A page of a folder as it must be where its address lacks the folder's slash: relative addresses in attributes
/// ("./assets/a.js", "../rankings") name the folder ("panel/assets/a.js", "./rankings"). So a page works under every
/// path that a proxy shows it at, with the slash and without. Pure.
[[nodiscard]] std::string seen_from_above(std::string_view html, std::string_view folder);

/// The part of `files` below `folder` ("docs/"), under their paths within it; it is taken out of `files`.
[[nodiscard]] std::vector<PanelFile> take_folder(std::vector<PanelFile>& files, std::string_view folder);

/// Serves the operator console, or the pages of the documentation, from memory: packed once, with validators, caching
/// and the security headers. A path is only ever looked up among the names that were loaded. Loop thread.
class PanelFiles {
public:
    /// Without an index.html every page says how it is built.
    explicit PanelFiles(std::vector<PanelFile> files, PanelPages pages = console_pages());

    [[nodiscard]] bool built() const noexcept { return by_path_.contains(kIndex); }

    /// The answer to `request` for the decoded path segments after "/panel" or "/docs"; none of them is index.html.
    [[nodiscard]] net::ServerResponse respond(const net::ServerRequest& request,
                                              std::span<const std::string> segments) const;

private:
    static constexpr std::string_view kIndex = "index.html";
    static constexpr std::string_view kIndexFromAbove = "";  ///< no file is called so

    struct Entry {
        std::shared_ptr<Rendered> rendered;
        bool immutable = false;  ///< its name changes with its content
    };
    void add_file(std::string_view name, std::string_view file, std::string content);
    [[nodiscard]] const Entry* find(const net::ServerRequest& request, std::span<const std::string> segments) const;

    PanelPages pages_;
    std::unordered_map<std::string_view, Entry> by_path_;  ///< keys live in paths_
    std::vector<std::unique_ptr<const std::string>> paths_;
};

/// Content-Type by the file name's extension.
[[nodiscard]] std::string_view panel_content_type(std::string_view path) noexcept;

/// Whether the name carries its content's hash, as the build gives it to everything under assets/.
[[nodiscard]] bool has_content_hash(std::string_view path) noexcept;

}  // namespace scanner::api
