#include "scanner/api/panel_handler.hpp"

#include "api/http/target.hpp"
#include "api/panel/panel_files.hpp"

#include "scanner/core/log.hpp"

#include <array>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace scanner::api {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

class PanelHandler final : public net::RequestHandler {
public:
    PanelHandler(std::vector<PanelFile> files, net::RequestHandler& api, std::string_view base_path)
        : docs_(take_folder(files, kDocsFolder), docs_pages(base_path)),
          console_(std::move(files), console_pages(base_path)),
          api_(api) {}

    /// No coroutine of its own: nearly every request is the API's.
    asio::awaitable<net::ServerResponse> handle(net::ServerRequest request) override {
        return is_near(request) ? handle_near(std::move(request)) : api_.handle(std::move(request));
    }

    /// Files take no bodies. A long one to them is refused as one to nowhere, which to the API they are.
    std::optional<net::BodyRules> body_rules(const net::ServerRequest& head,
                                             std::optional<std::uint64_t> declared) override {
        return api_.body_rules(head, declared);
    }

    std::optional<net::ServerResponse> refuse_websocket(const net::ServerRequest& request) override {
        return api_.refuse_websocket(request);
    }

    asio::awaitable<void> handle_websocket(net::ServerRequest request, net::WebSocket& socket) override {
        return api_.handle_websocket(std::move(request), socket);
    }

    net::ServerResponse protocol_error(int status, std::string detail) override {
        return api_.protocol_error(status, std::move(detail));
    }

private:
    static constexpr std::string_view kConsole = "panel";
    static constexpr std::string_view kDocs = "docs";
    static constexpr std::string_view kDocsFolder = "docs/";

    /// Spares every other request a second look at its target.
    static bool is_near(const net::ServerRequest& request) {
        return request.target.contains(kConsole) || request.target.contains(kDocs);
    }
    asio::awaitable<net::ServerResponse> handle_near(net::ServerRequest request) {
        const auto target = parse_target(request.target);
        if (const PanelFiles* const files = target ? files_at(target->segments) : nullptr) {
            co_return files->respond(request, std::span(target->segments).subspan(1));
        }
        co_return co_await api_.handle(std::move(request));
    }
    [[nodiscard]] const PanelFiles* files_at(const std::vector<std::string>& segments) const {
        if (segments.empty()) return nullptr;
        if (segments.front() == kConsole) return &console_;
        return segments.front() == kDocs ? &docs_ : nullptr;
    }

    PanelFiles docs_;
    PanelFiles console_;
    net::RequestHandler& api_;
};

}  // namespace

fs::path find_panel_directory(const fs::path& program_directory) {
    static constexpr auto kPlaces =
        std::to_array<std::string_view>({"panel", "../share/market-scanner/panel", "../../../web/panel/dist"});
    for (const std::string_view place : kPlaces) {
        fs::path directory = (program_directory / place).lexically_normal();
        std::error_code error;
        if (fs::is_regular_file(directory / "index.html", error)) return directory;
    }
    return {};
}

std::unique_ptr<net::RequestHandler> make_panel_handler(const fs::path& directory, net::RequestHandler& api,
                                                        std::string_view base_path) {
    auto files = read_panel_directory(directory);
    if (!files) {
        core::log(core::LogLevel::error, "panel_not_loaded", {{"error", files.error().message()}});
        files.emplace();
    }
    return std::make_unique<PanelHandler>(std::move(*files), api, base_path);
}

}  // namespace scanner::api
