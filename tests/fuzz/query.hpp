#pragma once

#include "api/http/target.hpp"
#include "api/rankings/queries.hpp"
#include "api/sample.hpp"
#include "fuzz/check.hpp"

#include "scanner/net/request_target.hpp"

#include <cmath>
#include <string_view>

namespace scanner::fuzz {

/// Without a ranking there is nothing to take the values from that the client did not give.
inline void check_scoring(const api::Scoring& scoring, const api::QueryContext& context) {
    if (context.ranking == nullptr) return;
    require(std::isfinite(scoring.notional_usdt) && scoring.notional_usdt >= 1.0 &&
                std::isfinite(scoring.min_qvol_usdt) && scoring.min_qvol_usdt >= 0.0 &&
                std::isfinite(scoring.max_spread_bps) && scoring.max_spread_bps >= 0.0,
            "the effective filters are finite and within their ranges");
}

inline void check_rankings(const net::QueryParameters& params, const api::QueryContext& context) {
    if (const auto query = api::parse_rankings_query(params, context)) {
        check_scoring(query->scoring, context);
        require(query->top >= 1 && query->top <= api::kMaxTop && query->page >= 1 && query->page_size >= 1 &&
                    query->page_size <= (query->csv ? api::kMaxTop : api::kMaxPageSize),
                "top, page and page size are within their ranges");
        require(!query->fields || !query->fields->empty(), "a ranking has fields");
        require(!api::canonical(*query).empty(), "a query has a name");
    } else {
        require(query.error().status >= 400 && query.error().status < 600, "a refusal has a status");
    }
    static_cast<void>(api::refuse_parameters(params));
    static_cast<void>(api::bound_sequence(params));
}

/// What the route makes of the parameters, chosen by the letter its path begins with.
inline void check_route(char route, const net::QueryParameters& params, const api::QueryContext& context) {
    if (route == 'o') {
        const auto query = api::parse_opportunities_query(params, context);
        if (!query) return;
        check_scoring(query->scoring, context);
        require(query->top >= 1 && query->top <= api::kMaxTop, "top is within its range");
        static_cast<void>(api::canonical(*query));
    } else if (route == 'i') {
        if (const auto query = api::parse_inspect_query(params, context)) static_cast<void>(api::canonical(*query));
    } else if (route == 's') {
        if (const auto query = api::parse_stream_query(params, context)) static_cast<void>(api::canonical(*query));
    } else {
        check_rankings(params, context);
    }
}

/// Request targets: path, parameters, and what each route makes of them.
inline void query(std::string_view input) {
    static const ranking::Ranking kRanking = api::test::make_ranking();
    const auto path = net::normalize_path(net::target_path(input));
    if (path) {
        require(path->starts_with('/') && path->find("/../") == std::string::npos && !path->ends_with("/.."),
                "a normal path leads nowhere else");
        require(path->find('\0') == std::string::npos && path->find('\\') == std::string::npos, "and is plain");
    }
    const auto segments = net::split_path(net::target_path(input));
    require(segments.has_value() == path.has_value(), "a path is right or wrong whole and in segments");

    if (const auto params = net::parse_query(net::target_query(input))) {
        const auto again = net::parse_query(net::encode_query(*params));
        require(again.has_value() && *again == *params, "a query written is read back");
    }
    if (const auto target = api::parse_target(input)) {
        require(target->params.size() <= api::kMaxParams && input.size() <= api::kMaxTargetBytes, "limits hold");
        const char route = input.size() > 1 ? input[1] : '/';
        // Before the first ranking only now and then: it is the same code but for the defaults.
        check_route(route, target->params, {.ranking = input.size() % 4 == 0 ? nullptr : &kRanking});
    }
}

}  // namespace scanner::fuzz
