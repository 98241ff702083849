#pragma once

#include "scanner/net/request_handler.hpp"

#include <filesystem>
#include <memory>
#include <string_view>

namespace scanner::api {

/// Where a built console lies for a program in `program_directory`: beside it (panel/), installed
/// (../share/market-scanner/panel/), or in the source tree that it was built in (../../../web/panel/dist/). The first
/// that holds an index.html; empty when none does.
[[nodiscard]] std::filesystem::path find_panel_directory(const std::filesystem::path& program_directory);

/// `api` with the operator console and the pages of the interface's documentation in front of it: answers /panel, /docs
/// and everything below from the files in `directory` (for /docs those in its folder docs/), which are read now, and
/// passes everything else on. Without files, and when they cannot be read (which is logged), both say how to build
/// them, with addresses that begin with `base_path`. `api` must outlive it. Loop thread only.
[[nodiscard]] std::unique_ptr<net::RequestHandler> make_panel_handler(const std::filesystem::path& directory,
                                                                      net::RequestHandler& api,
                                                                      std::string_view base_path = {});

}  // namespace scanner::api
