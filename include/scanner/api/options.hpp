#pragma once

#include "scanner/core/manip_model.hpp"
#include "scanner/exchange/exchange_description.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace scanner::api {

/// How the API answers. Values only; what it answers from is in ApiPorts.
struct ApiOptions {
    std::string version;
    exchange::ExchangeDescription exchange;                 ///< what /exchange answers
    int default_top = 12;                                   ///< SCANNER_TOPN_DEFAULT
    std::chrono::milliseconds scan_interval{15'000};        ///< SCANNER_SCAN_INTERVAL_SEC
    bool feed_required = false;                             ///< SCANNER_FEED=required
    core::ManipModel manip_model = core::ManipModel::seed;  ///< SCANNER_MANIP_MODEL
    bool metrics_enabled = true;                            ///< SCANNER_METRICS_ENABLED: /metrics is 404 without
    std::string api_token;                                  ///< SCANNER_API_TOKEN; empty: none is asked for
    std::string base_path;                                  ///< SCANNER_BASE_PATH: addresses in answers begin with it
    std::vector<std::string> cors_origins;    ///< SCANNER_CORS_ORIGINS: as browsers send them, or a single "*"
    std::vector<std::string> allowed_hosts;   ///< SCANNER_ALLOWED_HOSTS: host names that the operator trusts
    std::size_t rendered_entries = 512;       ///< answers kept for the next reader
    std::size_t rendered_bytes = 32U << 20U;  ///< and their size at most
};

}  // namespace scanner::api
